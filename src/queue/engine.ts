import { type Backlog, type FreshMessage, freshCount, freshMessages } from "./backlog.ts";
import { chooseFairly } from "./fairness.ts";
import { horizonMs } from "./horizon.ts";
import { freshLeaseOf, groupedLeaseOf, type Lease, type Leases } from "./lease.ts";
import { limits } from "./limits.ts";
import type { FreshLease, LeaseOp, Op, SendOp, SentMessage, VisibilityOp } from "./ops.ts";
import { type Position, positionOf } from "./position.ts";
import { deadLetters, isExhausted, outNumberOf } from "./redrive.ts";
import type { QueueState } from "./state.ts";
import { touchedAt } from "./touched.ts";

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

  const dead = deadLetters(state, nowMs);
  const { returned, woken, fresh } =
    state.derived.fairness.noisy.size > 0
      ? chooseFairly(state, count, nowMs)
      : chooseByAge(state, count, nowMs, backlog);
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
  if (fresh.every(({ past, groupId }) => past === undefined && groupId === undefined)) return [plain];
  // Dead letters bring a past and tenants a group, which the plain form has no place for.
  const grouped = fresh.map((message) => groupedLeaseOf(message, nowMs));
  const older: LeaseOp[] =
    returned.length + woken.length === 0 ? [] : [{ ...plain, fresh: [], freshConsumed: 0 }];
  return [...older, { kind: "groupLease", ...common, attempt: undefined, returned: [], fresh: grouped }];
}

function chooseByAge(state: QueueState, count: number, nowMs: number, backlog: Backlog) {
  const { returned, woken } = oldestTouched(state, count, nowMs);
  const fresh = firstFresh(state, count - returned.length - woken.length, nowMs, backlog);
  return { returned, woken, fresh };
}

/** The oldest visible messages that are not of the backlog, by position across both kinds. */
function oldestTouched(
  state: QueueState,
  count: number,
  nowMs: number,
): { returned: Position[]; woken: FreshLease[] } {
  const visible = (position: Position) => {
    const message = state.touched.get(position);
    return message?.hidden === false && !isExhausted(state, message, nowMs);
  };
  const returned = state.derived.ready
    .smallest(count, visible, limits.lookedAtPerReceive)
    .map(([position]) => position);
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
  const present = [...new Set(positions)].filter(
    (position) => state.touched.has(position) || outNumberOf(state, position) !== undefined,
  );
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
