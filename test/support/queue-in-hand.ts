import { expect } from "vitest";
import { apply, openNextRecord } from "../../src/queue/apply.ts";
import type { Backlog, BacklogMessage, BacklogRecord } from "../../src/queue/backlog.ts";
import {
  type Counts,
  counts,
  type Decision,
  decideDelete,
  decidePurge,
  decideReceive,
  decideSend,
  decideVisibility,
  type VisibilityOutcome,
} from "../../src/queue/engine.ts";
import type { Leases } from "../../src/queue/lease.ts";
import { limits } from "../../src/queue/limits.ts";
import type { Op } from "../../src/queue/ops.ts";
import { lsnOf, type Position } from "../../src/queue/position.ts";
import { nextDueMs, settle } from "../../src/queue/settle.ts";
import { emptyState, type QueueState } from "../../src/queue/state.ts";
import { testSettings } from "./fake-queue.ts";

/** An instant that is like any other: nothing of the engine may depend on 1970. */
const START_MS = 1_700_000_000_000;

/**
 * The engine alone, with a clock in the hand: `at(30_000).receives("a")`. Messages go by names; each call is a
 * record of its own, as on an idle shard.
 */
export class QueueInHand {
  readonly state: QueueState = emptyState();
  readonly backlog = new CountingBacklog(this.state);
  /** By record number. */
  readonly #ops: Op[][] = [[]];
  readonly #names = new Map<Position, string>();
  #nonce = 0;
  #batches = 0;
  #gathers = false;

  constructor(settings: { readonly retentionSeconds: number } = { retentionSeconds: 345_600 }) {
    this.at(0).isSetTo(settings.retentionSeconds);
  }

  /** @param ms since the test's beginning */
  readonly at = (ms: number): Instant => {
    const nowMs = START_MS + ms;
    settle(this.state, nowMs, this.backlog);
    return {
      sends: (...names) => void this.#send(nowMs, this.#freshBatch(), names, 0),
      sendsDelayed: (delayMs, ...names) => void this.#send(nowMs, this.#freshBatch(), names, delayMs),
      sendsBatch: (batch, ...names) => this.#send(nowMs, batch.padEnd(16), names, 0),
      receives: (...names) => expect(this.#receive(nowMs, {}).names).toEqual(names),
      receivesNothing: () => expect(this.#receive(nowMs, {})).toMatchObject({ names: [], overLimit: false }),
      receive: (how) => this.#receive(nowMs, how),
      deletes: (...names) => this.#perform(decideDelete(this.state, names.map(this.#positionOf))),
      hides: (name, visibilityMs) => {
        const request = { position: this.#positionOf(name), visibilityMs };
        return this.#perform(decideVisibility(this.state, [request], nowMs))[0];
      },
      purges: (minIntervalMs = 0) => this.#perform(decidePurge(this.state, minIntervalMs, nowMs)),
      isSetTo: (retentionSeconds) => {
        const settings = testSettings({ retentionSeconds });
        this.#perform({ ops: [{ kind: "settings", atMs: nowMs, settings }], result: undefined });
      },
      counts: (expected) => {
        expect(counts(this.state)).toEqual({ visible: 0, inFlight: 0, delayed: 0, ...expected });
      },
      nextDue: () => {
        const dueMs = nextDueMs(this.state);
        return dueMs === undefined ? undefined : dueMs - START_MS;
      },
    };
  };

  /** What a shard would know that comes back from the log: every op again, and time's moves once, at the end. */
  replayedAt(ms: number): Counts {
    const again = emptyState();
    for (const record of this.#ops.slice(1)) {
      for (const op of record) apply(again, op);
      openNextRecord(again);
    }
    settle(again, START_MS + ms, new CountingBacklog(again, this.backlog));
    return counts(again);
  }

  /** The calls made meanwhile share one record, as those that arrive at one time do. */
  together(calls: () => void): void {
    this.#gathers = true;
    calls();
    this.#gathers = false;
    openNextRecord(this.state);
  }

  /** Ends the open record without anything in it of the backlog, as many times. */
  passRecords(count: number): void {
    for (let i = 0; i < count; i++)
      this.#perform({ ops: [{ kind: "ack", positions: [] }], result: undefined });
  }

  #freshBatch(): string {
    return `batch ${++this.#batches}`.padEnd(16);
  }

  #send(nowMs: number, batch: string, names: readonly string[], delayMs: number): readonly Position[] {
    const messages = names.map((name) => ({ bodyBytes: name.length, delayMs }));
    const decision = decideSend(this.state, { batch, messages }, nowMs);
    for (const [i, position] of decision.result.entries()) {
      if (decision.ops.length > 0) this.#names.set(position, names[i] ?? "");
    }
    return this.#perform(decision);
  }

  #receive(nowMs: number, { max = 10, visibilityMs = 30_000, inFlightLimit }: HowToReceive): Delivery {
    const request = {
      max,
      visibilityMs,
      nonce: ++this.#nonce,
      inFlightLimit: inFlightLimit ?? limits.inFlightMessages,
    };
    const { leases, nonce, overLimit } = this.#perform(
      decideReceive(this.state, request, nowMs, this.backlog),
    );
    return {
      names: leases.map(({ position }) => this.#names.get(position) ?? "?"),
      leases,
      nonce,
      overLimit,
    };
  }

  #perform<T>({ ops, result }: Decision<T>): T {
    const { openLsn } = this.state;
    for (const op of ops) {
      this.backlog.note(op);
      apply(this.state, op);
      this.#ops[openLsn] = [...(this.#ops[openLsn] ?? []), op];
    }
    if (ops.length > 0 && !this.#gathers) openNextRecord(this.state);
    return result;
  }

  readonly #positionOf = (name: string): Position => {
    const found = [...this.#names].findLast(([, each]) => each === name);
    if (!found) throw new Error(`no message was ever called ${name}`);
    return found[0];
  };
}

export interface Instant {
  sends(...names: string[]): void;
  sendsDelayed(delayMs: number, ...names: string[]): void;
  sendsBatch(batch: string, ...names: string[]): readonly Position[];
  /** Up to ten, hidden for 30 s: exactly these, in this order. */
  receives(...names: string[]): void;
  receivesNothing(): void;
  receive(how: HowToReceive): Delivery;
  deletes(...names: string[]): void;
  hides(name: string, visibilityMs: number): VisibilityOutcome | undefined;
  purges(minIntervalMs?: number): boolean;
  isSetTo(retentionSeconds: number): void;
  /** Those not named are 0. */
  counts(expected: Partial<Counts>): void;
  /** Milliseconds since the test's beginning. */
  nextDue(): number | undefined;
}

export interface HowToReceive {
  readonly max?: number;
  readonly visibilityMs?: number;
  readonly inFlightLimit?: number;
}

interface Delivery extends Leases {
  readonly names: readonly string[];
}

/** Finds messages as the log would, and counts how often it is asked. */
class CountingBacklog implements Backlog {
  readonly #state: QueueState;
  readonly #records: Map<number, { freshBefore: number; messages: BacklogMessage[]; sentUntilMs: number }>;
  /** How many records the engine has looked at since this was last set to 0. */
  looks = 0;
  /** The records before it are gone. */
  first: number;

  constructor(state: QueueState, sameRecords?: CountingBacklog) {
    this.#state = state;
    this.#records = sameRecords ? sameRecords.#records : new Map();
    this.first = sameRecords ? sameRecords.first : 1;
  }

  note(op: Op): void {
    const { openLsn, freshSent } = this.#state;
    const record = this.#records.get(openLsn) ?? { freshBefore: freshSent, messages: [], sentUntilMs: 0 };
    this.#records.set(openLsn, record);
    if (op.kind === "send") {
      for (const [batchIndex, { delayMs }] of op.messages.entries()) {
        const { sentAtMs, batch } = op;
        const fresh = delayMs === 0;
        record.messages.push({ sentAtMs, fresh, batch, batchIndex, groupId: undefined, past: undefined });
      }
    }
    record.sentUntilMs = op.kind === "send" ? op.sentAtMs : this.#state.lastSentAtMs;
  }

  record(lsn: number): BacklogRecord | undefined {
    this.looks++;
    if (lsn < this.first) return undefined;
    return this.#records.get(lsn) ?? { freshBefore: this.#state.freshSent, messages: [] };
  }

  nextLsn(lsn: number): number {
    return Math.max(lsn, this.first);
  }

  sentUntilMs(lsn: number): number {
    this.looks++;
    return this.#records.get(lsn)?.sentUntilMs ?? this.#state.lastSentAtMs;
  }

  firstLsn(): number {
    return this.first;
  }

  /** All records before the one with `position` in it are dropped, as an epoch is. */
  dropBefore(position: Position): void {
    this.first = lsnOf(position);
  }
}
