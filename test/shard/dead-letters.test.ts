import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from "vitest";
import { Catalog } from "../../src/catalog/catalog.ts";
import { SettingsCache } from "../../src/catalog/settings-cache.ts";
import { fromUtf8, utf8 } from "../../src/lib/bytes.ts";
import { ok } from "../../src/lib/result.ts";
import { limits } from "../../src/queue/limits.ts";
import { messageIdOf } from "../../src/queue/message-id.ts";
import { queueArn } from "../../src/queue/queue-arn.ts";
import type { QueueAttributes, QueueId, QueueSettings } from "../../src/queue/settings.ts";
import type { DeliveredMessage, Parcel } from "../../src/shard/calls.ts";
import { shardName } from "../../src/shard/location.ts";
import type { QueueShard } from "../../src/shard/queue-shard.ts";
import { ShardCore } from "../../src/shard/shard-core.ts";
import { shardLimits } from "../../src/shard/shard-limits.ts";
import { SqliteLog } from "../../src/shard/sqlite-log.ts";
import { fifoOf, testSettings } from "../support/fake-queue.ts";
import { eventually, type Meter, ShardDesk, sendCall } from "./shard-desk.ts";

/** Two real objects and the catalog between them. Only the clock that they read is moved by hand. */

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  await env.DB.batch(
    ["queues", "deleted_queues", "deleted_names"].map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
  );
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("a message that was received as often as it may be", () => {
  test("is in the dead-letter queue after the next receive, as the same message", async () => {
    const [source, dead] = await pair({ maxReceiveCount: 2 });
    const sentAtMs = Date.now();
    const { messageIds } = await source.sendAs("a");
    pass(1000);
    const firstReceivedAtMs = Date.now();
    for (const receiveCount of [1, 2]) {
      expect(await source.take()).toEqual([expect.objectContaining({ body: "a", receiveCount })]);
      expect(await source.counts()).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
    }
    pass(1000);
    expect(await source.take()).toEqual([]);
    expect(await source.counts()).toEqual(NONE);
    await dead.has("a");
    expect(await dead.take()).toEqual([
      {
        body: "a",
        messageId: messageIds[0],
        sentAtMs,
        receiveCount: 3,
        firstReceivedAtMs,
        sourceArn: queueArn(source.settings),
      },
    ]);
  });

  test("makes room for others in the very same receive", async () => {
    const [source, dead] = await pair();
    await source.send("a");
    await source.take();
    await source.send("b");
    expect(await source.receive(1, 0)).toEqual(["b"]);
    await dead.has("a");
  });

  test("lets its group go on, and begins its time anew, in FIFO queues", async () => {
    const [source, dead] = await pair({ ...fifoOf() });
    const { messageIds } = await source.sendAs("a", "b");
    expect(await source.receive(1, 0)).toEqual(["a"]);
    pass(1000);
    expect(await source.receive(1, 0)).toEqual(["b"]);
    expect(await source.receive(1, 0)).toEqual([]);
    const movedAtMs = Date.now();
    await dead.has("a", "b");
    const messageOf = (body: string, i: number) => ({
      body,
      messageId: messageIds[i],
      groupId: "group",
      dedupId: messageIds[i],
      sentAtMs: movedAtMs,
      receiveCount: 2,
      firstReceivedAtMs: movedAtMs - (i === 0 ? 1000 : 0),
      sourceArn: queueArn(source.settings),
    });
    expect(await dead.take()).toEqual([messageOf("a", 0), messageOf("b", 1)]);
  });

  test("rings for one who waits at the dead-letter queue", async () => {
    const [source, dead] = await pair();
    const waiter = await dead.waitAtDoor("waiter");
    await source.send("a");
    await source.take();
    await source.take();
    await eventually(() => expect(waiter.rings).toBe(1));
  });

  test("goes on from one dead-letter queue to the next", async () => {
    const last = await Queue.create("last");
    const dead = await Queue.create("dead", policyTo(last));
    const source = await Queue.create("jobs", policyTo(dead));
    await source.send("a");
    await source.take();
    await source.take();
    await dead.has("a");
    await dead.take();
    await dead.take();
    await last.has("a");
    expect(await last.take()).toMatchObject([{ receiveCount: 3, sourceArn: queueArn(dead.settings) }]);
  });

  test("stays where it is when the queue is its own dead-letter queue", async () => {
    const source = await Queue.create("jobs");
    await source.set(policyTo(source));
    await source.send("a");
    for (const receiveCount of [1, 2, 3]) {
      expect(await source.take()).toMatchObject([{ body: "a", receiveCount }]);
    }
  });
});

test("many leave in order, a hundred with each receive and each parcel", async () => {
  const [source, dead] = await pair();
  const bodies = Array.from({ length: 250 }, (_, n) => `${n}`);
  await source.run(sendCall(bodies));
  for (let n = 0; n < 25; n++) await source.receive(10, 1000);
  pass(1000);
  const visibleAfter: number[] = [];
  for (let n = 0; n < 3; n++) {
    expect(await source.receive(10, 0)).toEqual([]);
    visibleAfter.push((await source.counts()).visible);
  }
  expect(visibleAfter).toEqual([150, 50, 0]);
  await dead.has(...bodies);
});

describe("whatever dies on the way, each message is in one queue, once", () => {
  const steps: readonly ((queues: Pair) => Promise<unknown>)[] = [
    ([source]) => source.send("a", "b"),
    ([source]) => source.send("c"),
    ([source]) => source.take(),
    ([source]) => source.take(),
    ([source]) => source.ring(),
    ([, dead]) => dead.counts(),
    ([source]) => source.send("d"),
    ([source]) => source.take(),
    ([source]) => source.take(),
    ([source]) => source.ring(),
  ];

  test.each<[string, (queues: Pair) => Promise<unknown>]>([
    ["the source is evicted", ([source]) => source.evict()],
    ["the dead-letter queue is evicted", ([, dead]) => dead.evict()],
    ["all objects are aborted", () => abortAllDurableObjects()],
  ])("%s between any two steps", async (_, happens) => {
    for (let cut = 0; cut < steps.length; cut++) {
      const queues = await pair();
      for (const [i, step] of steps.entries()) {
        await step(queues);
        if (i === cut) await happens(queues);
      }
      await settled(queues);
      const [source, dead] = queues;
      expect(await source.counts(), `after step ${cut}`).toEqual(NONE);
      expect(await dead.bodies(), `after step ${cut}`).toEqual(["a", "b", "c", "d"]);
    }
  });

  test("all objects are aborted at any moment of a hand-over", async () => {
    vi.spyOn(console, "warn").mockReturnValue(undefined);
    for (let turns = 0; turns < 12; turns++) {
      const queues = await pair();
      const [source, dead] = queues;
      await source.send("a", "b");
      await source.take();
      const received = source.take().catch(() => "aborted");
      for (let turn = 0; turn < turns; turn++) await scheduler.wait(0);
      await abortAllDurableObjects();
      await received;
      await settled(queues);
      // The receive may not have happened.
      await source.take();
      await settled(queues);
      expect(await source.counts(), `after ${turns} turns`).toEqual(NONE);
      expect(await dead.bodies(), `after ${turns} turns`).toEqual(["a", "b"]);
    }
  });

  test("an answer is lost, and the parcel comes twice", async () => {
    const [source, dead] = await pair();
    await source.losesTouch();
    const parcel = await source.fillsOutbox("a", "b");
    expect(await dead.stub.takeDeadLetters(parcel)).toBe(true);
    expect(await dead.stub.takeDeadLetters(parcel)).toBe(true);
    await dead.evict();
    await source.evict();
    await source.ring();
    await settled([source, dead]);
    expect(await dead.bodies()).toEqual(["a", "b"]);
    expect(await source.counts()).toEqual(NONE);
  });

  test("the policy changes while nobody knows whether a parcel arrived", async () => {
    for (const change of ["none", "another"]) {
      const [source, dead] = await pair();
      const another = await Queue.create("another");
      await source.losesTouch();
      const parcel = await source.fillsOutbox("a");
      await dead.stub.takeDeadLetters(parcel);
      await source.evict();
      await source.set(change === "none" ? {} : policyTo(another));
      await source.ring();
      await settled([source, dead]);
      expect(await dead.bodies(), change).toEqual(["a"]);
      expect(await source.counts(), change).toEqual(NONE);
      expect(await another.counts(), change).toEqual(NONE);
    }
  });
});

describe("a dead-letter queue that cannot be reached", () => {
  test("is tried again by the alarm, seconds later, until it can", async () => {
    const warned = vi.spyOn(console, "warn").mockReturnValue(undefined);
    const [source, dead] = await pair();
    const lookUp = await source.losesTouch();
    await source.fillsOutbox("a");
    await eventually(() => expect(warned).toHaveBeenCalledTimes(1));
    for (let n = 2; n <= 4; n++) {
      const waitMs = ((await source.alarmAtMs()) ?? 0) - Date.now();
      expect(waitMs).toBeGreaterThan(0);
      expect(waitMs).toBeLessThanOrEqual(shardLimits.outboxRetryMs + 30_000);
      pass(waitMs);
      await source.ring();
      await eventually(() => expect(lookUp).toHaveBeenCalledTimes(n));
    }
    expect(await source.counts()).toEqual(NONE);
    expect(await dead.counts()).toEqual(NONE);
    lookUp.mockRestore();
    await source.ring();
    await dead.has("a");
  });

  test("is tried again after an eviction, too: the alarm outlives it", async () => {
    const [source, dead] = await pair();
    await source.losesTouch();
    await source.fillsOutbox("a");
    expect(await source.alarmAtMs()).toBe(Date.now() + shardLimits.outboxRetryMs);
    await source.evict();
    expect(await source.ring()).toBe(true);
    await dead.has("a");
  });

  test("cannot write, and takes the letters when it can", async () => {
    vi.spyOn(console, "warn").mockReturnValue(undefined);
    vi.spyOn(console, "error").mockReturnValue(undefined);
    const [source, dead] = await pair();
    const ended = await source.watchesItsWork();
    await dead.breakStorage();
    await source.fillsOutbox("a");
    await ended();
    expect(await source.hasDeadLetters()).toBe(true);
    expect(await dead.counts()).toEqual(NONE);
    await source.ring();
    await dead.has("a");
  });

  test("that nobody has called yet is given its settings first", async () => {
    const dead = await Queue.create("dead", {}, { isConfigured: false });
    const source = await Queue.create("jobs", policyTo(dead));
    await source.send("a");
    await source.take();
    await source.take();
    await dead.has("a");
  });
});

describe("a dead-letter queue that is not there", () => {
  test("leaves the messages where they are, and they go on being delivered", async () => {
    const [source, dead] = await pair();
    await dead.remove();
    await source.send("a");
    await source.take();
    expect(await source.take()).toEqual([]);
    await eventually(async () => expect(await source.counts()).toEqual({ ...NONE, visible: 1 }));
    for (const receiveCount of [2, 3, 4]) {
      expect(await source.take()).toMatchObject([{ body: "a", receiveCount }]);
    }
    expect(await source.delete("a")).toBeUndefined();
    expect(await source.counts()).toEqual(NONE);
  });

  test("is looked for again after a pause of a minute, on both sides of that instant", async () => {
    const [source, dead] = await pair();
    await dead.remove();
    await source.send("a");
    await source.take();
    await source.take();
    await eventually(async () => expect(await source.counts()).toEqual({ ...NONE, visible: 1 }));
    const again = await Queue.create("dead");
    pass(limits.redrivePauseMs - 1);
    expect(await source.take()).toMatchObject([{ body: "a", receiveCount: 2 }]);
    pass(1);
    expect(await source.take()).toEqual([]);
    await again.has("a");
    expect(await again.take()).toMatchObject([{ body: "a", receiveCount: 3 }]);
  });

  test("is looked for again at once when the policy is set anew", async () => {
    const [source, dead] = await pair();
    await dead.remove();
    await source.send("a");
    await source.take();
    await source.take();
    await eventually(async () => expect(await source.counts()).toEqual({ ...NONE, visible: 1 }));
    const again = await Queue.create("dead");
    await source.set(policyTo(again));
    expect(await source.take()).toEqual([]);
    await again.has("a");
  });

  test("gives a message back to one who waits for it", async () => {
    const [source, dead] = await pair();
    await dead.remove();
    await source.send("a");
    await source.take();
    const waiter = await source.waitAtDoor("waiter");
    await eventually(() => expect(waiter.rings).toBe(1));
    expect(await source.receive(1, 0, "waiter")).toEqual([]);
    await eventually(() => expect(waiter.rings).toBe(2));
    expect(await source.receive(1, 0, "waiter")).toEqual(["a"]);
  });

  test("has an old object that takes nothing any more", async () => {
    const [source, dead] = await pair();
    await source.losesTouch();
    const parcel = await source.fillsOutbox("a");
    await dead.remove();
    expect(await dead.stub.takeDeadLetters(parcel)).toBe(false);
    expect(await dead.tables()).toEqual(["meta"]);
  });
});

test("a queue that is deleted while its dead letters are on their way writes nothing more", async () => {
  const [source, dead] = await pair();
  const letGo = await source.holdsBack();
  await source.fillsOutbox("a");
  await source.remove();
  await letGo();
  await dead.has("a");
  expect(await source.tables()).toEqual(["meta"]);
});

describe("rows written are the bill: a move of one message or of ten costs", () => {
  test.each([1, 10])(
    "the source its receive, an alarm and a record, the other side a record (%d)",
    async (n) => {
      const [source, dead] = await pair();
      const bodies = Array.from({ length: n }, (_, i) => `${i}`);
      await source.send(...bodies);
      await source.take();
      const [ofSource, ofDead] = [await source.meter(), await dead.meter()];
      const [before, beforeDead] = [{ ...ofSource }, { ...ofDead }];
      await source.take();
      await dead.has(...bodies);
      await eventually(() => expect(cost(before, ofSource)).toEqual({ rows: 3, alarms: 1 }));
      expect(cost(beforeDead, ofDead)).toEqual({ rows: 1, alarms: 0 });
      // The alarm finds nothing left to do, and is set for the next look.
      pass(shardLimits.outboxRetryMs);
      await source.ring();
      expect(cost(before, ofSource)).toEqual({ rows: 4, alarms: 2 });
    },
  );

  test("a parcel that is known already nothing", async () => {
    const [source, dead] = await pair();
    await source.losesTouch();
    const parcel = await source.fillsOutbox("a");
    await dead.stub.takeDeadLetters(parcel);
    const meter = await dead.meter();
    const before = { ...meter };
    await dead.stub.takeDeadLetters(parcel);
    expect(cost(before, meter)).toEqual({ rows: 0, alarms: 0 });
  });
});

type Pair = readonly [source: Queue, dead: Queue];

const NONE = { visible: 0, inFlight: 0, delayed: 0 };

async function pair({
  maxReceiveCount = 1,
  ...attributes
}: Partial<QueueAttributes> & { maxReceiveCount?: number } = {}): Promise<Pair> {
  const suffix = attributes.fifo === undefined ? "" : ".fifo";
  const dead = await Queue.create(`dead${suffix}`, attributes);
  const source = await Queue.create(`jobs${suffix}`, { ...attributes, ...policyTo(dead, maxReceiveCount) });
  return [source, dead];
}

function policyTo({ settings }: Queue, maxReceiveCount = 1): Partial<QueueAttributes> {
  const deadLetterTargetArn = queueArn(settings);
  return { redrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }) };
}

/** Everything that is on its way has arrived. */
async function settled([source]: Pair): Promise<void> {
  await eventually(async () => {
    if (await source.hasDeadLetters()) await source.ring();
    expect(await source.hasDeadLetters()).toBe(false);
  });
}

function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

function cost(before: Meter, after: Meter): Omit<Meter, "statements"> {
  return { rows: after.rows - before.rows, alarms: after.alarms - before.alarms };
}

/** A queue that the catalog knows, and its only shard. */
class Queue extends ShardDesk {
  settings: QueueSettings;

  private constructor(settings: QueueSettings) {
    super();
    this.settings = settings;
  }

  static async create(
    name: string,
    attributes: Partial<QueueAttributes> = {},
    { isConfigured = true }: { readonly isConfigured?: boolean } = {},
  ): Promise<Queue> {
    const settings = { ...testSettings(attributes), name, uid: crypto.randomUUID() };
    await catalog().deleteQueue(settings, Date.now());
    await catalog().createQueue(settings, new Map());
    const queue = new Queue(settings);
    if (isConfigured) await queue.configure(settings);
    return queue;
  }

  override get stub(): DurableObjectStub<QueueShard> {
    return env.QUEUE_SHARD.getByName(shardName(this.settings.uid));
  }

  /** Replaces the redrive policy by what `changes` say. */
  async set(changes: Partial<QueueAttributes>): Promise<void> {
    const updated = await catalog().updateAttributes(
      this.settings,
      ({ redrivePolicy: _, ...others }) => ok({ ...others, ...changes }),
      Math.floor(Date.now() / 1000),
    );
    if (!updated.ok) throw new Error(updated.error.message);
    this.settings = updated.value;
    await this.configure(updated.value);
  }

  async remove(): Promise<void> {
    await catalog().deleteQueue(this.settings, Date.now());
    await this.stub.remove();
  }

  /** Sends messages of one group, if it is a FIFO queue. @returns their ids */
  async sendAs(...bodies: string[]): Promise<{ readonly messageIds: readonly string[] }> {
    const batchId = crypto.randomUUID();
    const isFifo = this.settings.attributes.fifo !== undefined;
    await this.run({
      kind: "send",
      batchId,
      messages: bodies.map((body) => {
        const ids = isFifo ? { groupId: "group", dedupId: `dedup ${body}` } : undefined;
        return { sealed: utf8(body), delayMs: 0, ...ids };
      }),
    });
    return { messageIds: bodies.map((_, i) => messageIdOf(batchId, i)) };
  }

  /** Up to ten messages, visible again at once, without what is different each time. */
  async take(): Promise<object[]> {
    const [reply] = await this.run({ kind: "receive", max: 10, visibilityMs: 0 });
    if (reply?.kind !== "received") throw new Error(`a receive was answered ${reply?.kind}`);
    this.note(reply);
    return reply.messages.map(
      ({ position: _, nonce: __, epoch: ___, sealed, ...message }: DeliveredMessage) => ({
        body: fromUtf8(sealed),
        ...message,
      }),
    );
  }

  /** All that is visible, in order. */
  async bodies(): Promise<string[]> {
    const bodies: string[] = [];
    for (let some = await this.receive(); some.length > 0; some = await this.receive()) bodies.push(...some);
    return bodies;
  }

  /** Waits until these, and no others, have arrived in this order; leaves them as they are. */
  async has(...bodies: string[]): Promise<void> {
    await eventually(async () => expect((await this.counts()).visible).toBe(bodies.length));
    const stored = await runInDurableObject(this.stub, (_, { storage: { sql } }) =>
      sql
        .exec<{ name: string }>(
          "SELECT name FROM sqlite_master WHERE name LIKE 'rec\\_%' ESCAPE '\\' ORDER BY name",
        )
        .toArray()
        .flatMap(({ name }) =>
          sql.exec<{ bodies: ArrayBuffer }>(`SELECT bodies FROM ${name} ORDER BY lsn`).toArray(),
        )
        .map((row) => fromUtf8(new Uint8Array(row.bodies)))
        .join(""),
    );
    expect(stored.endsWith(bodies.join(""))).toBe(true);
  }

  async hasDeadLetters(): Promise<boolean> {
    return (await this.#parcel()) !== undefined;
  }

  /** From now on this life of the object cannot find out where dead letters go. */
  async losesTouch(): Promise<MockInstance<ReadQueue>> {
    vi.spyOn(console, "warn").mockReturnValue(undefined);
    return await runInDurableObject(this.stub, (instance) =>
      vi.spyOn(catalogOf(instance), "readQueue").mockRejectedValue(new Error("the catalog is away")),
    );
  }

  /** @returns what waits until all is over that this life of the object does by itself */
  async watchesItsWork(): Promise<() => Promise<void>> {
    const underWay: Promise<unknown>[] = [];
    await runInDurableObject(this.stub, (_, state) => {
      vi.spyOn(state, "waitUntil").mockImplementation((promise) => void underWay.push(promise));
    });
    return async () => {
      await runInDurableObject(this.stub, () => Promise.all(underWay));
    };
  }

  /** @returns what lets this life of the object find out where dead letters go, and waits until they are there */
  async holdsBack(): Promise<() => Promise<void>> {
    let isHeld = true;
    await runInDurableObject(this.stub, (instance) => {
      const read = catalogOf(instance).readQueue.bind(instance);
      vi.spyOn(catalogOf(instance), "readQueue").mockImplementation(async (id) => {
        while (isHeld) await scheduler.wait(1);
        return await read(id);
      });
    });
    const ended = await this.watchesItsWork();
    return async () => {
      isHeld = false;
      await ended();
    };
  }

  /** Sends and receives them once too often. @returns the parcel that they make */
  async fillsOutbox(...bodies: string[]): Promise<Parcel> {
    await this.send(...bodies);
    await this.take();
    await this.take();
    const parcel = await this.#parcel();
    if (!parcel) throw new Error("there are no dead letters");
    return parcel;
  }

  /** What whoever came back from the log now would hand over. */
  async #parcel(): Promise<Parcel | undefined> {
    return await runInDurableObject(this.stub, (_, { id, storage }) =>
      new ShardCore(new SqliteLog(storage.sql)).nextParcel(id.toString()),
    );
  }
}

type ReadQueue = (id: QueueId) => Promise<QueueSettings | undefined>;

function catalogOf(instance: QueueShard): { readQueue: ReadQueue } {
  return instance as unknown as { readQueue: ReadQueue };
}

function catalog(): Catalog {
  return new Catalog(env.DB, new SettingsCache());
}
