import { fromUtf8, utf8 } from "../../src/lib/bytes.ts";
import { defaultFifoAttributes } from "../../src/queue/fifo-attributes.ts";
import { messageIdOf } from "../../src/queue/message-id.ts";
import { queueArn } from "../../src/queue/queue-arn.ts";
import type { QueueSettings } from "../../src/queue/settings.ts";
import type {
  DeliveredMessage,
  MoveTaskView,
  Parcel,
  Refusal,
  ShardCall,
  ShardReply,
} from "../../src/shard/calls.ts";
import type { Log } from "../../src/shard/log.ts";
import { MemoryLog } from "../../src/shard/memory-log.ts";
import { ShardCore } from "../../src/shard/shard-core.ts";
import type { ShardLimits } from "../../src/shard/shard-limits.ts";
import { testSettings } from "../support/fake-queue.ts";

/** The process that holds a shard ends: what was in its memory alone is gone. */
export class Crash extends Error {}

/** Counts the records that all shards write, and ends the process before or after one of them. */
export class Fuse {
  records = 0;
  #at: number;
  readonly #when: "before" | "after";

  constructor(at = Infinity, when: "before" | "after" = "after") {
    this.#at = at;
    this.#when = when;
  }

  remove(): void {
    this.#at = Infinity;
  }

  around(append: () => void): void {
    const burns = ++this.records === this.#at;
    if (burns && this.#when === "before") throw new Crash();
    append();
    if (burns) throw new Crash();
  }
}

/** What becomes of a parcel on its way. */
export type Fate = "arrives" | "lost" | "answer lost" | "comes twice";

/** Some queues of one account, the clock in the hand, and the loop that a shard's object runs for a move task. */
export class MoveDesk {
  readonly fifo: boolean;
  nowMs = 1_700_000_000_000;
  readonly #fuse: Fuse;
  readonly #limits: Partial<ShardLimits>;
  readonly #shards = new Map<string, Shard>();
  /** The id that each body came with first: that is what it is sealed under for good. */
  readonly #sealedAs = new Map<string, string>();
  #nonce = 0;
  #batches = 0;

  constructor(options: { fifo: boolean; fuse?: Fuse; limits?: Partial<ShardLimits> }) {
    this.fifo = options.fifo;
    this.#fuse = options.fuse ?? new Fuse();
    this.#limits = options.limits ?? {};
  }

  create(name: string): string {
    const settings: QueueSettings = {
      ...testSettings(this.fifo ? { fifo: defaultFifoAttributes } : {}),
      uid: `uid of ${name}`,
      name: this.fifo ? `${name}.fifo` : name,
    };
    const arn = queueArn(settings);
    const shard = new Shard(settings, { fuse: this.#fuse, limits: this.#limits, nowMs: this.nowMs });
    this.#shards.set(arn, shard);
    return arn;
  }

  has(arn: string): boolean {
    return this.#shards.has(arn);
  }

  delete(arn: string): void {
    this.#shards.delete(arn);
  }

  /** A call and its commit; a client repeats what was not answered. */
  ask<C extends ShardCall>(arn: string, call: C): Exclude<ShardReply<C>, Refusal> {
    return this.#survive(arn, (shard) => shard.core.execute(call, this.nowMs, ++this.#nonce));
  }

  send(arn: string, bodies: readonly string[]): void {
    const batchId = this.#batchId();
    for (const [i, body] of bodies.entries()) this.#sealedAs.set(body, messageIdOf(batchId, i));
    const messages = bodies.map((body) => ({
      sealed: utf8(body),
      delayMs: 0,
      ...(this.fifo ? { groupId: groupOf(body), dedupId: body } : undefined),
    }));
    this.ask(arn, { kind: "send", batchId, messages });
  }

  /** Dead letters of `from` come to `to`, as its outbox sends them. */
  bury(from: string, to: string, bodies: readonly string[], firstNumber = 1): void {
    const letters = bodies.map((body, i) => ({
      number: firstNumber + i,
      messageId: this.#batchId(),
      sealed: utf8(body),
      sentAtMs: this.nowMs - 60_000,
      receiveCount: 3,
      firstReceivedAtMs: this.nowMs - 30_000,
      ...(this.fifo ? { groupId: groupOf(body) } : undefined),
    }));
    for (const [i, { messageId }] of letters.entries()) this.#sealedAs.set(bodies[i] ?? "", messageId);
    const upTo = firstNumber + bodies.length - 1;
    this.#store(to, { source: from, sourceArn: from, upTo, letters });
  }

  receive(arn: string, max = 10, visibilityMs = 60_000): readonly DeliveredMessage[] {
    const { messages } = this.ask(arn, { kind: "receive", max, visibilityMs });
    for (const { messageId, sealed, sealedAs = messageId } of messages) {
      const body = fromUtf8(sealed);
      if (sealedAs !== this.#sealedAs.get(body)) throw new Error(`nobody can open ${body} as ${sealedAs}`);
    }
    return messages;
  }

  /** Everything visible, in the order of delivery. */
  drain(arn: string): { body: string; message: DeliveredMessage }[] {
    const all: { body: string; message: DeliveredMessage }[] = [];
    for (let messages = this.receive(arn); messages.length > 0; messages = this.receive(arn)) {
      for (const message of messages) all.push({ body: fromUtf8(message.sealed), message });
      this.ask(arn, { kind: "delete", leases: messages });
    }
    return all;
  }

  tasks(arn: string): readonly MoveTaskView[] {
    return this.ask(arn, { kind: "listMoves" }).tasks;
  }

  nextMoveAtMs(arn: string): number | undefined {
    return this.#shard(arn).core.nextMoveAtMs;
  }

  /** The shard's object is evicted: all that was answered comes back. */
  evict(arn: string): void {
    this.#shard(arn).recover(this.nowMs);
  }

  /** All the snapshots, relocations and dropped tables that are due. */
  keepHouse(arn: string): void {
    while (this.#shard(arn).core.housekeep(this.nowMs)) {
      // Until there is nothing left to do.
    }
  }

  /** The next slice goes into the outbox, if the task wants it already. */
  slice(arn: string): void {
    this.#survive(arn, ({ core }) => core.moveSlice(this.nowMs, ++this.#nonce));
  }

  /** The next parcel goes its way. @returns false without one */
  ship(arn: string, fate: Fate = "arrives"): boolean {
    // As the object does it: only what is written leaves.
    this.#shard(arn).core.commit(this.nowMs);
    const parcel = this.#shard(arn).core.nextParcel(arn);
    if (!parcel || fate === "lost") return parcel !== undefined;
    const { targetArn = "" } = parcel;
    if (this.#shards.has(targetArn)) {
      this.#store(targetArn, structuredClone(parcel));
      if (fate === "comes twice") this.#store(targetArn, structuredClone(parcel));
      if (fate !== "answer lost") this.#survive(arn, ({ core }) => core.parcelStored(parcel.upTo), "once");
    } else {
      const takeBack = ({ core }: Shard) => {
        core.failMove();
        core.takeBackParcels(this.nowMs);
      };
      this.#survive(arn, takeBack, "once");
    }
    return true;
  }

  /** Runs the loop until the task has ended, the clock going on as the task wants it. */
  finish(arn: string): void {
    for (
      let turns = 0;
      this.tasks(arn).some(({ status }) => status === "RUNNING" || status === "CANCELLING");
    ) {
      if (++turns > 10_000) throw new Error("the task does not end");
      this.nowMs = Math.max(this.nowMs, this.nextMoveAtMs(arn) ?? 0);
      this.slice(arn);
      this.ship(arn);
    }
  }

  #store(arn: string, parcel: Parcel): void {
    this.#survive(arn, ({ core }) => core.storeParcel(parcel, this.nowMs, this.#batchId()));
  }

  /** Does something and commits it; after a crash the shard comes back from its log, and it is done again. */
  #survive<T>(arn: string, act: (shard: Shard) => T, again: "again" | "once" = "again"): T {
    const shard = this.#shard(arn);
    try {
      const result = act(shard);
      shard.core.commit(this.nowMs);
      return result;
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      shard.recover(this.nowMs);
      return again === "again" ? this.#survive(arn, act) : (undefined as T);
    }
  }

  #shard(arn: string): Shard {
    const shard = this.#shards.get(arn);
    if (!shard) throw new Error(`there is no queue ${arn}`);
    return shard;
  }

  /** Message ids of a batch differ in their last byte alone, so batches differ elsewhere. */
  #batchId(): string {
    const number = (++this.#batches).toString(16).padStart(10, "0");
    return `0d5f7a52-0000-4000-8000-${number}00`;
  }
}

/** Of a FIFO queue: a body's first character. */
export function groupOf(body: string): string {
  return body.slice(0, 1);
}

class Shard {
  readonly #settings: QueueSettings;
  readonly #log = new MemoryLog();
  readonly #fuse: Fuse;
  readonly #limits: Partial<ShardLimits>;
  core: ShardCore;

  constructor(
    settings: QueueSettings,
    { fuse, limits, nowMs }: { fuse: Fuse; limits: Partial<ShardLimits>; nowMs: number },
  ) {
    this.#settings = settings;
    this.#fuse = fuse;
    this.#limits = limits;
    this.core = new ShardCore(this.#log);
    this.recover(nowMs);
  }

  recover(nowMs: number): void {
    const log = this.#log;
    const fuse = this.#fuse;
    const fused = new Proxy<Log>(log, {
      get: (_, name: keyof Log) => {
        if (name === "append")
          return (record: Parameters<Log["append"]>[0]) => fuse.around(() => log.append(record));
        return log[name].bind(log);
      },
    });
    this.core = new ShardCore(fused, this.#limits);
    this.core.configure(this.#settings, nowMs);
  }
}
