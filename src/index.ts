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
    await keepKmsKeys(deployment.value.kms, controller.scheduledTime);
    await keepKeys(deployment.value, { db: env.DB, shards, nowMs: controller.scheduledTime });
  },
} satisfies ExportedHandler<Bindings>;

/** A slice of each: secrets to the current root key, new data keys for old, keys that nothing needs any more. */
async function keepKeys(
  { rootKeys, dataKeys, settings }: Deployment,
  { db, shards, nowMs }: { readonly db: D1Database; readonly shards: ShardClient; readonly nowMs: number },
): Promise<void> {
  await resealSecrets(db, rootKeys);
  const rotated = settings.dataKeyDays === 0 ? [] : await dataKeys.rotate(settings.dataKeyDays, nowMs);
  for (const queue of rotated) {
    try {
      await shards.configure(queue);
    } catch (cause) {
      console.warn("a queue's shard learns of its new data key with the next call", queue.uid, cause);
    }
  }
  await dataKeys.eraseRetired(nowMs);
}
