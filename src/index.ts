import { app } from "./app.ts";
import { Catalog } from "./catalog/catalog.ts";
import type { Bindings } from "./env.ts";
import type { QueueId, QueueSettings } from "./queue/settings.ts";
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

  /** The reaper of deleted queues, by the cron trigger of `wrangler.toml`. */
  async scheduled(controller, env, ctx): Promise<void> {
    const shards = new ShardClient(env.QUEUE_SHARD, (promise) => ctx.waitUntil(promise));
    await finishDeletions(controller.scheduledTime, new Catalog(env.DB), shards);
  },
} satisfies ExportedHandler<Bindings>;
