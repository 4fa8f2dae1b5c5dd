import { app } from "./app.ts";
import { Catalog } from "./catalog/catalog.ts";
import { resealSecrets } from "./catalog/reseal.ts";
import { type Deployment, deploymentOf } from "./deployment.ts";
import type { Bindings } from "./env.ts";
import type { QueueId, QueueSettings } from "./queue/settings.ts";
import { keepKmsKeys } from "./services/kms/upkeep.ts";
import { finishDeletions } from "./services/sqs/delete-queue.ts";
import { ShardClient } from "./shard/client.ts";
import { QueueShard as Shard } from "./shard/queue-shard.ts";

/** The Durable Object class of `wrangler.toml`. */
export class QueueShard extends Shard {
  protected override readQueue(id: QueueId): Promise<QueueSettings | undefined> {
    return new Catalog(this.env.DB).readQueue(id);
  }
}

export default {
  fetch: app.fetch,

  /** By the cron trigger of `wrangler.toml`: what is left of deleted queues, and what keys need as time passes. */
  async scheduled(controller, env, ctx): Promise<void> {
    const shards = new ShardClient(env.QUEUE_SHARD, (promise) => ctx.waitUntil(promise));
    await finishDeletions(controller.scheduledTime, new Catalog(env.DB), shards);
    const deployment = deploymentOf(env);
    if (!deployment.ok) throw new Error(`edge-sqs is not configured: ${deployment.error}`);
    await keepKeys(deployment.value, { db: env.DB, shards, nowMs: controller.scheduledTime });
  },
} satisfies ExportedHandler<Bindings>;

interface Means {
  readonly db: D1Database;
  readonly shards: ShardClient;
  readonly nowMs: number;
}

/**
 * A slice of each. One that fails, run after run perhaps, holds up none of the others: a root key that is to go is
 * waited for.
 */
async function keepKeys(deployment: Deployment, { db, shards, nowMs }: Means): Promise<void> {
  const { kms, rootKeys, dataKeys } = deployment;
  const chores = {
    "KMS keys": () => keepKmsKeys(kms, nowMs),
    "secrets under old root keys": () => resealSecrets(db, rootKeys),
    "data keys of queues": () => rotateDataKeys(deployment, { shards, nowMs }),
    "data keys of deleted queues": () => dataKeys.eraseRetired(nowMs),
  };
  const failures: unknown[] = [];
  for (const [what, chore] of Object.entries(chores)) {
    try {
      await chore();
    } catch (cause) {
      console.error(`upkeep failed: ${what}`, cause);
      failures.push(cause);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, "the upkeep of keys failed");
}

async function rotateDataKeys(
  { dataKeys, settings }: Deployment,
  { shards, nowMs }: Omit<Means, "db">,
): Promise<void> {
  if (settings.dataKeyDays === 0) return;
  for (const queue of await dataKeys.rotate(settings.dataKeyDays, nowMs)) {
    try {
      await shards.configure(queue);
    } catch (cause) {
      console.warn("a queue's shard learns of its new data key with the next call", queue.uid, cause);
    }
  }
}
