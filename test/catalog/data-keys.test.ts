import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { Catalog } from "../../src/catalog/catalog.ts";
import { DataKeys } from "../../src/catalog/data-keys.ts";
import { SettingsCache } from "../../src/catalog/settings-cache.ts";
import { rootKeys } from "../../src/encryption/secrets.ts";
import { limits } from "../../src/queue/limits.ts";
import type { QueueSettings } from "../../src/queue/settings.ts";
import { testSettings } from "../support/fake-queue.ts";

const MADE_MS = 1_700_000_000_000;
const DAY_MS = 86_400_000;
const keys = rootKeys("ZWRnZS1zcXMgbG9jYWwgcm9vdCBrZXksIG5vdCBzZWM=");
const otherKeys = rootKeys("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");

let nowMs: number;
/** D1 counts its calls, and can be away. */
let d1: { calls: number; away: boolean };

beforeEach(async () => {
  nowMs = MADE_MS;
  d1 = { calls: 0, away: false };
  await env.DB.batch(
    ["queues", "deleted_queues", "deleted_names", "data_keys"].map((table) =>
      env.DB.prepare(`DELETE FROM ${table}`),
    ),
  );
});

/** One Worker with a memory of its own. */
function isolate(sealing = keys) {
  const db = new Proxy(env.DB, {
    get(target, name) {
      if (d1.away) throw new Error("D1 is away");
      if (name === "prepare") d1.calls++;
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const catalog = new Catalog(db, new SettingsCache(), () => nowMs);
  const dataKeys = new DataKeys(db, sealing, {
    remember: (settings) => catalog.remember(settings),
    clock: () => nowMs,
  });
  return { catalog, dataKeys };
}

async function createQueue(name: string, { withKey = true } = {}): Promise<QueueSettings> {
  const { catalog, dataKeys } = isolate();
  const uid = crypto.randomUUID();
  const dataKey = withKey ? dataKeys.make(uid, nowMs) : undefined;
  const settings = { ...testSettings(), uid, name, ...(dataKey && { dataKeyId: dataKey.id }) };
  await catalog.createQueue(settings, new Map(), undefined, dataKey);
  return settings;
}

interface KeyRow {
  readonly key_id: string;
  readonly queue_uid: string;
  readonly created_at: number;
  readonly replaced_at: number | null;
  readonly retired_at: number | null;
}

async function rows(): Promise<KeyRow[]> {
  return (await env.DB.prepare("SELECT * FROM data_keys ORDER BY created_at").all<KeyRow>()).results;
}

const read = (queue: QueueSettings) => isolate().catalog.readQueue(queue);

describe("a queue that is made with a data key", () => {
  it("seals under it, in every isolate", async () => {
    const queue = await createQueue("jobs");
    expect(await read(queue)).toEqual(queue);
    const found = await isolate().dataKeys.current(queue);
    expect(found).toMatchObject({ id: queue.dataKeyId, queueUid: queue.uid });
    expect(found?.bytes).toHaveLength(32);
    expect(await isolate().dataKeys.current(queue)).toEqual(found);
  });

  it("has a key that no other queue has", async () => {
    const [a, b] = [await createQueue("a"), await createQueue("b")];
    const { dataKeys } = isolate();
    expect((await dataKeys.current(a))?.bytes).not.toEqual((await dataKeys.current(b))?.bytes);
  });

  it("leaves none behind when its name was taken", async () => {
    await createQueue("jobs");
    await createQueue("jobs");
    expect(await rows()).toHaveLength(1);
  });

  it("is never stored with a key that it does not name", async () => {
    const { catalog, dataKeys } = isolate();
    const dataKey = dataKeys.make(testSettings().uid, nowMs);
    await expect(catalog.createQueue(testSettings(), new Map(), undefined, dataKey)).rejects.toThrow("names");
  });

  it("is served while D1 is away, once its key is at hand", async () => {
    const queue = await createQueue("jobs");
    const { dataKeys } = isolate();
    await dataKeys.current(queue);
    d1.away = true;
    expect((await dataKeys.current(queue))?.id).toBe(queue.dataKeyId);
    await expect(isolate().dataKeys.current(queue)).rejects.toThrow("D1 is away");
  });

  it("asks D1 once for it", async () => {
    const queue = await createQueue("jobs");
    const { dataKeys } = isolate();
    d1.calls = 0;
    for (let i = 0; i < 3; i++) await dataKeys.current(queue);
    expect(d1.calls).toBe(1);
  });
});

describe("a queue from before there were data keys", () => {
  it("is given one when it first needs it, and everybody learns of it by the next version", async () => {
    const queue = await createQueue("jobs", { withKey: false });
    expect(queue.dataKeyId).toBeUndefined();
    const { catalog, dataKeys } = isolate();
    const key = await dataKeys.current(queue);
    const later = { ...queue, version: 2, dataKeyId: key?.id };
    expect(await read(queue)).toEqual(later);
    d1.away = true;
    expect(await catalog.findQueue(queue)).toEqual(later);
  });

  it("is given one key by twenty isolates that need it at once", async () => {
    const queue = await createQueue("jobs", { withKey: false });
    const found = await Promise.all(Array.from({ length: 20 }, () => isolate().dataKeys.current(queue)));
    expect(new Set(found.map((key) => key?.id)).size).toBe(1);
    expect(new Set(found.map((key) => String(key?.bytes))).size).toBe(1);
    expect(await rows()).toHaveLength(1);
    expect((await read(queue))?.version).toBe(2);
  });

  it("keeps the key that it was given when an isolate still knows it without", async () => {
    const queue = await createQueue("jobs", { withKey: false });
    const key = await isolate().dataKeys.current(queue);
    expect(await isolate().dataKeys.current(queue)).toEqual(key);
    expect((await read(queue))?.version).toBe(2);
  });

  it("has none once it is gone, though another queue has its name", async () => {
    const queue = await createQueue("jobs", { withKey: false });
    await isolate().catalog.deleteQueue(queue, nowMs);
    expect(await isolate().dataKeys.current(queue)).toBeUndefined();
    await createQueue("jobs", { withKey: false });
    expect(await isolate().dataKeys.current(queue)).toBeUndefined();
    expect(await rows()).toEqual([]);
  });

  it("keeps its key through a change of its attributes", async () => {
    const queue = await createQueue("jobs");
    const { catalog } = isolate();
    const changed = await catalog.updateAttributes(queue, (now) => ({ ok: true, value: now }), 5);
    expect(changed.ok && changed.value.dataKeyId).toBe(queue.dataKeyId);
    expect(await read(queue)).toMatchObject({ version: 2, dataKeyId: queue.dataKeyId });
  });
});

describe("a data key", () => {
  it("is not found by an id that there is none of", async () => {
    expect(await isolate().dataKeys.find(crypto.randomUUID())).toBeUndefined();
  });

  it("does not open under another root key, and nothing is sealed then", async () => {
    const queue = await createQueue("jobs");
    const { dataKeys } = isolate(otherKeys);
    await expect(dataKeys.current(queue)).rejects.toThrow("sealed under another root key");
    expect(await rows()).toHaveLength(1);
  });

  it("opens for no other queue that its row is given to", async () => {
    const [a, b] = [await createQueue("a"), await createQueue("b")];
    const stolen = { ...b, dataKeyId: a.dataKeyId ?? "" };
    await expect(isolate().dataKeys.current(stolen)).rejects.toThrow("another queue's");
    await env.DB.prepare("UPDATE data_keys SET queue_uid = ?1 WHERE queue_uid = ?2").bind(b.uid, a.uid).run();
    await expect(isolate().dataKeys.current(stolen)).rejects.toThrow("tampered with, or another's");
  });

  it("that is named and not there is never replaced in silence", async () => {
    const queue = await createQueue("jobs");
    await env.DB.prepare("DELETE FROM data_keys").run();
    await expect(isolate().dataKeys.current(queue)).rejects.toThrow("is not there");
    expect(await rows()).toEqual([]);
  });
});

describe("rotation", () => {
  it("exchanges a key on the day that it is due, and not a second before", async () => {
    const queue = await createQueue("jobs");
    expect(await isolate().dataKeys.rotate(90, MADE_MS + 90 * DAY_MS - 1000)).toEqual([]);
    const dueMs = MADE_MS + 90 * DAY_MS;
    const [rotated, ...others] = await isolate().dataKeys.rotate(90, dueMs);
    expect(others).toEqual([]);
    expect(rotated).toEqual({ ...queue, version: 2, dataKeyId: rotated?.dataKeyId });
    expect(rotated?.dataKeyId).not.toBe(queue.dataKeyId);
    expect(await read(queue)).toEqual(rotated);
    expect(await isolate().dataKeys.rotate(90, dueMs)).toEqual([]);
  });

  it("keeps the old key to open with", async () => {
    const queue = await createQueue("jobs");
    const old = await isolate().dataKeys.current(queue);
    const dueMs = MADE_MS + 90 * DAY_MS;
    const [rotated] = await isolate().dataKeys.rotate(90, dueMs);
    expect(await isolate().dataKeys.find(queue.dataKeyId ?? "")).toEqual(old);
    expect(await rows()).toMatchObject([
      { key_id: queue.dataKeyId, replaced_at: dueMs / 1000, retired_at: null },
      { key_id: rotated?.dataKeyId, created_at: dueMs / 1000, replaced_at: null, retired_at: null },
    ]);
  });

  it("gives a queue one key when it runs twice at once", async () => {
    const queue = await createQueue("jobs");
    const run = () => isolate().dataKeys.rotate(1, MADE_MS + DAY_MS);
    const rotated = (await Promise.all([run(), run(), run()])).flat();
    expect(rotated).toHaveLength(1);
    expect((await read(queue))?.version).toBe(2);
    expect(await rows()).toHaveLength(2);
  });

  it("takes the oldest first, as many as one run may", async () => {
    const queues = [];
    for (let i = 0; i <= limits.rotatedAtOnce; i++) {
      nowMs = MADE_MS - i * 1000;
      queues.push(await createQueue(`jobs-${i}`));
    }
    const first = await isolate().dataKeys.rotate(1, MADE_MS + DAY_MS);
    expect(first).toHaveLength(limits.rotatedAtOnce);
    expect(first.map(({ name }) => name)).not.toContain("jobs-0");
    expect((await isolate().dataKeys.rotate(1, MADE_MS + DAY_MS)).map(({ name }) => name)).toEqual([
      "jobs-0",
    ]);
  });

  it("is not held up by the key of a queue that an older release has deleted", async () => {
    const gone = await createQueue("gone");
    const queue = await createQueue("jobs");
    await env.DB.prepare("DELETE FROM queues WHERE uid = ?1").bind(gone.uid).run();
    const dueMs = MADE_MS + DAY_MS;
    expect((await isolate().dataKeys.rotate(1, dueMs)).map(({ uid }) => uid)).toEqual([queue.uid]);
    expect((await rows()).find(({ queue_uid }) => queue_uid === gone.uid)?.retired_at).toBe(dueMs / 1000);
  });
});

describe("the keys of a deleted queue", () => {
  const YEAR_MS = limits.retiredKeySeconds * 1000;

  it("stay to open with for a year, those of before a rotation too, and are erased then", async () => {
    const queue = await createQueue("jobs");
    const other = await createQueue("other");
    await isolate().dataKeys.rotate(1, MADE_MS + DAY_MS);
    const deletedMs = MADE_MS + 2 * DAY_MS;
    await isolate().catalog.deleteQueue(queue, deletedMs);
    expect(await isolate().dataKeys.eraseRetired(deletedMs + YEAR_MS - 1000)).toBe(0);
    expect(await isolate().dataKeys.find(queue.dataKeyId ?? "")).toBeDefined();
    expect(await isolate().dataKeys.eraseRetired(deletedMs + YEAR_MS)).toBe(2);
    expect(await isolate().dataKeys.find(queue.dataKeyId ?? "")).toBeUndefined();
    expect(new Set((await rows()).map(({ queue_uid }) => queue_uid))).toEqual(new Set([other.uid]));
  });

  it("are not exchanged any more", async () => {
    const queue = await createQueue("jobs");
    await isolate().catalog.deleteQueue(queue, MADE_MS);
    expect(await isolate().dataKeys.rotate(1, MADE_MS + DAY_MS)).toEqual([]);
    expect(await rows()).toHaveLength(1);
  });
});

describe("the indexes", () => {
  it.each([
    [
      "data_keys_in_use",
      "SELECT key_id FROM data_keys WHERE replaced_at IS NULL AND retired_at IS NULL AND created_at <= 5 ORDER BY created_at",
    ],
    ["data_keys_retired", "SELECT key_id FROM data_keys WHERE retired_at <= 5 ORDER BY retired_at"],
    ["data_keys_by_queue", "UPDATE data_keys SET retired_at = 5 WHERE queue_uid = 'x'"],
    [
      "data_keys_by_root_key",
      "SELECT key_id FROM data_keys WHERE substr(sealed_key, 4, 8) = 'x' AND key_id > '' ORDER BY key_id",
    ],
    [
      "access_keys_by_root_key",
      "SELECT access_key_id FROM access_keys WHERE substr(sealed_secret, 4, 8) = 'x' AND access_key_id > '' ORDER BY access_key_id",
    ],
  ])("%s serves what it is there for, without sorting", async (index, sql) => {
    const plan = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`).all<{ detail: string }>();
    const details = plan.results.map(({ detail }) => detail).join("; ");
    expect(details).toContain(`INDEX ${index} (`);
    expect(details).not.toContain("TEMP B-TREE");
  });
});
