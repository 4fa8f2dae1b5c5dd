import { ByteReader, ByteWriter } from "../lib/byte-stream.ts";
import { reindex } from "../queue/apply.ts";
import type { Position } from "../queue/position.ts";
import { queueArn } from "../queue/queue-arn.ts";
import { redriveArn, redriveOf } from "../queue/redrive.ts";
import type { QueueSettings } from "../queue/settings.ts";
import { emptyState, type MoveTask, type QueueState, type TouchedMessage } from "../queue/state.ts";

/**
 * The bytes of a snapshot: a shard's whole state after one record. Positions and instants are written as
 * distances from the one before, so that a message in flight takes about 20 bytes.
 */
export const SNAPSHOT_VERSION = 2;

/** What a shard knows of its log beyond the queue's state. */
export interface LogPosition {
  /** Bytes in the newest epoch's table so far, and since when it is there. */
  readonly epochBytes: number;
  readonly epochBornMs: number;
  readonly epochHoldsMessages: boolean;
}

export function encodeSnapshot(state: QueueState, log: LogPosition): Uint8Array {
  const to = new ByteWriter(4096);
  to.u8(SNAPSHOT_VERSION).uint(log.epochBytes).uint(log.epochBornMs);
  to.text(JSON.stringify(state.settings ?? null));
  to.uint(state.openLsn).uint(state.cursor).uint(state.freshSent).uint(state.freshConsumed);
  to.uint(state.lastFreshLsn).uint(state.deadHorizonMs).uint(state.lastSentAtMs);
  to.uint(state.lastPurgeAtMs === undefined ? 0 : state.lastPurgeAtMs + 1);

  to.uint(state.gaps.length);
  for (const [first, last] of state.gaps) to.uint(first).uint(last - first);

  to.uint(state.touched.size);
  let before = 0;
  for (const [position, message] of state.touched) {
    writeTouched(to, message, position, before);
    before = position;
  }

  to.uint(state.delayed.size);
  for (const [visibleAtMs = 0, position = 0, sentAtMs = 0] of state.delayed.rows()) {
    to.uint(position)
      .uint(sentAtMs)
      .uint(visibleAtMs - sentAtMs);
  }
  to.uint(state.woken.size);
  for (const [position = 0, sentAtMs = 0] of state.woken.rows()) to.uint(position).uint(sentAtMs);

  const batches = [...state.batches.older, ...state.batches.newer];
  to.uint(state.batches.newerSinceMs).uint(batches.length);
  for (const [batch, stored] of batches) {
    to.latin1(batch).uint(stored.atMs).uint(stored.first).uint(stored.count);
  }
  to.u8(log.epochHoldsMessages ? 1 : 0);
  writeGroupState(to, state);
  writeFormerTargets(to, state);
  return to.finish();
}

/** What version 2 added: messages taken out of order, their groups, named receives. */
function writeGroupState(to: ByteWriter, state: QueueState): void {
  to.uint(state.purgedBefore);
  const ranges = [...state.taken.ranges()];
  to.uint(ranges.length);
  for (const [first, last] of ranges) to.uint(first).uint(last - first);
  const grouped = [...state.touched].filter(([, { groupId }]) => groupId !== undefined);
  to.uint(grouped.length);
  for (const [position, { groupId }] of grouped) to.uint(position).text(groupId ?? "");
  writeOutbox(to, state);
  to.uint(state.attempts.size);
  for (const [name, { atMs, nonce, visibleAtMs, positions }] of state.attempts) {
    to.text(name).uint(atMs).u32(nonce).uint(visibleAtMs).uint(positions.length);
    for (const position of positions) to.uint(position);
  }
}

function readGroupState(from: ByteReader, state: QueueState): void {
  state.purgedBefore = from.uint();
  for (let n = from.uint(); n > 0; n--) {
    const first = from.uint();
    state.taken.addRange(first, first + from.uint());
  }
  for (let n = from.uint(); n > 0; n--) {
    const message = state.touched.get(from.uint());
    const groupId = from.text();
    if (message) message.groupId = groupId;
  }
  readOutbox(from, state);
  for (let n = from.uint(); n > 0; n--) {
    const name = from.text();
    const attempt = { atMs: from.uint(), nonce: from.u32(), visibleAtMs: from.uint() };
    const positions = Array.from({ length: from.uint() }, () => from.uint());
    state.attempts.set(name, { ...attempt, positions });
  }
}

export function decodeSnapshot(bytes: Uint8Array): { state: QueueState; log: LogPosition } {
  const from = new ByteReader(bytes);
  const version = from.u8();
  if (version < 1 || version > SNAPSHOT_VERSION)
    throw new Error(`a snapshot of version ${version} cannot be read`);
  const log = { epochBytes: from.uint(), epochBornMs: from.uint(), epochHoldsMessages: true };
  const state = emptyState();
  state.settings = (JSON.parse(from.text()) as QueueSettings | null) ?? undefined;
  state.openLsn = from.uint();
  state.cursor = from.uint();
  state.freshSent = from.uint();
  state.freshConsumed = from.uint();
  state.lastFreshLsn = from.uint();
  state.deadHorizonMs = from.uint();
  state.lastSentAtMs = from.uint();
  const purged = from.uint();
  state.lastPurgeAtMs = purged === 0 ? undefined : purged - 1;

  for (let n = from.uint(); n > 0; n--) {
    const first = from.uint();
    state.gaps.push([first, first + from.uint()]);
  }
  let position = 0;
  for (let n = from.uint(); n > 0; n--) {
    position += from.int();
    state.touched.set(position, readTouched(from, position));
  }
  for (let n = from.uint(); n > 0; n--) {
    const at = from.uint();
    const sentAtMs = from.uint();
    state.delayed.push(sentAtMs + from.uint(), at, sentAtMs);
  }
  for (let n = from.uint(); n > 0; n--) state.woken.push(from.uint(), from.uint());
  state.batches.newerSinceMs = from.uint();
  for (let n = from.uint(); n > 0; n--) {
    const batch = from.latin1(16);
    state.batches.newer.set(batch, { atMs: from.uint(), first: from.uint(), count: from.uint() });
  }
  if (version >= 2) {
    log.epochHoldsMessages = from.u8() === 1;
    readGroupState(from, state);
    readFormerTargets(from, state);
  }
  reindex(state);
  return { state, log };
}

function writeTouched(to: ByteWriter, message: TouchedMessage, position: Position, before: Position): void {
  to.int(position - before)
    .int(message.at - position)
    .u32(message.nonce)
    .uint(message.receiveCount);
  to.uint(message.sentAtMs).int(message.firstReceivedAtMs - message.sentAtMs);
  to.int(message.leasedAtMs - message.firstReceivedAtMs).int(message.visibleAtMs - message.leasedAtMs);
}

/** What `writeTouched` wrote behind the position. */
function readTouched(from: ByteReader, position: Position): TouchedMessage {
  const at = position + from.int();
  const nonce = from.u32();
  const receiveCount = from.uint();
  const sentAtMs = from.uint();
  const firstReceivedAtMs = sentAtMs + from.int();
  const leasedAtMs = firstReceivedAtMs + from.int();
  const visibleAtMs = leasedAtMs + from.int();
  const times = { sentAtMs, firstReceivedAtMs, leasedAtMs, visibleAtMs };
  return { at, nonce, receiveCount, ...times, groupId: undefined, hidden: false, listed: false };
}

/** Dead letters that were sent off under another policy than the one there is now: rare, and so only then written. */
function writeFormerTargets(to: ByteWriter, state: QueueState): void {
  const now = redriveArn(state);
  const former = [...state.outbox].filter(
    ([, { targetArn, redriveArn }]) => !targetArn && redriveArn !== now,
  );
  if (former.length === 0) return;
  to.uint(former.length);
  for (const [number, outbound] of former) to.uint(number).text(outbound.redriveArn ?? "");
}

function readFormerTargets(from: ByteReader, state: QueueState): void {
  const policy = state.settings && redriveOf(state.settings);
  const now = policy && queueArn(policy.target);
  for (const [number, outbound] of state.outbox) {
    if (outbound.targetArn === undefined) state.outbox.set(number, { ...outbound, redriveArn: now });
  }
  if (from.done) return;
  for (let n = from.uint(); n > 0; n--) {
    const number = from.uint();
    const redriveArn = from.text() || undefined;
    const outbound = state.outbox.get(number);
    if (outbound) state.outbox.set(number, { ...outbound, redriveArn });
  }
}

function writeOutbox(to: ByteWriter, state: QueueState): void {
  to.uint(state.nextOutNumber).uint(state.outbox.size);
  for (const [number, { position, message, targetArn }] of state.outbox) {
    to.uint(number);
    writeTouched(to, message, position, 0);
    to.text(message.groupId ?? "").text(targetArn ?? "");
  }
  to.uint(state.inbox.size);
  for (const [source, upTo] of state.inbox) to.text(source).uint(upTo);
  to.text(JSON.stringify(state.moves));
}

function readOutbox(from: ByteReader, state: QueueState): void {
  state.nextOutNumber = from.uint();
  for (let n = from.uint(); n > 0; n--) {
    const number = from.uint();
    const position = from.int();
    const message = readTouched(from, position);
    message.groupId = from.text() || undefined;
    state.outbox.set(number, { position, message, targetArn: from.text() || undefined });
  }
  for (let n = from.uint(); n > 0; n--) state.inbox.set(from.text(), from.uint());
  state.moves = JSON.parse(from.text()) as MoveTask[];
}
