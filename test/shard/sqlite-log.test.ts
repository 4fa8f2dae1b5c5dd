import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { SqliteLog } from "../../src/shard/sqlite-log.ts";
import { describeLog } from "../conformance/log.test-suite.ts";

describeLog("the log in SQLite", async (use) => {
  const stub = env.QUEUE_SHARD.get(env.QUEUE_SHARD.newUniqueId());
  await runInDurableObject(stub, (_, state) =>
    use({ log: new SqliteLog(state.storage.sql), reopen: () => new SqliteLog(state.storage.sql) }),
  );
});
