import { env } from "cloudflare:workers";
import { randomUUID } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import { utf8 } from "../../src/lib/bytes.ts";
import type { QueueSettings } from "../../src/queue/settings.ts";
import { ShardClient } from "../../src/shard/client.ts";
import { testSettings } from "../support/fake-queue.ts";

/** Whoever has waited is asked once more whether he may, before a message is leased for him. */

let settings: QueueSettings;
let shards: ShardClient;
/** Resolves when the next one waits at the door. */
let waits: Promise<void>;

beforeEach(async () => {
  settings = { ...testSettings(), uid: randomUUID() };
  let opened = () => {};
  waits = new Promise((resolve) => {
    opened = resolve;
  });
  const namespace = {
    getByName(name: string, options: DurableObjectNamespaceGetDurableObjectOptions) {
      const stub = env.QUEUE_SHARD.getByName(name, options);
      return {
        run: (requests: Parameters<typeof stub.run>[0]) => stub.run(requests),
        configure: (newer: QueueSettings) => stub.configure(newer),
        async fetch(url: string, init: RequestInit) {
          const response = await stub.fetch(url, init);
          opened();
          return response;
        },
      };
    },
  };
  shards = new ShardClient(namespace as unknown as typeof env.QUEUE_SHARD, () => undefined);
  await shards.configure(settings);
});

const client = { signal: new AbortController().signal, isThere: async () => true };

const receive = (waitMs: number, mayStill?: () => Promise<boolean>) =>
  shards.receive(
    settings,
    { max: 10, visibilityMs: 30_000 },
    { untilMs: Date.now() + waitMs, client, mayStill },
  );

const send = () =>
  shards.call(settings, {
    kind: "send",
    batchId: randomUUID(),
    messages: [{ sealed: utf8("a"), delayMs: 0 }],
  });

const counts = () => shards.call(settings, { kind: "count" });

test("who may not any more is rung for a message, and gets nothing: it stays for others", async () => {
  let asked = 0;
  const waiting = receive(20_000, async () => {
    asked++;
    return false;
  });
  await waits;
  await send();
  expect(await waiting).toMatchObject({ kind: "received", messages: [] });
  expect(asked).toBe(1);
  expect(await counts()).toMatchObject({ visible: 1, inFlight: 0 });
});

test("who still may gets it", async () => {
  const waiting = receive(20_000, async () => true);
  await waits;
  await send();
  expect(await waiting).toMatchObject({ messages: [{ receiveCount: 1 }] });
});

test("who waited for nothing is asked too, before the last look", async () => {
  let asked = 0;
  const answer = await receive(20, async () => {
    asked++;
    return true;
  });
  expect(answer).toMatchObject({ messages: [] });
  expect(asked).toBe(1);
});

test("who need not wait is not asked again", async () => {
  await send();
  const answer = await receive(20_000, () => Promise.reject(new Error("asked")));
  expect(answer).toMatchObject({ messages: [{ receiveCount: 1 }] });
});

test("a failure to find out leases nothing", async () => {
  const waiting = receive(20_000, () => Promise.reject(new Error("KMS is away")));
  const failed = expect(waiting).rejects.toThrow("KMS is away");
  await waits;
  await send();
  await failed;
  expect(await counts()).toMatchObject({ visible: 1, inFlight: 0 });
});
