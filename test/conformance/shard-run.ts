import { isDeepStrictEqual } from "node:util";
import { fromUtf8 } from "../../src/lib/bytes.ts";
import type { Position } from "../../src/queue/position.ts";
import type { QueueAttributes, QueueSettings } from "../../src/queue/settings.ts";
import type { LeaseRef, ShardCall, ShardReply } from "../../src/shard/calls.ts";
import type { Log } from "../../src/shard/log.ts";
import { MemoryLog } from "../../src/shard/memory-log.ts";
import type { CommonStep, HistoryLimits, VisibilityPlan } from "./histories.ts";

/** What is compared with a model: the shard without its runtime. */
export interface Core {
  readonly settings: QueueSettings | undefined;
  configure(settings: QueueSettings, nowMs: number): void;
  execute(call: ShardCall, nowMs: number, nonce: number): ShardReply;
  commit(nowMs: number): void;
  housekeep(nowMs: number): boolean;
  nextWakeAtMs(nowMs: number, waiting: boolean): number | undefined;
  visibleCount(nowMs: number, enough?: number): number;
}

/** Brings a shard back to life from what its log holds. */
export type Recover = (log: Log, history: Limited) => Core;

interface Limited {
  readonly limits: HistoryLimits;
}

/** The shard did what the model does not. */
export class Divergence extends Error {}

export interface RunOptions {
  /** Also compares the shard that each record's end would leave, to its last message. */
  readonly sweep?: boolean;
  /** Is told each step and what came of it. */
  readonly trace?: (line: string) => void;
}

/** What every model can be asked, whatever its queue does. */
export interface Model {
  readonly state: {
    /** 0: the queue has no settings yet. */
    readonly settingsVersion: number;
    /** Messages are numbered in the order they were stored, from 0. */
    readonly nextNumber: number;
    readonly messages: readonly { readonly number: number; readonly leasedAtMs: number }[];
  };
  /** The instants after `nowMs` at which time alone changes something, ascending. */
  instantsAfter(nowMs: number): readonly number[];
}

/** A receipt handle that a consumer holds. */
export interface Handle extends LeaseRef {
  readonly number: number;
}

export interface Setup<History extends Limited> {
  readonly history: History;
  readonly recover: Recover;
  readonly options: RunOptions;
}

export const START_MS = 1_700_000_000_000;
export const BATCH_MEMORY_MS = 30_000;
const TWELVE_HOURS_MS = 43_200_000;

/** What is known of the queue at a record's end; a crash goes back to it. */
interface Mark<Known> {
  readonly known: Known;
  readonly handles: number;
}

/**
 * A shard and a model side by side, on a log in memory: what there is to say of calls, commits, evictions and
 * crashes whichever queue it is.
 */
export abstract class ShardRun<History extends Limited, Step extends { readonly kind: string }, Known> {
  protected readonly setup: Setup<History>;
  protected abstract readonly model: Model;
  protected readonly log: MemoryLog;
  protected core: Core;
  protected nowMs = START_MS;
  /** By message number. */
  protected positions: Position[] = [];
  #nonce = 0;
  /** What consumers hold, oldest first; `#unseen` waits for the commit that lets the replies out. */
  #handles: Handle[] = [];
  #unseen: Handle[] = [];
  readonly #marks = new Map<number, Mark<Known>>();
  /** Nothing is lost that was written before the queue had settings. */
  #firstMark = 0;

  constructor(setup: Setup<History>, log = new MemoryLog()) {
    this.setup = setup;
    this.log = log;
    this.core = setup.recover(log, setup.history);
  }

  /** Takes the steps, and then sees the queue to its end. @throws Divergence where shard and model part */
  run(steps: readonly (Step | CommonStep)[]): void {
    try {
      this.begin();
      this.commit();
      for (const step of steps) this.take(step);
      this.commit();
      this.end();
    } catch (cause) {
      if (cause instanceof Divergence) throw cause;
      throw new Divergence(`the shard threw ${cause instanceof Error ? cause.stack : String(cause)}`, {
        cause,
      });
    }
  }

  /** Gives the queue its first settings. */
  protected abstract begin(): void;
  protected abstract perform(step: Step): void;
  /** What a crash goes back to, as a value. */
  protected abstract known(): Known;
  protected abstract recall(known: Known): void;
  /** Compares what can be asked without changing anything. */
  protected abstract compare(): void;
  /** Whoever comes back from the log as it is now finds every message, and none besides. */
  protected abstract lookAfterACrash(): void;
  /** After the last step: empties the queue, and sees what is left in the log. */
  protected abstract end(): void;

  protected take(step: Step | CommonStep): void {
    this.setup.options.trace?.(`at ${this.nowMs - START_MS} ms: ${JSON.stringify(step)}`);
    if (isCommon(step)) this.#performCommon(step);
    else this.perform(step);
    this.compare();
  }

  protected commit(): void {
    const before = this.log.lastLsn;
    this.core.commit(this.nowMs);
    this.committed(before);
    if (this.#firstMark === 0) this.#firstMark = this.log.lastLsn;
  }

  /** The record after `before` has been written, if there is one; its replies are out. */
  protected committed(before: number): void {
    expectThat(this.log.lastLsn - before <= 1, "a commit is one record at most");
    this.#handles.push(...this.#unseen);
    this.#unseen = [];
    this.#mark(before);
    if (this.setup.options.sweep && this.log.lastLsn > before) this.lookAfterACrash();
  }

  /** Of a queue without messages nothing is kept but the table that the next record goes to. */
  protected tidy(): void {
    let slices = 0;
    while (this.core.housekeep(this.nowMs)) {
      expectThat(++slices < 1000, "housekeeping must come to an end");
    }
    expectEqual(this.log.epochs().length, 1, "tables kept for an empty queue");
    this.compare();
  }

  protected execute(call: ShardCall, nonce = 0): ShardReply {
    const reply = this.core.execute(call, this.nowMs, nonce);
    if (call.kind !== "count") this.setup.options.trace?.(`  ${legibleReply(reply)}`);
    return reply;
  }

  protected freshNonce(): number {
    return ++this.#nonce;
  }

  /** Consumers hold these once the record is written that the delivery stands in. */
  protected deliver(handles: readonly Handle[]): void {
    this.#unseen.push(...handles);
  }

  /** What a consumer holds, counted back from the latest. */
  protected handle(back: number): Handle[] {
    return this.#handles.slice(-1 - (back % Math.max(this.#handles.length, 1))).slice(0, 1);
  }

  protected planned(plans: readonly VisibilityPlan[]): { handle: Handle; visibilityMs: number }[] {
    return plans.flatMap((plan) =>
      this.handle(plan.handle).map((handle) => ({
        handle,
        visibilityMs: "visibilityMs" in plan ? plan.visibilityMs : this.#msToLimit(handle, plan.pastLimitMs),
      })),
    );
  }

  protected positionOf(number: number): Position {
    const position = this.positions[number];
    if (position === undefined) throw new Error(`message ${number} has no position`);
    return position;
  }

  /** Makes `later` what `this` would be after a crash now. */
  protected resumeIn(later: ShardRun<History, Step, Known>): void {
    later.recall(this.known());
    later.positions = [...this.positions];
    later.nowMs = this.nowMs;
    later.#nonce = this.#nonce;
  }

  #performCommon(step: CommonStep): void {
    switch (step.kind) {
      case "wait":
        this.nowMs += step.ms;
        return;
      case "waitUntil":
        this.#waitUntil(step.which, step.offsetMs);
        return;
      case "commit":
        this.commit();
        return;
      case "housekeep":
        this.#housekeep(step.slices);
        return;
      case "evict":
        this.commit();
        this.core = this.setup.recover(this.log, this.setup.history);
        return;
      case "crash":
        this.#crash(step.lostRecords);
        return;
    }
  }

  #waitUntil(which: number, offsetMs: number): void {
    const instants = this.model.instantsAfter(this.nowMs);
    if (instants.length === 0) return;
    this.nowMs = Math.max(this.nowMs, (instants[which % instants.length] ?? 0) + offsetMs);
  }

  #housekeep(slices: number): void {
    this.commit();
    for (let slice = 0, isMore = true; slice < slices && isMore; slice++) {
      const before = this.log.lastLsn;
      isMore = this.core.housekeep(this.nowMs);
      this.#mark(before);
      if (this.setup.options.sweep) this.lookAfterACrash();
      this.compare();
    }
  }

  #crash(lostRecords: number): void {
    const lsn = Math.max(this.#firstMark, this.log.lastLsn - lostRecords);
    if (lostRecords > 0) this.log.truncateAfter(lsn);
    const mark = this.#marks.get(lsn);
    if (mark === undefined) throw new Error(`nothing is known of record ${lsn}`);
    this.core = this.setup.recover(this.log, this.setup.history);
    this.recall(mark.known);
    this.#handles.length = mark.handles;
    this.#unseen = [];
    this.positions.length = this.model.state.nextNumber;
  }

  /** Remembers what the records after `before` leave behind. Housekeeping writes records that change nothing. */
  #mark(before: number): void {
    for (let lsn = Math.min(before + 1, this.log.lastLsn); lsn <= this.log.lastLsn; lsn++) {
      this.#marks.set(lsn, { known: this.known(), handles: this.#handles.length });
    }
  }

  /** The visibility that ends `pastLimitMs` after the longest a lease may last, as far as a client can ask for it. */
  #msToLimit(handle: Handle, pastLimitMs: number): number {
    const message = this.model.state.messages.find(({ number }) => number === handle.number);
    const visibilityMs = (message?.leasedAtMs ?? 0) + TWELVE_HOURS_MS + pastLimitMs - this.nowMs;
    return Math.min(Math.max(visibilityMs, 0), TWELVE_HOURS_MS);
  }
}

export function expectThat(holds: boolean, claim: string): void {
  if (!holds) throw new Divergence(claim);
}

export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Divergence(
    `${what}:\n  the shard: ${JSON.stringify(actual)}\n  the model: ${JSON.stringify(expected)}`,
  );
}

/** A shard with nothing to give to one who waits must be awake when there is something. */
export function expectAwakeBy(core: Core, dueAtMs: number | undefined, nowMs: number): void {
  if (dueAtMs === undefined) return;
  const wakeAtMs = core.nextWakeAtMs(nowMs, true) ?? Number.POSITIVE_INFINITY;
  expectThat(wakeAtMs > nowMs, `a wake at ${wakeAtMs} is not after ${nowMs}`);
  expectThat(wakeAtMs <= dueAtMs, `a wake at ${wakeAtMs} is too late for what is due at ${dueAtMs}`);
}

export function leaseOf({ position, nonce }: Handle): LeaseRef {
  return { position, nonce };
}

export function bodyOf(batch: number, index: number, bytes: number): string {
  return `message ${index} of batch ${batch}${".".repeat(bytes)}`;
}

/** A UUID whose bytes take all values as batches go by. */
export function batchIdOf(batch: number): string {
  const mixed = (Math.imul(batch + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, "0");
  return `${mixed}-0000-4000-8000-${batch.toString(16).padStart(4, "0")}${mixed}`;
}

export function settingsOf(
  version: number,
  attributes: Partial<QueueAttributes> & { readonly retentionSeconds: number },
): QueueSettings {
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
      waitSeconds: 0,
      visibilitySeconds: 30,
      sqsManagedSse: true,
      ...attributes,
    },
  };
}

function isCommon(step: { readonly kind: string }): step is CommonStep {
  return ["wait", "waitUntil", "commit", "housekeep", "evict", "crash"].includes(step.kind);
}

function legibleReply(reply: ShardReply): string {
  return JSON.stringify(reply, (key, value: unknown) =>
    key === "sealed" && value instanceof Uint8Array ? fromUtf8(value) : value,
  );
}
