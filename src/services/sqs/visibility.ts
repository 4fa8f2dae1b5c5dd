import { invalidParameter, type SqsError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import type { VisibilityOutcome } from "../../shard/calls.ts";
import { expiredHandle } from "./lease.ts";

export function isVisibilityInRange(seconds: number): boolean {
  return seconds >= limits.visibilitySeconds.min && seconds <= limits.visibilitySeconds.max;
}

/** @param reason how SQS words the bounds, which differs from action to action. */
export function invalidVisibility(seconds: number, reason: string): SqsError {
  return invalidParameter(`Value ${seconds} for parameter VisibilityTimeout is invalid. Reason: ${reason}`);
}

/**
 * What SQS says of a change that the shard did not make.
 *
 * @returns undefined if it did.
 */
export function visibilityFault(
  outcome: VisibilityOutcome,
  change: { readonly handle: string; readonly seconds: number },
): SqsError | undefined {
  switch (outcome) {
    case "changed":
      return undefined;
    case "gone":
      return invalidParameter(
        `Value ${change.handle} for parameter ReceiptHandle is invalid. ` +
          "Reason: Message does not exist or is not available for visibility timeout change.",
      );
    case "expired":
      return expiredHandle(change.handle);
    case "beyondLimit":
      return invalidVisibility(
        change.seconds,
        `Total VisibilityTimeout for the message is beyond the limit [${limits.totalVisibilityMs / 1000} seconds]`,
      );
  }
}
