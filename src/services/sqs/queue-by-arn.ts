import { err, ok, type Result } from "../../lib/result.ts";
import { invalidParameter, type SqsError, sqsError } from "../../queue/errors.ts";
import { parseQueueArn } from "../../queue/queue-arn.ts";
import type { QueueId } from "../../queue/settings.ts";

/** How the actions of move tasks name queues. */
type ArnParameter = "SourceArn" | "DestinationArn";

export interface ArnRequest {
  readonly parameter: ArnParameter;
  readonly arn: string;
  /** The request's: a queue of another region is not known here. */
  readonly region: string;
}

/** The queue that an ARN names, or SQS's error for what is no ARN, or not that of a queue in this region. */
export function locateByArn({ parameter, arn, region }: ArnRequest): Result<QueueId, SqsError> {
  if (!isArn(arn)) {
    return err(
      invalidParameter(
        `You must use this format to specify the ${parameter}: arn:<partition>:<service>:<region>:<account-id>:<resource-id>`,
      ),
    );
  }
  const queue = parseQueueArn(arn);
  return queue?.region === region ? ok(queue) : err(resourceNotFound(parameter));
}

export function resourceNotFound(parameter: ArnParameter): SqsError {
  return sqsError(
    "ResourceNotFoundException",
    `The resource that you specified for the ${parameter} parameter doesn't exist.`,
  );
}

/** Six parts or more, none of them empty: a resource may have colons in it. */
function isArn(text: string): boolean {
  const parts = text.split(":");
  return parts.length >= ARN_PARTS && parts[0] === "arn" && !parts.includes("");
}

const ARN_PARTS = 6;
