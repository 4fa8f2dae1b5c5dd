import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import type { RunningServer } from "../scripts/server.ts";
import { runScript } from "../scripts/user-error.ts";
import { type ColdQueues, measureColdStart, recordsBehindSnapshot } from "./cold-start.ts";
import { economyCells, measureEconomy, warmUpEconomy } from "./economy.ts";
import { measureFifoBacklog } from "./fifo-backlog.ts";
import {
  allCells,
  type Backlog,
  type CellResult,
  type Field,
  largeMessagesNeeded,
  measureCell,
  warmUp,
} from "./matrix.ts";
import { measurePureCosts } from "./micros.ts";
import { type Options, readOptions } from "./options.ts";
import { measurePolling } from "./pollers.ts";
import { residentBytes } from "./process-usage.ts";
import { QueueClient } from "./queue-client.ts";
import {
  type Memory,
  reportColdStart,
  reportEconomy,
  reportFifoBacklog,
  reportLoad,
  reportMemory,
  reportPolling,
  reportPureCosts,
  reportSecurity,
} from "./report.ts";
import { measureSecurity } from "./security.ts";
import { BACKLOG_BODY_BYTES } from "./side.ts";
import { fill } from "./stock.ts";
import { progress } from "./table.ts";
import { accountFromEnvironment, builtWorker, bundle, localAccount, serve } from "./targets.ts";

/** `npm run bench`: see README.md beside this file. */
await runScript(async () => {
  endQuietlyWhenNobodyReads();
  const options = readOptions(process.argv.slice(2));
  console.log(`Measured on ${cpus().length} cores (${cpus()[0]?.model}), Node ${process.version}.`);
  if (options.endpoint !== undefined) await benchEndpoint(options.endpoint, options);
  else await inTemporaryDirectory((directory) => benchOurs(directory, options));
  progress("done");
  process.exit(0);
});

/** As by `| head`: whoever read the results has gone. */
function endQuietlyWhenNobodyReads(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit(0);
    });
  }
}

/** The load alone: what others cost and hold in memory cannot be seen from outside. */
async function benchEndpoint(endpoint: string, options: Options): Promise<void> {
  const client = new QueueClient(accountFromEnvironment(endpoint));
  const backlog = await prepareBacklog(client, "bench-backlog", options);
  reportLoad(
    await measureLoad({ client, pid: undefined, floor: undefined, backlog, fifo: false }, options),
    options.backlog,
  );
  if (backlog) await client.deleteQueue(backlog.queueUrl);
}

async function benchOurs(directory: string, options: Options): Promise<void> {
  progress("bundling the floor and the counted Worker");
  const [floorScript, countedScript] = await Promise.all([
    bundle("bench/floor/worker.ts", join(directory, "floor-worker")),
    bundle("bench/counted-worker.ts", join(directory, "counted-worker")),
  ]);
  const script = options.worker ?? builtWorker;
  if (options.securityOnly) {
    await benchSecurity(directory, { script, floorScript }, options);
    await withServer(
      () => serve({ script: countedScript, dataDir: join(directory, "counted") }),
      async ({ url }) => reportPureCosts(await measurePureCosts(localAccount(url))),
    );
    return;
  }
  const start = () => serve({ script, dataDir: join(directory, "ours") });

  const memory: Memory[] = [];
  const names = { backlog: "bench-backlog", empty: "cold-empty", warmUp: "cold-warm-up" };
  await withServer(start, async (ours) => {
    const remember = (when: string) => memory.push({ when, bytes: residentBytes(ours.workerdPid) });
    const client = new QueueClient(localAccount(ours.url));
    await useOnce(client, names);
    remember("started");
    const backlog = await prepareBacklog(client, names.backlog, options);
    if (backlog) remember(`${options.backlog} messages sent`);
    await withServer(
      () => serve({ script: floorScript, dataDir: join(directory, "floor") }),
      async (floor) => {
        const besides = { url: floor.url, pid: floor.workerdPid };
        const field = { client, pid: ours.workerdPid, floor: besides, backlog, fifo: true };
        reportLoad(await measureLoad(field, options), options.backlog);
      },
    );
    remember("after all loads above");
  });

  const { fifoBacklog } = options;
  if (fifoBacklog) {
    await withServer(
      () => serve({ script, dataDir: join(directory, "fifo") }),
      async (server) => {
        progress(`FIFO queues with ${fifoBacklog.blocked} and ${fifoBacklog.spread} messages waiting`);
        const side = { client: new QueueClient(localAccount(server.url)), pid: server.workerdPid };
        reportFifoBacklog(await measureFifoBacklog(side, fifoBacklog, options.slices), fifoBacklog);
      },
    );
  }

  await withServer(
    () => serve({ script, dataDir: join(directory, "polling") }),
    async (server) => {
      progress(`${options.pollers} long polls`);
      const { pollers, slices } = options;
      const client = new QueueClient(localAccount(server.url));
      reportPolling(
        await measurePolling(client, server.workerdPid, { pollers, measureMs: slices.measureMs }),
      );
    },
  );

  await benchSecurity(directory, { script, floorScript }, options);

  await withServer(
    () => serve({ script: countedScript, dataDir: join(directory, "counted") }),
    async (counted) => {
      progress("rows, calls and prices");
      const client = new QueueClient(localAccount(counted.url));
      await warmUpEconomy(client);
      const measured = [];
      for (const cell of economyCells(options.bodyBytes)) {
        measured.push(await measureEconomy(cell, client, counted.workerdPid));
      }
      reportEconomy(measured);
      progress("signatures, decisions and seals by themselves");
      reportPureCosts(await measurePureCosts(client.account));
    },
  );

  if (options.backlog > 0) {
    progress("cold starts");
    const cold = await measureColdStart(names, options.restarts, { start, accountOf: localAccount });
    reportColdStart(cold, options.backlog, recordsBehindSnapshot(join(directory, "ours")));
    memory.push({
      when: `started again, one message received of ${options.backlog}`,
      bytes: cold.residentBytes,
    });
  }
  reportMemory(memory);
}

async function benchSecurity(
  directory: string,
  { script, floorScript }: { readonly script: string; readonly floorScript: string },
  { securitySlices }: Options,
): Promise<void> {
  await withServer(
    () => serve({ script, dataDir: join(directory, "security") }),
    (ours) =>
      withServer(
        () => serve({ script: floorScript, dataDir: join(directory, "security-floor") }),
        async (floor) => {
          progress("what security costs");
          const besides = { url: floor.url, pid: floor.workerdPid };
          const servers = { root: localAccount(ours.url), pid: ours.workerdPid, floor: besides };
          reportSecurity(await measureSecurity(servers, securitySlices));
        },
      ),
  );
}

async function measureLoad(field: Field, options: Options): Promise<CellResult[]> {
  progress("warming up");
  await warmUp(field, 2 * options.slices.measureMs);
  const cells = allCells(options.bodyBytes);
  const results: CellResult[] = [];
  for (const [i, cell] of cells.entries()) {
    const { operation, batch, bodyBytes, connections } = cell;
    progress(
      `${i + 1}/${cells.length}: ${operation}, ${batch} a call, ${bodyBytes} B, ${connections} connections`,
    );
    results.push(await measureCell(cell, field, options.slices));
  }
  // Small bodies are the common case; they were measured last.
  return [...results].sort((a, b) => a.cell.bodyBytes - b.cell.bodyBytes);
}

async function prepareBacklog(
  client: QueueClient,
  name: string,
  { backlog: messages, bodyBytes, slices }: Options,
): Promise<Backlog | undefined> {
  if (messages === 0) return undefined;
  const queueUrl = await client.createQueue(name);
  const large = Math.max(...bodyBytes);
  const wanted = largeMessagesNeeded(allCells(bodyBytes), slices);
  if (wanted > 0) progress(`sending ${wanted} messages of ${large} B to the backlog's head`);
  const largeAtHead = await fill(client, { queueUrl, bodyBytes: large, messages: wanted });
  const startMs = Date.now();
  await fill(client, { queueUrl, bodyBytes: BACKLOG_BODY_BYTES, messages }, (sent) => {
    const perSecond = (sent * 1000) / (Date.now() - startMs);
    progress(`backlog: ${sent} of ${messages} messages sent, ${perSecond.toFixed(0)} a second`);
  });
  return { queueUrl, largeAtHead };
}

/** A queue's object begins to exist with its first message. */
async function useOnce(client: QueueClient, names: ColdQueues): Promise<void> {
  for (const name of [names.empty, names.warmUp]) {
    const QueueUrl = await client.createQueue(name);
    await client.call("SendMessage", { QueueUrl, MessageBody: "x" });
    await client.call("PurgeQueue", { QueueUrl });
  }
}

async function withServer(
  start: () => Promise<RunningServer>,
  use: (server: RunningServer) => Promise<void>,
): Promise<void> {
  const server = await start();
  try {
    await use(server);
  } finally {
    await server.stop();
  }
}

async function inTemporaryDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "edge-sqs-bench-"));
  // Not in a `finally`: Ctrl-C ends the process without one.
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  await use(directory);
}
