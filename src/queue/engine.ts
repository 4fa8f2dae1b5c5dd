import type { Backlog } from "./backlog.ts";
import { type FreshMessage, freshCount, freshMessages, moveCursor, skipExpired } from "./backlog.ts";
import { dedupKey } from "./dedup.ts";
import { endTurns, leaveGroup, moveToTouched, refreshGroup } from "./groups.ts";
import { limits } from "./limits.ts";
import type {
  DeadLetterInOp,
  FreshLease,
  GroupedLease,
  GroupLeaseOp,
  LeaseOp,
  Op,
  RepeatOp,
  SendOp,
  SentMessage,
  VisibilityOp,
} from "./ops.ts";
import { lsnOf, type Position, positionOf } from "./position.ts";
import { queueArn } from "./queue-arn.ts";
import { parseRedrivePolicy, type RedrivePolicy } from "./redrive-policy.ts";
import type { QueueSettings } from "./settings.ts";
import type { BatchMemory, QueueState, StoredBatch, TouchedMessage } from "./state.ts";

/**
 * The life of a message in a standard queue:
 *
 *           SEND, delay                  its delay is over
 *   ─────────────────────▶ delayed ─────────────────────────▶ visible
 *           SEND                                               │   ▲
 *   ─────────────────────▶ visible                       LEASE │   │ its timeout is over, or VISIBILITY 0
 *                                                              ▼   │
 *                          gone ◀───────────────────────── in flight ──┐
 *                            ▲          ACK                    ▲       │ VISIBILITY
 *                            │                                 └───────┘
 *                            └── PURGE, or its retention is over: from everywhere
 *
 * `decide…` looks and never touches; `apply` touches and never decides. An op sets exactly what its arrow
 * sets. The arrows without an op are time's: `settle` brings the indexes up to an instant, and is the same
 * whether it runs once or a thousand times on the way there.
 */
export interface Decision<T> {
  readonly ops: readonly Op[];
  readonly result: T;
}

/** A queue's state without settings has no retention: nothing may be asked of it. */
function retentionMs(state: QueueState): number {
  if (!state.settings) throw new Error("a shard without settings was asked to work");
  return state.settings.attributes.retentionSeconds * 1000;
}

/** Messages sent at or before this instant are dead. */
export function horizonMs(state: QueueState, nowMs: number): number {
  return Math.max(state.deadHorizonMs, nowMs - retentionMs(state));
}

// ---------------------------------------------------------------------------------------------- decide

export interface SendRequest {
  /** The batch's UUID as 16 characters. */
  readonly batch: string;
  readonly messages: readonly SentMessage[];
}

/** Stores the messages, unless this very batch was stored before: then the first answer is given again. */
export function decideSend(state: QueueState, request: SendRequest, nowMs: number): Decision<Position[]> {
  const stored = state.batches.newer.get(request.batch) ?? state.batches.older.get(request.batch);
  if (stored && nowMs < stored.atMs + limits.batchMemoryMs) {
    return { ops: [], result: positionsFrom(stored.first, stored.count) };
  }
  // Age and place in the log agree, even when the clock steps back: expiry relies on it.
  const sentAtMs = Math.max(nowMs, state.lastSentAtMs);
  const op: SendOp = { kind: "send", batch: request.batch, sentAtMs, messages: request.messages };
  const first = positionOf(state.openLsn, state.openMessages);
  return { ops: [op], result: positionsFrom(first, request.messages.length) };
}

function positionsFrom(first: Position, count: number): Position[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

export interface ReceiveRequest {
  readonly max: number;
  readonly visibilityMs: number;
  readonly nonce: number;
  /** How many messages may be in flight at once. */
  readonly inFlightLimit: number;
}

export interface Lease {
  readonly position: Position;
  /** Where the body is. */
  readonly at: Position;
  readonly sentAtMs: number;
  readonly receiveCount: number;
  readonly firstReceivedAtMs: number;
}

export interface Leases {
  readonly leases: readonly Lease[];
  /** The delivery that the receipt handles are for. */
  readonly nonce: number;
  readonly overLimit: boolean;
}

/**
 * What this receive is given: messages that were touched first, oldest first, then the backlog. Those that were
 * received too often leave for the dead-letter queue instead.
 */
export function decideReceive(
  state: QueueState,
  request: ReceiveRequest,
  nowMs: number,
  backlog: Backlog,
): Decision<Leases> {
  const { nonce } = request;
  const capacity = request.inFlightLimit - state.inFlight;
  if (capacity <= 0) return { ops: [], result: { leases: [], nonce, overLimit: true } };
  const count = Math.min(request.max, capacity);

  const dead = deadLetters(state);
  const { returned, woken } = oldestTouched(state, count, dead);
  const fresh = firstFresh(state, count - returned.length - woken.length, nowMs, backlog);
  const again = returned.map((position): Lease => {
    const { at, sentAtMs, receiveCount, firstReceivedAtMs } = touchedAt(state, position);
    return { position, at, sentAtMs, receiveCount: receiveCount + 1, firstReceivedAtMs };
  });
  const first = ({ position, sentAtMs }: FreshLease): Lease => {
    return { position, at: position, sentAtMs, receiveCount: 1, firstReceivedAtMs: nowMs };
  };
  const older = [...again, ...woken.map(first)].sort((a, b) => a.position - b.position);
  const leases = [...older, ...fresh.map((message) => freshLeaseOf(message, nowMs))];

  const ops: Op[] = dead.length === 0 ? [] : [{ kind: "deadLetterOut", positions: dead }];
  if (leases.length > 0) ops.push(...leaseOps({ request, nowMs, returned, woken, fresh }));
  return { ops, result: { leases, nonce, overLimit: false } };
}

/** The first delivery of a message here; a dead letter goes on counting from where it came. */
export function freshLeaseOf({ position, sentAtMs, past }: FreshMessage, nowMs: number): Lease {
  return {
    position,
    at: position,
    sentAtMs,
    receiveCount: (past?.receiveCount ?? 0) + 1,
    firstReceivedAtMs: past?.firstReceivedAtMs ?? nowMs,
  };
}

export function groupedLeaseOf(message: FreshMessage, nowMs: number): GroupedLease {
  const { position, sentAtMs, index, groupId, past } = message;
  return {
    position,
    sentAtMs,
    index,
    groupId,
    receivedBefore: past?.receiveCount ?? 0,
    firstReceivedAtMs: past?.firstReceivedAtMs ?? nowMs,
  };
}

/** How many messages one receive moves at most: what it answers must not wait for a long clean-up. */
const DEAD_LETTERS_AT_ONCE = 100;

/** Visible messages of a standard queue that the next receive would deliver once too often, oldest first. */
function deadLetters(state: QueueState): Position[] {
  if (!state.derived.redrive) return [];
  const exhausted = (position: Position) => {
    const message = state.touched.get(position);
    return message?.hidden === false && isExhausted(state, message);
  };
  return state.derived.ready.smallest(DEAD_LETTERS_AT_ONCE, exhausted).map(([position]) => position);
}

/** Whether a message was delivered as often as the redrive policy allows. */
export function isExhausted(state: QueueState, message: TouchedMessage): boolean {
  const { redrive } = state.derived;
  return redrive !== undefined && message.receiveCount >= redrive.maxReceiveCount;
}

interface Delivery {
  readonly request: ReceiveRequest;
  readonly nowMs: number;
  readonly returned: readonly Position[];
  readonly woken: readonly FreshLease[];
  readonly fresh: readonly FreshMessage[];
}

function leaseOps({ request, nowMs, returned, woken, fresh }: Delivery): Op[] {
  const last = fresh[fresh.length - 1];
  const common = { atMs: nowMs, visibleAtMs: nowMs + request.visibilityMs, nonce: request.nonce };
  const plain: LeaseOp = {
    kind: "lease",
    ...common,
    returned,
    woken,
    fresh: fresh.map(({ position, sentAtMs }) => ({ position, sentAtMs })),
    freshConsumed: last ? last.index + 1 : 0,
  };
  if (fresh.every(({ past }) => past === undefined)) return [plain];
  // Dead letters bring a past, which the plain form has no place for.
  const grouped = fresh.map((message) => groupedLeaseOf(message, nowMs));
  const older: LeaseOp[] =
    returned.length + woken.length === 0 ? [] : [{ ...plain, fresh: [], freshConsumed: 0 }];
  return [...older, { kind: "groupLease", ...common, attempt: undefined, returned: [], fresh: grouped }];
}

/** The oldest visible messages that are not of the backlog, by position across both kinds. */
function oldestTouched(
  state: QueueState,
  count: number,
  except: readonly Position[],
): { returned: Position[]; woken: FreshLease[] } {
  const leaving = new Set(except);
  const visible = (position: Position) =>
    state.touched.get(position)?.hidden === false && !leaving.has(position);
  const returned = state.derived.ready.smallest(count, visible).map(([position]) => position);
  const woken = state.woken.smallest(count, () => true);
  while (returned.length + woken.length > count) {
    const lastReturned = returned[returned.length - 1] ?? -1;
    const lastWoken = woken[woken.length - 1]?.[0] ?? -1;
    if (lastReturned > lastWoken) returned.pop();
    else woken.pop();
  }
  return { returned, woken: woken.map(([position, sentAtMs]) => ({ position, sentAtMs })) };
}

function firstFresh(state: QueueState, count: number, nowMs: number, backlog: Backlog): FreshMessage[] {
  const found: FreshMessage[] = [];
  if (count <= 0) return found;
  const horizon = horizonMs(state, nowMs);
  for (const message of freshMessages(state, backlog)) {
    // A dead letter keeps its age, and may be dead behind others that are alive.
    if (message.sentAtMs <= horizon) continue;
    found.push(message);
    if (found.length === count) break;
  }
  return found;
}

/** Deletes what is still there. On a standard queue any handle that was ever given out will do. */
export function decideDelete(state: QueueState, positions: readonly Position[]): Decision<undefined> {
  const present = [...new Set(positions)].filter((position) => state.touched.has(position));
  return { ops: present.length === 0 ? [] : [{ kind: "ack", positions: present }], result: undefined };
}

/** `gone`: deleted or purged, or its retention is over. `beyondLimit`: more than 12 hours after its receive.
 * `expired`: of a FIFO queue, whose handles die with their timeout. */
export type VisibilityOutcome = "changed" | "gone" | "beyondLimit" | "expired";

export interface VisibilityRequest {
  readonly position: Position;
  readonly visibilityMs: number;
}

/**
 * Extends or ends leases, counted from `nowMs`. A message whose timeout has run out and that nobody received
 * since is hidden again: SQS answers 200, and a consumer that is late with its heartbeat still owns it.
 */
export function decideVisibility(
  state: QueueState,
  requests: readonly VisibilityRequest[],
  nowMs: number,
): Decision<VisibilityOutcome[]> {
  const changes: VisibilityOp["changes"][number][] = [];
  const result = requests.map(({ position, visibilityMs }): VisibilityOutcome => {
    const message = state.touched.get(position);
    if (!message) return "gone";
    if (nowMs + visibilityMs > message.leasedAtMs + limits.totalVisibilityMs) return "beyondLimit";
    changes.push({ position, visibleAtMs: nowMs + visibilityMs });
    return "changed";
  });
  return { ops: changes.length === 0 ? [] : [{ kind: "visibility", atMs: nowMs, changes }], result };
}

/** @returns false if another purge was less than `minIntervalMs` ago */
export function decidePurge(state: QueueState, minIntervalMs: number, nowMs: number): Decision<boolean> {
  if (state.lastPurgeAtMs !== undefined && nowMs < state.lastPurgeAtMs + minIntervalMs) {
    return { ops: [], result: false };
  }
  return { ops: [{ kind: "purge", atMs: nowMs }], result: true };
}

export interface Counts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** Exact, for a state settled at the instant asked about. */
export function counts(state: QueueState): Counts {
  return {
    visible: state.touched.size - state.inFlight + state.woken.size + freshCount(state),
    inFlight: state.inFlight,
    delayed: state.delayed.size,
  };
}

/** When the next message becomes visible by itself, if nothing else happens. */
export function nextDueMs(state: QueueState): number | undefined {
  const { due } = state.derived;
  for (let atMs = due.peek(0); atMs !== undefined && !isDue(state, due.peek(1), atMs); atMs = due.peek(0)) {
    due.pop();
  }
  const timeout = due.peek(0) ?? Infinity;
  const delay = state.delayed.peek(0) ?? Infinity;
  const next = Math.min(timeout, delay, state.derived.groups?.delayedUntilMs ?? Infinity);
  return next === Infinity ? undefined : next;
}

// ---------------------------------------------------------------------------------------------- settle

/** Brings the state up to `nowMs`: what time alone has moved. */
export function settle(state: QueueState, nowMs: number, backlog: Backlog): void {
  if (!state.settings) return;
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

function endDelays(state: QueueState, nowMs: number): void {
  const { delayed, woken } = state;
  for (let atMs = delayed.peek(0); atMs !== undefined && atMs <= nowMs; atMs = delayed.peek(0)) {
    woken.push(delayed.peek(1) ?? 0, delayed.peek(2) ?? 0);
    delayed.pop();
  }
}

function expireTouched(state: QueueState, horizon: number): void {
  const { ages } = state.derived;
  for (let position = ages.peek(); position !== undefined; position = ages.peek()) {
    const message = state.touched.get(position);
    if (message && message.sentAtMs > horizon) return;
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
      if (!next) return;
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
  if (ages.size > bound) ages.filter((position) => state.touched.has(position));
}

function isDue(state: QueueState, position: Position | undefined, atMs: number): boolean {
  const message = state.touched.get(position ?? -1);
  return message?.hidden === true && message.visibleAtMs === atMs;
}

// ----------------------------------------------------------------------------------------------- apply

export function apply(state: QueueState, op: Op): void {
  switch (op.kind) {
    case "send":
      applySend(state, op);
      break;
    case "lease":
      applyLease(state, op);
      break;
    case "groupLease":
      applyGroupLease(state, op);
      break;
    case "repeat":
      applyRepeat(state, op);
      break;
    case "visibility":
      for (const { position, visibleAtMs } of op.changes) {
        const message = state.touched.get(position);
        if (message) hideUntil(state, message, position, visibleAtMs, op.atMs);
      }
      break;
    case "ack":
      for (const position of op.positions) {
        const message = state.touched.get(position);
        if (message) forget(state, position, message);
      }
      break;
    case "purge":
      applyPurge(state, op.atMs);
      break;
    case "deadLetterOut":
      for (const position of op.positions) {
        const message = touchedAt(state, position);
        forget(state, position, message);
        state.outbox.set(state.nextOutNumber++, { position, message });
      }
      break;
    case "deadLetterDone":
      for (const number of state.outbox.keys()) if (number <= op.upTo) state.outbox.delete(number);
      break;
    case "deadLetterBack":
      applyDeadLetterBack(state, op.atMs);
      break;
    case "deadLetterIn":
      applyDeadLetterIn(state, op);
      break;
    case "relocate":
      for (const { position } of op.messages) {
        const at = positionOf(state.openLsn, state.openMessages++);
        const message = state.touched.get(position);
        if (message) message.at = at;
      }
      break;
    case "settings": {
      // What has expired under the old retention stays dead under a longer one.
      if (state.settings) state.deadHorizonMs = horizonMs(state, op.atMs);
      state.settings = op.settings;
      state.derived.redrive = redriveOf(op.settings);
      // A FIFO queue's delay applies to the messages it has: which of them stand in the groups may change.
      state.derived.groups = undefined;
    }
  }
}

/** The record that is open has been written: the next one begins. */
export function openNextRecord(state: QueueState): void {
  state.openLsn++;
  state.openMessages = 0;
}

function applySend(state: QueueState, op: SendOp): void {
  const first = positionOf(state.openLsn, state.openMessages);
  for (const message of op.messages) {
    const position = positionOf(state.openLsn, state.openMessages++);
    if (message.delayMs > 0) {
      if (state.delayed.size === 0) state.derived.delayedSinceMs = Infinity;
      state.derived.delayedSinceMs = Math.min(state.derived.delayedSinceMs, op.sentAtMs);
      state.delayed.push(op.sentAtMs + message.delayMs, position, op.sentAtMs);
    } else {
      enterBacklog(state, position);
    }
    const { dedupId, groupId } = message;
    if (dedupId !== undefined) rememberId(state, { groupId, dedupId }, position, op.sentAtMs);
  }
  state.lastSentAtMs = op.sentAtMs;
  remember(state.batches, op.batch, { atMs: op.sentAtMs, first, count: op.messages.length });
}

function remember(memory: BatchMemory, batch: string, stored: StoredBatch): void {
  const old = stored.atMs >= memory.newerSinceMs + limits.batchMemoryMs;
  if (old || memory.newer.size >= limits.batchMemoryEntries / 2) {
    memory.older = memory.newer;
    memory.newer = new Map();
    memory.newerSinceMs = stored.atMs;
  }
  memory.newer.set(batch, stored);
}

function applyDeadLetterIn(state: QueueState, op: DeadLetterInOp): void {
  state.inbox.set(op.source, op.upTo);
  state.lastSentAtMs = Math.max(state.lastSentAtMs, op.atMs);
  for (const { sentAtMs, groupId, dedupId } of op.messages) {
    const position = positionOf(state.openLsn, state.openMessages++);
    enterBacklog(state, position);
    if (dedupId !== undefined) rememberId(state, { groupId, dedupId }, position, sentAtMs);
  }
}

function applyDeadLetterBack(state: QueueState, atMs: number): void {
  for (const { position, message } of state.outbox.values()) {
    state.touched.set(position, message);
    state.derived.ages.push(position);
    message.hidden = false;
    message.listed = false;
    hideUntil(state, message, position, atMs, atMs);
  }
  state.outbox.clear();
  // They stand before all others of their groups again.
  state.derived.groups = undefined;
}

/** The redrive policy as far as it can be followed: a queue that is its own dead-letter queue has none. */
function redriveOf(settings: QueueSettings): RedrivePolicy | undefined {
  const text = settings.attributes.redrivePolicy;
  const policy = text === undefined ? undefined : parseRedrivePolicy(text);
  if (!policy?.ok) return undefined;
  return queueArn(policy.value.target) === queueArn(settings) ? undefined : policy.value;
}

function rememberId(
  state: QueueState,
  ids: { readonly groupId: string | undefined; readonly dedupId: string },
  position: Position,
  sentAtMs: number,
): void {
  const scope = state.settings?.attributes.fifo?.deduplicationScope ?? "queue";
  state.derived.dedup?.add(dedupKey(scope, ids), position, sentAtMs);
}

/** Shorter runs of records without messages of the backlog are cheaper to read than to remember. */
const REMEMBERED_GAP_RECORDS = 256;

function enterBacklog(state: QueueState, position: Position): void {
  const lsn = lsnOf(position);
  if (freshCount(state) === 0) {
    moveCursor(state, position, state.freshSent);
    state.gaps = [];
  } else if (lsn - state.lastFreshLsn > REMEMBERED_GAP_RECORDS) {
    state.gaps.push([state.lastFreshLsn + 1, lsn - 1]);
  }
  state.freshSent++;
  state.lastFreshLsn = lsn;
}

function applyLease(state: QueueState, op: LeaseOp): void {
  for (const position of op.returned) {
    const message = touchedAt(state, position);
    message.receiveCount++;
    message.leasedAtMs = op.atMs;
    message.nonce = op.nonce;
    hideUntil(state, message, position, op.visibleAtMs, op.atMs);
  }
  for (const lease of op.woken) {
    // Settled live, it is among the woken; in a replay, where nobody settles, still among the delayed.
    if (!state.woken.remove(0, lease.position)) state.delayed.remove(1, lease.position);
    touch(state, lease, op);
  }
  for (const lease of op.fresh) touch(state, lease, op);
  const last = op.fresh[op.fresh.length - 1];
  if (last) {
    moveCursor(state, last.position + 1, op.freshConsumed);
  }
}

function applyGroupLease(state: QueueState, op: GroupLeaseOp): void {
  const groups = new Set<string>();
  for (const position of op.returned) {
    const message = touchedAt(state, position);
    message.receiveCount++;
    message.leasedAtMs = op.atMs;
    message.nonce = op.nonce;
    groups.add(message.groupId ?? "");
    hideUntil(state, message, position, op.visibleAtMs, op.atMs);
  }
  for (const lease of op.fresh) {
    state.taken.add(lease.index);
    moveToTouched(state, lease.groupId ?? "", lease.position);
    groups.add(lease.groupId ?? "");
    const message = touch(state, lease, op, lease.groupId);
    message.receiveCount = lease.receivedBefore + 1;
    message.firstReceivedAtMs = lease.firstReceivedAtMs;
  }
  endTurns(state, groups);
  if (op.attempt === undefined) return;
  for (const [name, { atMs }] of state.attempts) {
    if (op.atMs < atMs + limits.dedupMs && state.attempts.size < limits.receiveAttempts) break;
    state.attempts.delete(name);
  }
  state.attempts.delete(op.attempt);
  state.attempts.set(op.attempt, {
    atMs: op.atMs,
    positions: [...op.returned, ...op.fresh.map(({ position }) => position)],
    nonce: op.nonce,
    visibleAtMs: op.visibleAtMs,
  });
}

function applyRepeat(state: QueueState, op: RepeatOp): void {
  const attempt = state.attempts.get(op.attempt);
  if (!attempt) throw new Error("a receive was repeated that never was");
  attempt.visibleAtMs = op.visibleAtMs;
  for (const position of attempt.positions) {
    const message = touchedAt(state, position);
    message.leasedAtMs = op.atMs;
    hideUntil(state, message, position, op.visibleAtMs, op.atMs);
  }
}

function touch(
  state: QueueState,
  { position, sentAtMs }: FreshLease,
  op: LeaseOp | GroupLeaseOp,
  groupId?: string,
): TouchedMessage {
  const message: TouchedMessage = {
    at: position,
    sentAtMs,
    firstReceivedAtMs: op.atMs,
    leasedAtMs: op.atMs,
    visibleAtMs: op.visibleAtMs,
    receiveCount: 1,
    nonce: op.nonce,
    groupId,
    hidden: false,
    listed: false,
  };
  state.touched.set(position, message);
  state.derived.ages.push(position);
  hideUntil(state, message, position, op.visibleAtMs, op.atMs);
  return message;
}

function applyPurge(state: QueueState, atMs: number): void {
  state.touched.clear();
  state.inFlight = 0;
  state.delayed.clear();
  state.woken.clear();
  state.derived.due.clear();
  state.derived.ready.clear();
  state.derived.ages.clear();
  const next = positionOf(state.openLsn, state.openMessages);
  moveCursor(state, next, state.freshSent);
  state.gaps = [];
  state.attempts.clear();
  state.derived.groups = undefined;
  state.derived.dedup?.clear();
  state.purgedBefore = next;
  state.lastPurgeAtMs = atMs;
}

function hideUntil(
  state: QueueState,
  message: TouchedMessage,
  position: Position,
  visibleAtMs: number,
  atMs: number,
): void {
  message.visibleAtMs = visibleAtMs;
  if (visibleAtMs <= atMs) {
    show(state, message, position);
    return;
  }
  if (!message.hidden) state.inFlight++;
  message.hidden = true;
  state.derived.due.push(visibleAtMs, position);
  if (message.groupId !== undefined) refreshGroup(state, message.groupId);
}

function show(state: QueueState, message: TouchedMessage, position: Position): void {
  if (message.hidden) state.inFlight--;
  message.hidden = false;
  if (message.groupId !== undefined) refreshGroup(state, message.groupId);
  if (message.listed) return;
  message.listed = true;
  state.derived.ready.push(position);
}

function forget(state: QueueState, position: Position, message: TouchedMessage): void {
  if (message.hidden) state.inFlight--;
  state.touched.delete(position);
  if (message.groupId !== undefined) leaveGroup(state, message.groupId, position);
}

function touchedAt(state: QueueState, position: Position): TouchedMessage {
  const message = state.touched.get(position);
  if (!message) throw new Error(`no message was ever delivered from ${position}`);
  return message;
}

/** Rebuilds the indexes of a state that was read back from a snapshot. */
export function reindex(state: QueueState): void {
  const { derived } = state;
  derived.redrive = state.settings && redriveOf(state.settings);
  state.inFlight = 0;
  for (const [position, message] of state.touched) {
    derived.ages.push(position);
    message.hidden = false;
    message.listed = false;
    hideUntil(state, message, position, message.visibleAtMs, -Infinity);
  }
  derived.delayedSinceMs = Infinity;
  for (const [, , sentAtMs = 0] of state.delayed.rows()) {
    derived.delayedSinceMs = Math.min(derived.delayedSinceMs, sentAtMs);
  }
}
