import { describe, expect, test } from "vitest";
import { testSettings } from "../support/fake-queue.ts";
import { type Meter, receiveCall, ShardDesk, sendCall } from "./shard-desk.ts";

/** Rows written are the bill. Every row counts here, those of alarms included. */

describe("a call that comes alone writes one row and sets no alarm", () => {
  test("when it sends a message, visible at once or delayed", async () => {
    const shard = await steadyShard();
    expect(await costOf(shard, () => shard.send("a"))).toEqual(ONE_ROW);
    expect(await costOf(shard, () => shard.sendDelayed(5000, "b"))).toEqual(ONE_ROW);
  });

  test("when it sends a batch of ten", async () => {
    const shard = await steadyShard();
    expect(await costOf(shard, () => shard.send(..."abcdefghij"))).toEqual(ONE_ROW);
  });

  test("when it receives one message or ten, from memory or from disk", async () => {
    const shard = await steadyShard();
    await shard.send(..."abcdefghijk");
    expect(await costOf(shard, () => shard.receive(1))).toEqual(ONE_ROW);
    await shard.evict();
    expect(await costOf(shard, () => shard.receive(10))).toEqual(ONE_ROW);
  });

  test("when it deletes one message or ten", async () => {
    const shard = await steadyShard();
    await shard.send(..."abcdefghijk");
    await shard.receive(1);
    await shard.receive(10);
    expect(await costOf(shard, () => shard.delete("a"))).toEqual(ONE_ROW);
    expect(await costOf(shard, () => shard.delete(..."bcdefghijk"))).toEqual(ONE_ROW);
  });

  test("when it changes a visibility", async () => {
    const shard = await steadyShard();
    await shard.send("a");
    await shard.receive();
    expect(await costOf(shard, () => shard.hide("a", 60_000))).toEqual(ONE_ROW);
    expect(await costOf(shard, () => shard.hide("a", 0))).toEqual(ONE_ROW);
  });

  test("when it purges a small queue", async () => {
    const shard = await steadyShard();
    await shard.send("a", "b");
    expect(await costOf(shard, () => shard.purge())).toEqual(ONE_ROW);
  });

  test("when it is the first after the object came back", async () => {
    const shard = await steadyShard();
    await shard.evict();
    expect(await costOf(shard, () => shard.send("a"))).toEqual(ONE_ROW);
  });
});

describe("a call that changes nothing writes nothing", () => {
  test("when it finds no message", async () => {
    const shard = await steadyShard();
    expect(await costOf(shard, () => shard.receive())).toEqual(NOTHING);
    await shard.send("a");
    await shard.receive();
    expect(await costOf(shard, () => shard.receive())).toEqual(NOTHING);
  });

  test("when it counts", async () => {
    const shard = await steadyShard();
    await shard.send("a");
    expect(await costOf(shard, () => shard.counts())).toEqual(NOTHING);
  });

  test("when it repeats a batch", async () => {
    const shard = await steadyShard();
    const batch = sendCall(["a", "b"]);
    const first = await shard.run(batch);
    expect(
      await costOf(shard, async () => {
        expect(await shard.run(batch)).toEqual(first);
      }),
    ).toEqual(NOTHING);
  });

  test("when it deletes what is gone, or changes its visibility", async () => {
    const shard = await steadyShard();
    await shard.send("a");
    await shard.receive();
    await shard.delete("a");
    expect(await costOf(shard, () => shard.delete("a"))).toEqual(NOTHING);
    expect(
      await costOf(shard, async () => {
        expect(await shard.hide("a", 10)).toBe("gone");
      }),
    ).toEqual(NOTHING);
  });

  test("when it is refused", async () => {
    const shard = await steadyShard();
    shard.settingsVersion = 2;
    expect(await costOf(shard, () => shard.run(sendCall(["a"])))).toEqual(NOTHING);
  });

  test("when it hands over settings that the shard knows", async () => {
    const shard = await steadyShard();
    expect(await costOf(shard, () => shard.configure(testSettings()))).toEqual(NOTHING);
  });
});

describe("calls that come together", () => {
  test("in one call to the object write one row", async () => {
    const shard = await steadyShard();
    const calls = [sendCall(["a"]), sendCall(["b"]), receiveCall(1), sendCall(["c"]), receiveCall(1)];
    expect(await costOf(shard, () => shard.run(...calls))).toEqual(ONE_ROW);
  });

  test("write 50 rows at most when a thousand send one message each", { timeout: 30_000 }, async () => {
    const shard = await steadyShard();
    const { rows, alarms } = await costOf(shard, async () => {
      await Promise.all(Array.from({ length: 1000 }, (_, n) => shard.send(`${n}`)));
    });
    expect(rows).toBeLessThanOrEqual(50);
    expect(alarms).toBe(0);
    expect(await shard.counts()).toEqual({ visible: 1000, inFlight: 0, delayed: 0 });
  });

  test("fill one record up to its bound and go on in the next: a 1 MiB message never shares with another", async () => {
    const shard = await steadyShard();
    const mebibyte = "x".repeat(1_048_576);
    const calls = [sendCall([mebibyte]), sendCall(["b".repeat(600_000)]), sendCall(["c".repeat(200_000)])];
    expect(await costOf(shard, () => shard.run(...calls))).toEqual({ rows: 3, alarms: 0 });
    expect((await shard.receive(10)).map((body) => body.length)).toEqual([1_048_576, 600_000, 200_000]);
  });
});

describe("a queue's first call", () => {
  test("makes a table and one record, and sets the one alarm that a quiet shard has", async () => {
    const shard = new ShardDesk();
    const meter = await shard.meter();
    await shard.configure(testSettings());
    expect(meter.alarms).toBe(1);
    expect(meter.statements.map((statement) => statement.split(" ").slice(0, 3).join(" "))).toEqual([
      "CREATE TABLE rec_1",
      "INSERT INTO rec_1",
    ]);
  });

  test("to a queue that never was leaves nothing behind", async () => {
    const shard = new ShardDesk();
    const meter = await shard.meter();
    expect(await shard.run(sendCall(["a"]), receiveCall())).toEqual([
      { kind: "unconfigured" },
      { kind: "unconfigured" },
    ]);
    expect(meter).toMatchObject({ rows: 0, alarms: 0, statements: [] });
    expect(await shard.tables()).toEqual([]);
  });
});

describe("alarms cost a row each, so that", () => {
  test("thirty sends, receives and deletes set none", async () => {
    const shard = await steadyShard();
    const { rows, alarms } = await costOf(shard, async () => {
      for (let n = 0; n < 30; n++) {
        await shard.send("a");
        await shard.receive(1);
        await shard.delete("a");
      }
    });
    expect({ rows, alarms }).toEqual({ rows: 90, alarms: 0 });
  });

  test("with somebody waiting, only a message that is due before the alarm moves it", async () => {
    const shard = await steadyShard();
    await shard.waitAtDoor("waiter");
    expect(await costOf(shard, () => shard.sendDelayed(60_000, "late"))).toEqual({ rows: 2, alarms: 1 });
    expect(await costOf(shard, () => shard.sendDelayed(90_000, "later"))).toEqual(ONE_ROW);
    expect(await costOf(shard, () => shard.sendDelayed(30_000, "sooner"))).toEqual({ rows: 2, alarms: 1 });
  });

  test("a waiter at a quiet queue sets none, and neither does the send that serves it", async () => {
    const shard = await steadyShard();
    const opening = await costOf(shard, () => shard.waitAtDoor("waiter"));
    expect(opening).toEqual(NOTHING);
    expect(await costOf(shard, () => shard.send("a"))).toEqual(ONE_ROW);
  });
});

const ONE_ROW = { rows: 1, alarms: 0 };
const NOTHING = { rows: 0, alarms: 0 };

/** Has its settings, its table and its alarm. */
async function steadyShard(): Promise<ShardDesk> {
  const shard = await ShardDesk.open();
  await shard.send("first");
  await shard.receive();
  await shard.delete("first");
  return shard;
}

async function costOf(shard: ShardDesk, act: () => Promise<unknown>): Promise<Omit<Meter, "statements">> {
  const meter = await shard.meter();
  const before = { ...meter };
  await act();
  return { rows: meter.rows - before.rows, alarms: meter.alarms - before.alarms };
}
