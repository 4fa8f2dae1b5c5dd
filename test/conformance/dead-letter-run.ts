import { fromUtf8, utf8 } from "../../src/lib/bytes.ts";
import { messageIdOf } from "../../src/queue/message-id.ts";
import type { Position } from "../../src/queue/position.ts";
import { queueArn } from "../../src/queue/queue-arn.ts";
import type { QueueSettings } from "../../src/queue/settings.ts";
import type { DeliveredMessage, LeaseRef, Parcel } from "../../src/shard/calls.ts";
import { decodeRecord } from "../../src/shard/codec.ts";
import type { Log } from "../../src/shard/log.ts";
import { MemoryLog } from "../../src/shard/memory-log.ts";
import type { ShardCore } from "../../src/shard/shard-core.ts";
import type { DeadLetterHistory, Outcome, Place, Plan, Step } from "./dead-letter-histories.ts";
import { type Message, QueueModel, type QueueState, type Receive } from "./dead-letter-model.ts";
import {
  batchIdOf,
  bodyOf,
  type Core,
  Divergence,
  expectEqual,
  expectThat,
  leaseOf,
  type RunOptions,
  START_MS,
  settingsOf,
} from "./shard-run.ts";

/** What is compared with the model: a shard without its runtime, the handing over of dead letters included. */
export type DeadLetterCore = Core &
  Pick<ShardCore, "nextParcel" | "parcelStored" | "takeBackParcels" | "storeParcel" | "hasDeadLetters">;

/** Brings a shard back to life from what its log holds. */
export type RecoverBoth = (log: Log, history: DeadLetterHistory, place: Place) => DeadLetterCore;

/** Takes the steps with two shards and their models. @throws Divergence where they part */
export function runDeadLetters(
  history: DeadLetterHistory,
  recover: RecoverBoth,
  options: RunOptions = {},
): void {
  try {
    new DeadLetterRun(history, recover, options).run();
  } catch (cause) {
    if (cause instanceof Divergence) throw cause;
    throw new Divergence(`a shard threw ${cause instanceof Error ? cause.stack : String(cause)}`, { cause });
  }
}

const SOURCE = "the source's object";
const queues = { source: "jobs", target: "dead" } as const;
/** Letters keep their ids: what a shard makes new ones from is never used. */
const NO_BATCH = "00000000-0000-4000-8000-000000000000";
const FIVE_MINUTES_MS = 300_000;
const LETTERS_AT_ONCE = 100;

interface Handle extends LeaseRef {
  readonly id: string;
}

/** What is known of a queue at a record's end; a crash goes back to it. */
interface Mark {
  readonly state: QueueState;
  readonly handles: number;
}

/** One of the two queues: its shard, its model, and what clients hold of it. */
interface Side {
  readonly place: Place;
  readonly log: MemoryLog;
  readonly model: QueueModel;
  readonly marks: Map<number, Mark>;
  readonly ids: Map<Position, string>;
  readonly handles: Handle[];
  core: DeadLetterCore;
  /** The record that somebody outside may have heard of: no crash loses it. */
  durableLsn: number;
}

class DeadLetterRun {
  readonly #history: DeadLetterHistory;
  readonly #recover: RecoverBoth;
  readonly #options: RunOptions;
  #source: Side;
  /** Undefined while there is no dead-letter queue. */
  #target: Side | undefined;
  #nowMs = START_MS;
  #nonce = 0;
  #batches = 0;
  #versions = 0;
  /** Every parcel that left for the target there is now. */
  #parcels: Parcel[] = [];

  constructor(history: DeadLetterHistory, recover: RecoverBoth, options: RunOptions) {
    this.#history = history;
    this.#recover = recover;
    this.#options = options;
    this.#source = this.#newSide("source", new MemoryLog());
  }

  run(): void {
    this.#configure(this.#source, this.#history.source);
    this.#commit(this.#source);
    this.#source.durableLsn = this.#source.log.lastLsn;
    this.#createTarget();
    for (const step of this.#history.steps) {
      this.#trace(`at ${this.#nowMs - START_MS} ms: ${JSON.stringify(step)}`);
      this.#take(step);
      if (this.#history.isWatched) this.#compare();
    }
    for (const side of this.#sides()) this.#commit(side);
    this.#finish();
  }

  #take(step: Step): void {
    if ("at" in step) {
      const side = step.at === "source" ? this.#source : this.#target;
      if (side !== undefined) this.#takeAt(side, step);
      return;
    }
    switch (step.kind) {
      case "wait":
        this.#nowMs += step.ms;
        return;
      case "waitUntil": {
        const instants = this.#instantsAfter();
        const atMs = instants[step.which % Math.max(instants.length, 1)] ?? this.#nowMs;
        this.#nowMs = Math.max(this.#nowMs, atMs + step.offsetMs);
        return;
      }
      case "configure":
        this.#configure(this.#source, step);
        return;
      case "handOver":
        this.#handOver(step.outcome);
        return;
      case "arrive": {
        const parcel = this.#parcels.at(-1 - step.back);
        if (this.#target && parcel) this.#store(this.#target, parcel);
        return;
      }
      case "deleteTarget":
        this.#target = undefined;
        this.#parcels = [];
        return;
      case "createTarget":
        if (this.#target === undefined) this.#createTarget();
    }
  }

  #takeAt(side: Side, step: Extract<Step, { readonly at: Place }>): void {
    switch (step.kind) {
      case "send":
        this.#send(side, step);
        return;
      case "receive":
        this.#receive(side, step);
        return;
      case "delete":
        this.#delete(
          side,
          step.handles.flatMap((back) => side.handles.at(-1 - back) ?? []),
        );
        return;
      case "changeVisibility":
        this.#changeVisibility(side, side.handles.at(-1 - step.handle), step.visibilityMs);
        return;
      case "purge":
        expectEqual(
          side.core.execute({ kind: "purge", minIntervalMs: 0 }, this.#nowMs, 0),
          { kind: "purged", accepted: true },
          "answer to a purge",
        );
        side.model.purge();
        return;
      case "commit":
        this.#commit(side);
        return;
      case "housekeep":
        this.#housekeep(side, step.slices);
        return;
      case "evict":
        this.#commit(side);
        this.#revive(side);
        return;
      case "crash":
        this.#crash(side, step.lostRecords);
    }
  }

  #configure(side: Side, { retentionSeconds, maxReceiveCount }: Plan): void {
    const version = ++this.#versions;
    const target = { ...side.core.settings, ...settingsFor(version, side.place, this.#history) };
    const arn = queueArn({ ...target, name: maxReceiveCount === "own" ? target.name : queues.target });
    const count = typeof maxReceiveCount === "number" ? maxReceiveCount : undefined;
    const redrivePolicy = JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: count ?? 1 });
    const attributes = {
      ...target.attributes,
      retentionSeconds,
      ...(maxReceiveCount === "none" ? undefined : { redrivePolicy }),
    };
    side.core.configure({ ...target, attributes }, this.#nowMs);
    side.model.configure(
      { version, retentionMs: retentionSeconds * 1000, maxReceiveCount: count },
      this.#nowMs,
    );
  }

  #createTarget(): void {
    const target = this.#newSide("target", new MemoryLog());
    this.#target = target;
    const retentionSeconds = this.#history.targetRetentionSeconds;
    this.#configure(target, { retentionSeconds, maxReceiveCount: "none" });
    this.#commit(target);
    target.durableLsn = target.log.lastLsn;
  }

  #send(side: Side, { messages: plans }: Extract<Step, { kind: "send" }>): void {
    const batch = ++this.#batches;
    const batchId = batchIdOf(batch);
    const messages = plans.map(({ bodyBytes, groupId, delayMs }, index) => ({
      id: messageIdOf(batchId, index),
      body: bodyOf(batch, index, bodyBytes),
      groupId,
      dedupId: this.#history.isFifo ? `${batch}.${index}` : undefined,
      delayMs,
    }));
    const before = side.log.lastLsn;
    const reply = side.core.execute(
      {
        kind: "send",
        batchId,
        messages: messages.map(({ body, delayMs, groupId, dedupId }) => ({
          sealed: utf8(body),
          delayMs,
          ...(groupId === undefined ? undefined : { groupId }),
          ...(dedupId === undefined ? undefined : { dedupId }),
        })),
      },
      this.#nowMs,
      0,
    );
    // A send that the open record has no room for begins the next one.
    if (side.log.lastLsn > before) this.#committed(side, before);
    if (reply.kind !== "sent") throw new Divergence(`a send was answered ${reply.kind}`);
    for (const [i, position] of reply.positions.entries()) side.ids.set(position, messages[i]?.id ?? "");
    side.model.send(
      messages.map(({ delayMs, ...message }) => ({
        ...message,
        visibleAtMs: delayMs === 0 ? 0 : this.#nowMs + delayMs,
      })),
      this.#nowMs,
    );
  }

  /** Receives, and commits: only the record tells which messages left instead of being delivered. */
  #receive(side: Side, how: Omit<Receive, "nonce">): readonly Handle[] {
    const request = { max: how.max, visibilityMs: how.visibilityMs, nonce: ++this.#nonce };
    const room = this.#history.limits.inFlightMessages - side.model.inFlight(this.#nowMs);
    const before = side.log.lastLsn;
    const reply = side.core.execute({ kind: "receive", ...request }, this.#nowMs, request.nonce);
    if (reply.kind !== "received") throw new Divergence(`a receive was answered ${reply.kind}`);
    side.core.commit(this.#nowMs);
    const moved = movedIn(side, before);
    const given = reply.messages.map(({ messageId }) => messageId);
    this.#trace(`  ${given.length} given: ${given.join()}; ${moved.length} moved: ${moved.join()}`);
    expectEqual(reply.overLimit, !this.#history.isFifo && room <= 0, "over the limit");
    const objection = side.model.objection(request, { given, moved }, this.#nowMs);
    if (objection !== undefined) throw new Divergence(`the ${side.place}: ${objection}`);
    side.model.receive(request, { given, moved }, this.#nowMs);
    const expected = given.flatMap((id) => side.model.find(id) ?? []).map((each) => this.#asDelivered(each));
    expectEqual(reply.messages.map(legible), expected, `answer to a receive at the ${side.place}`);
    const handles = reply.messages.map(({ messageId, position, nonce }) => ({
      id: messageId,
      position,
      nonce,
    }));
    side.handles.push(...handles);
    this.#committed(side, before);
    return handles;
  }

  #delete(side: Side, handles: readonly Handle[]): void {
    if (handles.length === 0) return;
    const leases = handles.map((handle) => leaseOf({ ...handle, number: 0 }));
    const reply = side.core.execute({ kind: "delete", leases }, this.#nowMs, 0);
    const outcomes = side.model.delete(handles, this.#nowMs);
    const expected = this.#history.isFifo ? { kind: "done", outcomes } : { kind: "done" };
    expectEqual(reply, expected, `answer to a delete at the ${side.place}`);
  }

  #changeVisibility(side: Side, handle: Handle | undefined, visibilityMs: number): void {
    if (handle === undefined) return;
    const change = { position: handle.position, nonce: handle.nonce, visibilityMs };
    const reply = side.core.execute({ kind: "changeVisibility", changes: [change] }, this.#nowMs, 0);
    const outcome = side.model.changeVisibility(handle, visibilityMs, this.#nowMs);
    expectEqual(
      reply,
      { kind: "visibilityChanged", outcomes: [outcome] },
      "answer to a change of visibility",
    );
  }

  /** What a shard does with its outbox, whatever its policy is by now: one parcel, and what came of it. */
  #handOver(outcome: Outcome): void {
    const source = this.#source;
    this.#commit(source);
    const parcel = source.core.nextParcel(SOURCE);
    this.#checkParcel(parcel);
    if (parcel === undefined) return;
    if (this.#target === undefined) {
      this.#takeBack();
      return;
    }
    // What has left is written for good: the other side may have it.
    source.durableLsn = source.log.lastLsn;
    this.#parcels.push(parcel);
    if (outcome === "lost" || outcome === "aside") return;
    this.#store(this.#target, parcel);
    if (outcome === "replyLost") return;
    this.#target.durableLsn = this.#target.log.lastLsn;
    source.core.parcelStored(parcel.upTo);
    source.model.handedOver(parcel.upTo);
  }

  #takeBack(): void {
    const { core, log, model } = this.#source;
    const before = log.lastLsn;
    core.takeBackParcels(this.#nowMs);
    if (log.lastLsn > before) this.#committed(this.#source, before);
    this.#trace(`  ${model.state.outbox.length} letters come back`);
    model.takeBack(this.#nowMs);
  }

  #store(target: Side, parcel: Parcel): void {
    const before = target.log.lastLsn;
    const letters = parcel.letters.map((letter) => ({ ...letter, ...sealingOf(letter.messageId) }));
    target.core.storeParcel(structuredClone({ ...parcel, letters }), this.#nowMs, NO_BATCH);
    // A parcel that the open record has no room for begins the next one.
    if (target.log.lastLsn > before) this.#committed(target, before);
    const known = target.model.state.entered;
    target.model.store(lettersOf(parcel), this.#nowMs);
    const stored = target.model.state.entered - known;
    this.#trace(`  of ${parcel.letters.length} letters ${stored} are new`);
    this.#commit(target);
  }

  #checkParcel(parcel: Parcel | undefined): void {
    const { core, model } = this.#source;
    const { outbox } = model.state;
    expectEqual(core.hasDeadLetters, outbox.length > 0, "whether there are dead letters");
    expectEqual(parcel === undefined, outbox.length === 0, "whether there is no parcel");
    if (parcel === undefined) return;
    expectEqual([parcel.source, parcel.sourceArn], [SOURCE, sourceArn], "whose parcel it is");
    expectEqual(parcel.upTo, parcel.letters.at(-1)?.number, "the number of a parcel");
    expectThat(parcel.letters.length > 0 && parcel.letters.length <= LETTERS_AT_ONCE, "a parcel's size");
    const expected = outbox.slice(0, parcel.letters.length);
    expectEqual(lettersOf(parcel).map(asLetter), expected.map(asLetter), "the letters of a parcel");
  }

  #housekeep(side: Side, slices: number): void {
    this.#commit(side);
    for (let slice = 0, isMore = true; slice < slices && isMore; slice++) {
      const before = side.log.lastLsn;
      isMore = side.core.housekeep(this.#nowMs);
      this.#committed(side, before);
    }
  }

  #commit(side: Side): void {
    const before = side.log.lastLsn;
    side.core.commit(this.#nowMs);
    this.#committed(side, before);
  }

  /** The records after `before` have been written. Housekeeping writes some that change nothing. */
  #committed(side: Side, before: number): void {
    const mark = { state: side.model.state, handles: side.handles.length };
    for (let lsn = Math.min(before + 1, side.log.lastLsn); lsn <= side.log.lastLsn; lsn++) {
      side.marks.set(lsn, mark);
    }
    if (this.#options.sweep && side.log.lastLsn > before) this.#lookAfterACrash();
  }

  #crash(side: Side, lostRecords: number): void {
    const lsn = Math.max(side.durableLsn, side.log.lastLsn - lostRecords);
    if (lsn < side.log.lastLsn) side.log.truncateAfter(lsn);
    this.#recall(side, lsn);
    this.#revive(side);
  }

  #recall(side: Side, lsn: number): void {
    const mark = side.marks.get(lsn);
    if (mark === undefined) throw new Error(`nothing is known of record ${lsn} of the ${side.place}`);
    side.model.state = mark.state;
    side.handles.length = mark.handles;
  }

  #revive(side: Side): void {
    side.core = this.#recover(side.log, this.#history, side.place);
    side.model.recover();
  }

  /** Whoever comes back from both logs as they are now finds every message once, and none besides. */
  #lookAfterACrash(): void {
    const later = new DeadLetterRun(this.#history, this.#recover, {});
    const copy = (side: Side) => {
      const other = later.#newSide(side.place, side.log.clone());
      for (const [lsn, mark] of side.marks) other.marks.set(lsn, mark);
      for (const [position, id] of side.ids) other.ids.set(position, id);
      other.handles.push(...side.handles);
      later.#recall(other, other.log.lastLsn);
      other.model.recover();
      return other;
    };
    later.#source = copy(this.#source);
    later.#target = this.#target && this.#target.log.lastLsn > 0 ? copy(this.#target) : undefined;
    later.#nowMs = this.#nowMs;
    later.#nonce = this.#nonce;
    later.#compare();
    later.#drain();
  }

  #compare(): void {
    for (const { core, model, place } of this.#sides()) {
      const reply = core.execute({ kind: "count" }, this.#nowMs, 0);
      if (reply.kind !== "counted") throw new Divergence(`counting was answered ${reply.kind}`);
      const inFlight = model.inFlight(this.#nowMs);
      const delayed = model.delayed(this.#nowMs);
      const visible = model.alive(this.#nowMs).length - inFlight - delayed;
      // Letters keep their age: those that have expired behind living messages are found out when their turn comes.
      const uncertain = Math.min(Math.max(reply.visible - visible, 0), model.expiredLetters(this.#nowMs));
      const expected = { kind: "counted", visible: visible + uncertain, inFlight, delayed };
      expectEqual(reply, expected, `counters of the ${place}`);
      expectEqual(
        core.hasDeadLetters,
        model.state.outbox.length > 0,
        `whether the ${place} has dead letters`,
      );
    }
  }

  #finish(): void {
    this.#drain();
    // Until then the log of a FIFO queue is its memory of deduplication ids.
    this.#nowMs += FIVE_MINUTES_MS;
    for (const side of this.#sides()) {
      let slices = 0;
      while (side.core.housekeep(this.#nowMs))
        expectThat(++slices < 1000, "housekeeping must come to an end");
      expectEqual(side.log.epochs().length, 1, `tables kept for an empty ${side.place}`);
    }
  }

  /** Hands over what is to be handed over, receives and deletes, until there is nothing to wait for. */
  #drain(): void {
    for (let round = 0; ; round++) {
      expectThat(round < 3000, "the queues must become empty");
      this.#trace(`at ${this.#nowMs - START_MS} ms: receives and deletes what is left`);
      const before = JSON.stringify(this.#sides().map(({ model }) => model.state.messages.length));
      while (this.#source.model.state.outbox.length > 0) this.#handOver("stored");
      for (const side of this.#sides()) {
        this.#delete(side, this.#receive(side, { max: 10, visibilityMs: 30_000 }));
        this.#commit(side);
      }
      this.#compare();
      const left = this.#sides().map(({ model }) => model.alive(this.#nowMs).length);
      if (this.#source.model.state.outbox.length > 0) continue;
      if (left.every((messages) => messages === 0)) return;
      if (before !== JSON.stringify(this.#sides().map(({ model }) => model.state.messages.length))) continue;
      this.#nowMs = this.#instantsAfter()[0] ?? this.#nowMs;
    }
  }

  #newSide(place: Place, log: MemoryLog): Side {
    const { isFifo, limits } = this.#history;
    return {
      place,
      log,
      model: new QueueModel(isFifo, limits.inFlightMessages),
      marks: new Map(),
      ids: new Map(),
      handles: [],
      core: this.#recover(log, this.#history, place),
      durableLsn: 0,
    };
  }

  #sides(): readonly Side[] {
    return this.#target === undefined ? [this.#source] : [this.#source, this.#target];
  }

  #instantsAfter(): readonly number[] {
    return this.#sides()
      .flatMap(({ model }) => model.instantsAfter(this.#nowMs))
      .sort((a, b) => a - b);
  }

  #asDelivered(message: Message): unknown {
    const {
      id: messageId,
      body,
      groupId,
      dedupId,
      sentAtMs,
      receiveCount,
      firstReceivedAtMs,
      nonce,
    } = message;
    const from = message.isLetter ? sourceArn : undefined;
    const sealedAs = message.isLetter ? sealingOf(messageId).sealedAs : undefined;
    return {
      ...{ messageId, body, groupId, dedupId, sentAtMs, receiveCount, firstReceivedAtMs, nonce, from },
      sealedAs,
    };
  }

  #trace(line: string): void {
    this.#options.trace?.(line);
  }
}

/** Ids of the messages that the records after `before` sent off. */
function movedIn({ log, ids }: Side, before: number): string[] {
  const moved: string[] = [];
  for (let lsn = before + 1; lsn <= log.lastLsn; lsn++) {
    const record = log.read(lsn);
    for (const op of record ? decodeRecord(lsn, record.ops).ops : []) {
      if (op.kind === "deadLetterOut")
        moved.push(...op.positions.map((position) => ids.get(position) ?? "?"));
    }
  }
  return moved;
}

function settingsFor(version: number, place: Place, { isFifo }: DeadLetterHistory): QueueSettings {
  const fifo = {
    contentBasedDeduplication: false,
    deduplicationScope: "queue",
    throughputLimit: "perQueue",
  } as const;
  const settings = settingsOf(version, { retentionSeconds: 60, ...(isFifo ? { fifo } : undefined) });
  return {
    ...settings,
    name: queues[place],
    uid: settings.uid.replace("0d5f", place === "source" ? "0000" : "ffff"),
  };
}

const sourceArn = queueArn({ ...settingsOf(1, { retentionSeconds: 60 }), name: queues.source });

/** On their way some letters turn into such as a move task had brought to the source. The target keeps what they say. */
function sealingOf(messageId: string): { readonly sealedAs?: string } {
  const isMoved = Number.parseInt(messageId.slice(-2), 16) % 3 === 0;
  return isMoved ? { sealedAs: messageId.replace("-4000-", "-4abc-") } : {};
}

/** The letters as messages in an outbox. */
function lettersOf({ letters }: Parcel): Message[] {
  return letters.map(({ number, messageId, sealed, groupId, sentAtMs, receiveCount, firstReceivedAtMs }) => ({
    id: messageId,
    body: fromUtf8(sealed),
    groupId,
    dedupId: undefined,
    place: 0,
    isLetter: true,
    sentAtMs,
    receiveCount,
    firstReceivedAtMs,
    leasedAtMs: 0,
    visibleAtMs: 0,
    nonce: undefined,
    outNumber: number,
    isExpired: false,
  }));
}

function asLetter({
  id,
  body,
  groupId,
  sentAtMs,
  receiveCount,
  firstReceivedAtMs,
  outNumber,
}: Message): unknown {
  return { id, body, groupId, sentAtMs, receiveCount, firstReceivedAtMs, outNumber };
}

function legible(message: DeliveredMessage): unknown {
  const { messageId, sealed, groupId, dedupId, sentAtMs, receiveCount, firstReceivedAtMs, nonce } = message;
  const body = fromUtf8(sealed);
  return {
    messageId,
    body,
    groupId,
    dedupId,
    sentAtMs,
    receiveCount,
    firstReceivedAtMs,
    nonce,
    from: message.sourceArn,
    sealedAs: message.sealedAs,
  };
}
