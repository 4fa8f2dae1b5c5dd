import { freshCount, moveCursor } from "./backlog.ts";
import { dedupKey } from "./dedup.ts";
import { leaveWindow, newFairness } from "./fairness.ts";
import { endTurns, moveToTouched } from "./groups.ts";
import { horizonMs } from "./horizon.ts";
import { limits } from "./limits.ts";
import type { DeadLetterInOp, FreshLease, GroupLeaseOp, LeaseOp, Op, RepeatOp, SendOp } from "./ops.ts";
import { lsnOf, type Position, positionOf } from "./position.ts";
import { outNumberOf, redriveArn, redriveOf } from "./redrive.ts";
import { endDelays } from "./settle.ts";
import type { BatchMemory, MoveTask, QueueState, StoredBatch, TouchedMessage } from "./state.ts";
import { forget, hideUntil, touchedAt } from "./touched.ts";

/** Touches, never decides: sets exactly what the op's arrow sets. Replay after an eviction runs this very function. */
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
        else state.outbox.delete(outNumberOf(state, position) ?? 0);
      }
      break;
    case "purge":
      applyPurge(state, op.atMs);
      break;
    case "deadLetterOut":
      for (const position of op.positions) {
        const message = touchedAt(state, position);
        forget(state, position, message);
        state.outbox.set(state.nextOutNumber++, {
          position,
          message,
          targetArn: undefined,
          redriveArn: redriveArn(state),
        });
      }
      break;
    case "deadLetterDone":
      for (const [number, { targetArn }] of state.outbox) {
        if (number > op.upTo) break;
        state.outbox.delete(number);
        const task = targetArn === undefined ? undefined : state.moves.at(-1);
        if (task) task.moved++;
      }
      break;
    case "moveStart": {
      const { taskId, targetArn, rate, toMove, atMs } = op;
      const task: MoveTask = {
        taskId,
        targetArn,
        rate,
        toMove,
        startedAtMs: atMs,
        moved: 0,
        status: "RUNNING",
        reason: undefined,
      };
      state.moves = [...state.moves.slice(1 - limits.listedMoves), task];
      break;
    }
    case "moveOut":
      for (const position of op.positions) {
        const message = touchedAt(state, position);
        forget(state, position, message);
        state.outbox.set(state.nextOutNumber++, { position, message, targetArn: op.targetArn });
      }
      break;
    case "moveEnd": {
      const task = state.moves.at(-1);
      if (!task) throw new Error("a move task ended that never began");
      task.status = op.status;
      task.reason = op.reason;
      break;
    }
    case "moveIn":
      state.inbox.set(op.source, op.upTo);
      applySend(state, { ...op, kind: "send" });
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
    case "rejoin":
      for (const { position } of op.messages) {
        if (!state.woken.remove(0, position)) state.delayed.remove(1, position);
        enterBacklog(state, positionOf(state.openLsn, state.openMessages++));
      }
      break;
    case "settings": {
      // What has expired under the old retention stays dead under a longer one.
      if (state.settings) state.deadHorizonMs = horizonMs(state, op.atMs);
      state.settings = op.settings;
      // Ids are known by their scope, which may be another now; they are read from the log again.
      state.derived.dedup = undefined;
      state.derived.redrive = redriveOf(op.settings);
      state.derived.redrivePausedUntilMs = 0;
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
  const back = new Set([...state.outbox.values()].map(({ position }) => position));
  // Rows of theirs may still be there, or gone like they were.
  state.derived.ready.filter((position) => !back.has(position));
  for (const { position, message } of state.outbox.values()) {
    state.touched.set(position, message);
    state.derived.ages.push(message.sentAtMs, position);
    message.hidden = false;
    message.listed = false;
    hideUntil(state, message, position, atMs, atMs);
  }
  state.outbox.clear();
  state.derived.redrivePausedUntilMs = atMs + limits.redrivePauseMs;
  // They stand before all others of their groups again.
  state.derived.groups = undefined;
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
  // A replay settles nowhere else: what was woken by then must not be searched for among all that is delayed.
  if (op.woken.length > 0) endDelays(state, op.atMs);
  for (const lease of op.woken) {
    // Still among the delayed only if the clock has stepped back.
    if (!state.woken.remove(0, lease.position)) state.delayed.remove(1, lease.position);
    touch(state, lease, op);
  }
  for (const lease of op.fresh) {
    leaveWindow(state, undefined, lease.position);
    touch(state, lease, op);
  }
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
    leaveWindow(state, lease.groupId, lease.position);
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
  state.derived.ages.push(sentAtMs, position);
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
  state.outbox.clear();
  state.derived.groups = undefined;
  state.derived.fairness = newFairness();
  state.derived.dedup?.clear();
  state.purgedBefore = next;
  state.lastPurgeAtMs = atMs;
}

/** Rebuilds the indexes of a state that was read back from a snapshot. */
export function reindex(state: QueueState): void {
  const { derived } = state;
  derived.redrive = state.settings && redriveOf(state.settings);
  state.inFlight = 0;
  for (const [position, message] of state.touched) {
    derived.ages.push(message.sentAtMs, position);
    message.hidden = false;
    message.listed = false;
    hideUntil(state, message, position, message.visibleAtMs, -Infinity);
  }
  derived.delayedSinceMs = Infinity;
  for (const [, , sentAtMs = 0] of state.delayed.rows()) {
    derived.delayedSinceMs = Math.min(derived.delayedSinceMs, sentAtMs);
  }
}
