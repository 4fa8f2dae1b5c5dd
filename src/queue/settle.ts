import { type Backlog, freshCount, freshMessages, moveCursor, skipExpired } from "./backlog.ts";
import { horizonMs } from "./horizon.ts";
import { lsnOf, positionOf } from "./position.ts";
import type { QueueState } from "./state.ts";
import { forget, isDue, show } from "./touched.ts";

/** Brings the state up to `nowMs`: what time alone has moved. */
export function settle(state: QueueState, nowMs: number, backlog: Backlog): void {
  if (!state.settings) return;
  state.derived.nowMs = nowMs;
  const horizon = horizonMs(state, nowMs);
  endTimeouts(state, nowMs);
  endDelays(state, nowMs);
  expireTouched(state, horizon);
  expireUndelivered(state, horizon);
  advanceCursor(state, horizon, backlog);
  compact(state);
}

function endTimeouts(state: QueueState, nowMs: number): void {
  const { due, ready } = state.derived;
  for (let atMs = due.peek(0); atMs !== undefined && atMs <= nowMs; atMs = due.peek(0)) {
    const position = due.peek(1) ?? 0;
    const message = state.touched.get(position);
    if (message && isDue(state, position, atMs)) show(state, message, position);
    due.pop();
  }
  for (let position = ready.peek(); position !== undefined; position = ready.peek()) {
    const message = state.touched.get(position);
    if (message && !message.hidden) break;
    if (message) message.listed = false;
    ready.pop();
  }
}

export function endDelays(state: QueueState, nowMs: number): void {
  const { delayed, woken } = state;
  for (let atMs = delayed.peek(0); atMs !== undefined && atMs <= nowMs; atMs = delayed.peek(0)) {
    woken.push(delayed.peek(1) ?? 0, delayed.peek(2) ?? 0);
    delayed.pop();
  }
}

function expireTouched(state: QueueState, horizon: number): void {
  const { ages } = state.derived;
  for (let sentAtMs = ages.peek(0); sentAtMs !== undefined && sentAtMs <= horizon; sentAtMs = ages.peek(0)) {
    const position = ages.peek(1) ?? 0;
    const message = state.touched.get(position);
    if (message) forget(state, position, message);
    ages.pop();
  }
}

function expireUndelivered(state: QueueState, horizon: number): void {
  const { delayed, woken, derived } = state;
  for (
    let sentAtMs = woken.peek(1);
    sentAtMs !== undefined && sentAtMs <= horizon;
    sentAtMs = woken.peek(1)
  ) {
    woken.pop();
  }
  // Only a retention shorter than the delay gets here with anything to remove.
  if (delayed.size === 0 || horizon < derived.delayedSinceMs) return;
  derived.delayedSinceMs = Infinity;
  delayed.filter((_visibleAtMs, _position, sentAtMs) => {
    if (sentAtMs <= horizon) return false;
    derived.delayedSinceMs = Math.min(derived.delayedSinceMs, sentAtMs);
    return true;
  });
}

/** Puts the cursor on a message of the backlog that is alive, so that counts and receives need not search. */
function advanceCursor(state: QueueState, horizon: number, backlog: Backlog): void {
  const { derived } = state;
  while (freshCount(state) > 0) {
    if (derived.cursorKnown !== state.cursor || state.taken.has(state.freshConsumed)) {
      // An epoch is dropped ahead of the cursor only when all of it has expired.
      if (lsnOf(state.cursor) < backlog.firstLsn()) expireBacklog(state, backlog, horizon);
      const next = first(freshMessages(state, backlog));
      if (!next) {
        // What is counted and not there has expired, and its table was dropped.
        moveCursor(state, positionOf(state.openLsn, state.openMessages), state.freshSent);
        return;
      }
      moveCursor(state, next.position, next.index);
      while (state.gaps[0] && state.gaps[0][1] < lsnOf(state.cursor)) state.gaps.shift();
      derived.cursorKnown = next.position;
      derived.cursorSentAtMs = next.sentAtMs;
    }
    if (derived.cursorSentAtMs > horizon) return;
    const { cursor } = state;
    expireBacklog(state, backlog, horizon);
    // A dead letter keeps its age: it may be dead where the log around it is not.
    if (state.cursor === cursor) moveCursor(state, cursor + 1, state.freshConsumed + 1);
  }
}

function expireBacklog(state: QueueState, backlog: Backlog, horizon: number): void {
  skipExpired(state, backlog, horizon);
  // Its messages stand in the groups, too; they are read again as far as they are needed.
  state.derived.groups = undefined;
  state.derived.fairness.window = undefined;
}

function first<T>(items: Iterable<T>): T | undefined {
  for (const item of items) return item;
  return undefined;
}

/** Rows of messages that are gone leave an index when it is mostly such rows: the cost is paid by their number. */
function compact(state: QueueState): void {
  const { due, ready, ages } = state.derived;
  const bound = 2 * state.touched.size + 1024;
  if (due.size > bound) due.filter((atMs, position) => isDue(state, position, atMs));
  if (ready.size > bound) ready.filter((position) => state.touched.has(position));
  if (ages.size > bound) ages.filter((_sentAtMs, position) => state.touched.has(position));
}

/** When the next message becomes visible by itself, if nothing else happens. */
export function nextDueMs(state: QueueState): number | undefined {
  const { due } = state.derived;
  for (let atMs = due.peek(0); atMs !== undefined && !isDue(state, due.peek(1), atMs); atMs = due.peek(0)) {
    due.pop();
  }
  const timeout = due.peek(0) ?? Infinity;
  const delay = state.delayed.peek(0) ?? Infinity;
  const group = Math.min(state.derived.groups?.delayedUntilMs ?? Infinity, groupFreedAtMs(state));
  const next = Math.min(timeout, delay, group);
  return next === Infinity ? undefined : next;
}

/** A message in flight holds its group of a FIFO queue back; the oldest lets go when its retention is over. */
function groupFreedAtMs(state: QueueState): number {
  if (!state.derived.groups || !state.settings) return Infinity;
  const { ages } = state.derived;
  for (let position = ages.peek(1); position !== undefined; position = ages.peek(1)) {
    const message = state.touched.get(position);
    if (message) return message.sentAtMs + state.settings.attributes.retentionSeconds * 1000;
    ages.pop();
  }
  return Infinity;
}
