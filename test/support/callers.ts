import type { Caller } from "../../src/auth/caller.ts";
import { policyOf } from "../../src/auth/policy/document.ts";
import type { RequestFacts } from "../../src/auth/request-facts.ts";

/** Who calls, and how, for tests without signatures. */

export const someFacts: RequestFacts = {
  nowMs: Date.UTC(2026, 10, 22, 19, 34, 5),
  region: "us-east-1",
  sourceIp: "203.0.113.7",
  secure: true,
  userAgent: "aws-cli/2.0",
  referer: undefined,
};

/** @param policies documents, as objects */
export function userCaller(account: string, userName: string, ...policies: readonly object[]): Caller {
  return {
    kind: "user",
    account,
    arn: `arn:aws:iam::${account}:user/${userName}`,
    userId: `AIDA${userName.toUpperCase().padEnd(17, "X")}`,
    accessKeyId: `AKIA${userName.toUpperCase().padEnd(16, "X")}`,
    userName,
    policies: policies.map((policy) => policyOf(JSON.stringify(policy), "identity")),
  };
}

/** A policy of one statement. */
export function policyTo(
  effect: "Allow" | "Deny",
  action: string | readonly string[],
  more: object = {},
): object {
  return { Version: "2012-10-17", Statement: [{ Effect: effect, Action: action, Resource: "*", ...more }] };
}
