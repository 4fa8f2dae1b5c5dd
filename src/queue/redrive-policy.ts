import { canonicalJson, type JsonObject, parseJsonObject } from "../lib/json.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { invalidParameter, type SqsError, sqsError } from "./errors.ts";
import { limits } from "./limits.ts";
import { parseQueueArn, queueArn } from "./queue-arn.ts";
import { isFifoName } from "./queue-name.ts";
import { allowsSource } from "./redrive-allow-policy.ts";
import type { QueueId, QueueSettings } from "./settings.ts";

/** When a message has been received too often, and where it goes then. */
export interface RedrivePolicy {
  readonly target: QueueId;
  readonly maxReceiveCount: number;
}

/**
 * Reads the RedrivePolicy attribute. Whether its target exists and takes the source is `deadLetterProblem`'s
 * to say.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue.html
 */
export function parseRedrivePolicy(text: string): Result<RedrivePolicy, SqsError> {
  const policy = text.length <= limits.policyBytes ? parseJsonObject(text) : undefined;
  if (policy === undefined) {
    return err(
      sqsError(
        "InvalidAttributeValue",
        "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map.",
      ),
    );
  }
  for (const name of ["maxReceiveCount", "deadLetterTargetArn"]) {
    if (!Object.hasOwn(policy, name)) {
      return refuse(text, `Redrive policy does not contain mandatory attribute: ${name}.`);
    }
  }
  if (Object.keys(policy).length > 2) {
    return refuse(text, "Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn].");
  }
  const maxReceiveCount = receiveCountOf(policy);
  if (maxReceiveCount === undefined) {
    const given = policy["maxReceiveCount"];
    const shown = typeof given === "string" ? given : JSON.stringify(given);
    return refuse(
      text,
      `Invalid value for maxReceiveCount: ${shown}, valid values are from 1 to 1000 both inclusive.`,
    );
  }
  const arn = policy["deadLetterTargetArn"];
  const target = typeof arn === "string" ? parseQueueArn(arn) : undefined;
  if (target === undefined) {
    return refuse(text, "Only SQS queues are valid resources for deadLetterTargetArn.");
  }
  return ok({ target, maxReceiveCount });
}

/** What SQS has against `target` as the dead-letter queue of `source`; undefined when there is no such queue. */
export function deadLetterProblem(
  text: string,
  queues: { readonly source: QueueId; readonly target: QueueSettings | undefined },
): SqsError | undefined {
  const { source, target } = queues;
  if (target === undefined || target.account !== source.account || target.region !== source.region) {
    return refusal(text, "Dead letter target does not exist.");
  }
  if (isFifoName(target.name) !== isFifoName(source.name)) {
    return refusal(text, "Dead-letter queue must be same type of queue as the source..");
  }
  if (!allowsSource(target.attributes.redriveAllowPolicy, queueArn(source))) {
    return refusal(text, "The dead-letter queue does not allow this queue as a source.");
  }
  return undefined;
}

/** One spelling for all texts of the same policy: the count may be a number or a string of one. */
export function canonicalRedrivePolicy(text: string): string {
  const policy = parseJsonObject(text) ?? {};
  return canonicalJson({ ...policy, maxReceiveCount: receiveCountOf(policy) ?? null });
}

/** Undefined unless it is an integer from 1 to 1000, as a number or as a string of digits. */
function receiveCountOf(policy: JsonObject): number | undefined {
  const given = policy["maxReceiveCount"];
  const count = typeof given === "string" && /^\d{1,9}$/.test(given) ? Number(given) : given;
  if (typeof count !== "number" || !Number.isInteger(count)) return undefined;
  const { min, max } = limits.maxReceiveCount;
  return count >= min && count <= max ? count : undefined;
}

function refuse(text: string, reason: string): Result<never, SqsError> {
  return err(refusal(text, reason));
}

function refusal(text: string, reason: string): SqsError {
  return invalidParameter(`Value ${text} for parameter RedrivePolicy is invalid. Reason: ${reason}`);
}
