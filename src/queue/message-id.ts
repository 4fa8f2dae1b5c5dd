import { assert } from "../lib/result.ts";

/** Where the last byte of a UUID begins in its text form. */
const LAST_BYTE = 34;

/**
 * The id of message `index` of a batch: the batch's UUID with the index XORed into its last byte. So ids need
 * no storage of their own, differ within the batch, and stay UUIDs.
 *
 * @param index below 256.
 */
export function messageIdOf(batchId: string, index: number): string {
  assert(Number.isInteger(index) && index >= 0 && index < 256, "a batch has at most 256 messages");
  if (index === 0) return batchId;
  const last = Number.parseInt(batchId.slice(LAST_BYTE), 16) ^ index;
  return batchId.slice(0, LAST_BYTE) + last.toString(16).padStart(2, "0");
}
