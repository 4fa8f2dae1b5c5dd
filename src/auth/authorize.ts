import { err, ok, type Result } from "../lib/result.ts";
import { type SqsError, sqsError } from "../queue/errors.ts";
import type { Caller } from "./caller.ts";

export interface AccessRequest {
  readonly caller: Caller;
  /** `SendMessage`; batch forms ask for the single one. */
  readonly permission: string;
  readonly resource: {
    /** Of whoever owns it. */
    readonly account: string;
    readonly arn: string;
  };
}

/**
 * May the caller do this? Whoever belongs to the owning account may do everything; nobody else may do
 * anything, because there are no policies.
 *
 * @returns `AccessDenied` in the words of a resource without a policy, the permission in lower case.
 */
export function authorize({ caller, permission, resource }: AccessRequest): Result<void, SqsError> {
  if (caller.account === resource.account) return ok(undefined);
  const action = `sqs:${permission.toLowerCase()}`;
  return err(
    sqsError(
      "AccessDenied",
      `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource.arn} because no resource-based policy allows the ${action} action`,
    ),
  );
}
