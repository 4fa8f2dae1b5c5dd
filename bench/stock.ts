import { drive, type Sample } from "./closed-loop.ts";
import type { QueueClient } from "./queue-client.ts";
import { type GroupOf, prepareRequests, stepOf, type Workload } from "./workload.ts";

export interface Portion {
  readonly queueUrl: string;
  readonly bodyBytes: number;
  readonly messages: number;
  /** Of a FIFO queue. */
  readonly groupOf?: GroupOf | undefined;
}

/** Sends messages in batches of ten over many connections. @returns how many were sent */
export async function fill(
  client: QueueClient,
  { messages, ...queue }: Portion,
  onProgress: (sent: number) => void = () => undefined,
): Promise<number> {
  let sent = 0;
  while (sent < messages) {
    // Bit by bit: a request's signature holds for a quarter of an hour.
    const part = { ...queue, messages: Math.min(messages - sent, 50_000) };
    sent += (await move(client, "send", part)).allMessages;
    onProgress(sent);
  }
  return sent;
}

/** Receives and deletes messages from the head of a queue. */
export async function drain(client: QueueClient, portion: Portion): Promise<void> {
  await move(client, "receive+delete", portion);
}

function move(client: QueueClient, operation: Workload["operation"], portion: Portion): Promise<Sample> {
  const workload = { operation, batch: 10, bodyBytes: portion.bodyBytes } as const;
  return drive({
    step: stepOf(workload, prepareRequests(client, portion.queueUrl, workload, portion.groupOf)),
    endpoint: client.account.endpoint,
    connections: 32,
    durationMs: Infinity,
    warmUpMs: 0,
    maxSteps: Math.ceil(portion.messages / workload.batch),
  });
}
