import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { fromUtf8, utf8 } from "../../src/lib/bytes.ts";
import { decodeRecord } from "../../src/shard/codec.ts";
import { MemoryLog } from "../../src/shard/memory-log.ts";
import { ShardCore } from "../../src/shard/shard-core.ts";
import type { ShardLimits } from "../../src/shard/shard-limits.ts";
import { testSettings } from "../support/fake-queue.ts";

const START_MS = 1_700_000_000_000;
const TWELVE_HOURS_MS = 43_200_000;
const tiny: Partial<ShardLimits> = { wokenMessages: 2, rejoinedAtOnce: 2 };

describe("messages whose delay is over", () => {
  test("stay where they are up to the bound", () => {
    const shard = new Delayed(tiny, 2);
    expect(shard.core.overdue).toBe(false);
    shard.keepHouse();
    expect(shard.rejoined()).toEqual([]);
  });

  test("are written again beyond it, the oldest first, until the bound holds", () => {
    const shard = new Delayed(tiny, 7);
    expect(shard.core.overdue).toBe(true);
    shard.keepHouse();
    expect(shard.core.overdue).toBe(false);
    expect(shard.rejoined()).toEqual([2, 2, 2]);
    expect(shard.counts()).toEqual({ visible: 7, inFlight: 0, delayed: 0 });
  });

  test("are delivered once each, as they were sent, whether they were written again or not", () => {
    const shard = new Delayed(tiny, 7);
    const sent = shard.sent;
    shard.keepHouse();
    const received = shard.receiveAll();
    expect(received.map(({ messageId }) => messageId).sort()).toEqual(sent.map(({ id }) => id).sort());
    for (const { messageId, sealed, sentAtMs, receiveCount, groupId } of received) {
      const original = sent.find(({ id }) => id === messageId);
      expect({ body: fromUtf8(sealed), sentAtMs, receiveCount, groupId }).toEqual({
        body: original?.body,
        sentAtMs: original?.sentAtMs,
        receiveCount: 1,
        groupId: "g",
      });
    }
    expect(shard.receiveAll()).toEqual([]);
    expect(shard.counts()).toEqual({ visible: 0, inFlight: 7, delayed: 0 });
  });

  test("are the same after a replay from any record on, and after one with a snapshot", () => {
    for (const snapshotRecords of [3, 1000]) {
      const limits = { ...tiny, snapshotRecords };
      const shard = new Delayed(limits, 7);
      shard.keepHouse();
      const expected = shard.bodiesLeft();
      expect(expected).toHaveLength(7);
      for (let lsn = 8; lsn <= shard.log.lastLsn; lsn++) {
        const log = shard.log.clone();
        log.truncateAfter(lsn);
        const after = new Delayed(limits, 0, log);
        expect(after.counts(), `record ${lsn}`).toEqual({ visible: 7, inFlight: 0, delayed: 0 });
        expect(after.bodiesLeft().sort(), `record ${lsn}`).toEqual(expected.toSorted());
      }
      expect(new Delayed(limits, 0, shard.log).bodiesLeft()).toEqual(expected);
    }
  });

  test("are left alone while they are in flight or deleted", () => {
    const shard = new Delayed(tiny, 5);
    const [first] = shard.receive(1);
    const [second] = shard.receive(1);
    if (!first || !second) throw new Error("nothing was received");
    const leases = [{ position: second.position, nonce: second.nonce }];
    shard.core.execute({ kind: "delete", leases }, shard.nowMs, 0);
    shard.keepHouse();
    expect(shard.rejoined()).toEqual([2]);
    expect(shard.counts()).toEqual({ visible: 3, inFlight: 1, delayed: 0 });
    const others = shard.receiveAll().map(({ messageId }) => messageId);
    expect(others).toHaveLength(3);
    expect(others).not.toContain(first.messageId);
    expect(others).not.toContain(second.messageId);
  });
});

describe("a shard is full", () => {
  test("with as many messages in their delay as it may have, and not with one fewer", () => {
    const core = new Delayed({ delayedMessages: 3 }, 2, new MemoryLog(), 0).core;
    expect(core.full).toBe(false);
    expect(new Delayed({ delayedMessages: 3 }, 3, new MemoryLog(), 0).core.full).toBe(true);
  });

  test("no longer when a delay is over", () => {
    const shard = new Delayed({ delayedMessages: 3 }, 3, new MemoryLog(), 0);
    shard.nowMs += 1000;
    shard.counts();
    expect(shard.core.full).toBe(false);
  });
});

/** A shard to which messages were sent one a record and a millisecond, each with a delay of a second. */
class Delayed {
  readonly core: ShardCore;
  readonly log: MemoryLog;
  readonly sent: { readonly id: string; readonly body: string; readonly sentAtMs: number }[] = [];
  nowMs = START_MS;

  constructor(limits: Partial<ShardLimits>, messages: number, log = new MemoryLog(), waitMs = 1000) {
    this.log = log;
    this.core = new ShardCore(log, limits);
    this.core.configure(testSettings(), START_MS);
    this.core.commit(START_MS);
    for (let n = 0; n < messages; n++) {
      const batchId = randomUUID();
      const sent = { sealed: utf8(`${n}`), delayMs: 1000, groupId: "g" };
      this.core.execute({ kind: "send", batchId, messages: [sent] }, this.nowMs, 0);
      this.core.commit(this.nowMs);
      this.sent.push({ id: batchId, body: `${n}`, sentAtMs: this.nowMs });
      this.nowMs++;
    }
    // A shard that was made again goes on long after.
    this.nowMs = messages === 0 ? START_MS + 60_000 : this.nowMs + waitMs;
    this.counts();
  }

  counts() {
    const { kind: _, ...counts } = this.core.execute({ kind: "count" }, this.nowMs, 0);
    return counts;
  }

  receive(max: number) {
    const call = { kind: "receive", max, visibilityMs: TWELVE_HOURS_MS } as const;
    return this.core.execute(call, this.nowMs, 1).messages;
  }

  receiveAll() {
    const all = [];
    for (let some = this.receive(3); some.length > 0; some = this.receive(3)) all.push(...some);
    this.core.commit(this.nowMs);
    return all;
  }

  /** What a shard brought back from this log would deliver; this one stays as it is. */
  bodiesLeft(): string[] {
    const other = new Delayed({}, 0, this.log.clone());
    return other.receiveAll().map(({ sealed }) => fromUtf8(sealed));
  }

  keepHouse(): void {
    while (this.core.housekeep(this.nowMs)) {
      // Until there is nothing left to do.
    }
  }

  /** How many messages each rejoin wrote again. */
  rejoined(): number[] {
    return [...this.log.replay(0)].flatMap(({ lsn, ops }) =>
      decodeRecord(lsn, ops).ops.flatMap((op) => (op.kind === "rejoin" ? [op.messages.length] : [])),
    );
  }
}
