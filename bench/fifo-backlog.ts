import { FIFO_GROUPS } from "./matrix.ts";
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
import { fill } from "./stock.ts";
import { inTurn, prepareRequests, stepOf } from "./workload.ts";

export interface FifoBacklogOptions {
  /** Messages of one blocked group that wait before all others. */
  readonly blocked: number;
  /** Messages spread over `groups` groups, none of them blocked. */
  readonly spread: number;
  readonly groups: number;
}

/**
 * SQS looks at 120,000 messages for a group that may deliver, and so do we. What a receive should find has to lie
 * within: this leaves room for a thousand, more than all connections together take at once.
 */
export const MAX_BLOCKED = 119_000;

/** Receive and delete at three FIFO queues in turn. */
export interface FifoBacklogResult {
  readonly cell: Cell;
  /** Holds only what is received. */
  readonly empty: Measured;
  readonly blocked: Measured;
  readonly spread: Measured;
}

export interface FifoBacklogResults {
  readonly cells: readonly FifoBacklogResult[];
  /** Of the first receive that has to look past all blocked messages; later ones know them. */
  readonly firstLookMs: number;
}

/** Fills the queues, measures, and deletes them. */
export async function measureFifoBacklog(
  { client, pid }: { readonly client: QueueClient; readonly pid: number | undefined },
  options: FifoBacklogOptions,
  slices: Slices,
): Promise<FifoBacklogResults> {
  const empty = await client.createQueue("bench-fifo-empty.fifo");
  const { queueUrl: blocked, firstLookMs } = await blockedQueue(client, options);
  const spread = await client.createQueue("bench-fifo-spread.fifo");
  const portion = { queueUrl: spread, bodyBytes: BACKLOG_BODY_BYTES, messages: options.spread };
  await fill(client, { ...portion, groupOf: inTurn(options.groups) });

  const results: FifoBacklogResult[] = [];
  for (const cell of cells) {
    const groupOf = inTurn(FIFO_GROUPS);
    const atEmpty = new RefilledQueue({ client, pid, queueUrl: empty, cell, groupOf });
    const behind = new RefilledQueue({ client, pid, queueUrl: blocked, cell, groupOf });
    const step = stepOf(cell, prepareRequests(client, spread, cell));
    const samples: Timed[] = [];
    for (let round = 0; round < slices.rounds; round++) {
      await atEmpty.measureSlice(slices);
      await behind.measureSlice(slices);
      samples.push(await driveSlice({ url: client.account.endpoint, pid, step }, cell, slices));
    }
    results.push({
      cell,
      empty: atEmpty.measured(),
      blocked: behind.measured(),
      spread: summarize(samples),
    });
  }
  for (const queueUrl of [empty, blocked, spread]) await client.deleteQueue(queueUrl);
  return { cells: results, firstLookMs };
}

const cells: readonly Cell[] = ([1, 10] as const).map((batch) => ({
  operation: "receive+delete",
  batch,
  bodyBytes: BACKLOG_BODY_BYTES,
  connections: 16,
}));

/** One message in flight keeps all others of its group from being delivered. */
async function blockedQueue(client: QueueClient, { blocked }: FifoBacklogOptions) {
  const queueUrl = await client.createQueue("bench-fifo-blocked.fifo");
  const portion = { queueUrl, bodyBytes: BACKLOG_BODY_BYTES, messages: blocked };
  await fill(client, { ...portion, groupOf: () => "blocked" });
  await client.call("ReceiveMessage", { QueueUrl: queueUrl, MaxNumberOfMessages: 1 });
  await fill(client, { ...portion, messages: 10, groupOf: () => "behind" });
  const beganMs = performance.now();
  await client.call("ReceiveMessage", { QueueUrl: queueUrl, MaxNumberOfMessages: 10 });
  return { queueUrl, firstLookMs: performance.now() - beganMs };
}
