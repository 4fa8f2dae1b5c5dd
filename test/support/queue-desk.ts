import { randomUUID } from "node:crypto";
import { Catalog } from "../../src/catalog/catalog.ts";
import { SettingsCache } from "../../src/catalog/settings-cache.ts";
import { err, type Result } from "../../src/lib/result.ts";
import { queueDoesNotExist, type SqsError } from "../../src/queue/errors.ts";
import { parseQueueUrl } from "../../src/queue/queue-url.ts";
import type { QueueSettings } from "../../src/queue/settings.ts";
import type { Action, OpenQueue, RequestContext } from "../../src/services/action.ts";
import type { ShardCall } from "../../src/shard/calls.ts";
import type { ShardClient } from "../../src/shard/client.ts";
import { sqliteD1 } from "./sqlite-d1.ts";

export const baseUrl = "http://localhost:8787";

/** One endpoint with a true catalog and no shards: it notes what they are asked, and answers for them. */
export class QueueDesk {
  readonly d1 = sqliteD1("0001_queues.sql", "0003_dead_letter_sources.sql");
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

  /** Runs an action the way the endpoint does: finds the queue, then hands over. */
  async perform(
    action: Action,
    input: Readonly<Record<string, unknown>>,
  ): Promise<Result<unknown, SqsError>> {
    const context: RequestContext = {
      caller: { account: this.account, arn: "", principalId: this.account, accessKeyId: "test" },
      region: this.region,
      baseUrl,
      batchId: randomUUID(),
      nowMs: this.nowMs,
      traceHeader: undefined,
      strictTiming: this.strictTiming,
      catalog: this.catalog,
      shards: this.#shards(),
      client: { signal: new AbortController().signal, isThere: async () => true },
    };
    if (action.scope === "account") return action.run({ ...context, input: input as never });
    const path = parseQueueUrl(String(input["QueueUrl"]), this.account);
    const settings = path && (await this.catalog.findQueue({ ...path, region: this.region }));
    if (settings === undefined) return err(queueDoesNotExist);
    return action.run({ ...context, queue: this.#open(settings), input: input as never });
  }

  #open(settings: QueueSettings): OpenQueue {
    const call = async (asked: ShardCall) => {
      this.calls.push(asked);
      return asked.kind === "purge"
        ? { kind: "purged", accepted: this.purgeAccepted }
        : { kind: "counted", visible: 1, inFlight: 2, delayed: 3 };
    };
    return { settings, call } as unknown as OpenQueue;
  }

  #shards(): ShardClient {
    const shards = {
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
