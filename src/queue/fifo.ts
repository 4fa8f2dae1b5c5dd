import type { Backlog } from "./backlog.ts";
import { DedupMemory, dedupKey } from "./dedup.ts";
import type { Decision, ReceiveRequest, VisibilityOutcome, VisibilityRequest } from "./engine.ts";
import { deliverable, groupsOf } from "./groups.ts";
import { freshLeaseOf, groupedLeaseOf, type Lease, type Leases } from "./lease.ts";
import { limits } from "./limits.ts";
import type { GroupedLease, Op, SentMessage, VisibilityOp } from "./ops.ts";
import { indexOf, lsnOf, type Position, positionOf } from "./position.ts";
import { isExhausted, outNumberOf } from "./redrive.ts";
import type { Attempt, QueueState, TouchedMessage } from "./state.ts";

/** What a FIFO queue does otherwise than a standard one: decisions only, over the same state and ops. */

export function isFifo(state: QueueState): boolean {
  return state.settings?.attributes.fifo !== undefined;
}

export interface FifoSendRequest {
  /** The batch's UUID as 16 characters. */
  readonly batch: string;
  readonly messages: readonly (SentMessage & { readonly dedupId: string })[];
}

/** What became of one message of a send: stored, or found to be a duplicate of one stored before. */
export interface Accepted {
  readonly position: Position;
  /** With the index, the message's id. */
  readonly batch: string;
  readonly batchIndex: number;
  /** Its place in the request, if it was stored; undefined for a duplicate. */
  readonly stored: number | undefined;
}

/** Stores the messages that are no duplicates; the others are answered with their originals. */
export function decideSendFifo(
  state: QueueState,
  request: FifoSendRequest,
  nowMs: number,
  backlog: Backlog,
): Decision<Accepted[]> {
  const sentAtMs = Math.max(nowMs, state.lastSentAtMs);
  const scope = dedupScope(state);
  const stored: SentMessage[] = [];
  const inThisBatch = new Map<string, Accepted>();
  const result = request.messages.map((message, place): Accepted => {
    const key = dedupKey(scope, message);
    const original = inThisBatch.get(key) ?? findOriginal(state, key, sentAtMs, backlog);
    if (original) return { ...original, stored: undefined };
    const accepted = {
      position: positionOf(state.openLsn, state.openMessages + stored.length),
      batch: request.batch,
      batchIndex: place,
      stored: place,
    };
    stored.push(place === stored.length ? message : { ...message, place });
    inThisBatch.set(key, accepted);
    return accepted;
  });
  const ops: Op[] =
    stored.length === 0 ? [] : [{ kind: "send", batch: request.batch, sentAtMs, messages: stored }];
  return { ops, result };
}

function findOriginal(state: QueueState, key: string, nowMs: number, backlog: Backlog): Accepted | undefined {
  const position = state.derived.dedup?.find(key);
  if (position === undefined || position < state.purgedBefore) return undefined;
  const message = backlog.record(lsnOf(position))?.messages[indexOf(position)];
  if (!message || nowMs >= message.sentAtMs + limits.dedupMs) return undefined;
  return { position, batch: message.batch, batchIndex: message.batchIndex, stored: undefined };
}

/** Makes the memory of deduplication ids from the messages of the last five minutes, oldest first. */
export function rememberDedup(
  state: QueueState,
  recent: Iterable<{ position: Position; sentAtMs: number; groupId: string | undefined; dedupId: string }>,
): void {
  const memory = new DedupMemory();
  const scope = dedupScope(state);
  for (const message of recent) memory.add(dedupKey(scope, message), message.position, message.sentAtMs);
  state.derived.dedup = memory;
}

export function dedupScope(state: QueueState): "queue" | "messageGroup" {
  return state.settings?.attributes.fifo?.deduplicationScope ?? "queue";
}

export interface FifoReceiveRequest extends ReceiveRequest {
  /** The client's own name for this receive: repeated, it is given the same messages again. */
  readonly attempt: string | undefined;
}

/**
 * What this receive is given: as much as there is of one group, then of the next in turn.
 *
 * The groups must have been loaded far enough before: deciding looks at no more than memory.
 */
export function decideReceiveFifo(
  state: QueueState,
  request: FifoReceiveRequest,
  nowMs: number,
): Decision<Leases> {
  const repeated = request.attempt === undefined ? undefined : repeatable(state, request.attempt, nowMs);
  if (repeated && request.attempt !== undefined) return repeat(state, repeated, request, nowMs);

  const count = Math.min(request.max, request.inFlightLimit - state.inFlight);
  const dead: Position[] = [];
  const returned: Position[] = [];
  const fresh: GroupedLease[] = [];
  const leases: Lease[] = [];
  if (count > 0) {
    for (const next of deliverable(state, groupsOf(state))) {
      if (next.kind === "returned") {
        const message = state.touched.get(next.position);
        if (!message) throw new Error(`a group holds message ${next.position}, which is gone`);
        if (isExhausted(state, message, nowMs)) {
          dead.push(next.position);
          continue;
        }
        returned.push(next.position);
        leases.push({ ...leaseOf(next.position, message), receiveCount: message.receiveCount + 1 });
      } else {
        fresh.push(groupedLeaseOf(next.message, nowMs));
        leases.push(freshLeaseOf(next.message, nowMs));
      }
      if (leases.length === count) break;
    }
  }
  const { nonce, attempt } = request;
  const result: Leases = { leases, nonce, overLimit: false };
  const ops: Op[] = dead.length === 0 ? [] : [{ kind: "deadLetterOut", positions: dead }];
  if (leases.length > 0) {
    const visibleAtMs = nowMs + request.visibilityMs;
    ops.push({ kind: "groupLease", atMs: nowMs, visibleAtMs, nonce, attempt, returned, fresh });
  }
  return { ops, result };
}

/** An attempt holds for five minutes, and only while each of its messages is as that receive left it. */
function repeatable(state: QueueState, name: string, nowMs: number): Attempt | undefined {
  const attempt = state.attempts.get(name);
  if (!attempt || nowMs >= attempt.atMs + limits.dedupMs) return undefined;
  const untouched = attempt.positions.every((position) => {
    const message = state.touched.get(position);
    return message?.hidden && message.nonce === attempt.nonce && message.visibleAtMs === attempt.visibleAtMs;
  });
  return untouched ? attempt : undefined;
}

function repeat(
  state: QueueState,
  { positions, nonce }: Attempt,
  request: FifoReceiveRequest,
  nowMs: number,
): Decision<Leases> {
  const leases = positions.flatMap((position) => {
    const message = state.touched.get(position);
    return message ? [leaseOf(position, message)] : [];
  });
  const visibleAtMs = nowMs + request.visibilityMs;
  return {
    ops: [{ kind: "repeat", atMs: nowMs, visibleAtMs, attempt: request.attempt ?? "" }],
    result: { leases, nonce, overLimit: false },
  };
}

function leaseOf(position: Position, message: TouchedMessage): Lease {
  const { at, sentAtMs, receiveCount, firstReceivedAtMs } = message;
  return { position, at, sentAtMs, receiveCount, firstReceivedAtMs };
}

export interface Handle {
  readonly position: Position;
  readonly nonce: number;
}

export type DeleteOutcome = "deleted" | "expired";

/** Deletes by the latest handle within its timeout; what is gone already counts as deleted. */
export function decideDeleteFifo(state: QueueState, handles: readonly Handle[]): Decision<DeleteOutcome[]> {
  const positions = new Set<Position>();
  const result = handles.map((handle): DeleteOutcome => {
    const message = state.touched.get(handle.position);
    // On its way to the dead-letter queue it is not this handle's any more, and not gone either.
    if (!message) return outNumberOf(state, handle.position) === undefined ? "deleted" : "expired";
    if (!holds(message, handle)) return "expired";
    positions.add(handle.position);
    return "deleted";
  });
  return { ops: positions.size === 0 ? [] : [{ kind: "ack", positions: [...positions] }], result };
}

export function decideVisibilityFifo(
  state: QueueState,
  requests: readonly (VisibilityRequest & Handle)[],
  nowMs: number,
): Decision<VisibilityOutcome[]> {
  const changes: VisibilityOp["changes"][number][] = [];
  const result = requests.map((request): VisibilityOutcome => {
    const message = state.touched.get(request.position);
    if (!message) return "gone";
    if (!holds(message, request)) return "expired";
    const visibleAtMs = nowMs + request.visibilityMs;
    if (visibleAtMs > message.leasedAtMs + limits.totalVisibilityMs) return "beyondLimit";
    changes.push({ position: request.position, visibleAtMs });
    return "changed";
  });
  return { ops: changes.length === 0 ? [] : [{ kind: "visibility", atMs: nowMs, changes }], result };
}

function holds(message: TouchedMessage, { nonce }: Handle): boolean {
  return message.hidden && message.nonce === nonce;
}
