import { assert } from "../lib/result.ts";
import { packUuid, unpackUuid } from "../lib/uuid.ts";
import { apply, openNextRecord } from "../queue/apply.ts";
import type { Backlog } from "../queue/backlog.ts";
import {
  type Counts,
  counts,
  type Decision,
  decideDelete,
  decidePurge,
  decideReceive,
  decideSend,
  decideVisibility,
} from "../queue/engine.ts";
import { prepareFairness } from "../queue/fairness.ts";
import {
  decideDeleteFifo,
  decideReceiveFifo,
  decideSendFifo,
  decideVisibilityFifo,
  type FifoReceiveRequest,
  isFifo,
  rememberDedup,
} from "../queue/fifo.ts";
import { delayedByQueue, deliverable, groupsOf, load } from "../queue/groups.ts";
import type { Lease, Leases } from "../queue/lease.ts";
import { limits } from "../queue/limits.ts";
import { messageIdOf } from "../queue/message-id.ts";
import { activeMove, decideCancelMove, decideMoveEnd, decideStartMove, moveSliceOf } from "../queue/moves.ts";
import type { Op } from "../queue/ops.ts";
import { indexOf, lsnOf, MESSAGES_PER_RECORD, type Position, positionOf } from "../queue/position.ts";
import type { QueueSettings } from "../queue/settings.ts";
import { nextDueMs, settle } from "../queue/settle.ts";
import { emptyState, type MoveTask, type QueueState } from "../queue/state.ts";
import type {
  DeliveredMessage,
  MoveTaskView,
  Parcel,
  ReceiveCall,
  Received,
  Refusal,
  SendCall,
  Sent,
  ShardCall,
  ShardReply,
} from "./calls.ts";
import { decodeHeader, decodeRecord, RecordEncoder } from "./codec.ts";
import { type House, keepHouse } from "./housekeeping.ts";
import type { Log } from "./log.ts";
import { newLetters, packParcel, unpackParcel } from "./parcels.ts";
import { listMessages, type Record, RecordCache, type RecordMessage } from "./record.ts";
import { type ShardLimits, shardLimits } from "./shard-limits.ts";
import { decodeSnapshot } from "./snapshot.ts";

/**
 * One shard of a queue without the runtime around it: the engine's state, the log it is a cache of, and the
 * record that is open. It is handed every instant and every nonce, so that tests hold the clock.
 *
 * `execute` decides and applies; its reply may leave only after `commit` has written the open record.
 */
export class ShardCore {
  readonly #log: Log;
  readonly #limits: ShardLimits;
  readonly #state: QueueState;
  readonly #cache: RecordCache;
  readonly #house: House;
  #nextMoveAtMs = 0;
  #sound = true;
  #open = newOpenRecord();

  /** Recovers what the log holds: the newest snapshot, and the records behind it. */
  constructor(log: Log, overrides: Partial<ShardLimits> = {}) {
    this.#log = log;
    this.#limits = { ...shardLimits, ...overrides };
    this.#cache = new RecordCache(this.#limits.cacheBytes);
    const stored = log.loadSnapshot();
    const snapshot = stored && decodeSnapshot(stored.data);
    this.#state = snapshot?.state ?? emptyState();
    this.#house = {
      snapshotLsn: stored?.lsn ?? 0,
      recordsBehind: 0,
      opsBytesBehind: 0,
      epochBytes: snapshot?.log.epochBytes ?? 0,
      epochBornMs: snapshot?.log.epochBornMs ?? 0,
      epochHoldsMessages: snapshot?.log.epochHoldsMessages ?? false,
      tidyAfterPurge: false,
    };
    const births = new Set(log.epochs().map(({ firstLsn }) => firstLsn));
    for (const { lsn, ops: bytes } of log.replay(this.#house.snapshotLsn)) {
      assert(lsn === this.#state.openLsn, `record ${this.#state.openLsn} is missing before ${lsn}`);
      const { ops } = decodeRecord(lsn, bytes);
      const messages: RecordMessage[] = [];
      for (const op of ops) {
        apply(this.#state, op);
        listMessages(op, messages);
      }
      if (births.has(lsn)) {
        this.#house.epochBytes = 0;
        this.#house.epochHoldsMessages = false;
        const instants = ops.map((op) => ("atMs" in op ? op.atMs : 0));
        this.#house.epochBornMs = Math.max(this.#state.lastSentAtMs, ...instants);
      }
      this.#written(bytes.length, bytes.length + bodyBytesOf(messages), messages.length);
    }
  }

  get settings(): QueueSettings | undefined {
    return this.#state.settings;
  }

  /** Whether more messages are in their delay than there is memory for. */
  get full(): boolean {
    return this.#state.delayed.size >= this.#limits.delayedMessages;
  }

  /** False once an op was applied by half, or a record could not be written: memory is not what the log says. */
  get sound(): boolean {
    return this.#sound;
  }

  /** Bytes in the open record: 0 means that a commit would write nothing. */
  get openBytes(): number {
    return this.#open.encoder.length;
  }

  /** Takes over settings that are newer than its own. Durable with the next commit. */
  configure(settings: QueueSettings, nowMs: number): void {
    if (this.#state.settings && settings.version <= this.#state.settings.version) return;
    this.#settle(nowMs);
    this.#perform({ kind: "settings", atMs: nowMs, settings });
  }

  /** @param nonce 32 random bits: which delivery a receipt handle is for */
  execute<C extends ShardCall>(call: C, nowMs: number, nonce: number): Exclude<ShardReply<C>, Refusal>;
  execute(call: ShardCall, nowMs: number, nonce: number): Exclude<ShardReply, Refusal> {
    assert(this.#state.settings, "a shard is configured before it is asked to work");
    this.#settle(nowMs);
    switch (call.kind) {
      case "send":
        return isFifo(this.#state)
          ? this.#sendFifo(call, nowMs)
          : { kind: "sent", positions: this.#send(call, nowMs) };
      case "receive":
        return this.#receive(call, nowMs, nonce);
      case "delete": {
        if (isFifo(this.#state)) {
          return { kind: "done", outcomes: this.#run(decideDeleteFifo(this.#state, call.leases)) };
        }
        const positions = call.leases.map(({ position }) => position);
        this.#run(decideDelete(this.#state, positions));
        return { kind: "done" };
      }
      case "changeVisibility": {
        const decide = isFifo(this.#state) ? decideVisibilityFifo : decideVisibility;
        return { kind: "visibilityChanged", outcomes: this.#run(decide(this.#state, call.changes, nowMs)) };
      }
      case "startMove": {
        const { taskId, targetArn, rate } = call;
        const { visible } = this.#counts(nowMs);
        const accepted = this.#run(decideStartMove(this.#state, { taskId, targetArn, rate }, visible, nowMs));
        return { kind: "moveStarted", accepted };
      }
      case "listMoves":
        return { kind: "movesListed", tasks: this.#state.moves.map(viewOf).reverse() };
      case "cancelMove": {
        const moved = this.#run(decideCancelMove(this.#state, call.taskId));
        return { kind: "moveCancelled", ...(moved === undefined ? undefined : { moved }) };
      }
      case "count":
        return { kind: "counted", ...this.#counts(nowMs) };
      case "purge": {
        const accepted = this.#run(decidePurge(this.#state, call.minIntervalMs, nowMs));
        if (accepted) this.#house.tidyAfterPurge = true;
        return { kind: "purged", accepted };
      }
    }
  }

  /** Writes the open record, if there is anything in it. */
  commit(nowMs: number): void {
    const open = this.#open;
    if (open.encoder.length === 0) return;
    const lsn = this.#state.openLsn;
    const epoch = this.#epochFor(lsn, nowMs);
    const ops = open.encoder.finish({
      slot: 0,
      shard: 0,
      epoch,
      freshBefore: open.freshBefore,
      sentUntilMs: this.#state.lastSentAtMs,
    });
    const bodies = concat(open.bodies, open.bodyBytes);
    this.#sound = false;
    assert(ops.length + bodies.length <= this.#limits.recordBytes, "a record is too large to be stored");
    this.#log.append({ lsn, ops, bodies });
    this.#sound = true;
    if (open.messages.length > 0) {
      this.#cache.put(lsn, { epoch, freshBefore: open.freshBefore, messages: open.messages, bodies });
    }
    this.#written(ops.length, ops.length + bodies.length, open.messages.length);
  }

  /** One bounded slice of snapshots, epochs and stragglers. @returns true if there is more to do */
  housekeep(nowMs: number): boolean {
    this.commit(nowMs);
    this.#settle(nowMs);
    return keepHouse({
      state: this.#state,
      log: this.#log,
      house: this.#house,
      limits: this.#limits,
      nowMs,
      sentUntilMs: (lsn) => this.#backlog.sentUntilMs(lsn),
      record: (lsn) => this.#record(lsn),
      relocate: (op, bodies) => {
        this.#perform(op, bodies);
        this.commit(nowMs);
      },
    });
  }

  /** True when replay would read more than its bound, or a purge has left much behind: `housekeep` now. */
  get overdue(): boolean {
    const { recordsBehind, opsBytesBehind, tidyAfterPurge } = this.#house;
    return (
      tidyAfterPurge ||
      this.#state.woken.size > this.#limits.wokenMessages ||
      recordsBehind >= this.#limits.snapshotRecords ||
      opsBytesBehind >= this.#limits.snapshotOpsBytes
    );
  }

  /**
   * When this shard wants to run by itself.
   *
   * @param waiting whether a receiver waits: only then does a timeout or a delay need the alarm
   */
  nextWakeAtMs(nowMs: number, waiting: boolean): number {
    // A move task cannot go on before its last slice has arrived.
    const outboxMs = this.hasDeadLetters
      ? nowMs + this.#limits.outboxRetryMs
      : (this.nextMoveAtMs ?? Infinity);
    const state = this.#state;
    const due = waiting ? nextDueMs(state) : undefined;
    const oldest = this.#log.epochs()[1]?.firstLsn ?? state.openLsn;
    const retentionMs = (state.settings?.attributes.retentionSeconds ?? 0) * 1000;
    const holdsAnything = this.#log.epochs().length > 1 || this.#house.epochHoldsMessages;
    const expiryMs = holdsAnything ? this.#backlog.sentUntilMs(oldest - 1) + retentionMs + 1000 : Infinity;
    const sweepMs = Math.max(expiryMs, nowMs + 1000);
    return Math.min(due ?? Infinity, outboxMs, sweepMs, nowMs + this.#limits.idleWakeMs);
  }

  /** How many messages the next receives could be given, as far as `enough`. */
  readyCount(nowMs: number, enough: number): number {
    const room = this.#limits.inFlightMessages - this.#state.inFlight;
    return Math.min(this.visibleCount(nowMs, enough), Math.max(room, 0));
  }

  /** How many messages may be delivered now; of a FIFO queue it says no more than `enough`. */
  visibleCount(nowMs: number, enough = Infinity): number {
    if (!this.#state.settings) return 0;
    this.#settle(nowMs);
    if (!isFifo(this.#state)) return counts(this.#state).visible;
    const groups = groupsOf(this.#state);
    load(this.#state, groups, this.#backlog, enough, nowMs);
    let found = 0;
    for (const _ of deliverable(this.#state, groups)) if (++found >= enough) break;
    return found;
  }

  #counts(nowMs: number): Counts {
    const { visible, inFlight, delayed } = counts(this.#state);
    const waiting = isFifo(this.#state) ? delayedByQueue(this.#state, this.#backlog, nowMs) : 0;
    return { visible: visible - waiting, inFlight, delayed: delayed + waiting };
  }

  #settle(nowMs: number): void {
    settle(this.#state, nowMs, this.#backlog);
  }

  #run<T>(decision: Decision<T>): T {
    for (const op of decision.ops) this.#perform(op);
    return decision.result;
  }

  #perform(op: Op, bodies: readonly Uint8Array[] = []): void {
    if (this.openBytes === 0) this.#open.freshBefore = this.#state.freshSent;
    this.#sound = false;
    apply(this.#state, op);
    this.#open.encoder.add(op);
    listMessages(op, this.#open.messages);
    this.#sound = true;
    for (const body of bodies) {
      this.#open.bodies.push(body);
      this.#open.bodyBytes += body.length;
    }
  }

  #send(call: SendCall, nowMs: number): number[] {
    const bytes = call.messages.reduce((sum, { sealed }) => sum + sealed.length, 0);
    if (this.#full(bytes, call.messages.length)) this.commit(nowMs);
    const request = {
      batch: packUuid(call.batchId),
      messages: call.messages.map(({ sealed, ...message }) => ({ bodyBytes: sealed.length, ...message })),
    };
    const { ops, result } = decideSend(this.#state, request, nowMs);
    for (const op of ops) {
      this.#perform(
        op,
        call.messages.map(({ sealed }) => sealed),
      );
    }
    return result;
  }

  #sendFifo(call: SendCall, nowMs: number): Sent {
    const bytes = call.messages.reduce((sum, { sealed }) => sum + sealed.length, 0);
    if (this.#full(bytes, call.messages.length)) this.commit(nowMs);
    if (!this.#state.derived.dedup) rememberDedup(this.#state, this.#recentMessages(nowMs));
    const request = {
      batch: packUuid(call.batchId),
      messages: call.messages.map(({ sealed, dedupId = "", ...message }) => {
        return { bodyBytes: sealed.length, ...message, dedupId };
      }),
    };
    const { ops, result } = decideSendFifo(this.#state, request, nowMs, this.#backlog);
    const bodies = result.flatMap(({ stored }) => call.messages[stored ?? -1]?.sealed ?? []);
    for (const op of ops) this.#perform(op, bodies);
    return {
      kind: "sent",
      positions: result.map(({ position }) => position),
      messageIds: result.map(({ batch, batchIndex }) => messageIdOf(unpackUuid(batch), batchIndex)),
    };
  }

  #receive(call: ReceiveCall, nowMs: number, nonce: number): Received {
    const { max, visibilityMs, attempt } = call;
    const inFlightLimit = this.#limits.inFlightMessages;
    const {
      leases,
      nonce: given,
      overLimit,
    } = this.#lease({ max, visibilityMs, nonce, inFlightLimit, attempt }, nowMs);
    return { kind: "received", messages: leases.map((lease) => this.#deliver(lease, given)), overLimit };
  }

  /** Hands out messages without reading their bodies. */
  #lease(request: FifoReceiveRequest, nowMs: number): Leases {
    const state = this.#state;
    if (isFifo(state)) load(state, groupsOf(state), this.#backlog, request.max, nowMs);
    else prepareFairness(state, this.#backlog, request.max, nowMs);
    return this.#run(
      isFifo(state)
        ? decideReceiveFifo(state, request, nowMs)
        : decideReceive(state, request, nowMs, this.#backlog),
    );
  }

  /** Messages of the last five minutes with their deduplication ids, read from the log. */
  *#recentMessages(nowMs: number): Iterable<{
    position: Position;
    sentAtMs: number;
    groupId: string | undefined;
    dedupId: string;
  }> {
    const sinceMs = nowMs - limits.dedupMs;
    let low = this.#backlog.firstLsn();
    for (let high = this.#state.openLsn; low < high; ) {
      const middle = Math.floor((low + high) / 2);
      if (this.#backlog.sentUntilMs(middle) > sinceMs) high = middle;
      else low = middle + 1;
    }
    for (let lsn = low; lsn <= this.#state.openLsn; lsn++) {
      for (const [index, message] of (this.#record(lsn)?.messages ?? []).entries()) {
        if (message.dedupId === undefined || !message.fresh) continue;
        yield { ...message, dedupId: message.dedupId, position: positionOf(lsn, index) };
      }
    }
  }

  #full(bytes: number, messages: number): boolean {
    const { openRecordBytes, openRecordMessages } = this.#limits;
    const open = this.#open;
    return (
      open.encoder.length + open.bodyBytes + bytes > openRecordBytes ||
      open.messages.length + messages > Math.min(openRecordMessages, MESSAGES_PER_RECORD)
    );
  }

  #deliver(lease: Lease, nonce: number): DeliveredMessage {
    const { record, message } = this.#messageAt(lease.at);
    const { groupId, dedupId, sourceArn, sealedAs } = message;
    return {
      position: lease.position,
      nonce,
      epoch: record.epoch,
      messageId: messageIdOf(unpackUuid(message.batch), message.batchIndex),
      sealed: bodyOf(record, message, indexOf(lease.at), this.#open),
      sentAtMs: lease.sentAtMs,
      receiveCount: lease.receiveCount,
      firstReceivedAtMs: lease.firstReceivedAtMs,
      ...(groupId === undefined ? undefined : { groupId }),
      ...(dedupId === undefined ? undefined : { dedupId }),
      ...(sourceArn === undefined ? undefined : { sourceArn }),
      ...(sealedAs === undefined ? undefined : { sealedAs: unpackUuid(sealedAs) }),
    };
  }

  #messageAt(at: Position): { readonly record: Record; readonly message: RecordMessage } {
    const record = this.#record(lsnOf(at));
    const message = record?.messages[indexOf(at)];
    assert(record && message, `no message is where one should be, at ${at}`);
    return { record, message };
  }

  /** The next messages of the outbox to be sent off; undefined if none waits. To be called right after a commit. */
  nextParcel(source: string): Parcel | undefined {
    // Numbers that a crash takes back are given out again: the other side would take others for known.
    assert(this.openBytes === 0, "only what is written leaves");
    return packParcel(this.#state, source, this.#limits.openRecordBytes, (at) => {
      const { record, message } = this.#messageAt(at);
      return { message, sealed: bodyOf(record, message, indexOf(at), this.#open) };
    });
  }

  /** When the running move task wants its next slice; undefined without one. */
  get nextMoveAtMs(): number | undefined {
    return activeMove(this.#state) && this.#nextMoveAtMs;
  }

  /**
   * Puts the next messages of the running move task into the outbox, or ends the task. To be followed by a
   * commit. Nothing happens while the last slice is still on its way.
   */
  moveSlice(nowMs: number, nonce: number): void {
    const state = this.#state;
    const task = activeMove(state);
    if (!task || state.outbox.size > 0 || nowMs < this.#nextMoveAtMs) return;
    if (this.#run(decideMoveEnd(task, nowMs))) return;
    const { count, pauseMs } = moveSliceOf(task.rate);
    this.#nextMoveAtMs = nowMs + pauseMs;
    this.#settle(nowMs);
    const { leases } = this.#lease(
      {
        max: count,
        visibilityMs: MOVE_LEASE_MS,
        nonce,
        // They leave in this very record: a queue with as much in flight as it may have can still be emptied.
        inFlightLimit: Infinity,
        attempt: undefined,
      },
      nowMs,
    );
    const targets = leases.map((lease) => task.targetArn ?? this.#messageAt(lease.at).message.sourceArn);
    for (let from = 0, to = 0; from < leases.length; from = to) {
      const targetArn = targets[from];
      while (to < leases.length && targets[to] === targetArn) to++;
      const positions = leases.slice(from, to).map(({ position }) => position);
      if (targetArn === undefined) {
        this.#run(decideVisibility(state, leases.slice(from).map(toGiveBack), nowMs));
        // The task ends when the messages before this one have arrived: until then they count.
        if (from === 0) {
          this.#perform({ kind: "moveEnd", status: "FAILED", reason: "CouldNotDetermineMessageSource" });
        }
        return;
      }
      this.#perform({ kind: "moveOut", targetArn, positions });
    }
    if (leases.length === 0 && !this.hasDeadLetters) {
      this.#perform({ kind: "moveEnd", status: "COMPLETED", reason: undefined });
    }
  }

  /** The queue that the running task moves messages to is gone. Its parcels are to be taken back, too. */
  failMove(): void {
    const reason = "AWS.SimpleQueueService.NonExistentQueue";
    if (activeMove(this.#state)) this.#perform({ kind: "moveEnd", status: "FAILED", reason });
  }

  get hasDeadLetters(): boolean {
    return this.#state.outbox.size > 0;
  }

  /** The other side has written the parcel. */
  parcelStored(upTo: number): void {
    this.#perform({ kind: "deadLetterDone", upTo });
  }

  /** There is nobody to take dead letters: they are messages of this queue again. */
  takeBackParcels(nowMs: number): void {
    this.#settle(nowMs);
    this.#perform({ kind: "deadLetterBack", atMs: nowMs });
  }

  /** Stores another shard's messages, each once however often they come. To be followed by a commit. */
  storeParcel(parcel: Parcel, nowMs: number, batchId: string): void {
    this.#settle(nowMs);
    const letters = newLetters(this.#state, parcel);
    if (letters.length === 0) return;
    const bodies = letters.map(({ sealed }) => sealed);
    const bytes = bodies.reduce((sum, { length }) => sum + length, 0);
    if (this.#full(bytes, letters.length)) this.commit(nowMs);
    this.#perform(unpackParcel(this.#state, { ...parcel, letters }, nowMs, batchId), bodies);
  }

  /** The table that record `lsn` goes to; a new one when the last is large or old enough. */
  #epochFor(lsn: number, nowMs: number): number {
    const newest = this.#log.epochs().at(-1);
    if (newest) {
      const retentionMs = (this.#state.settings?.attributes.retentionSeconds ?? 0) * 1000;
      const maxAgeMs = Math.max(retentionMs / 16, this.#limits.epochMinMs);
      const small = this.#house.epochBytes < this.#limits.epochBytes;
      const young = nowMs < this.#house.epochBornMs + maxAgeMs;
      if (newest.firstLsn === lsn || (small && young)) return newest.epoch;
    }
    const epoch = (newest?.epoch ?? 0) + 1;
    this.#log.openEpoch(epoch, lsn);
    this.#house.epochBytes = 0;
    this.#house.epochBornMs = nowMs;
    this.#house.epochHoldsMessages = false;
    return epoch;
  }

  #written(opsBytes: number, recordBytes: number, messages: number): void {
    this.#open = newOpenRecord();
    openNextRecord(this.#state);
    this.#house.recordsBehind++;
    this.#house.opsBytesBehind += opsBytes;
    this.#house.epochBytes += recordBytes;
    if (messages > 0) this.#house.epochHoldsMessages = true;
  }

  #record(lsn: number): Record | undefined {
    if (lsn === this.#state.openLsn) {
      const { messages } = this.#open;
      const freshBefore = this.openBytes === 0 ? this.#state.freshSent : this.#open.freshBefore;
      return { epoch: this.#epochOf(lsn), freshBefore, messages, bodies: NO_BYTES };
    }
    const cached = this.#cache.get(lsn);
    if (cached) return cached;
    const stored = this.#log.read(lsn);
    if (!stored) return undefined;
    const { header, ops } = decodeRecord(lsn, stored.ops);
    const messages: RecordMessage[] = [];
    for (const op of ops) listMessages(op, messages);
    const { epoch, freshBefore } = header;
    const record = { epoch, freshBefore, messages, bodies: stored.bodies };
    this.#cache.put(lsn, record);
    return record;
  }

  #epochOf(lsn: number): number {
    return this.#log.epochs().findLast(({ firstLsn }) => firstLsn <= lsn)?.epoch ?? 1;
  }

  readonly #backlog: Backlog = {
    record: (lsn) => this.#record(lsn),
    sentUntilMs: (lsn) => {
      const { openLsn, lastSentAtMs } = this.#state;
      if (lsn >= openLsn || (lsn === openLsn - 1 && this.openBytes === 0)) return lastSentAtMs;
      const ops = this.#log.readOps(lsn);
      return ops ? decodeHeader(lsn, ops).sentUntilMs : 0;
    },
    nextLsn: (lsn) => {
      for (const record of this.#log.replay(lsn - 1)) return record.lsn;
      return this.#state.openLsn;
    },
    firstLsn: () => this.#log.epochs()[0]?.firstLsn ?? this.#state.openLsn,
  };
}

/** A message that a move task has taken is in the outbox in the same record: nobody sees this lease end. */
const MOVE_LEASE_MS = 60_000;

function toGiveBack({ position }: Lease) {
  return { position, visibilityMs: 0 };
}

function viewOf({
  taskId,
  status,
  targetArn,
  rate,
  startedAtMs,
  moved,
  toMove,
  reason,
}: MoveTask): MoveTaskView {
  return {
    ...{ taskId, status, startedAtMs, moved, toMove },
    ...(targetArn === undefined ? undefined : { targetArn }),
    ...(rate === undefined ? undefined : { rate }),
    ...(reason === undefined ? undefined : { reason }),
  };
}

interface OpenRecord {
  readonly encoder: RecordEncoder;
  readonly messages: RecordMessage[];
  /** One per message, in the order of their indexes. */
  readonly bodies: Uint8Array[];
  bodyBytes: number;
  freshBefore: number;
}

const NO_BYTES = new Uint8Array();

function newOpenRecord(): OpenRecord {
  return { encoder: new RecordEncoder(), messages: [], bodies: [], bodyBytes: 0, freshBefore: 0 };
}

/** A copy: a view would drag the whole record across to the Worker. */
function bodyOf(record: Record, message: RecordMessage, index: number, open: OpenRecord): Uint8Array {
  if (record.messages === open.messages) return (open.bodies[index] ?? NO_BYTES).slice();
  return record.bodies.slice(message.bodyOffset, message.bodyOffset + message.bodyBytes);
}

function bodyBytesOf(messages: readonly RecordMessage[]): number {
  const last = messages[messages.length - 1];
  return last ? last.bodyOffset + last.bodyBytes : 0;
}

function concat(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
