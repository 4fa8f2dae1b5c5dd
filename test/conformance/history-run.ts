import { isDeepStrictEqual } from "node:util";
import { fromUtf8, utf8 } from "../../src/lib/bytes.ts";
import { messageIdOf } from "../../src/queue/message-id.ts";
import type { Position } from "../../src/queue/position.ts";
import type { QueueSettings } from "../../src/queue/settings.ts";
import type { DeliveredMessage, LeaseRef, ShardCall, ShardReply } from "../../src/shard/calls.ts";
import type { Log } from "../../src/shard/log.ts";
import { MemoryLog } from "../../src/shard/memory-log.ts";
import type { History, Step } from "./histories.ts";
import { type ModelMessage, type ModelState, ReferenceModel } from "./reference-model.ts";

/** What is compared with the model: the shard without its runtime. */
export interface Core {
  readonly settings: QueueSettings | undefined;
  configure(settings: QueueSettings, nowMs: number): void;
  execute(call: ShardCall, nowMs: number, nonce: number): ShardReply;
  commit(nowMs: number): void;
  housekeep(nowMs: number): boolean;
  nextWakeAtMs(nowMs: number, waiting: boolean): number | undefined;
  visibleCount(nowMs: number): number;
}

/** Brings a shard back to life from what its log holds. */
export type Recover = (log: Log, history: History) => Core;

/** The shard did what the model does not. */
export class Divergence extends Error {}

export interface RunOptions {
  /** Also compares the shard that each record's end would leave, to its last message. */
  readonly sweep?: boolean;
  /** Is told each step and what came of it. */
  readonly trace?: (line: string) => void;
}

/** Takes the steps with a shard and with the model. @throws Divergence where they part */
export function runHistory(history: History, recover: Recover, options: RunOptions = {}): void {
  const run = new HistoryRun(history, recover, options);
  try {
    run.configure(history.retentionSeconds, true);
    run.commit();
    for (const step of history.steps) run.take(step);
    run.commit();
    run.drain();
    run.tidy();
  } catch (cause) {
    if (cause instanceof Divergence) throw cause;
    throw new Divergence(`the shard threw ${cause instanceof Error ? cause.stack : String(cause)}`, {
      cause,
    });
  }
}

/** What is known of the queue at a record's end; a crash goes back to it. */
interface Mark {
  readonly model: ModelState;
  readonly handles: number;
}

interface Handle extends LeaseRef {
  readonly number: number;
}

const START_MS = 1_700_000_000_000;
const TWELVE_HOURS_MS = 43_200_000;
const BATCH_MEMORY_MS = 30_000;

class HistoryRun {
  readonly #history: History;
  readonly #recover: Recover;
  readonly #options: RunOptions;
  readonly #model: ReferenceModel;
  readonly #log = new MemoryLog();
  #core: Core;
  #nowMs = START_MS;
  #nonce = 0;
  /** By message number. */
  #positions: Position[] = [];
  /** What consumers hold, oldest first; `#unseen` waits for the commit that lets the replies out. */
  #handles: Handle[] = [];
  #unseen: Handle[] = [];
  readonly #marks = new Map<number, Mark>();
  /** Nothing is lost that was written before the queue had settings. */
  #firstMark = 0;

  constructor(history: History, recover: Recover, options: RunOptions) {
    this.#history = history;
    this.#recover = recover;
    this.#options = options;
    this.#model = new ReferenceModel({
      inFlightMessages: history.limits.inFlightMessages,
      batchMemoryMs: BATCH_MEMORY_MS,
    });
    this.#core = recover(this.#log, history);
  }

  take(step: Step): void {
    this.#options.trace?.(`at ${this.#nowMs - START_MS} ms: ${JSON.stringify(step)}`);
    this.#perform(step);
    this.#compare();
  }

  configure(retentionSeconds: number, isNewer: boolean): void {
    const version = this.#model.state.settingsVersion + (isNewer ? 1 : 0);
    this.#core.configure(settingsOf(version, retentionSeconds), this.#nowMs);
    this.#model.configure({ version, retentionMs: retentionSeconds * 1000 }, this.#nowMs);
  }

  commit(): void {
    const before = this.#log.lastLsn;
    this.#core.commit(this.#nowMs);
    this.#committed(before);
    if (this.#firstMark === 0) this.#firstMark = this.#log.lastLsn;
  }

  /** Receives and deletes until nothing is left to wait for. */
  drain(): void {
    for (;;) {
      this.#options.trace?.(`at ${this.#nowMs - START_MS} ms: receives and deletes what is left`);
      const handles = this.#receive(10, 30_000);
      this.#delete(handles);
      this.#core.commit(this.#nowMs);
      this.#compare();
      if (handles.length > 0) continue;
      const { inFlight, delayed } = this.#model.counts(this.#nowMs);
      if (inFlight + delayed === 0) return;
      this.#nowMs = this.#model.instantsAfter(this.#nowMs)[0] ?? this.#nowMs;
    }
  }

  /** Of a queue without messages nothing is kept but the table that the next record goes to. */
  tidy(): void {
    let slices = 0;
    while (this.#core.housekeep(this.#nowMs)) {
      this.#expect(++slices < 1000, "housekeeping must come to an end");
    }
    this.#equal(this.#log.epochs().length, 1, "tables kept for an empty queue");
    this.#compare();
  }

  #perform(step: Step): void {
    switch (step.kind) {
      case "wait":
        this.#nowMs += step.ms;
        return;
      case "waitUntil":
        this.#waitUntil(step.which, step.offsetMs);
        return;
      case "send":
        this.#send(step);
        return;
      case "receive":
        this.#unseen.push(...this.#receive(step.max, step.visibilityMs));
        return;
      case "delete":
        this.#delete(step.handles.flatMap((back) => this.#handle(back)));
        return;
      case "changeVisibility":
        this.#changeVisibility(step);
        return;
      case "purge":
        this.#purge(step.minIntervalMs);
        return;
      case "configure":
        this.configure(step.retentionSeconds, step.isNewer);
        return;
      case "commit":
        this.commit();
        return;
      case "housekeep":
        this.#housekeep(step.slices);
        return;
      case "evict":
        this.commit();
        this.#core = this.#recover(this.#log, this.#history);
        return;
      case "crash":
        this.#crash(step.lostRecords);
        return;
    }
  }

  #waitUntil(which: number, offsetMs: number): void {
    const instants = this.#model.instantsAfter(this.#nowMs);
    if (instants.length === 0) return;
    this.#nowMs = Math.max(this.#nowMs, (instants[which % instants.length] ?? 0) + offsetMs);
  }

  #send(step: Extract<Step, { kind: "send" }>): void {
    const messages = step.messages.map((plan, index) => ({
      ...plan,
      body: bodyOf(step.batch, index, plan.bodyBytes),
    }));
    const before = this.#log.lastLsn;
    const reply = this.#execute({
      kind: "send",
      batchId: batchIdOf(step.batch),
      messages: messages.map(({ body, delayMs, groupId }) => ({
        sealed: utf8(body),
        delayMs,
        ...(groupId === undefined ? {} : { groupId }),
      })),
    });
    // A send that the open record has no room for begins the next one.
    if (this.#log.lastLsn > before) this.#committed(before);
    const known = this.#model.state.nextNumber;
    const numbers = this.#model.send(batchIdOf(step.batch), messages, this.#nowMs);
    if (reply.kind !== "sent") throw new Divergence(`a send was answered ${reply.kind}`);
    this.#equal(reply.positions.length, numbers.length, "positions in the answer to a send");
    numbers.forEach((number, i) => {
      const position = reply.positions[i] ?? Number.NaN;
      if (number < known) {
        this.#equal(position, this.#positionOf(number), `position of message ${i} of a repeated batch`);
      } else {
        const last = this.#positions.at(-1) ?? -1;
        this.#expect(position > last, `position ${position} of a new message must be above ${last}`);
        this.#positions.push(position);
      }
    });
  }

  #receive(max: number, visibilityMs: number): readonly Handle[] {
    const nonce = ++this.#nonce;
    const reply = this.#execute({ kind: "receive", max, visibilityMs }, nonce);
    const expected = this.#model.receive({ max, visibilityMs }, this.#nowMs);
    if (reply.kind !== "received") throw new Divergence(`a receive was answered ${reply.kind}`);
    this.#equal(
      { overLimit: reply.overLimit, messages: reply.messages.map((message) => this.#legible(message)) },
      {
        overLimit: expected.overLimit,
        messages: expected.messages.map((message) => ({ ...asDelivered(message), nonce })),
      },
      "answer to a receive",
    );
    return expected.messages.map(({ number }) => ({ number, position: this.#positionOf(number), nonce }));
  }

  #delete(handles: readonly Handle[]): void {
    if (handles.length === 0) return;
    const reply = this.#execute({ kind: "delete", leases: handles.map(leaseOf) });
    this.#model.delete(
      handles.map(({ number }) => number),
      this.#nowMs,
    );
    this.#equal(reply, { kind: "done" }, "answer to a delete");
  }

  #changeVisibility(step: Extract<Step, { kind: "changeVisibility" }>): void {
    const changes = step.changes.flatMap((plan) =>
      this.#handle(plan.handle).map((handle) => ({
        handle,
        visibilityMs: "visibilityMs" in plan ? plan.visibilityMs : this.#msToLimit(handle, plan.pastLimitMs),
      })),
    );
    if (changes.length === 0) return;
    const reply = this.#execute({
      kind: "changeVisibility",
      changes: changes.map(({ handle, visibilityMs }) => ({ ...leaseOf(handle), visibilityMs })),
    });
    const outcomes = changes.map(({ handle, visibilityMs }) =>
      this.#model.changeVisibility({ number: handle.number, visibilityMs }, this.#nowMs),
    );
    this.#equal(reply, { kind: "visibilityChanged", outcomes }, "answer to a change of visibility");
  }

  /** The visibility that ends `pastLimitMs` after the longest a lease may last, as far as a client can ask for it. */
  #msToLimit(handle: Handle, pastLimitMs: number): number {
    const message = this.#model.state.messages.find(({ number }) => number === handle.number);
    const visibilityMs = (message?.leasedAtMs ?? 0) + TWELVE_HOURS_MS + pastLimitMs - this.#nowMs;
    return Math.min(Math.max(visibilityMs, 0), TWELVE_HOURS_MS);
  }

  #purge(minIntervalMs: number): void {
    const reply = this.#execute({ kind: "purge", minIntervalMs });
    const accepted = this.#model.purge(minIntervalMs, this.#nowMs);
    this.#equal(reply, { kind: "purged", accepted }, "answer to a purge");
  }

  /** The record after `before` has been written, if there is one; its replies are out. */
  #committed(before: number): void {
    this.#expect(this.#log.lastLsn - before <= 1, "a commit is one record at most");
    this.#handles.push(...this.#unseen);
    this.#unseen = [];
    this.#mark(before);
    if (this.#options.sweep && this.#log.lastLsn > before) this.#lookAfterACrash();
  }

  #housekeep(slices: number): void {
    this.commit();
    for (let slice = 0, isMore = true; slice < slices && isMore; slice++) {
      const before = this.#log.lastLsn;
      isMore = this.#core.housekeep(this.#nowMs);
      this.#mark(before);
      if (this.#options.sweep) this.#lookAfterACrash();
      this.#compare();
    }
  }

  #crash(lostRecords: number): void {
    const lsn = Math.max(this.#firstMark, this.#log.lastLsn - lostRecords);
    if (lostRecords > 0) this.#log.truncateAfter(lsn);
    const mark = this.#marks.get(lsn);
    if (mark === undefined) throw new Error(`nothing is known of record ${lsn}`);
    this.#core = this.#recover(this.#log, this.#history);
    this.#model.state = mark.model;
    this.#handles.length = mark.handles;
    this.#unseen = [];
    this.#positions.length = mark.model.nextNumber;
  }

  /** Remembers what the records after `before` leave behind. Housekeeping writes records that change nothing. */
  #mark(before: number): void {
    for (let lsn = Math.min(before + 1, this.#log.lastLsn); lsn <= this.#log.lastLsn; lsn++) {
      this.#marks.set(lsn, { model: this.#model.state, handles: this.#handles.length });
    }
  }

  /** Whoever comes back from the log as it is now finds every message, and none besides. */
  #lookAfterACrash(): void {
    const later = new HistoryRun(this.#history, this.#recover, {});
    later.#core = this.#recover(this.#log.clone(), this.#history);
    later.#model.state = this.#model.state;
    later.#positions = [...this.#positions];
    later.#nowMs = this.#nowMs;
    later.#nonce = this.#nonce;
    later.#compare();
    later.drain();
  }

  #compare(): void {
    const counts = this.#model.counts(this.#nowMs);
    const reply = this.#execute({ kind: "count" });
    this.#equal(reply, { kind: "counted", ...counts }, "counters");
    this.#equal(this.#core.visibleCount(this.#nowMs), counts.visible, "visible messages");
    this.#checkWake(counts.visible);
    this.#equal(this.#core.settings?.version, this.#model.state.settingsVersion, "version of the settings");
  }

  /** A shard with nothing to give to one who waits must be awake when there is something. */
  #checkWake(visible: number): void {
    const dueAtMs = this.#model.nextVisibleAtMs(this.#nowMs);
    if (visible > 0 || dueAtMs === undefined) return;
    const wakeAtMs = this.#core.nextWakeAtMs(this.#nowMs, true) ?? Number.POSITIVE_INFINITY;
    this.#expect(wakeAtMs > this.#nowMs, `a wake at ${wakeAtMs} is not after ${this.#nowMs}`);
    this.#expect(wakeAtMs <= dueAtMs, `a wake at ${wakeAtMs} is too late for what is due at ${dueAtMs}`);
  }

  #execute(call: ShardCall, nonce = 0): ShardReply {
    const reply = this.#core.execute(call, this.#nowMs, nonce);
    if (call.kind !== "count") this.#options.trace?.(`  ${legibleReply(reply)}`);
    return reply;
  }

  #handle(back: number): Handle[] {
    return this.#handles.slice(-1 - (back % Math.max(this.#handles.length, 1))).slice(0, 1);
  }

  #positionOf(number: number): Position {
    const position = this.#positions[number];
    if (position === undefined) throw new Error(`message ${number} has no position`);
    return position;
  }

  #legible(message: DeliveredMessage): unknown {
    const { messageId, sentAtMs, receiveCount, firstReceivedAtMs, groupId, nonce } = message;
    const number = this.#positions.indexOf(message.position);
    const body = fromUtf8(message.sealed);
    return { number, messageId, body, groupId, sentAtMs, receiveCount, firstReceivedAtMs, nonce };
  }

  #expect(holds: boolean, claim: string): void {
    if (!holds) throw new Divergence(claim);
  }

  #equal(actual: unknown, expected: unknown, what: string): void {
    if (isDeepStrictEqual(actual, expected)) return;
    throw new Divergence(
      `${what}:\n  the shard: ${JSON.stringify(actual)}\n  the model: ${JSON.stringify(expected)}`,
    );
  }
}

function asDelivered(message: ModelMessage) {
  const { number, body, groupId, sentAtMs, receiveCount, firstReceivedAtMs } = message;
  const messageId = messageIdOf(message.batch, message.index);
  return { number, messageId, body, groupId, sentAtMs, receiveCount, firstReceivedAtMs };
}

function leaseOf({ position, nonce }: Handle): LeaseRef {
  return { position, nonce };
}

function legibleReply(reply: ShardReply): string {
  return JSON.stringify(reply, (key, value: unknown) =>
    key === "sealed" && value instanceof Uint8Array ? fromUtf8(value) : value,
  );
}

function bodyOf(batch: number, index: number, bytes: number): string {
  return `message ${index} of batch ${batch}${".".repeat(bytes)}`;
}

/** A UUID whose bytes take all values as batches go by. */
function batchIdOf(batch: number): string {
  const mixed = (Math.imul(batch + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, "0");
  return `${mixed}-0000-4000-8000-${batch.toString(16).padStart(4, "0")}${mixed}`;
}

function settingsOf(version: number, retentionSeconds: number): QueueSettings {
  return {
    uid: "0d5f7a52-6c0e-4e57-9d0a-6f2f7a1c9b11",
    account: "000000000000",
    region: "us-east-1",
    name: "histories",
    version,
    createdAtSeconds: START_MS / 1000,
    modifiedAtSeconds: START_MS / 1000 + version,
    handleKey: "AAAAAAAAAAAAAAAAAAAAAA",
    attributes: {
      delaySeconds: 0,
      maximumMessageBytes: 1_048_576,
      retentionSeconds,
      waitSeconds: 0,
      visibilitySeconds: 30,
      sqsManagedSse: true,
    },
  };
}
