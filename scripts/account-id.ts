import { randomInt } from "node:crypto";

/** An account id in AWS's form: 12 digits, the first of them no zero. */
export function newAccountId(): string {
  return `${randomInt(1, 10)}${Array.from({ length: 11 }, () => randomInt(10)).join("")}`;
}
