import type { Position } from "./position.ts";

/**
 * A FIFO message's SequenceNumber: 20 digits that rise with its place in the queue, as text and as a number.
 * It is 18850000000000000000 plus the position, so a duplicate has its original's and nothing need be stored.
 *
 * Safe integers have at most 16 digits, so this sum is the leading digits and the padded position side by side.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
 */
export function sequenceNumberOf(position: Position): string {
  return LEADING_DIGITS + String(position).padStart(POSITION_DIGITS, "0");
}

/** As SQS's own numbers begin; without a leading zero, text and number sort alike. */
const LEADING_DIGITS = "1885";
const POSITION_DIGITS = 16;
