import { err, ok, type Result } from "../lib/result.ts";
import { type SqsError, sqsError } from "../queue/errors.ts";
import type { Caller } from "./caller.ts";
import { decide, type Verdict } from "./policy/decide.ts";
import { policyOf } from "./policy/document.ts";
import { type AccessFacts, conditionsOf, type RequestFacts } from "./request-facts.ts";

/** Something that somebody wants to do. */
export interface Access extends AccessFacts {
  /** `sqs:SendMessage`; batch forms ask for the single one. */
  readonly permission: string;
  readonly resource: Resource;
}

export interface Resource {
  /** `*` for what is about no resource. */
  readonly arn: string;
  /** Of whoever owns it. */
  readonly account: string;
  /** The resource's own policy as it was set, checked. */
  readonly policy?: string | undefined;
  /** Which unique id each principal of the policy had when it was set. */
  readonly boundIds?: Readonly<Record<string, string>> | undefined;
}

/**
 * May the caller do this? Looks at the caller's own policies, at those that limit its session, and at the
 * resource's; whether it is an action that no policy can give to other accounts is asked before.
 *
 * @returns `AccessDenied` in AWS's words, which tell whose policy stands in the way
 */
export function authorize(caller: Caller, access: Access, request: RequestFacts): Result<void, SqsError> {
  const { permission, resource } = access;
  const { policy, boundIds } = resource;
  // Nothing can deny an account's root what is its own, except a policy of the resource.
  if (
    policy === undefined &&
    caller.kind === "root" &&
    caller.account === resource.account &&
    !caller.sessionPolicies
  ) {
    return ok(undefined);
  }
  const verdict = decide(
    { principal: caller, action: permission, resource, context: conditionsOf(caller, request, access) },
    {
      identity: caller.policies,
      ...(caller.sessionPolicies && { session: caller.sessionPolicies }),
      ...(policy !== undefined && { resource: policyOf(policy, "resource") }),
      ...(boundIds && { boundIds: new Map(Object.entries(boundIds)) }),
    },
  );
  return verdict.kind === "allow" ? ok(undefined) : err(accessDenied(caller, access, verdict));
}

/**
 * @param access for the text only
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export function accessDenied(
  caller: Caller,
  { permission, resource }: Access,
  { reason, by }: Pick<Extract<Verdict, { kind: "deny" }>, "reason" | "by">,
): SqsError {
  // Only SQS writes its action in lower case.
  const action = permission.startsWith("sqs:") ? permission.toLowerCase() : permission;
  const policies = { identity: "identity-based", resource: "resource-based", session: "session" }[by];
  // Other accounts do not learn from a policy that denies them that there is something to have one.
  const isTold = by !== "resource" || caller.account === resource.account;
  const why =
    reason === "explicit" && isTold
      ? `with an explicit deny in ${by === "identity" ? "an" : "a"} ${policies} policy`
      : `because no ${policies} policy allows the ${action} action`;
  const who = caller.arn || caller.service || "anonymous";
  return sqsError(
    "AccessDenied",
    `User: ${who} is not authorized to perform: ${action} on resource: ${resource.arn} ${why}`,
  );
}
