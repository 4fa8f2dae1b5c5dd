import { app } from "./app.ts";
import { Catalog } from "./catalog/catalog.ts";
import type { Bindings } from "./env.ts";
import type { QueueId, QueueSettings } from "./queue/settings.ts";
import { QueueShard as Shard } from "./shard/queue-shard.ts";

/** The Durable Object class of `wrangler.toml`. */
export class QueueShard extends Shard {
  protected override readQueue(id: QueueId): Promise<QueueSettings | undefined> {
    return new Catalog(this.env.DB).readQueue(id);
  }
}

export default { fetch: app.fetch } satisfies ExportedHandler<Bindings>;
