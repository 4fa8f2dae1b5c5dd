import { err, ok, type Result } from "../lib/result.ts";
import { isAttributeName, readAttribute, unknownAttribute } from "./attributes.ts";
import type { SqsError } from "./errors.ts";
import { queueArn } from "./queue-arn.ts";
import type { QueueSettings } from "./settings.ts";

/** Messages by state, as SQS counts them. */
export interface MessageCounts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/**
 * The attributes that a GetQueueAttributes request names, `All` spelled out.
 *
 * @returns `InvalidAttributeName` if one of them is no attribute of any queue
 */
export function parseWantedAttributes(names: readonly string[]): Result<ReadonlySet<string>, SqsError> {
  const wanted = new Set<string>();
  for (const name of names) {
    if (name === "All") for (const each of answerOrder) wanted.add(each);
    else if (answers.has(name)) wanted.add(name);
    else return err(unknownAttribute(name));
  }
  return ok(wanted);
}

/**
 * A queue's attributes in SQS's spelling. One that is not set is left out.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
 */
export function renderAttributes(
  settings: QueueSettings,
  wanted: ReadonlySet<string>,
  counts: MessageCounts,
): ReadonlyMap<string, string> {
  const rendered = new Map<string, string>();
  for (const name of wanted) {
    const value = attributeOf(name, settings, counts);
    if (value !== undefined) rendered.set(name, value);
  }
  return rendered;
}

const counters = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
];

/** What `All` means: twelve of every queue, four more of a FIFO queue, and five only when they are set. */
const answerOrder = [
  ...counters,
  "CreatedTimestamp",
  "LastModifiedTimestamp",
  "QueueArn",
  "DelaySeconds",
  "MaximumMessageSize",
  "MessageRetentionPeriod",
  "ReceiveMessageWaitTimeSeconds",
  "VisibilityTimeout",
  "SqsManagedSseEnabled",
  "FifoQueue",
  "ContentBasedDeduplication",
  "DeduplicationScope",
  "FifoThroughputLimit",
  "Policy",
  "RedrivePolicy",
  "RedriveAllowPolicy",
  "KmsMasterKeyId",
  "KmsDataKeyReusePeriodSeconds",
];
const answers: ReadonlySet<string> = new Set(answerOrder);

function attributeOf(name: string, settings: QueueSettings, counts: MessageCounts): string | undefined {
  switch (name) {
    case "ApproximateNumberOfMessages":
      return counts.visible.toString();
    case "ApproximateNumberOfMessagesNotVisible":
      return counts.inFlight.toString();
    case "ApproximateNumberOfMessagesDelayed":
      return counts.delayed.toString();
    case "CreatedTimestamp":
      return settings.createdAtSeconds.toString();
    case "LastModifiedTimestamp":
      return settings.modifiedAtSeconds.toString();
    case "QueueArn":
      return queueArn(settings);
    case "KmsDataKeyReusePeriodSeconds":
      // SQS shows the period, its default included, only beside a key.
      return settings.attributes.kmsMasterKeyId && readAttribute(settings.attributes, name);
    default:
      return isAttributeName(name) ? readAttribute(settings.attributes, name) : undefined;
  }
}
