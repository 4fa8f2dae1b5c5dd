import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { DatabaseSync } from "node:sqlite";
import type { RunningServer } from "../scripts/server.ts";
import { readWorkerConfig } from "../scripts/worker-config.ts";
import { median } from "./closed-loop.ts";
import { HttpConnection } from "./http-connection.ts";
import { residentBytes } from "./process-usage.ts";
import { exchangeOk, QueueClient } from "./queue-client.ts";
import type { Account } from "./signer.ts";

export interface ColdStart {
  /** First receive from an object that nobody has called since the process began: the log is replayed. */
  readonly backlogMs: number;
  readonly emptyMs: number;
  /** A receive from either when it is awake. */
  readonly warmMs: number;
  /** Of the whole server, by a start from nothing to its first answer. */
  readonly serverMs: number;
  readonly residentBytes: number;
}

export interface ColdQueues {
  readonly backlog: string;
  readonly empty: string;
  /** Called first, so that what belongs to no object, such as compiling the Worker, is done by then. */
  readonly warmUp: string;
}

/**
 * Starts the server again and again on its data, and asks objects that are not in memory. The last stop is a
 * kill -9: nothing could be tidied up.
 *
 * @param start serves the same data directory each time
 */
export async function measureColdStart(
  names: ColdQueues,
  restarts: number,
  { start, accountOf }: { start: () => Promise<RunningServer>; accountOf: (url: string) => Account },
): Promise<ColdStart> {
  const runs: ColdStart[] = [];
  for (let run = 0; run < restarts; run++) {
    const startMs = performance.now();
    const server = await start();
    const client = new QueueClient(accountOf(server.url));
    runs.push(await askSleepers(client, names, startMs, server));
    if (run === restarts - 2 && server.workerdPid !== undefined) {
      process.kill(server.workerdPid, "SIGKILL");
      await server.died;
    } else {
      await server.stop();
    }
  }
  const middle = (name: keyof ColdStart) => median(runs.map((each) => each[name]));
  return {
    backlogMs: middle("backlogMs"),
    emptyMs: middle("emptyMs"),
    warmMs: middle("warmMs"),
    serverMs: middle("serverMs"),
    residentBytes: middle("residentBytes"),
  };
}

/**
 * What the object with the largest database replays when it wakes: read from its file, which no server has open.
 *
 * @param dataDir of a server of this bench
 */
export function recordsBehindSnapshot(dataDir: string): number {
  const objects = join(dataDir, `v3/do/${readWorkerConfig().name}-QueueShard`);
  const [largest] = readdirSync(objects)
    .filter((file) => file.endsWith(".sqlite") && file !== "metadata.sqlite")
    .map((file) => join(objects, file))
    .sort((a, b) => statSync(b).size - statSync(a).size);
  if (largest === undefined) throw new Error(`no object has written to ${objects}`);
  const database = new DatabaseSync(largest, { readOnly: true });
  const first = (query: string) => Number(Object.values(database.prepare(query).get() ?? {})[0] ?? 0);
  const tables = database
    .prepare("SELECT name FROM sqlite_master WHERE name LIKE 'rec\\_%' ESCAPE '\\'")
    .all();
  const newest = Math.max(0, ...tables.map(({ name }) => first(`SELECT max(lsn) FROM ${name}`)));
  const hasSnapshot = first("SELECT count(*) FROM sqlite_master WHERE name = 'snap'") > 0;
  const behind = newest - (hasSnapshot ? first("SELECT max(lsn) FROM snap") : 0);
  database.close();
  return behind;
}

async function askSleepers(
  client: QueueClient,
  names: ColdQueues,
  startMs: number,
  { workerdPid }: RunningServer,
): Promise<ColdStart> {
  const urlOf = async (QueueName: string) =>
    ((await client.call("GetQueueUrl", { QueueName })) as { QueueUrl: string }).QueueUrl;
  // The catalog's answers are in the Worker's memory after this.
  const urls = { warmUp: await urlOf(names.warmUp), empty: "", backlog: "" };
  const serverMs = performance.now() - startMs;
  urls.empty = await urlOf(names.empty);
  urls.backlog = await urlOf(names.backlog);

  const connection = await HttpConnection.open(client.account.endpoint);
  const receiveMs = async (QueueUrl: string) => {
    const request = client.request("ReceiveMessage", { QueueUrl, VisibilityTimeout: 0 });
    const beganMs = performance.now();
    await exchangeOk(connection, request);
    return performance.now() - beganMs;
  };
  for (let i = 0; i < 50; i++) await receiveMs(urls.warmUp);
  const emptyMs = await receiveMs(urls.empty);
  const backlogMs = await receiveMs(urls.backlog);
  const warm: number[] = [];
  for (let i = 0; i < 20; i++) warm.push(await receiveMs(urls.backlog));
  connection.close();
  return { emptyMs, backlogMs, warmMs: median(warm), serverMs, residentBytes: residentBytes(workerdPid) };
}
