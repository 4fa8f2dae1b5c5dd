import type { Position } from "./position.ts";
import { indexOf, lsnOf, positionOf } from "./position.ts";
import type { QueueState } from "./state.ts";

/** What the engine may look up in the log: which messages a record holds, never their bodies. */
export interface Backlog {
  /** The record with this number, the open one included; undefined if its epoch was dropped. */
  record(lsn: number): BacklogRecord | undefined;
  /** When the record's last message was sent, or the last before it. Cheaper than `record`. */
  sentUntilMs(lsn: number): number;
  /** The oldest record there is, or the open one. */
  firstLsn(): number;
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
}

/** The messages of the backlog from the cursor on, oldest first. */
export function* freshMessages(
  state: QueueState,
  backlog: Backlog,
): Iterable<{ position: Position; sentAtMs: number }> {
  let remaining = state.freshSent - state.freshConsumed;
  let index = indexOf(state.cursor);
  for (let lsn = lsnOf(state.cursor); remaining > 0 && lsn <= state.openLsn; lsn++) {
    const gap = state.gaps.find(([first, last]) => lsn >= first && lsn <= last);
    if (gap) {
      lsn = gap[1];
      index = 0;
      continue;
    }
    const messages = backlog.record(lsn)?.messages ?? [];
    for (; index < messages.length && remaining > 0; index++) {
      const message = messages[index];
      if (!message?.fresh) continue;
      remaining--;
      yield { position: positionOf(lsn, index), sentAtMs: message.sentAtMs };
    }
    index = 0;
  }
}

/**
 * Moves the cursor past the messages sent at or before `horizonMs`. They need not be on disk any more; a
 * search by halves finds the first that is younger, however long the backlog.
 */
export function skipExpired(state: QueueState, backlog: Backlog, horizonMs: number): void {
  let low = Math.max(lsnOf(state.cursor), backlog.firstLsn());
  let high = state.openLsn;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (backlog.sentUntilMs(middle) > horizonMs) high = middle;
    else low = middle + 1;
  }
  const record = backlog.record(low);
  if (!record) return;
  let consumed = record.freshBefore;
  let index = 0;
  for (; index < record.messages.length; index++) {
    const message = record.messages[index];
    if (message && message.sentAtMs > horizonMs) break;
    if (message?.fresh) consumed++;
  }
  const reached = positionOf(low, index);
  if (reached <= state.cursor) return;
  state.cursor = reached;
  state.freshConsumed = Math.max(state.freshConsumed, consumed);
}
