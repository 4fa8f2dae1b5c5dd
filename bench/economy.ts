import { drive } from "./closed-loop.ts";
import type { Counters } from "./counted-worker.ts";
import { type Bill, cloudflareBill, sqsBill, type Usage } from "./prices.ts";
import { cpuMs } from "./process-usage.ts";
import type { QueueClient } from "./queue-client.ts";
import type { Cell } from "./side.ts";
import { fill } from "./stock.ts";
import { prepareRequests, stepOf } from "./workload.ts";

export interface Economy {
  readonly cell: Cell;
  readonly usage: Usage;
  readonly bill: Bill;
  /** Dollars for a million messages in SQS. */
  readonly sqs: number;
}

/** Loads of whole life cycles whose price is of interest. One connection finds nobody to share a commit with. */
export function economyCells(bodySizes: readonly number[]): Cell[] {
  return [...bodySizes]
    .reverse()
    .flatMap((bodyBytes) =>
      ([1, 10] as const).flatMap((batch) =>
        [1, 64].map((connections) => ({ operation: "life cycle" as const, batch, bodyBytes, connections })),
      ),
    );
}

/** Has the code compiled before its processor time is taken. */
export async function warmUpEconomy(client: QueueClient): Promise<void> {
  const queueUrl = await client.createQueue("economy-warm-up");
  for (const batch of [1, 10] as const) {
    const step = stepOf(
      { operation: "life cycle", batch, bodyBytes: 200 },
      prepareRequests(client, queueUrl, { batch, bodyBytes: 200 }),
    );
    await drive({ step, endpoint: client.account.endpoint, connections: 16, durationMs: 700, warmUpMs: 0 });
  }
}

/** @param client of a server that runs `counted-worker.ts` */
export async function measureEconomy(
  cell: Cell,
  client: QueueClient,
  pid: number | undefined,
): Promise<Economy> {
  const { endpoint } = client.account;
  const queueUrl = await client.createQueue(`economy-${cell.batch}-${cell.bodyBytes}-${cell.connections}`);
  // Every receive finds a full batch, as that of a busy queue does.
  await fill(client, { queueUrl, bodyBytes: cell.bodyBytes, messages: 10 * cell.connections });
  const readCounters = async () => (await (await fetch(`${endpoint}/bench/counters`)).json()) as Counters;

  const steps = cell.connections === 1 ? 100 : 640;
  const step = stepOf(cell, prepareRequests(client, queueUrl, cell));
  const load = { step, endpoint, connections: cell.connections, durationMs: Infinity, warmUpMs: 0 };
  const before = { counters: await readCounters(), cpuMs: cpuMs(pid) };
  const { allMessages, elapsedMs } = await drive({ ...load, maxSteps: steps });
  const after = { counters: await readCounters(), cpuMs: cpuMs(pid) };

  const usage: Usage = {
    messages: allMessages,
    workerRequests: steps * CALLS_PER_STEP,
    objectRequests: after.counters.objectRequests - before.counters.objectRequests,
    rowsWritten: after.counters.rowsWritten - before.counters.rowsWritten,
    cpuMs: after.cpuMs === undefined || before.cpuMs === undefined ? undefined : after.cpuMs - before.cpuMs,
    activeMs: elapsedMs,
  };
  return { cell, usage, bill: cloudflareBill(usage), sqs: sqsBill(cell) };
}

const CALLS_PER_STEP = 3;
