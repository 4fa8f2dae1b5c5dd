import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CLAIM_MS, Waiters } from "../../src/shard/waiters.ts";
import { type DoorWaiter, eventually, ShardDesk } from "./shard-desk.ts";

/** Only the clock that the shard reads moves on by hand; the 250 ms in which a ring must be answered are real. */

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("one who waits at the door is rung", () => {
  test("when a message is sent, and then gets it by an ordinary receive", async () => {
    const shard = await ShardDesk.open();
    const waiter = await shard.waitAtDoor("waiter");
    await shard.send("a");
    await rung(waiter);
    expect(await shard.counts()).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
    expect(await shard.receive(1, 30_000, "waiter")).toEqual(["a"]);
    await shard.send("b");
    expect(await ringsOf([waiter], shard)).toEqual([1]);
  });

  test("at once when a message came between its receive and its coming to the door", async () => {
    const shard = await ShardDesk.open();
    await shard.send("a");
    const waiter = await shard.waitAtDoor("waiter");
    await rung(waiter);
  });

  test("when a delay is over, and the alarm is set for that instant", async () => {
    const shard = await ShardDesk.open();
    await shard.sendDelayed(5000, "late");
    const waiter = await shard.waitAtDoor("waiter");
    expect(await shard.alarmAtMs()).toBe(Date.now() + 5000);
    pass(4999);
    await shard.ring();
    expect(await ringsOf([waiter], shard)).toEqual([0]);
    expect(await shard.alarmAtMs()).toBe(Date.now() + 1);
    pass(1);
    await shard.ring();
    await rung(waiter);
  });

  test("when a delay is over of a message that is sent while it waits", async () => {
    const shard = await usedShard();
    const waiter = await shard.waitAtDoor("waiter");
    await shard.sendDelayed(5000, "late");
    expect(await shard.alarmAtMs()).toBe(Date.now() + 5000);
    pass(5000);
    await shard.ring();
    await rung(waiter);
  });

  test("when a visibility timeout is over, and the alarm is set for that instant", async () => {
    const shard = await ShardDesk.open();
    await shard.send("a");
    await shard.receive(1, 30_000);
    const waiter = await shard.waitAtDoor("waiter", { waitMs: 60_000 });
    expect(await shard.alarmAtMs()).toBe(Date.now() + 30_000);
    pass(30_000);
    await shard.ring();
    await rung(waiter);
  });

  test("when a visibility is ended early", async () => {
    const shard = await ShardDesk.open();
    await shard.send("a");
    await shard.receive(1, 30_000);
    const waiter = await shard.waitAtDoor("waiter");
    await shard.hide("a", 0);
    await rung(waiter);
  });

  test("by the runtime's own alarm when time really passes", async () => {
    vi.useRealTimers();
    const shard = await ShardDesk.open();
    const waiter = await shard.waitAtDoor("waiter");
    await shard.sendDelayed(20, "late");
    await rung(waiter);
    expect(await shard.receive(1, 30_000, "waiter")).toEqual(["late"]);
  });
});

describe("of many who wait", () => {
  test("as many are rung as there are messages for, first come first served", async () => {
    const shard = await ShardDesk.open();
    const waiters = await waitInLine(shard, 4, { max: 10 });
    await shard.send(..."abcdefghij");
    expect(await ringsOf(waiters, shard)).toEqual([1, 0, 0, 0]);
    await shard.send("k");
    expect(await ringsOf(waiters, shard)).toEqual([1, 1, 0, 0]);
    await shard.send(..."lmnopqrstu");
    expect(await ringsOf(waiters, shard)).toEqual([1, 1, 1, 0]);
  });

  test("the next is rung when the first does not claim within 250 ms", async () => {
    const shard = await ShardDesk.open();
    const waiters = await waitInLine(shard, 2);
    await shard.send("a");
    expect(await ringsOf(waiters, shard)).toEqual([1, 0]);
    pass(CLAIM_MS);
    await rung(waiters[1]);
    expect(waiters[0]?.rings).toBe(1);
    expect(await shard.receive(1, 30_000, "1")).toEqual(["a"]);
  });

  test("the next is not rung when the first did claim", async () => {
    const lapses = vi.spyOn(Waiters.prototype, "lapse");
    const shard = await ShardDesk.open();
    const waiters = await waitInLine(shard, 2);
    await shard.send("a");
    await rung(waiters[0]);
    expect(await shard.receive(1, 30_000, "0")).toEqual(["a"]);
    pass(CLAIM_MS);
    await eventually(() => expect(lapses).toHaveReturnedWith(false));
    expect(await ringsOf(waiters, shard)).toEqual([1, 0]);
  });

  test("one who was rung and finds nothing keeps its place", async () => {
    const shard = await ShardDesk.open();
    const waiters = await waitInLine(shard, 3);
    await shard.send("a");
    await rung(waiters[0]);
    expect(await shard.receive()).toEqual(["a"]);
    expect(await shard.receive(1, 30_000, "0")).toEqual([]);
    await shard.send("b");
    expect(await ringsOf(waiters, shard)).toEqual([2, 0, 0]);
  });

  test("one whose client has given up is passed over", async () => {
    const shard = await ShardDesk.open();
    const impatient = await shard.waitAtDoor("impatient", { waitMs: 1000 });
    const patient = await shard.waitAtDoor("patient", { waitMs: 1001 });
    pass(1000);
    await shard.send("a");
    expect(await ringsOf([impatient, patient], shard)).toEqual([0, 1]);
  });

  test("one whose socket was closed is forgotten", async () => {
    const shard = await ShardDesk.open();
    const [first, second] = await waitInLine(shard, 2);
    first?.close();
    await eventually(async () => expect(await socketsOf(shard)).toBe(1));
    await shard.send("a");
    await rung(second);
    expect(first?.rings).toBe(0);
  });

  test("one message reaches one of 100 sockets, and the send asks for one ring", async () => {
    const shard = await ShardDesk.open();
    const waiters = await waitInLine(shard, 100);
    const rings = vi.spyOn(Waiters.prototype, "ring");
    const meter = await shard.meter();
    const rowsBefore = meter.rows;
    await shard.send("a");
    expect(rings).toHaveBeenCalledTimes(1);
    expect(meter.rows - rowsBefore).toBe(1);
    expect((await ringsOf(waiters, shard)).filter((count) => count > 0)).toEqual([1]);
    expect(waiters[0]?.rings).toBe(1);
  });
});

describe("while clients wait, the object may sleep", () => {
  test("and a send that wakes it rings them", async () => {
    const shard = await ShardDesk.open();
    const waiter = await shard.waitAtDoor("waiter");
    await shard.evict();
    await shard.send("a");
    await rung(waiter);
    expect(await shard.receive(1, 30_000, "waiter")).toEqual(["a"]);
  });

  test("and the alarm at a delay's end rings them", async () => {
    const shard = await ShardDesk.open();
    await shard.sendDelayed(5000, "late");
    const waiter = await shard.waitAtDoor("waiter");
    await shard.evict();
    pass(5000);
    expect(await shard.ring()).toBe(true);
    await rung(waiter);
  });

  test("and one whose socket is closed meanwhile is forgotten", async () => {
    const shard = await ShardDesk.open();
    const first = await shard.waitAtDoor("first");
    const second = await shard.waitAtDoor("second");
    await shard.evict();
    first.close();
    await eventually(async () => expect(await socketsOf(shard)).toBe(1));
    await shard.send("a");
    await rung(second);
    expect(first.rings).toBe(0);
  });

  test("and they are rung in the order in which they came", async () => {
    const shard = await ShardDesk.open();
    const waiters = await waitInLine(shard, 4);
    await shard.evict();
    await shard.send("a");
    expect(await ringsOf(waiters, shard)).toEqual([1, 0, 0, 0]);
    await shard.send("b");
    expect(await ringsOf(waiters, shard)).toEqual([1, 1, 0, 0]);
  });

  test("and one whose client gave up meanwhile is passed over", async () => {
    const shard = await ShardDesk.open();
    const impatient = await shard.waitAtDoor("impatient", { waitMs: 1000 });
    const patient = await shard.waitAtDoor("patient", { waitMs: 60_000 });
    await shard.evict();
    pass(1000);
    await shard.send("a");
    expect(await ringsOf([impatient, patient], shard)).toEqual([0, 1]);
  });
});

/** Has sent and delivered before: its log has something that will expire, and the alarm is for that. */
async function usedShard(): Promise<ShardDesk> {
  const shard = await ShardDesk.open();
  await shard.send("first");
  await shard.receive();
  await shard.delete("first");
  return shard;
}

async function waitInLine(
  shard: ShardDesk,
  count: number,
  how: { readonly max?: number } = {},
): Promise<DoorWaiter[]> {
  const waiters: DoorWaiter[] = [];
  for (let n = 0; n < count; n++) waiters.push(await shard.waitAtDoor(`${n}`, how));
  return waiters;
}

async function rung(waiter: DoorWaiter | undefined): Promise<void> {
  await eventually(() => expect(waiter?.rings).toBeGreaterThan(0));
}

/**
 * How often each was rung, once all rings on their way have arrived: behind them, the shard sends each waiter
 * another message, and sockets keep the order.
 */
async function ringsOf(waiters: readonly DoorWaiter[], shard: ShardDesk): Promise<number[]> {
  const before = waiters.map(({ echoes }) => echoes);
  await runInDurableObject(shard.stub, (_, state) => {
    for (const socket of state.getWebSockets()) socket.send("echo");
  });
  await eventually(() => {
    for (const [i, waiter] of waiters.entries()) expect(waiter.echoes).toBe((before[i] ?? 0) + 1);
  });
  return waiters.map(({ rings }) => rings);
}

async function socketsOf(shard: ShardDesk): Promise<number> {
  return await runInDurableObject(shard.stub, (_, state) => state.getWebSockets().length);
}

function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}
