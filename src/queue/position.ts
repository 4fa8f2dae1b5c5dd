/**
 * Where a message stands in its shard's log, and its identity there: the record's number and the message's
 * index in that record, in one safe integer that sorts by age.
 */
export type Position = number;

/** Messages in one record; the commit loop starts a new record before it is exceeded. */
export const MESSAGES_PER_RECORD = 4096;

export function positionOf(lsn: number, index: number): Position {
  return lsn * MESSAGES_PER_RECORD + index;
}

export function lsnOf(position: Position): number {
  return Math.floor(position / MESSAGES_PER_RECORD);
}

export function indexOf(position: Position): number {
  return position % MESSAGES_PER_RECORD;
}
