import { expect } from "vitest";
import { fromUtf8, utf8 } from "../../src/lib/bytes.ts";
import { defaultFifoAttributes } from "../../src/queue/fifo-attributes.ts";
import type { Position } from "../../src/queue/position.ts";
import type { FifoAttributes, QueueAttributes } from "../../src/queue/settings.ts";
import type { Counted, Sent, VisibilityOutcome } from "../../src/shard/calls.ts";
import type { Log } from "../../src/shard/log.ts";
import { MemoryLog } from "../../src/shard/memory-log.ts";
import { ShardCore } from "../../src/shard/shard-core.ts";
import type { ShardLimits } from "../../src/shard/shard-limits.ts";
import { delegatingLog } from "../conformance/delegates.ts";
import { testSettings } from "./fake-queue.ts";

/** An instant that is like any other: nothing of a shard may depend on 1970. */
const START_MS = 1_700_000_000_000;
/** A batch numbers its messages in a byte. */
export const LARGEST_BATCH = 250;

type Attributes = Partial<QueueAttributes> & { readonly scope?: FifoAttributes["deduplicationScope"] };

/**
 * A FIFO shard over a log in memory, with a clock in the hand: `at(30_000).receives("a1")`. The message a1 is
 * of the group a; its name is its body, and what follows the group its deduplication id, so that a1 and b1 have
 * the same. With the usual scope here, messageGroup, they are none the less two messages.
 */
export class FifoInHand {
  /** How often the log was asked for a record since this was last set to 0. */
  reads = 0;
  readonly #log: Log;
  readonly #limits: Partial<ShardLimits>;
  #core: ShardCore;
  #nonce = 0;
  #batches = 0;
  /** By name: where it stands, and its latest handle. */
  readonly #handles = new Map<string, { readonly position: Position; readonly nonce: number }>();

  constructor(attributes: Attributes = {}, limits: Partial<ShardLimits> = {}) {
    const log = new MemoryLog();
    this.#log = delegatingLog(log, {
      read: (lsn) => {
        this.reads++;
        return log.read(lsn);
      },
      readOps: (lsn) => {
        this.reads++;
        return log.readOps(lsn);
      },
    });
    this.#limits = limits;
    this.#core = new ShardCore(this.#log, limits);
    this.at(0).isSetTo(attributes);
  }

  /** The shard loses its memory, and comes back from the log. */
  evict(): void {
    this.#core = new ShardCore(this.#log, this.#limits);
  }

  /** @param ms since the test's beginning */
  at(ms: number): FifoInstant {
    const nowMs = START_MS + ms;
    return {
      sends: (...names) => this.#send(nowMs, names),
      sendsMany: (names) => {
        for (let first = 0; first < names.length; first += LARGEST_BATCH) {
          this.#send(nowMs, names.slice(first, first + LARGEST_BATCH));
        }
      },
      receives: (...names) => expect(this.#receive(nowMs, {})).toEqual(names),
      receivesNothing: () => expect(this.#receive(nowMs, {})).toEqual([]),
      receive: (how) => this.#receive(nowMs, how),
      deletes: (...names) => {
        const leases = names.map(this.#handleOf);
        return this.#done(nowMs, this.#core.execute({ kind: "delete", leases }, nowMs, 0)).outcomes ?? [];
      },
      hides: (name, visibilityMs) => {
        const changes = [{ ...this.#handleOf(name), visibilityMs }];
        return this.#done(nowMs, this.#core.execute({ kind: "changeVisibility", changes }, nowMs, 0))
          .outcomes[0];
      },
      purges: () => void this.#done(nowMs, this.#core.execute({ kind: "purge", minIntervalMs: 0 }, nowMs, 0)),
      isSetTo: ({ scope = "messageGroup", ...attributes }) => {
        const version = (this.#core.settings?.version ?? 0) + 1;
        const fifo = { ...defaultFifoAttributes, deduplicationScope: scope };
        this.#core.configure({ ...testSettings({ ...attributes, fifo }), version }, nowMs);
        this.#core.commit(nowMs);
      },
      tidies: () => {
        while (this.#core.housekeep(nowMs));
        return this.#log.epochs().length;
      },
      counts: (expected) => {
        const { kind, ...counted } = this.#core.execute({ kind: "count" }, nowMs, 0);
        expect({ kind, ...counted }).toEqual({ kind, visible: 0, inFlight: 0, delayed: 0, ...expected });
      },
    };
  }

  #send(nowMs: number, names: readonly string[]): Sent {
    const batchId = `00000000-0000-4000-8000-${(++this.#batches).toString(16).padStart(10, "0")}00`;
    const messages = names.map((name) => {
      const { groupId, dedupId } = idsOf(name);
      return { sealed: utf8(name), delayMs: 0, groupId, dedupId };
    });
    return this.#done(nowMs, this.#core.execute({ kind: "send", batchId, messages }, nowMs, 0));
  }

  #receive(nowMs: number, { max = 10, visibilityMs = 30_000, attempt }: HowToReceive): string[] {
    const call = { kind: "receive", max, visibilityMs, ...(attempt !== undefined && { attempt }) } as const;
    const { messages } = this.#done(nowMs, this.#core.execute(call, nowMs, ++this.#nonce));
    return messages.map(({ sealed, position, nonce }) => {
      const name = fromUtf8(sealed);
      this.#handles.set(name, { position, nonce });
      return name;
    });
  }

  #done<T>(nowMs: number, reply: T): T {
    this.#core.commit(nowMs);
    return reply;
  }

  readonly #handleOf = (name: string) => {
    const handle = this.#handles.get(name);
    if (handle === undefined) throw new Error(`nobody has received ${name}`);
    return handle;
  };
}

export interface FifoInstant {
  sends(...names: string[]): Sent;
  /** In batches as large as a shard takes. */
  sendsMany(names: readonly string[]): void;
  /** Up to ten, hidden for 30 s: exactly these, in this order. */
  receives(...names: string[]): void;
  receivesNothing(): void;
  receive(how: HowToReceive): string[];
  /** By their latest handles. */
  deletes(...names: string[]): readonly ("deleted" | "expired")[];
  hides(name: string, visibilityMs: number): VisibilityOutcome | undefined;
  purges(): void;
  /** Those not named have their defaults. */
  isSetTo(attributes: Attributes): void;
  /** All the housekeeping there is to do. @returns how many tables are left */
  tidies(): number;
  /** Those not named are 0. */
  counts(expected: Partial<Omit<Counted, "kind">>): void;
}

export interface HowToReceive {
  readonly max?: number;
  readonly visibilityMs?: number;
  readonly attempt?: string;
}

/** Letters name the group; the rest of the name is the deduplication id. */
function idsOf(name: string): { readonly groupId: string; readonly dedupId: string } {
  const [groupId = ""] = /^[a-z]*/.exec(name) ?? [];
  return { groupId, dedupId: name.slice(groupId.length) };
}
