import { app } from "./app.ts";
import type { Bindings } from "./env.ts";

export { QueueShard } from "./shard/queue-shard.ts";
export default { fetch: app.fetch } satisfies ExportedHandler<Bindings>;
