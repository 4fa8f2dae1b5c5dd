import { createExecutionContext, createScheduledController, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, it, vi } from "vitest";
import { Catalog } from "../../src/catalog/catalog.ts";
import { DataKeys } from "../../src/catalog/data-keys.ts";
import { SettingsCache } from "../../src/catalog/settings-cache.ts";
import { rootKeys } from "../../src/encryption/secrets.ts";
import worker from "../../src/index.ts";
import { limits } from "../../src/queue/limits.ts";
import type { QueueSettings } from "../../src/queue/settings.ts";
import { shardName } from "../../src/shard/location.ts";
import { testSettings } from "../support/fake-queue.ts";

const NEW = "ZWRnZS1zcXMgbG9jYWwgcm9vdCBrZXksIG5vdCBzZWM=";
const OLD = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const DAY_MS = 86_400_000;
const NOW_MS = Date.now();

beforeEach(async () => {
  vi.spyOn(console, "log").mockReturnValue();
  await env.DB.batch(
    ["queues", "deleted_queues", "deleted_names", "data_keys", "deployment_secrets", "access_keys"].map(
      (table) => env.DB.prepare(`DELETE FROM ${table}`),
    ),
  );
});

/** A queue whose data key was made so many days ago, sealed under the old root key. */
async function createQueue(name: string, days: number): Promise<QueueSettings> {
  const uid = crypto.randomUUID();
  const dataKey = keysUnder(OLD).make(uid, NOW_MS - days * DAY_MS);
  const settings = { ...testSettings(), uid, name, dataKeyId: dataKey.id };
  await catalog().createQueue(settings, new Map(), undefined, dataKey);
  return settings;
}

const catalog = () => new Catalog(env.DB, new SettingsCache());
const keysUnder = (base64: string) => new DataKeys(env.DB, rootKeys(base64), { remember: () => undefined });
const shardOf = ({ uid }: QueueSettings) => env.QUEUE_SHARD.getByName(shardName(uid));

/** The cron trigger comes, to a Worker with these settings more. */
async function trigger(
  settings: Record<string, string> = {},
  nowMs = NOW_MS,
  DB: D1Database = env.DB,
): Promise<void> {
  const context = createExecutionContext();
  const controller = createScheduledController({ scheduledTime: new Date(nowMs) });
  const bindings = { ...env, DB, ROOT_KEY: NEW, ROOT_KEY_PREVIOUS: OLD, ...settings };
  await worker.scheduled(controller, bindings, context);
  await waitOnExecutionContext(context);
}

it("the cron trigger gives a queue a new data key after 90 days, and tells its shard", async () => {
  const [due, young] = [await createQueue("due", 90), await createQueue("young", 89)];
  await shardOf(due).configure(due);
  await trigger();
  const settings = await catalog().readQueue(due);
  expect(settings).toMatchObject({ version: 2, dataKeyId: expect.not.stringMatching(due.dataKeyId ?? "") });
  const outdated = { settingsVersion: 1, call: { kind: "count" } } as const;
  expect(await shardOf(due).run([outdated])).toEqual([{ kind: "stale", settings }]);
  expect(await catalog().readQueue(young)).toEqual(young);
});

it.each([
  ["29", 1],
  ["30", 1],
  ["31", 0],
  ["0", 0],
])("DATA_KEY_DAYS=%s rotates %d keys of thirty days", async (days, rotated) => {
  const queue = await createQueue("jobs", 30);
  await trigger({ DATA_KEY_DAYS: days });
  expect((await catalog().readQueue(queue))?.version).toBe(1 + rotated);
});

it("the cron trigger seals anew under ROOT_KEY what ROOT_KEY_PREVIOUS has sealed", async () => {
  const queue = await createQueue("jobs", 1);
  const before = await keysUnder(OLD).current(queue);
  await trigger();
  expect(await keysUnder(NEW).current(queue)).toEqual(before);
  await expect(keysUnder(OLD).current(queue)).rejects.toThrow("sealed under another root key");
});

it("the cron trigger erases the keys of queues that were deleted a year ago", async () => {
  const queue = await createQueue("jobs", 1);
  await catalog().deleteQueue(queue, NOW_MS);
  const count = async () =>
    (await env.DB.prepare("SELECT count(*) AS n FROM data_keys").first<{ n: number }>())?.n;
  await trigger({}, NOW_MS + limits.retiredKeySeconds * 1000 - 1000);
  expect(await count()).toBe(1);
  await trigger({}, NOW_MS + limits.retiredKeySeconds * 1000);
  expect(await count()).toBe(0);
});

it.each([
  ["DELETE FROM kms_materials", "KMS keys"],
  ["access_keys", "secrets under old root keys"],
  ["UPDATE queues SET data_key_id", "data keys of queues"],
])(
  "what fails at %s holds up nothing else that is due, and the trigger fails all the same",
  async (sql, what) => {
    const error = vi.spyOn(console, "error").mockReturnValue();
    const due = await createQueue("due", 90);
    const deleted = await createQueue("deleted", 1);
    await catalog().deleteQueue(deleted, NOW_MS - limits.retiredKeySeconds * 1000);
    await expect(trigger({}, NOW_MS, failingAt(sql))).rejects.toThrow("the upkeep of keys failed");
    expect(error.mock.calls.map(([text]) => text)).toEqual([`upkeep failed: ${what}`]);
    const { results } = await env.DB.prepare("SELECT queue_uid FROM data_keys").all();
    expect(results).not.toContainEqual({ queue_uid: deleted.uid });
    const isRotated = (await catalog().readQueue(due))?.version === 2;
    expect(isRotated).toBe(what !== "data keys of queues");
    error.mockRestore();
  },
);

/** D1, but for statements with this text. */
function failingAt(sql: string): D1Database {
  return new Proxy(env.DB, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name !== "prepare") return typeof member === "function" ? member.bind(target) : member;
      return (text: string) => {
        if (text.includes(sql)) throw new Error("D1 refused");
        return target.prepare(text);
      };
    },
  });
}

it.each([
  ["ROOT_KEY_PREVIOUS", "c2hvcnQ="],
  ["ROOT_KEY_PREVIOUS", `${OLD};${OLD}`],
  // Its last character has bits that stand for nothing.
  ["ROOT_KEY_PREVIOUS", OLD.replace("A=", "B=")],
  ["DATA_KEY_DAYS", "soon"],
  ["DATA_KEY_DAYS", "-1"],
])("%s is refused as %s, by its name", async (name, value) => {
  await expect(trigger({ [name]: value })).rejects.toThrow(`${name} must be`);
});

it("ROOT_KEY_PREVIOUS takes several keys, with spaces, and none", async () => {
  await trigger({ ROOT_KEY_PREVIOUS: ` ${OLD}, AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE= ` });
  await trigger({ ROOT_KEY_PREVIOUS: "" });
});
