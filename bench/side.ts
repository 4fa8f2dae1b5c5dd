import { drive, median, mergeLatencies, percentile, type Sample, type Step } from "./closed-loop.ts";
import { cpuMs } from "./process-usage.ts";
import type { QueueClient } from "./queue-client.ts";
import { fill } from "./stock.ts";
import { type GroupOf, prepareRequests, type Requests, stepOf, type Workload } from "./workload.ts";

export interface Cell extends Workload {
  readonly connections: number;
}

/** How long each cell is measured: the sides in turn, `rounds` times, because a machine's speed drifts. */
export interface Slices {
  readonly rounds: number;
  readonly measureMs: number;
  readonly warmUpMs: number;
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

/** Whom a slice of load drives. */
export interface Side {
  readonly url: string;
  readonly pid: number | undefined;
  readonly step: Step;
  /** The slice ends early when so many were received, because then nothing is left. */
  readonly maxMessages?: number;
}

export interface Timed extends Sample {
  readonly cpuMs: number | undefined;
}

export async function driveSlice(side: Side, cell: Cell, slices: Slices): Promise<Timed> {
  const { url: endpoint, pid, step, maxMessages } = side;
  const { measureMs: durationMs, warmUpMs } = slices;
  const maxSteps = maxMessages === undefined ? {} : { maxSteps: Math.floor(maxMessages / cell.batch) };
  const before = cpuMs(pid);
  const load = { step, endpoint, connections: cell.connections, durationMs, warmUpMs };
  const sample = await drive({ ...load, ...maxSteps });
  const after = cpuMs(pid);
  return { ...sample, cpuMs: before === undefined || after === undefined ? undefined : after - before };
}

/** A queue whose cells that only receive find just what was sent for them, right before the clock runs. */
export class RefilledQueue {
  readonly requests: Requests;
  readonly #queue: RefilledQueueOptions;
  readonly #samples: Timed[] = [];
  #stock = 0;

  constructor(queue: RefilledQueueOptions) {
    this.#queue = queue;
    this.requests = prepareRequests(queue.client, queue.queueUrl, queue.cell, queue.groupOf);
  }

  async measureSlice(slices: Slices): Promise<void> {
    const { client, queueUrl, cell, pid, groupOf } = this.#queue;
    const side = { url: client.account.endpoint, pid, step: stepOf(cell, this.requests) };
    if (cell.operation !== "receive+delete") {
      this.#samples.push(await driveSlice(side, cell, slices));
      return;
    }
    const messages = expectedMessages(cell, slices, this.#samples) - this.#stock;
    this.#stock += await fill(client, { queueUrl, bodyBytes: cell.bodyBytes, messages, groupOf });
    const taken = await driveSlice({ ...side, maxMessages: this.#stock }, cell, slices);
    this.#stock -= taken.allMessages;
    this.#samples.push(taken);
  }

  measured(): Measured {
    return summarize(this.#samples);
  }
}

export interface RefilledQueueOptions {
  readonly client: QueueClient;
  readonly queueUrl: string;
  readonly pid: number | undefined;
  readonly cell: Cell;
  /** Of a FIFO queue. */
  readonly groupOf?: GroupOf;
}

export function summarize(samples: readonly Timed[]): Measured {
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

/** Small enough that a million messages of it are filled in a minute or two. */
export const BACKLOG_BODY_BYTES = 200;

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
