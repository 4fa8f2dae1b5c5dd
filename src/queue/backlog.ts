import type { Position } from "./position.ts";
import { indexOf, lsnOf, positionOf } from "./position.ts";
import type { QueueState } from "./state.ts";

/** What the engine may look up in the log: which messages a record holds, never their bodies. */
export interface Backlog {
  /** The record with this number, the open one included; undefined if its epoch was dropped. */
  record(lsn: number): BacklogRecord | undefined;
  /** When the record's last message was sent, or the last before it; 0 if its epoch was dropped. Cheaper than `record`. */
  sentUntilMs(lsn: number): number;
  /** The oldest record there is, or the open one. */
  firstLsn(): number;
  /** The first record at or after this one whose epoch was not dropped, or the open one. */
  nextLsn(lsn: number): number;
}

export interface BacklogRecord {
  /** Messages that entered the backlog before this record. */
  readonly freshBefore: number;
  readonly messages: readonly BacklogMessage[];
}

export interface BacklogMessage {
  readonly sentAtMs: number;
  /** Part of the backlog: sent without a delay, and in this place for the first time. */
  readonly fresh: boolean;
  readonly groupId: string | undefined;
  /** The batch it came in, as 16 characters, and its place there: its id derives from them. */
  readonly batch: string;
  readonly batchIndex: number;
  /** Of a dead letter: what it went through before it came here. */
  readonly past: Past | undefined;
}

export interface Past {
  readonly receiveCount: number;
  readonly firstReceivedAtMs: number;
}

/** A message of the backlog that was never delivered. */
export interface FreshMessage {
  readonly position: Position;
  /** How many messages entered the backlog before it. */
  readonly index: number;
  readonly sentAtMs: number;
  readonly groupId: string | undefined;
  readonly past: Past | undefined;
}

/** The messages of the backlog that nobody was given, oldest first. */
export function* freshMessages(
  state: QueueState,
  backlog: Backlog,
  from: { readonly position: Position; readonly index: number } = {
    position: state.cursor,
    index: state.freshConsumed,
  },
): Iterable<FreshMessage> {
  let freshIndex = from.index;
  let index = indexOf(from.position);
  for (let lsn = lsnOf(from.position); freshIndex < state.freshSent && lsn <= state.openLsn; lsn++) {
    const gap = state.gaps.find(([first, last]) => lsn >= first && lsn <= last);
    if (gap) {
      lsn = gap[1];
      index = 0;
      continue;
    }
    const record = backlog.record(lsn) ?? missing(backlog, lsn);
    if (typeof record === "number") {
      // All of it has expired; the next record says how many messages it held.
      lsn = record - 1;
      index = 0;
      freshIndex = Math.max(freshIndex, backlog.record(record)?.freshBefore ?? freshIndex);
      continue;
    }
    const { messages } = record;
    for (; index < messages.length; index++) {
      const message = messages[index];
      if (!message?.fresh) continue;
      const { sentAtMs, groupId, past } = message;
      const position = positionOf(lsn, index);
      if (!state.taken.has(freshIndex)) yield { position, index: freshIndex, sentAtMs, groupId, past };
      freshIndex++;
    }
    index = 0;
  }
}

function missing(backlog: Backlog, lsn: number): number {
  return Math.max(backlog.nextLsn(lsn), lsn + 1);
}

/** Messages of the backlog that nobody was given yet. */
export function freshCount(state: QueueState): number {
  return state.freshSent - state.freshConsumed - state.taken.size;
}

/** Moves the cursor past the messages sent at or before `horizonMs`. They need not be on disk any more. */
export function skipExpired(state: QueueState, backlog: Backlog, horizonMs: number): void {
  const reached = firstSentAfter(state, backlog, horizonMs);
  if (reached.position > state.cursor) {
    moveCursor(state, reached.position, Math.max(state.freshConsumed, reached.index));
  }
}

/**
 * Where the messages of the backlog begin that were sent after an instant, and how many entered it before: a
 * search by halves, however long the backlog. Nothing before the cursor is looked at.
 */
export function firstSentAfter(
  state: QueueState,
  backlog: Backlog,
  instantMs: number,
): { readonly position: Position; readonly index: number } {
  let low = Math.max(lsnOf(state.cursor), backlog.firstLsn());
  let high = state.openLsn;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (backlog.sentUntilMs(middle) > instantMs) high = middle;
    else low = middle + 1;
  }
  low = backlog.record(low) ? low : backlog.nextLsn(low);
  const { freshBefore, messages } = backlog.record(low) ?? { freshBefore: state.freshSent, messages: [] };
  let fresh = freshBefore;
  let at = 0;
  for (; at < messages.length; at++) {
    const message = messages[at];
    if (message && message.sentAtMs > instantMs) break;
    if (message?.fresh) fresh++;
  }
  return { position: positionOf(low, at), index: fresh };
}

/** All messages of the backlog with an index below `freshConsumed` are behind the cursor. */
export function moveCursor(state: QueueState, cursor: Position, freshConsumed: number): void {
  state.cursor = cursor;
  state.freshConsumed = freshConsumed;
  state.taken.removeBelow(freshConsumed);
}
