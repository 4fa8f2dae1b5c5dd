import type { Buffer } from "node:buffer";
import type { Step } from "./closed-loop.ts";
import type { HttpConnection } from "./http-connection.ts";
import { exchangeOk, type QueueClient } from "./queue-client.ts";

export type Operation = "send" | "receive+delete" | "life cycle";

export interface Workload {
  readonly operation: Operation;
  /** Messages in a call: 1 uses the single actions, 10 the batch actions. */
  readonly batch: 1 | 10;
  readonly bodyBytes: number;
}

/** The message group of each message sent, by a number that grows. Given for FIFO queues alone. */
export type GroupOf = (message: number) => string;

/** @returns messages in turn for each of so many groups */
export function inTurn(groups: number): GroupOf {
  return (message) => `group-${message % groups}`;
}

/** What the steps of a workload need that can be made before the clock runs. */
export interface Requests {
  readonly send: () => Buffer;
  readonly receive: Buffer;
  readonly deletion: (handles: readonly string[]) => Buffer;
}

/**
 * Sends and receives are signed once and sent again and again, as a signature holds for 15 minutes. A delete
 * names its receipt handles and is signed as it goes; so is a send to a FIFO queue, which would drop the same
 * message sent again as a duplicate.
 */
export function prepareRequests(
  client: QueueClient,
  queueUrl: string,
  { batch, bodyBytes }: Pick<Workload, "batch" | "bodyBytes">,
  groupOf?: GroupOf,
): Requests {
  const QueueUrl = queueUrl;
  const MessageBody = "x".repeat(bodyBytes);
  const message = () => (groupOf ? { MessageBody, ...fifoIds(groupOf) } : { MessageBody });
  const perSend = (make: () => Buffer) => {
    if (groupOf) return make;
    const signedOnce = make();
    return () => signedOnce;
  };
  const receive = client.request("ReceiveMessage", {
    QueueUrl,
    MaxNumberOfMessages: batch,
    WaitTimeSeconds: 0,
  });
  if (batch === 1) {
    return {
      send: perSend(() => client.request("SendMessage", { QueueUrl, ...message() })),
      receive,
      deletion: ([ReceiptHandle]) => client.request("DeleteMessage", { QueueUrl, ReceiptHandle }),
    };
  }
  const entries = () => Array.from({ length: batch }, (_, i) => ({ Id: `${i}`, ...message() }));
  return {
    send: perSend(() => client.request("SendMessageBatch", { QueueUrl, Entries: entries() })),
    receive,
    deletion: (handles) =>
      client.request("DeleteMessageBatch", {
        QueueUrl,
        Entries: handles.map((ReceiptHandle, i) => ({ Id: `${i}`, ReceiptHandle })),
      }),
  };
}

let fifoMessages = 0;

function fifoIds(groupOf: GroupOf) {
  const number = fifoMessages++;
  return { MessageGroupId: groupOf(number), MessageDeduplicationId: `${process.pid}-${number}` };
}

/** One step of a client of this workload. A receive that finds nothing counts as no message. */
export function stepOf({ operation, batch }: Workload, requests: Requests): Step {
  const send = async (connection: HttpConnection) => {
    await exchangeOk(connection, requests.send());
    return batch;
  };
  const receiveAndDelete = async (connection: HttpConnection) => {
    const handles = receiptHandlesIn(await exchangeOk(connection, requests.receive));
    if (handles.length === 0) return 0;
    await exchangeOk(connection, requests.deletion(handles));
    return handles.length;
  };
  switch (operation) {
    case "send":
      return send;
    case "receive+delete":
      return receiveAndDelete;
    case "life cycle":
      return async (connection) => {
        await send(connection);
        return await receiveAndDelete(connection);
      };
  }
}

/** Found without parsing, for ten messages of 64 KiB would cost the load generator milliseconds. */
export function receiptHandlesIn(answer: Buffer): string[] {
  const handles: string[] = [];
  for (let at = answer.indexOf(KEY); at >= 0; at = answer.indexOf(KEY, at)) {
    const from = answer.indexOf('"', at + KEY.length) + 1;
    const to = answer.indexOf('"', from);
    handles.push(answer.toString("latin1", from, to));
    at = to;
  }
  return handles;
}

const KEY = '"ReceiptHandle"';
