import { drive, median, mergeLatencies, percentile, type Sample, type Step } from "./closed-loop.ts";
import { teachFloor } from "./floor.ts";
import { cpuMs } from "./process-usage.ts";
import type { QueueClient } from "./queue-client.ts";
import { drain, fill } from "./stock.ts";
import { prepareRequests, stepOf, type Workload } from "./workload.ts";

export interface Cell extends Workload {
  readonly connections: number;
}

/** How long each cell is measured: the sides in turn, `rounds` times, because a machine's speed drifts. */
export interface Slices {
  readonly rounds: number;
  readonly measureMs: number;
  readonly warmUpMs: number;
}

/** What is compared. */
export interface Field {
  readonly client: QueueClient;
  readonly pid: number | undefined;
  readonly floor: { readonly url: string; readonly pid: number | undefined } | undefined;
  readonly backlog: Backlog | undefined;
}

export interface Backlog {
  readonly queueUrl: string;
  /** Large messages that wait before all others, for the cells that receive such. */
  largeAtHead: number;
}

/** One side of a cell, over all rounds. */
export interface Measured {
  /** Messages; the median of the rounds. */
  readonly perSecond: number;
  /** Of a client's step: for a life cycle its three calls. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the server's process per message; undefined where the system does not tell. */
  readonly cpuMicros: number | undefined;
  readonly failures: number;
  readonly firstFailure: string | undefined;
  readonly generatorBusy: number;
}

export interface CellResult {
  readonly cell: Cell;
  readonly floor: Measured | undefined;
  readonly empty: Measured;
  readonly backlog: Measured | undefined;
}

/** Large bodies first: those that wait at the backlog's head are used up then. */
export function allCells(bodySizes: readonly number[]): Cell[] {
  return bodySizes.flatMap((bodyBytes) =>
    (["send", "receive+delete", "life cycle"] as const).flatMap((operation) =>
      ([1, 10] as const).flatMap((batch) =>
        [1, 16, 64].map((connections) => ({ operation, batch, bodyBytes, connections })),
      ),
    ),
  );
}

/** Small enough that a million messages of it are filled in a minute or two. */
export const BACKLOG_BODY_BYTES = 200;

/** How many large messages the cells that receive from the backlog will take. */
export function largeMessagesNeeded(cells: readonly Cell[], { rounds }: Slices): number {
  return cells
    .filter(({ operation, bodyBytes }) => operation !== "send" && bodyBytes > BACKLOG_BODY_BYTES)
    .reduce((sum, cell) => sum + rounds * largePerSlice(cell), 0);
}

/** A slice that has taken so many ends early: as few as tell something, for they fill gigabytes. */
function largePerSlice({ connections, batch }: Cell): number {
  return Math.max(300, connections * batch * 4);
}

let queues = 0;

/** Runs every kind of call for a while, so that the first cells meet code that is compiled already. */
export async function warmUp(field: Field, durationMs: number): Promise<void> {
  const cells = ([1, 10] as const).map((batch) => ({ batch, bodyBytes: 200, connections: 16 }));
  for (const cell of cells) {
    const slices = { rounds: 1, measureMs: durationMs, warmUpMs: 0 };
    await measureCell({ ...cell, operation: "life cycle" }, { ...field, backlog: undefined }, slices);
  }
}

export async function measureCell(cell: Cell, field: Field, slices: Slices): Promise<CellResult> {
  const { client, floor, backlog } = field;
  const endpoint = client.account.endpoint;
  // A queue for each cell, so that what one leaves behind is nobody's backlog.
  const queueUrl = await client.createQueue(`bench-${process.pid}-${queues++}`);
  const atEmpty = prepareRequests(client, queueUrl, cell);
  if (floor) await teachFloor({ ours: endpoint, floor: floor.url }, atEmpty, cell);

  const samples = { floor: [] as Timed[], empty: [] as Timed[], backlog: [] as Timed[] };
  const slice = (side: { url: string; pid: number | undefined; step: Step; maxMessages?: number }) => {
    const { url, pid, step, maxMessages } = side;
    const maxSteps = maxMessages === undefined ? {} : { maxSteps: Math.floor(maxMessages / cell.batch) };
    const { measureMs: durationMs, warmUpMs } = slices;
    return timed(pid, () =>
      drive({ step, endpoint: url, connections: cell.connections, durationMs, warmUpMs, ...maxSteps }),
    );
  };

  let stock = 0;
  for (let round = 0; round < slices.rounds; round++) {
    if (floor) samples.floor.push(await slice({ ...floor, step: stepOf(cell, atEmpty) }));

    if (cell.operation === "receive+delete") {
      const wanted = expectedMessages(cell, slices, samples.empty);
      stock += await fill(client, { queueUrl, bodyBytes: cell.bodyBytes, messages: wanted - stock });
    }
    const limit = cell.operation === "receive+delete" ? { maxMessages: stock } : {};
    const taken = await slice({ url: endpoint, pid: field.pid, step: stepOf(cell, atEmpty), ...limit });
    stock -= taken.allMessages;
    samples.empty.push(taken);

    if (backlog) samples.backlog.push(await sliceOfBacklog(backlog));
  }
  await client.deleteQueue(queueUrl);
  return {
    cell,
    floor: floor && summarize(samples.floor),
    empty: summarize(samples.empty),
    backlog: backlog && summarize(samples.backlog),
  };

  async function sliceOfBacklog(queue: Backlog): Promise<Timed> {
    const step = stepOf(cell, prepareRequests(client, queue.queueUrl, cell));
    const side = { url: endpoint, pid: field.pid, step };
    if (cell.operation === "send") return await slice(side);
    if (cell.bodyBytes > BACKLOG_BODY_BYTES) {
      const sample = await slice({
        ...side,
        maxMessages: Math.min(queue.largeAtHead, largePerSlice(cell)),
      });
      queue.largeAtHead -= sample.allMessages;
      return sample;
    }
    const { largeAtHead: messages } = queue;
    queue.largeAtHead = 0;
    if (messages > 0) await drain(client, { queueUrl: queue.queueUrl, bodyBytes: cell.bodyBytes, messages });
    return await slice(side);
  }
}

interface Timed extends Sample {
  readonly cpuMs: number | undefined;
}

async function timed(pid: number | undefined, run: () => Promise<Sample>): Promise<Timed> {
  const before = cpuMs(pid);
  const sample = await run();
  const after = cpuMs(pid);
  return { ...sample, cpuMs: before === undefined || after === undefined ? undefined : after - before };
}

/** What a slice of receives will take, so that it does not run dry; by guess before anything was measured. */
function expectedMessages(
  { batch, bodyBytes, connections }: Cell,
  slices: Slices,
  measured: readonly Sample[],
): number {
  const guess = (batch === 1 ? 3000 : 12_000) / (bodyBytes > BACKLOG_BODY_BYTES ? 6 : 1);
  const rate = measured.length === 0 ? guess : 1.3 * Math.max(...measured.map(({ perSecond }) => perSecond));
  return Math.max(connections * batch * 5, Math.ceil((rate * (slices.measureMs + slices.warmUpMs)) / 1000));
}

function summarize(samples: readonly Timed[]): Measured {
  const latencies = mergeLatencies(samples);
  const cpu = samples.map(({ cpuMs: ms, allMessages }) => ms !== undefined && (ms * 1000) / allMessages);
  const known = cpu.filter((micros) => micros !== false);
  return {
    perSecond: median(samples.map(({ perSecond }) => perSecond)),
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    cpuMicros: known.length > 0 ? median(known) : undefined,
    failures: samples.reduce((sum, { failures }) => sum + failures, 0),
    firstFailure: samples.find(({ firstFailure }) => firstFailure !== undefined)?.firstFailure,
    generatorBusy: Math.max(...samples.map(({ generatorBusy }) => generatorBusy)),
  };
}
