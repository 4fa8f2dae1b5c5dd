import { type SqsError, sqsError } from "./errors.ts";
import { limits } from "./limits.ts";

/** What an entry of each batch is called, as SQS prints it. */
export type BatchEntryName =
  | "SendMessageBatchRequestEntry"
  | "DeleteMessageBatchRequestEntry"
  | "ChangeMessageVisibilityBatchRequestEntry";

/**
 * What fails a batch as a whole, before any entry is looked at: how many there are, and their ids.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
export function checkBatch(
  entryName: BatchEntryName,
  entries: readonly { readonly Id: string }[],
): SqsError | undefined {
  if (entries.length === 0) {
    return sqsError("EmptyBatchRequest", `There should be at least one ${entryName} in the request.`);
  }
  if (entries.length > limits.batchEntries) {
    return sqsError(
      "TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are ${limits.batchEntries}. You have sent ${entries.length}.`,
    );
  }
  if (!entries.every(({ Id }) => isEntryId(Id))) {
    return sqsError(
      "InvalidBatchEntryId",
      "A batch entry id can only contain alphanumeric characters, hyphens and underscores. " +
        `It can be at most ${limits.batchEntryIdLength} letters long.`,
    );
  }
  const seen = new Set<string>();
  for (const { Id } of entries) {
    if (seen.has(Id)) return sqsError("BatchEntryIdsNotDistinct", `Id ${Id} repeated.`);
    seen.add(Id);
  }
  return undefined;
}

/** @param bytes of all bodies and attributes together. The bound is the same for every queue. */
export function checkBatchBytes(bytes: number): SqsError | undefined {
  if (bytes <= limits.batchBytes) return undefined;
  return sqsError(
    "BatchRequestTooLong",
    `Batch requests cannot be longer than ${limits.batchBytes} bytes. You have sent ${bytes} bytes.`,
  );
}

const ENTRY_ID = /^[A-Za-z0-9_-]+$/;

function isEntryId(id: string): boolean {
  return id.length <= limits.batchEntryIdLength && ENTRY_ID.test(id);
}
