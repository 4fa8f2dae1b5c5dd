import type { Catalog } from "../../catalog/catalog.ts";
import { err, ok } from "../../lib/result.ts";
import { queueDoesNotExist } from "../../queue/errors.ts";
import type { QueueSettings } from "../../queue/settings.ts";
import { required, string } from "../../shapes/shape.ts";
import type { ShardClient } from "../../shard/client.ts";
import { queueAction } from "../action.ts";

/**
 * Deletes a queue with all its messages. Once the catalog has let go of it the queue is gone; if its shard
 * cannot be emptied now, a later DeleteQueue does that, so the client need not hear of it.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html
 */
export const deleteQueue = queueAction({
  name: "DeleteQueue",
  input: { QueueUrl: required(string) },
  output: {},
  run: async ({ queue, nowMs, catalog, shards }) => {
    const deleted = await catalog.deleteQueue(queue.settings, nowMs);
    if (deleted === undefined) return err(queueDoesNotExist);
    await Promise.all([empty(deleted, catalog, shards), finishEarlierDeletions(nowMs, catalog, shards)]);
    return ok({});
  },
});

/** How many deletions that failed before are taken up with each that succeeds. */
const EARLIER_DELETIONS = 10;

async function finishEarlierDeletions(nowMs: number, catalog: Catalog, shards: ShardClient): Promise<void> {
  try {
    const pending = await catalog.pendingDeletions(EARLIER_DELETIONS, nowMs);
    await Promise.all(pending.map((settings) => empty(settings, catalog, shards)));
  } catch (cause) {
    console.warn("sqs: earlier deletions could not be taken up", cause);
  }
}

async function empty(settings: QueueSettings, catalog: Catalog, shards: ShardClient): Promise<void> {
  try {
    await shards.remove(settings);
    await catalog.deletionDone(settings.uid);
  } catch (cause) {
    console.warn("sqs: a deleted queue is not emptied yet", settings.uid, cause);
  }
}
