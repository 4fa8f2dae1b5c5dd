import { performance } from "node:perf_hooks";
import { drive, median, openConnections, percentile, type Sample } from "./closed-loop.ts";
import { HttpConnection } from "./http-connection.ts";
import { residentBytes } from "./process-usage.ts";
import { exchangeOk, type QueueClient } from "./queue-client.ts";
import { prepareRequests, receiptHandlesIn, stepOf } from "./workload.ts";

export interface Polling {
  readonly pollers: number;
  /** Sends to another queue, from 16 connections, without and with those that wait. */
  readonly without: Sample;
  readonly with: Sample;
  /** From the moment a message is sent to the queue they wait at, until one of them has it. */
  readonly wakeP50Ms: number;
  readonly wakeP99Ms: number;
  readonly bytesPerPoller: number;
}

/**
 * Lets many clients wait at one empty queue by long polls, and looks what that does to the others.
 *
 * @param client of a server that was started for this: what it holds in memory should be theirs
 */
export async function measurePolling(
  client: QueueClient,
  pid: number | undefined,
  options: { readonly pollers: number; readonly measureMs: number },
): Promise<Polling> {
  const busyUrl = await client.createQueue("polling-busy");
  const quietUrl = await client.createQueue("polling-quiet");
  const workload = { operation: "send", batch: 1, bodyBytes: 200 } as const;
  const step = stepOf(workload, prepareRequests(client, busyUrl, workload));
  const send = (connections = 16) =>
    drive({
      step,
      endpoint: client.account.endpoint,
      connections,
      durationMs: options.measureMs,
      warmUpMs: 200,
    });

  for (let i = 0; i < 3; i++) await send(64);
  const without = [await send()];
  const before = residentBytes(pid);
  const crowd = await gather(client, quietUrl, options.pollers);
  const bytesPerPoller = (residentBytes(pid) - before) / options.pollers;
  const withThem = [await send(), await send(), await send()];
  const wakes: number[] = [];
  for (let i = 0; i < 30; i++) wakes.push(await crowd.wake());
  await crowd.disperse();
  // Before and after: the machine's speed may have drifted meanwhile.
  without.push(await send(), await send());
  await client.deleteQueue(busyUrl);
  await client.deleteQueue(quietUrl);
  const sorted = Float64Array.from(wakes).sort();
  return {
    pollers: options.pollers,
    without: middleOf(without),
    with: middleOf(withThem),
    wakeP50Ms: percentile(sorted, 0.5),
    wakeP99Ms: percentile(sorted, 0.99),
    bytesPerPoller,
  };
}

/** Clients that each poll for 20 seconds, again and again. */
async function gather(client: QueueClient, queueUrl: string, count: number) {
  const { send, deletion } = prepareRequests(client, queueUrl, { batch: 1, bodyBytes: 200 });
  const poll = client.request("ReceiveMessage", { QueueUrl: queueUrl, WaitTimeSeconds: 20 });
  const pollers = await openConnections(client.account.endpoint, count);
  let dispersing = false;
  let heard: (atMs: number) => void = () => undefined;
  const polling = pollers.map(async (connection) => {
    while (!dispersing) {
      const handles = receiptHandlesIn(await exchangeOk(connection, poll));
      if (handles.length === 0) continue;
      heard(performance.now());
      await exchangeOk(connection, deletion(handles));
    }
  });
  const settled = Promise.allSettled(polling);
  const oneFailed = Promise.all(polling).then(() => Promise.reject(new Error("nobody waits any more")));
  oneFailed.catch(() => undefined);
  await allWait(client, queueUrl);
  return {
    async wake(): Promise<number> {
      const { promise, resolve } = Promise.withResolvers<number>();
      heard = resolve;
      const sender = await HttpConnection.open(client.account.endpoint);
      const sentMs = performance.now();
      const sent = exchangeOk(sender, send());
      const wokenMs = await Promise.race([promise, oneFailed]);
      await sent;
      sender.close();
      return wokenMs - sentMs;
    },
    async disperse() {
      dispersing = true;
      for (const connection of pollers) connection.close();
      await settled;
    },
  };
}

/** A call that is answered has been behind all polls that were made before it; twice, to pass the doorbells too. */
async function allWait(client: QueueClient, QueueUrl: string): Promise<void> {
  for (let i = 0; i < 2; i++) await client.call("GetQueueAttributes", { QueueUrl, AttributeNames: ["All"] });
}

function middleOf(samples: readonly Sample[]): Sample {
  const middle = median(samples.map(({ perSecond }) => perSecond));
  const found = samples.find((sample) => sample.perSecond === middle);
  if (!found) throw new Error("there is no median of nothing");
  return found;
}
