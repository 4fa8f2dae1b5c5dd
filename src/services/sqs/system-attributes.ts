import { sequenceNumberOf } from "../../queue/sequence-number.ts";
import type { DeliveredMessage } from "../../shard/calls.ts";
import type { StoredMessage } from "./stored-message.ts";

type Reader = (delivered: DeliveredMessage, stored: StoredMessage) => string | undefined;

/**
 * What the queue itself knows of a message, by the names that consumers ask with. Undefined: this message has
 * no such attribute, and the answer leaves it out.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
 */
const attributes = new Map<string, Reader>([
  ["SenderId", (_, stored) => stored.senderId],
  ["SentTimestamp", (delivered) => String(delivered.sentAtMs)],
  ["ApproximateReceiveCount", (delivered) => String(delivered.receiveCount)],
  ["ApproximateFirstReceiveTimestamp", (delivered) => String(delivered.firstReceivedAtMs)],
  // Only FIFO queues' messages have a deduplication id, and all of theirs do.
  [
    "SequenceNumber",
    ({ dedupId, position }) => (dedupId === undefined ? undefined : sequenceNumberOf(position)),
  ],
  ["MessageDeduplicationId", dedupIdOf],
  ["MessageGroupId", (delivered, { ids }) => (ids ? ids.groupId : delivered.groupId)],
  ["AWSTraceHeader", (_, stored) => stored.traceHeader],
  ["DeadLetterQueueSourceArn", (delivered) => delivered.sourceArn],
]);

/** SQS replaces it by the message's own id in a dead-letter queue, where equal bodies must not collapse. */
function dedupIdOf({ messageId, dedupId }: DeliveredMessage, { ids }: StoredMessage): string | undefined {
  return ids && dedupId !== messageId ? ids.dedupId : dedupId;
}

const ALL = "All";

/** The first name that there is no attribute of. Beside `All` SQS looks at no other name. */
export function unknownSystemAttribute(names: readonly string[]): string | undefined {
  return names.includes(ALL) ? undefined : names.find((name) => !attributes.has(name));
}

/** @param names with no unknown one, as `unknownSystemAttribute` says */
export function systemAttributes(
  names: readonly string[],
  delivered: DeliveredMessage,
  stored: StoredMessage,
): ReadonlyMap<string, string> {
  const shown = new Map<string, string>();
  for (const name of names.includes(ALL) ? attributes.keys() : names) {
    const value = attributes.get(name)?.(delivered, stored);
    if (value !== undefined) shown.set(name, value);
  }
  return shown;
}
