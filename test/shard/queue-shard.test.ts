import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fromUtf8, utf8 } from "../../src/lib/bytes.ts";
import type { ShardCall } from "../../src/shard/calls.ts";
import { ShardCore } from "../../src/shard/shard-core.ts";
import { testSettings } from "../support/fake-queue.ts";
import { eventually, receiveCall, ShardDesk, sendCall } from "./shard-desk.ts";

const AN_HOUR_MS = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("memory is a cache of the log: the same calls get the same answers", { timeout: 30_000 }, () => {
  test("when the object is evicted between any two of them", async () => {
    const expected = await tell(HISTORY);
    for (let cut = 0; cut < HISTORY.length; cut++) {
      const answers = await tell(HISTORY, { after: cut, happens: (shard) => shard.evict() });
      expect(answers, `evicted after step ${cut}`).toEqual(expected);
    }
  });

  test("when it is evicted after each of them", async () => {
    const answers = await tell(HISTORY, { after: "each", happens: (shard) => shard.evict() });
    expect(answers).toEqual(await tell(HISTORY));
  });

  test("when it is aborted between any two of them", async () => {
    const expected = await tell(HISTORY);
    for (let cut = 0; cut < HISTORY.length; cut++) {
      const answers = await tell(HISTORY, { after: cut, happens: () => abortAllDurableObjects() });
      expect(answers, `aborted after step ${cut}`).toEqual(expected);
    }
  });
});

test("an abort in the middle of many calls loses nothing that was acknowledged", async () => {
  const shard = await ShardDesk.open();
  const sends = Array.from({ length: 200 }, (_, n) => shard.send(`${n}`).then(() => `${n}`));
  await Promise.race(sends);
  await abortAllDurableObjects();
  const outcomes = await Promise.allSettled(sends);
  const acknowledged = outcomes.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  expect(acknowledged.length).toBeGreaterThan(0);
  const stored = new Set<string>();
  for (let some = await shard.receive(); some.length > 0; some = await shard.receive()) {
    for (const body of some) stored.add(body);
  }
  expect([...acknowledged].filter((body) => !stored.has(body))).toEqual([]);
});

describe("a shard whose log cannot be written", () => {
  test("answers nobody, and comes back without what it could not write", async () => {
    vi.spyOn(console, "error").mockReturnValue(undefined);
    const shard = await ShardDesk.open();
    await shard.send("stored");
    await shard.breakStorage();
    const outcomes = await Promise.allSettled([shard.send("lost"), shard.receive(), shard.counts()]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(await shard.counts()).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
    expect(await shard.receive()).toEqual(["stored"]);
  });

  test("answers nobody of those who gathered behind a commit under way", async () => {
    vi.spyOn(console, "error").mockReturnValue(undefined);
    const shard = await ShardDesk.open();
    const outcomes = await runInDurableObject(shard.stub, async (instance, { storage }) => {
      const run = (body: string) => instance.run([{ settingsVersion: 1, call: sendCall([body]) }]);
      const first = run("first");
      const gathered = ["second", "third"].map(run);
      const broken = vi.spyOn(storage.sql, "exec").mockImplementation(() => {
        throw new Error("the disks are gone");
      });
      const settled = await Promise.allSettled([first, ...gathered]);
      expect(broken).toHaveBeenCalledTimes(1);
      return settled.map(({ status }) => status);
    }).catch((error: Error) => error.message);
    expect(outcomes).toBe("memory and log have parted");
    expect(await shard.receive()).toEqual(["first"]);
  });

  test("says why in the log, and nothing of it to the caller", async () => {
    const logged = vi.spyOn(console, "error").mockReturnValue(undefined);
    const shard = await ShardDesk.open();
    await shard.breakStorage();
    await expect(shard.send("lost")).rejects.toThrow(/^memory and log have parted$/);
    expect(logged).toHaveBeenCalledWith(
      "a shard could not write its log",
      expect.objectContaining({ message: "the disks are gone" }),
    );
  });
});

describe("a call that the shard fails on", () => {
  /** A release that knows more kinds of calls, or fewer fields, may be on the other side. */
  const broken = { kind: "delete" } as unknown as ShardCall;

  test("is answered so, and takes none of its group down with it", async () => {
    const logged = vi.spyOn(console, "error").mockReturnValue(undefined);
    const shard = await ShardDesk.open();
    const replies = await shard.run(sendCall(["before"]), broken, sendCall(["after"]), { kind: "count" });
    expect(replies.map(({ kind }) => kind)).toEqual(["sent", "failed", "sent", "counted"]);
    expect(replies[1]).toEqual({ kind: "failed" });
    expect(logged).toHaveBeenCalledWith("a shard failed on a call: delete", expect.any(TypeError));
    await shard.evict();
    expect(await shard.receive()).toEqual(["before", "after"]);
  });

  test("half-way through an operation ends this life of the object, and nobody of its group is answered", async () => {
    vi.spyOn(console, "error").mockReturnValue(undefined);
    const shard = await ShardDesk.open();
    await shard.send("stored");
    const half = {
      kind: "send",
      batchId: crypto.randomUUID(),
      messages: [{ sealed: utf8("x"), delayMs: 0, groupId: 7 }],
    };
    await expect(shard.run(sendCall(["lost"]), half as unknown as ShardCall)).rejects.toThrow(
      /^memory and log have parted$/,
    );
    expect(await shard.receive()).toEqual(["stored"]);
  });
});

describe("a shard that is full", () => {
  test("of bytes stores no send, and still serves all else, so that it can be drained", async () => {
    const shard = await ShardDesk.open();
    await shard.send("a", "b");
    await shard.evict();
    await databaseOf(shard, 8_000_000_000);
    await shard.send("the last");
    await shard.send("really the last");
    await shard.evict();
    await databaseOf(shard, 8_000_000_001);
    // The size is looked at with the first commit of a life.
    expect(await shard.receive(2)).toEqual(["a", "b"]);
    expect(await shard.run(sendCall(["refused"]))).toEqual([{ kind: "full" }]);
    await shard.delete("a", "b");
    expect(await shard.receive()).toEqual(["the last", "really the last"]);
    await shard.evict();
    await databaseOf(shard, 1_000_000);
    expect(await shard.send("again")).toMatchObject({ kind: "sent" });
    expect(await shard.receive()).toEqual(["again"]);
  });

  test("of messages in their delay refuses sends alone", async () => {
    const shard = await ShardDesk.open();
    await shard.send("a");
    const full = vi.spyOn(ShardCore.prototype, "full", "get").mockReturnValue(true);
    const replies = await shard.run(sendCall(["refused"]), receiveCall(), { kind: "count" });
    expect(replies.map(({ kind }) => kind)).toEqual(["full", "received", "counted"]);
    full.mockReturnValue(false);
    expect(await shard.send("b")).toMatchObject({ kind: "sent" });
    expect(await shard.counts()).toEqual({ visible: 1, inFlight: 1, delayed: 0 });
  });
});

describe("a caller's version of the settings", () => {
  test("that is the shard's own is served", async () => {
    const shard = await ShardDesk.open(settingsOf(3));
    expect(await shard.send("a")).toMatchObject({ kind: "sent" });
  });

  test("that is older is refused with the newer settings, and nothing is done", async () => {
    const shard = await ShardDesk.open(settingsOf(3));
    await shard.send("a");
    shard.settingsVersion = 2;
    expect(await shard.run(receiveCall(), sendCall(["b"]))).toEqual([
      { kind: "stale", settings: settingsOf(3) },
      { kind: "stale", settings: settingsOf(3) },
    ]);
    shard.settingsVersion = 3;
    expect(await shard.receive()).toEqual(["a"]);
  });

  test("that is newer makes the shard ask for settings", async () => {
    const shard = await ShardDesk.open(settingsOf(3));
    shard.settingsVersion = 4;
    expect(await shard.run(sendCall(["a"]))).toEqual([{ kind: "unconfigured" }]);
    await shard.configure(settingsOf(4));
    expect(await shard.send("a")).toMatchObject({ kind: "sent" });
  });

  test("is judged for each call by itself", async () => {
    const shard = await ShardDesk.open(settingsOf(3));
    const call = sendCall(["a"]);
    const replies = await shard.stub.run([2, 3, 4].map((settingsVersion) => ({ settingsVersion, call })));
    expect(replies.map(({ kind }) => kind)).toEqual(["stale", "sent", "unconfigured"]);
  });

  test("survives an eviction, and older settings that arrive late are ignored", async () => {
    const shard = await ShardDesk.open(settingsOf(3));
    await shard.evict();
    expect(await shard.configure(settingsOf(2))).toBe(true);
    shard.settingsVersion = 3;
    expect(await shard.send("a")).toMatchObject({ kind: "sent" });
  });

  test("is asked for at the doorbell, too", async () => {
    const shard = await ShardDesk.open(settingsOf(3));
    const knock = async (settingsVersion: number) => {
      const asked = JSON.stringify({ settingsVersion, id: "waiter", max: 1, waitMs: 1000 });
      const headers = { upgrade: "websocket", "edge-sqs-doorbell": asked };
      const response = await shard.stub.fetch("https://shard/doorbell", { headers });
      response.webSocket?.accept();
      return response.status === 101 ? "open" : await response.json();
    };
    expect(await knock(2)).toEqual({ kind: "stale", settings: settingsOf(3) });
    expect(await knock(4)).toEqual({ kind: "unconfigured" });
    expect(await knock(3)).toBe("open");
  });
});

describe("an answer", () => {
  test("of more than 8 MB is cut short: the receives behind it are deferred, and lease nothing", async () => {
    const shard = await ShardDesk.open();
    const mebibyte = "x".repeat(1_000_000);
    for (let n = 0; n < 10; n++) await shard.send(mebibyte);
    await shard.send("small");
    const replies = await shard.run(receiveCall(8), receiveCall(1), receiveCall(1), { kind: "count" });
    expect(replies.map(({ kind }) => kind)).toEqual(["received", "received", "deferred", "counted"]);
    expect(replies[3]).toMatchObject({ visible: 2, inFlight: 9 });
  });

  test("carries the bytes of its messages and no more", async () => {
    const shard = await ShardDesk.open();
    await shard.send("a", "b", "c");
    await shard.evict();
    const [reply] = await shard.run(receiveCall());
    if (reply?.kind !== "received") throw new Error("nothing was received");
    expect(reply.messages.map(({ sealed }) => sealed.buffer.byteLength)).toEqual([1, 1, 1]);
  });
});

describe("a shard whose queue was deleted", () => {
  test("knows no calls and takes no settings any more, after an eviction even", async () => {
    const shard = await ShardDesk.open();
    await shard.send("a");
    await shard.stub.remove();
    for (const _ of ["in the same life", "in the next"]) {
      expect(await shard.run(sendCall(["b"]), receiveCall())).toEqual([
        { kind: "unconfigured" },
        { kind: "unconfigured" },
      ]);
      expect(await shard.configure(testSettings())).toBe(false);
      expect(await shard.configure(settingsOf(9))).toBe(false);
      shard.settingsVersion = 1;
      await shard.evict();
    }
  });

  test("keeps its tombstone alone, and empties itself an hour later", async () => {
    const shard = await ShardDesk.open();
    await shard.send("a");
    await shard.stub.remove();
    expect(await shard.tables()).toEqual(["meta"]);
    expect(await shard.alarmAtMs()).toBe(Date.now() + AN_HOUR_MS);
    await shard.evict();
    expect(await shard.ring()).toBe(true);
    expect(await shard.tables()).toEqual([]);
    expect(await shard.alarmAtMs()).toBeNull();
  });

  test("closes the doors of those who wait", async () => {
    const shard = await ShardDesk.open();
    const waiter = await shard.waitAtDoor("waiter");
    await shard.stub.remove();
    await eventually(() => expect(waiter.closeCode).toBe(1000));
    expect(waiter.rings).toBe(0);
  });

  test("may be deleted again, and was perhaps never made", async () => {
    const shard = new ShardDesk();
    await shard.stub.remove();
    await shard.stub.remove();
    expect(await shard.configure(testSettings())).toBe(false);
    expect(await shard.tables()).toEqual(["meta"]);
  });

  test("has an answer for a send that was gathering when it was deleted, and keeps nothing of it", async () => {
    const shard = await ShardDesk.open();
    const sends = Array.from({ length: 20 }, (_, n) => shard.send(`${n}`));
    await Promise.all([...sends, shard.stub.remove()].map((each) => each.catch(() => "refused")));
    expect(await shard.tables()).toEqual(["meta"]);
    await shard.evict();
    expect(await shard.run(receiveCall())).toEqual([{ kind: "unconfigured" }]);
  });
});

/** Lets this life of the object believe that its database has so many bytes. */
async function databaseOf(shard: ShardDesk, bytes: number): Promise<void> {
  await runInDurableObject(shard.stub, (_, { storage }) => {
    Object.defineProperty(storage.sql, "databaseSize", { value: bytes });
  });
}

type Step = readonly [afterMs: number, act: (shard: ShardDesk) => Promise<unknown>];

const BATCH = "0b2f6c1a-4a0e-4f3e-9c39-3f1f0f2f7a55";

/** A bit of everything, with time between the steps. */
const HISTORY: readonly Step[] = [
  [0, (shard) => shard.run(sendCall(["a", "b", "c"], { batchId: BATCH }))],
  [10, (shard) => shard.sendDelayed(5000, "late")],
  [10, receives(2, 30_000)],
  [10, (shard) => shard.run(sendCall(["a", "b", "c"], { batchId: BATCH }))],
  [10, (shard) => shard.delete("a")],
  [10, (shard) => shard.hide("b", 1000)],
  [999, (shard) => shard.counts()],
  [1, receives(1, 0)],
  [4000, receives(10, 2000)],
  [10, (shard) => shard.configure(settingsOf(2))],
  [1990, receives(10, 30_000)],
  [10, (shard) => shard.send("d")],
  [10, (shard) => shard.purge()],
  [10, (shard) => shard.send("e", "f")],
  [10, receives(1, 0)],
  [10, (shard) => shard.hide("b", 10)],
  [59_970, (shard) => shard.counts()],
  [20, (shard) => shard.counts()],
];

function receives(max: number, visibilityMs: number): Step[1] {
  return async (shard) => {
    const [reply] = await shard.run(receiveCall(max, visibilityMs));
    if (reply?.kind !== "received") throw new Error(`a receive was answered ${reply?.kind}`);
    shard.note(reply);
    return reply.messages.map(({ sealed, position, receiveCount, firstReceivedAtMs, sentAtMs }) => {
      return [fromUtf8(sealed), position, receiveCount, firstReceivedAtMs - sentAtMs];
    });
  };
}

/** @returns what each step was answered */
async function tell(
  history: readonly Step[],
  accident?: { readonly after: number | "each"; readonly happens: (shard: ShardDesk) => Promise<void> },
): Promise<unknown[]> {
  const shard = await ShardDesk.open(settingsOf(1));
  const startMs = Date.now();
  const answers: unknown[] = [];
  for (const [i, [afterMs, act]] of history.entries()) {
    vi.setSystemTime(Date.now() + afterMs);
    answers.push(await act(shard));
    if (accident && (accident.after === "each" || accident.after === i)) await accident.happens(shard);
  }
  vi.setSystemTime(startMs);
  return answers;
}

function settingsOf(version: number) {
  return { ...testSettings({ retentionSeconds: 60 }), version };
}
