import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ShardCore } from "../../src/shard/shard-core.ts";
import { shardLimits } from "../../src/shard/shard-limits.ts";
import { SqliteLog } from "../../src/shard/sqlite-log.ts";
import { testSettings } from "../support/fake-queue.ts";
import { ShardDesk, sendCall } from "./shard-desk.ts";

/** Alarms are rung by hand, and only the clock that the shard reads moves on. */

const A_MINUTE_MS = 60_000;
const AN_HOUR_MS = 3_600_000;
const A_DAY_MS = 86_400_000;
const FOURTEEN_DAYS = 1_209_600;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("retention", () => {
  test("drops the table when all of it has expired, and leaves an empty one and a snapshot", async () => {
    const shard = await shardKeptFor(60);
    await shard.send("a", "b");
    await shard.receive(1);
    pass(A_MINUTE_MS);
    expect(await shard.counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    expect(await shard.tables()).toEqual(["rec_1"]);
    expect(await shard.ring()).toBe(true);
    expect(await shard.tables()).toEqual(["rec_2", "snap"]);
    await shard.evict();
    await shard.send("c");
    expect(await shard.receive()).toEqual(["c"]);
  });

  test("drops nothing while one message in the table lives", async () => {
    const shard = await shardKeptFor(60);
    await shard.send("a");
    pass(30_000);
    await shard.send("b");
    pass(30_000);
    await shard.ring();
    expect(await shard.tables()).toEqual(["rec_1"]);
    expect(await shard.receive()).toEqual(["b"]);
    pass(30_000);
    await shard.ring();
    expect(await shard.tables()).toEqual(["rec_2", "snap"]);
  });

  test("wakes the shard a second after its messages expire, give or take half a minute", async () => {
    const shard = await shardKeptFor(3600);
    await shard.send("a");
    await shard.ring();
    const dueMs = Date.now() + AN_HOUR_MS + 1000;
    const atMs = (await shard.alarmAtMs()) ?? 0;
    expect(atMs).toBeGreaterThanOrEqual(dueMs);
    expect(atMs).toBeLessThan(dueMs + 30_000);
  });

  test("of an empty shard needs a look once a day", async () => {
    const shard = await shardKeptFor(60);
    expect(await shard.alarmAtMs()).toBe(Date.now() + A_DAY_MS);
    pass(A_DAY_MS);
    await shard.ring();
    const atMs = (await shard.alarmAtMs()) ?? 0;
    expect(atMs - Date.now()).toBeGreaterThan(0);
    expect(atMs - Date.now()).toBeLessThan(A_DAY_MS + 30_000);
  });
});

describe("tables", () => {
  test("end after a sixteenth of the retention, on both sides of that instant", async () => {
    const shard = await shardKeptFor(FOURTEEN_DAYS);
    pass((FOURTEEN_DAYS * 1000) / 16 - 1);
    await shard.send("a");
    expect(await shard.tables()).toEqual(["rec_1"]);
    pass(1);
    await shard.send("b");
    expect(await shard.tables()).toEqual(["rec_1", "rec_2"]);
  });

  test("last an hour at least", async () => {
    const shard = await shardKeptFor(3600);
    pass(AN_HOUR_MS - 1);
    await shard.send("a");
    expect(await shard.tables()).toEqual(["rec_1"]);
    pass(1);
    await shard.send("b");
    expect(await shard.tables()).toEqual(["rec_1", "rec_2"]);
  });

  test("end at the same age when the object was evicted meanwhile, with or without a snapshot", async () => {
    for (const snapshots of [false, true]) {
      const shard = await shardKeptFor(FOURTEEN_DAYS);
      await shard.send("old");
      if (snapshots) {
        await writeAside(shard, 998);
        await shard.send("record 1001");
        expect(await shard.tables()).toContain("snap");
      }
      const startMs = Date.now();
      await shard.evict();
      pass((FOURTEEN_DAYS * 1000) / 16 - 1);
      await shard.send("a");
      expect(await shard.tables()).not.toContain("rec_2");
      await shard.evict();
      pass(1);
      await shard.send("b");
      expect(await shard.tables()).toContain("rec_2");
      vi.setSystemTime(startMs);
    }
  });

  test("with a receive as their first record keep their age over an eviction", async () => {
    const shard = await shardKeptFor(FOURTEEN_DAYS);
    await shard.send("a", "b");
    pass(2 * A_DAY_MS);
    await shard.receive(1);
    expect(await shard.tables()).toEqual(["rec_1", "rec_2"]);
    await shard.evict();
    await shard.receive(1);
    expect(await shard.tables()).toEqual(["rec_1", "rec_2"]);
  });

  test("go when nothing in them lives, the oldest first, and not while something does", async () => {
    const shard = await shardKeptFor(FOURTEEN_DAYS);
    for (const body of ["a", "b", "c", "d"]) {
      await shard.send(body);
      pass(A_DAY_MS);
    }
    expect(await shard.tables()).toEqual(["rec_1", "rec_2", "rec_3", "rec_4"]);
    await shard.receive(3, 43_200_000);
    await shard.delete("b");
    await shard.ring();
    expect(await shard.tables()).not.toContain("rec_2");
    await shard.evict();
    await shard.delete("a", "c");
    await shard.ring();
    expect(await shard.receive()).toEqual(["d"]);
    await shard.evict();
    expect(await shard.counts()).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
    expect(await shard.tables()).toEqual(["rec_4", "rec_5", "snap"]);
  });

  test("with a straggler in them are dropped, and the straggler is still delivered", async () => {
    const shard = await shardKeptFor(FOURTEEN_DAYS);
    await shard.send("straggler");
    await shard.receive(1, 0);
    for (const body of ["b", "c"]) {
      pass(A_DAY_MS);
      await shard.send(body);
    }
    await shard.ring();
    expect(await shard.tables()).toEqual(["rec_2", "rec_3", "snap"]);
    await shard.evict();
    expect(await shard.receive()).toEqual(["straggler", "b", "c"]);
    await shard.delete("straggler");
    expect(await shard.counts()).toEqual({ visible: 0, inFlight: 2, delayed: 0 });
  });
});

describe("a purge", () => {
  test("of many tables drops them in slices: one with the purge, four with each alarm", async () => {
    const shard = await shardKeptFor(FOURTEEN_DAYS);
    for (let day = 0; day < 12; day++) {
      await shard.send(`${day}`);
      pass(A_DAY_MS);
    }
    await shard.ring();
    const recordTables = async () => (await shard.tables()).filter((name) => name.startsWith("rec_")).length;
    expect(await recordTables()).toBe(12);
    // The purge begins the thirteenth, and drops the first.
    await shard.purge();
    expect(await recordTables()).toBe(12);
    for (const left of [8, 4, 1]) {
      expect(await shard.alarmAtMs()).toBe(Date.now() + 1);
      await shard.ring();
      expect(await recordTables()).toBe(left);
    }
    expect(await shard.alarmAtMs()).toBeGreaterThan(Date.now() + 1);
    expect(await shard.counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    await shard.send("after");
    await shard.evict();
    expect(await shard.receive()).toEqual(["after"]);
  });

  test("that was cut short by an eviction is finished by the next alarm", async () => {
    const shard = await shardKeptFor(FOURTEEN_DAYS);
    for (let day = 0; day < 4; day++) {
      await shard.send(`${day}`);
      pass(A_DAY_MS);
    }
    await shard.purge();
    await shard.evict();
    while ((await shard.ring()) && (await shard.alarmAtMs()) === Date.now() + 1) {
      // Until the shard has done what there is to do.
    }
    expect((await shard.tables()).filter((name) => name.startsWith("rec_"))).toHaveLength(1);
    expect(await shard.counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });
});

test("a snapshot is taken every 1,000 records, so that no replay is longer, and two are kept", async () => {
  expect(shardLimits.snapshotRecords).toBe(1000);
  const shard = await shardKeptFor(FOURTEEN_DAYS);
  // The settings were the first record.
  await writeAside(shard, 997);
  await shard.send("record 999");
  expect(await shard.tables()).toEqual(["rec_1"]);
  await shard.send("record 1000");
  expect(await snapshotLsns(shard)).toEqual([1000]);
  await writeAside(shard, 998);
  await shard.send("record 1999");
  expect(await snapshotLsns(shard)).toEqual([1000]);
  await shard.send("record 2000");
  expect(await snapshotLsns(shard)).toEqual([1000, 2000]);
  await writeAside(shard, 999);
  await shard.send("record 3000");
  expect(await snapshotLsns(shard)).toEqual([2000, 3000]);
  await shard.evict();
  expect(await shard.counts()).toEqual({ visible: 2999, inFlight: 0, delayed: 0 });
});

function shardKeptFor(retentionSeconds: number): Promise<ShardDesk> {
  return ShardDesk.open(testSettings({ retentionSeconds }));
}

function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

/** As many records of one message, written behind the object's back in one go; the next call finds them. */
async function writeAside(shard: ShardDesk, records: number): Promise<void> {
  await runInDurableObject(shard.stub, (_, { storage }) => {
    const core = new ShardCore(new SqliteLog(storage.sql));
    for (let n = 0; n < records; n++) {
      core.execute(sendCall(["x"]), Date.now(), 0);
      core.commit(Date.now());
    }
  });
  await shard.evict();
}

async function snapshotLsns(shard: ShardDesk): Promise<number[]> {
  return await runInDurableObject(shard.stub, (_, { storage }) =>
    storage.sql
      .exec<{ lsn: number }>("SELECT DISTINCT lsn FROM snap ORDER BY lsn")
      .toArray()
      .map(({ lsn }) => lsn),
  );
}
