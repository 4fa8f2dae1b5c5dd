import { teachFloor } from "./floor.ts";
import type { QueueClient } from "./queue-client.ts";
import {
  BACKLOG_BODY_BYTES,
  type Cell,
  driveSlice,
  type Measured,
  RefilledQueue,
  type Slices,
  summarize,
  type Timed,
} from "./side.ts";
import { drain } from "./stock.ts";
import { inTurn, prepareRequests, stepOf } from "./workload.ts";

/** What is compared. */
export interface Field {
  readonly client: QueueClient;
  readonly pid: number | undefined;
  readonly floor: { readonly url: string; readonly pid: number | undefined } | undefined;
  readonly backlog: Backlog | undefined;
  /** Whether FIFO queues are driven, too. */
  readonly fifo: boolean;
}

export interface Backlog {
  readonly queueUrl: string;
  /** Large messages that wait before all others, for the cells that receive such. */
  largeAtHead: number;
}

export interface CellResult {
  readonly cell: Cell;
  readonly floor: Measured | undefined;
  readonly empty: Measured;
  readonly backlog: Measured | undefined;
  /** At a FIFO queue that holds nothing but what the load itself leaves there. */
  readonly fifo: Measured | undefined;
}

/** Large bodies first: those that wait at the backlog's head are used up then. */
export function allCells(bodySizes: readonly number[]): Cell[] {
  return bodySizes.flatMap((bodyBytes) =>
    (["send", "receive+delete", "life cycle"] as const).flatMap((operation) =>
      ([1, 10] as const).flatMap((batch) =>
        connectionsFor(bodyBytes).map((connections) => ({ operation, batch, bodyBytes, connections })),
      ),
    ),
  );
}

/** 64 connections of ten large bodies each keep 42 MB on their way, and a slice waiting for seconds. */
function connectionsFor(bodyBytes: number): readonly number[] {
  return bodyBytes > BACKLOG_BODY_BYTES ? [1, 16] : [1, 16, 64];
}

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
  const { client, pid, floor, backlog } = field;
  // Queues for each cell, so that what one leaves behind is nobody's backlog.
  const name = `bench-${process.pid}-${queues++}`;
  const queueUrl = await client.createQueue(name);
  const empty = new RefilledQueue({ client, queueUrl, pid, cell });
  const fifoUrl = field.fifo && hasFifoRow(cell) ? await client.createQueue(`${name}.fifo`) : undefined;
  const fifo =
    fifoUrl === undefined
      ? undefined
      : new RefilledQueue({ client, queueUrl: fifoUrl, pid, cell, groupOf: inTurn(FIFO_GROUPS) });
  if (floor) await teachFloor({ ours: client.account.endpoint, floor: floor.url }, empty.requests, cell);

  const samples = { floor: [] as Timed[], backlog: [] as Timed[] };
  for (let round = 0; round < slices.rounds; round++) {
    if (floor) {
      samples.floor.push(await driveSlice({ ...floor, step: stepOf(cell, empty.requests) }, cell, slices));
    }
    await empty.measureSlice(slices);
    await fifo?.measureSlice(slices);
    if (backlog) samples.backlog.push(await sliceOfBacklog(backlog, cell, field, slices));
  }
  await client.deleteQueue(queueUrl);
  if (fifoUrl) await client.deleteQueue(fifoUrl);
  return {
    cell,
    floor: floor && summarize(samples.floor),
    empty: empty.measured(),
    backlog: backlog && summarize(samples.backlog),
    fifo: fifo?.measured(),
  };
}

/** More than the 640 messages that 64 connections hold at a time: one in flight blocks its group. */
export const FIFO_GROUPS = 1000;

/** One client alone shares no commit, in a FIFO queue as in a standard one. */
function hasFifoRow({ bodyBytes, connections }: Cell): boolean {
  return bodyBytes <= BACKLOG_BODY_BYTES && connections > 1;
}

async function sliceOfBacklog(queue: Backlog, cell: Cell, field: Field, slices: Slices): Promise<Timed> {
  const { client, pid } = field;
  const { queueUrl } = queue;
  const step = stepOf(cell, prepareRequests(client, queueUrl, cell));
  const side = { url: client.account.endpoint, pid, step };
  if (cell.operation === "send") return await driveSlice(side, cell, slices);
  if (cell.bodyBytes > BACKLOG_BODY_BYTES) {
    const maxMessages = Math.min(queue.largeAtHead, largePerSlice(cell));
    const sample = await driveSlice({ ...side, maxMessages }, cell, slices);
    queue.largeAtHead -= sample.allMessages;
    return sample;
  }
  const { largeAtHead: messages } = queue;
  queue.largeAtHead = 0;
  if (messages > 0) await drain(client, { queueUrl, bodyBytes: cell.bodyBytes, messages });
  return await driveSlice(side, cell, slices);
}
