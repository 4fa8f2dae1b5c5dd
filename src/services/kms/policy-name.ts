import { kmsError } from "./errors.ts";

/** A key has one policy, and KMS knows one name for it. */
export function isPolicyName(name = "default"): boolean {
  return name === "default";
}

export const noSuchPolicy = kmsError("NotFoundException", "No such policy exists");
