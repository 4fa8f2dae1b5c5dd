import { randomUUID } from "node:crypto";
import { rootCaller } from "../../src/auth/caller.ts";
import { sessionKeys } from "../../src/auth/session-token.ts";
import { Catalog } from "../../src/catalog/catalog.ts";
import { DataKeys } from "../../src/catalog/data-keys.ts";
import { Identities } from "../../src/catalog/identities/identities.ts";
import { KmsKeyStore } from "../../src/catalog/kms/key-store.ts";
import { principalsIn } from "../../src/catalog/principals.ts";
import { SettingsCache } from "../../src/catalog/settings-cache.ts";
import { Topics } from "../../src/catalog/topics.ts";
import { sealSecret } from "../../src/encryption/secrets.ts";
import type { Result } from "../../src/lib/result.ts";
import type { ActionError } from "../../src/queue/errors.ts";
import type { QueueSettings } from "../../src/queue/settings.ts";
import type { Action, RequestContext } from "../../src/services/action.ts";
import { runAction } from "../../src/services/run-action.ts";
import type { ShardCall } from "../../src/shard/calls.ts";
import type { ShardClient } from "../../src/shard/client.ts";
import { someFacts } from "./callers.ts";
import { testBlinding, testBodies, testRootKeys } from "./encryption.ts";
import { sqliteD1 } from "./sqlite-d1.ts";

export const baseUrl = "http://localhost:8787";

/** One endpoint with a true catalog and no shards: it notes what they are asked, and answers for them. */
export class QueueDesk {
  readonly d1 = sqliteD1(
    "0001_queues.sql",
    "0002_access_keys.sql",
    "0003_dead_letter_sources.sql",
    "0006_data_keys.sql",
  );
  account = "000000000000";
  region = "us-east-1";
  strictTiming = false;
  nowMs = 1_700_000_000_000;
  catalog = this.anotherIsolate();

  readonly calls: ShardCall[] = [];
  readonly configured: QueueSettings[] = [];
  readonly removed: string[] = [];
  /** Queues, by uid, whose shards cannot be reached. */
  readonly unreachable = new Set<string>();
  purgeAccepted = true;

  /** A catalog with no memory of its own. */
  anotherIsolate(): Catalog {
    return new Catalog(this.d1, new SettingsCache(), () => this.nowMs);
  }

  url(name: string): string {
    return `${baseUrl}/${this.account}/${name}`;
  }

  /** Runs an action the way the endpoint does, for the account's root. */
  async perform(
    action: Action,
    input: Readonly<Record<string, unknown>>,
  ): Promise<Result<unknown, ActionError>> {
    const context: RequestContext = {
      caller: rootCaller(this.account, "test"),
      facts: { ...someFacts, nowMs: this.nowMs, region: this.region },
      rootAccount: "000000000000",
      region: this.region,
      baseUrl,
      batchId: randomUUID(),
      nowMs: this.nowMs,
      traceHeader: undefined,
      strictTiming: this.strictTiming,
      catalog: this.catalog,
      dataKeys: new DataKeys(this.d1, testRootKeys, { remember: () => undefined }),
      bodies: testBodies,
      blinding: testBlinding,
      identities: new Identities(this.d1),
      sealSecret: (secret) => sealSecret(testRootKeys, secret),
      principals: principalsIn(this.d1),
      sessionKeys: sessionKeys(testRootKeys),
      forgetIdentity: () => undefined,
      topics: new Topics(this.d1),
      kms: { keys: new KmsKeyStore(this.d1, testRootKeys), external: undefined },
      shards: this.#shards(),
      client: { signal: new AbortController().signal, isThere: async () => true },
    };
    return runAction(action, context, input);
  }

  #shards(): ShardClient {
    const shards = {
      call: async (settings: QueueSettings, asked: ShardCall) => {
        if (this.removed.includes(settings.uid)) return { kind: "unconfigured" };
        const newest = this.configured.findLast(({ uid }) => uid === settings.uid);
        if (newest && newest.version > settings.version) return { kind: "stale", settings: newest };
        this.calls.push(asked);
        return asked.kind === "purge"
          ? { kind: "purged", accepted: this.purgeAccepted }
          : { kind: "counted", visible: 1, inFlight: 2, delayed: 3 };
      },
      configure: async (settings: QueueSettings) => {
        this.configured.push(settings);
        return !this.removed.includes(settings.uid);
      },
      remove: async (settings: QueueSettings) => {
        if (this.unreachable.has(settings.uid)) throw new Error("no shard");
        this.removed.push(settings.uid);
      },
    };
    return shards as unknown as ShardClient;
  }
}
