import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Catalog } from "../../src/catalog/catalog.ts";
import { selectNames } from "../../src/catalog/queues.ts";
import { SettingsCache } from "../../src/catalog/settings-cache.ts";
import { err, ok } from "../../src/lib/result.ts";
import { defaultAttributes } from "../../src/queue/attributes.ts";
import { queueDoesNotExist, sqsError } from "../../src/queue/errors.ts";
import type { QueueAttributes, QueueSettings } from "../../src/queue/settings.ts";

const owner = { account: "000000000000", region: "us-east-1" };
const none: ReadonlyMap<string, string> = new Map();

let nowMs: number;
/** Counts what reaches D1, and can be away. */
let d1: { calls: number; away: boolean };

/** A catalog with a memory of its own. */
function isolate(): Catalog {
  const watched = new Proxy(env.DB, {
    get(db, name) {
      if (d1.away) throw new Error("D1 is away");
      if (name === "prepare") d1.calls++;
      const member: unknown = Reflect.get(db, name);
      return typeof member === "function" ? member.bind(db) : member;
    },
  });
  return new Catalog(watched, new SettingsCache(), () => nowMs);
}

function settings(name: string, changes: Partial<QueueSettings> = {}): QueueSettings {
  return {
    ...owner,
    uid: crypto.randomUUID(),
    name,
    version: 1,
    createdAtSeconds: 100,
    modifiedAtSeconds: 100,
    handleKey: "AAAAAAAAAAAAAAAAAAAAAA",
    attributes: defaultAttributes,
    ...changes,
  };
}

const setDelay = (delaySeconds: number) => (current: QueueAttributes) => ok({ ...current, delaySeconds });

beforeEach(async () => {
  nowMs = 1_700_000_000_000;
  d1 = { calls: 0, away: false };
  await env.DB.batch(
    ["queues", "deleted_queues", "deleted_names"].map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
  );
});

describe("creating", () => {
  it("stores everything as it was given", async () => {
    const policy = '{ "odd" : "ünïcode" }';
    const queue = settings("jobs", { attributes: { ...defaultAttributes, policy, sqsManagedSse: false } });
    const stored = { ...queue, tags: { team: "a" } };
    expect(await isolate().createQueue(queue, new Map([["team", "a"]]))).toEqual({
      kind: "created",
      settings: stored,
    });
    expect(await isolate().readQueue(queue)).toEqual(stored);
  });

  it("finds the queue that has the name", async () => {
    const first = settings("jobs");
    await isolate().createQueue(first, none);
    expect(await isolate().createQueue(settings("jobs"), none)).toEqual({ kind: "exists", settings: first });
  });

  it("by many at once is done by exactly one, and all learn of it", async () => {
    const creations = await Promise.all(
      Array.from({ length: 10 }, () => isolate().createQueue(settings("jobs"), none)),
    );
    expect(creations.filter(({ kind }) => kind === "created")).toHaveLength(1);
    expect(creations.filter(({ kind }) => kind === "exists")).toHaveLength(9);
    const uids = creations.map((creation) => "settings" in creation && creation.settings.uid);
    expect(new Set(uids).size).toBe(1);
  });

  it("keeps accounts, regions and spellings apart", async () => {
    const queues = [
      settings("jobs"),
      settings("Jobs"),
      settings("jobs", { region: "eu-west-1" }),
      settings("jobs", { account: "111111111111" }),
    ];
    for (const queue of queues) await isolate().createQueue(queue, none);
    for (const queue of queues) expect((await isolate().readQueue(queue))?.uid).toBe(queue.uid);
  });

  it("refuses a name that was deleted after the given instant", async () => {
    const catalog = isolate();
    const queue = settings("jobs");
    await catalog.createQueue(queue, none);
    await catalog.deleteQueue(queue, nowMs);
    expect(await catalog.createQueue(settings("jobs"), none, nowMs - 1)).toEqual({ kind: "deletedRecently" });
    expect((await catalog.createQueue(settings("jobs"), none, nowMs)).kind).toBe("created");
  });
});

describe("finding", () => {
  it("reads D1 once a minute", async () => {
    const queue = settings("jobs");
    await isolate().createQueue(queue, none);
    const catalog = isolate();
    d1.calls = 0;
    expect(await catalog.findQueue(queue)).toEqual(queue);
    nowMs += 59_999;
    expect(await catalog.findQueue(queue)).toEqual(queue);
    expect(d1.calls).toBe(1);
    nowMs += 1;
    expect(await catalog.findQueue(queue)).toEqual(queue);
    expect(d1.calls).toBe(2);
  });

  it("sees a change by another isolate after a minute", async () => {
    const queue = settings("jobs");
    const [here, there] = [isolate(), isolate()];
    await here.createQueue(queue, none);
    await there.updateAttributes(queue, setDelay(5), 200);
    expect(await here.findQueue(queue)).toMatchObject({ version: 1 });
    nowMs += 60_000;
    expect(await here.findQueue(queue)).toMatchObject({ version: 2, attributes: { delaySeconds: 5 } });
  });

  it("lets one request ask when the minute is over, and the others go on", async () => {
    const queue = settings("jobs");
    const catalog = isolate();
    await catalog.createQueue(queue, none);
    d1.calls = 0;
    nowMs += 60_000;
    await Promise.all(Array.from({ length: 20 }, () => catalog.findQueue(queue)));
    expect(d1.calls).toBe(1);
  });

  it("does not remember what is not there", async () => {
    const queue = settings("jobs");
    const [here, there] = [isolate(), isolate()];
    expect(await here.findQueue(queue)).toBeUndefined();
    await there.createQueue(queue, none);
    expect(await here.findQueue(queue)).toEqual(queue);
  });

  it("goes on with its copy while D1 is away, and recovers", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const queue = settings("jobs");
    const [here, there] = [isolate(), isolate()];
    await here.createQueue(queue, none);
    await there.updateAttributes(queue, setDelay(5), 200);
    d1.away = true;
    nowMs += 3_600_000;
    expect(await here.findQueue(queue)).toEqual(queue);
    expect(warn).toHaveBeenCalledOnce();
    await expect(here.readQueue(queue)).rejects.toThrow("D1 is away");
    await expect(here.findQueue(settings("unknown"))).rejects.toThrow("D1 is away");
    d1.away = false;
    nowMs += 1000;
    expect(await here.findQueue(queue)).toMatchObject({ version: 2 });
    warn.mockRestore();
  });

  it("takes what a shard hands back, if it is newer", async () => {
    const queue = settings("jobs");
    const catalog = isolate();
    await catalog.createQueue(queue, none);
    const newer = { ...queue, version: 3 };
    catalog.remember(newer);
    catalog.remember({ ...queue, version: 2 });
    expect(await catalog.findQueue(queue)).toEqual(newer);
    catalog.forget(queue);
    expect(await catalog.findQueue(queue)).toEqual(queue);
  });
});

describe("changing attributes", () => {
  it("is the next version", async () => {
    const queue = settings("jobs");
    const catalog = isolate();
    await catalog.createQueue(queue, none);
    const next = {
      ...queue,
      version: 2,
      modifiedAtSeconds: 200,
      attributes: { ...queue.attributes, delaySeconds: 5 },
    };
    expect(await catalog.updateAttributes(queue, setDelay(5), 200)).toEqual(ok(next));
    expect(await catalog.findQueue(queue)).toEqual(next);
    expect(await isolate().readQueue(queue)).toEqual(next);
  });

  it("by many at once loses none", async () => {
    const queue = settings("jobs");
    await isolate().createQueue(queue, none);
    await Promise.all(
      Array.from({ length: 12 }, () =>
        isolate().updateAttributes(
          queue,
          (current) => ok({ ...current, delaySeconds: current.delaySeconds + 1 }),
          200,
        ),
      ),
    );
    expect(await isolate().readQueue(queue)).toMatchObject({ version: 13, attributes: { delaySeconds: 12 } });
  });

  it("may be refused upon what is there by now", async () => {
    const queue = settings("jobs");
    const refusal = sqsError("InvalidParameterValue", "taken");
    await isolate().createQueue(queue, none);
    await isolate().updateAttributes(queue, setDelay(5), 200);
    const outcome = await isolate().updateAttributes(
      queue,
      (current) => (current.delaySeconds === 0 ? ok(current) : err(refusal)),
      201,
    );
    expect(outcome).toEqual(err(refusal));
    expect(await isolate().readQueue(queue)).toMatchObject({ version: 2, modifiedAtSeconds: 200 });
  });

  it("finds the queue that has been created again under the name", async () => {
    const [first, second] = [settings("jobs"), settings("jobs")];
    const catalog = isolate();
    await catalog.createQueue(first, none);
    await catalog.deleteQueue(first, nowMs);
    await catalog.createQueue(second, none);
    expect(await isolate().updateAttributes(first, setDelay(5), 200)).toMatchObject({
      ok: true,
      value: { uid: second.uid, version: 2 },
    });
  });

  it("of a queue that is gone changes nothing", async () => {
    const queue = settings("jobs");
    expect(await isolate().updateAttributes(queue, setDelay(5), 200)).toEqual(err(queueDoesNotExist));
  });
});

describe("deleting", () => {
  it("hands back the last settings, once", async () => {
    const queue = settings("jobs");
    const catalog = isolate();
    await catalog.createQueue(queue, none);
    expect(await catalog.deleteQueue(queue, nowMs)).toEqual(queue);
    expect(await catalog.findQueue(queue)).toBeUndefined();
    expect(await catalog.deleteQueue(queue, nowMs)).toBeUndefined();
  });

  it("deletes whichever queue has the name now", async () => {
    const [first, second] = [settings("jobs"), settings("jobs")];
    const catalog = isolate();
    await catalog.createQueue(first, none);
    await catalog.deleteQueue(first, nowMs);
    await catalog.createQueue(second, none);
    expect((await catalog.deleteQueue(first, nowMs))?.uid).toBe(second.uid);
  });

  it("stays to be finished until that is reported, each for one caller a minute", async () => {
    const catalog = isolate();
    const queues = [settings("a"), settings("b"), settings("c")];
    for (const [i, queue] of queues.entries()) {
      await catalog.createQueue(queue, none);
      await catalog.deleteQueue(queue, nowMs + i);
    }
    const pending = async () => (await catalog.pendingDeletions(2, nowMs)).map(({ name }) => name).toSorted();
    nowMs += 59_999;
    expect(await pending()).toEqual([]);
    nowMs += 3;
    expect(await pending()).toEqual(["a", "b"]);
    expect(await pending()).toEqual(["c"]);
    expect(await pending()).toEqual([]);
    for (const queue of queues.slice(0, 2)) await catalog.deletionDone(queue.uid);
    nowMs += 60_000;
    expect(await catalog.pendingDeletions(2, nowMs)).toEqual([queues[2]]);
  });

  it("keeps no name longer than strict timing asks for it", async () => {
    const catalog = isolate();
    for (const name of ["a", "b"]) {
      await catalog.createQueue(settings(name), none);
      await catalog.deleteQueue(settings(name), nowMs);
      nowMs += 60_001;
    }
    const { results } = await env.DB.prepare("SELECT name FROM deleted_names").all();
    expect(results).toEqual([{ name: "b" }]);
  });
});

describe("listing", () => {
  const list = (request: { prefix?: string; limit?: number; afterName?: string }) =>
    isolate().listQueues({ ...owner, limit: 100, ...request });

  beforeEach(async () => {
    for (const name of ["ab", "a_b", "a-b", "aB", "abc", "b", "b.fifo"]) {
      await isolate().createQueue(settings(name), none);
    }
    await isolate().createQueue(settings("elsewhere", { region: "eu-west-1" }), none);
    await isolate().createQueue(settings("others", { account: "111111111111" }), none);
  });

  it("is in the order of bytes", async () => {
    expect(await list({})).toEqual(["a-b", "aB", "a_b", "ab", "abc", "b", "b.fifo"]);
  });

  it.each([
    ["a_", ["a_b"]],
    ["ab", ["ab", "abc"]],
    ["A", []],
    ["%", []],
    ["b", ["b", "b.fifo"]],
    ["b.fifo", ["b.fifo"]],
    ["\u{10ffff}", []],
  ])("takes the prefix %j literally", async (prefix, names) => {
    expect(await list({ prefix })).toEqual(names);
  });

  it("goes on after a name, whether or not it is still there", async () => {
    expect(await list({ limit: 2 })).toEqual(["a-b", "aB"]);
    expect(await list({ limit: 2, afterName: "aB" })).toEqual(["a_b", "ab"]);
    expect(await list({ limit: 2, afterName: "aC" })).toEqual(["a_b", "ab"]);
    expect(await list({ prefix: "ab", afterName: "ab" })).toEqual(["abc"]);
    expect(await list({ prefix: "b", afterName: "a" })).toEqual(["b", "b.fifo"]);
    expect(await list({ prefix: "a", afterName: "b" })).toEqual([]);
  });

  it("reads no more rows than it answers with", async () => {
    const { results, meta } = await selectNames(env.DB, { ...owner, prefix: "ab", limit: 1 }).all();
    expect(results).toEqual([{ name: "ab" }]);
    expect(meta.rows_read).toBe(1);
  });
});

describe("tags", () => {
  const queue = settings("jobs");
  beforeEach(async () => {
    await isolate().createQueue(queue, new Map([["a", "1"]]));
  });

  it("are merged and removed", async () => {
    const catalog = isolate();
    expect(
      await catalog.mergeTags(
        queue,
        new Map([
          ["a", "2"],
          ["é", ""],
        ]),
      ),
    ).toMatchObject({ version: 2, tags: { a: "2", é: "" } });
    expect(await isolate().readQueue(queue)).toMatchObject({ tags: { a: "2", é: "" } });
    expect(await catalog.removeTags(queue, ["a", "absent"])).toMatchObject({ version: 3, tags: { é: "" } });
    expect(await catalog.findQueue(queue)).toMatchObject({ version: 3, tags: { é: "" } });
    expect((await isolate().readQueue(queue))?.tags).toEqual({ é: "" });
  });

  it("stay at fifty when many come at once", async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, (_, i) => isolate().mergeTags(queue, new Map([[`k${i}`, ""]]))),
    );
    const merged = outcomes.filter((outcome) => typeof outcome === "object");
    expect(new Set(merged.map(({ version }) => version)).size).toBe(49);
    expect(outcomes.filter((outcome) => outcome === "tooMany")).toHaveLength(11);
    expect(Object.keys((await isolate().readQueue(queue))?.tags ?? {})).toHaveLength(50);
  });

  it("need a queue", async () => {
    const catalog = isolate();
    const gone = settings("gone");
    expect(await catalog.mergeTags(gone, new Map([["a", "1"]]))).toBe("noQueue");
    expect(await catalog.removeTags(gone, ["a"])).toBe("noQueue");
    expect(await catalog.readQueue(gone)).toBeUndefined();
  });
});
