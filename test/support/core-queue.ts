import type { QueueAttributes, QueueSettings } from "../../src/queue/settings.ts";
import type { OpenQueue, ReceiveRequest } from "../../src/services/action.ts";
import type { Received, Refusal, ShardCall, ShardReply } from "../../src/shard/calls.ts";
import { MemoryLog } from "../../src/shard/memory-log.ts";
import { ShardCore } from "../../src/shard/shard-core.ts";
import type { ShardLimits } from "../../src/shard/shard-limits.ts";
import { testSettings } from "./fake-queue.ts";

/** A queue whose shard is the real one, over a log in memory and with the clock in the hand. */
export class CoreQueue implements OpenQueue {
  settings: QueueSettings;
  nowMs = 1_700_000_000_000;
  readonly #log = new MemoryLog();
  readonly #limits: Partial<ShardLimits>;
  #core: ShardCore;
  #nonce = 0;

  constructor(attributes: Partial<QueueAttributes>, limits: Partial<ShardLimits> = {}) {
    this.settings = testSettings(attributes);
    this.#limits = limits;
    this.#core = new ShardCore(this.#log, limits);
    this.#core.configure(this.settings, this.nowMs);
  }

  /** What SetQueueAttributes does, once the attributes have been checked. */
  set(attributes: Partial<QueueAttributes>): void {
    const { version, attributes: before } = this.settings;
    this.settings = { ...this.settings, version: version + 1, attributes: { ...before, ...attributes } };
    this.#core.configure(this.settings, this.nowMs);
  }

  /** The shard loses its memory, and comes back from the log. */
  evict(): void {
    this.#core.commit(this.nowMs);
    this.#core = new ShardCore(this.#log, this.#limits);
  }

  async call<C extends ShardCall>(call: C): Promise<Exclude<ShardReply<C>, Refusal>> {
    const reply = this.#core.execute(call, this.nowMs, ++this.#nonce);
    this.#core.commit(this.nowMs);
    return structuredClone(reply);
  }

  /** Nobody waits: time stands still. */
  receive({ max, visibilityMs, attempt }: ReceiveRequest): Promise<Received> {
    return this.call({ kind: "receive", max, visibilityMs, ...(attempt !== undefined && { attempt }) });
  }
}
