import type { Catalog } from "../../catalog/catalog.ts";
import { err, ok } from "../../lib/result.ts";
import { queueDoesNotExist } from "../../queue/errors.ts";
import type { QueueSettings } from "../../queue/settings.ts";
import { required, string } from "../../shapes/shape.ts";
import type { ShardClient } from "../../shard/client.ts";
import { queueAction } from "../action.ts";

/**
 * Deletes a queue with all its messages. The catalog lets go of it first, then its shard is emptied; an error in
 * between is the client's to know, for until the shard is reached, who knew the queue may still send to it. The
 * next DeleteQueue or the reaper finishes what is left.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html
 */
export const deleteQueue = queueAction({
  name: "DeleteQueue",
  outlivesClient: true,
  input: { QueueUrl: required(string) },
  output: {},
  run: async ({ queue, nowMs, catalog, shards }) => {
    const deleted = await catalog.deleteQueue(queue.settings, nowMs);
    if (deleted === undefined) return err(queueDoesNotExist);
    const earlier = finishDeletions(nowMs, catalog, shards);
    await shards.remove(deleted);
    await catalog.deletionDone(deleted.uid);
    await earlier;
    return ok({});
  },
});

/** How many deletions that failed before are taken up at once. */
const EARLIER_DELETIONS = 10;

/** Empties the shards of queues whose deletion was cut short. */
export async function finishDeletions(nowMs: number, catalog: Catalog, shards: ShardClient): Promise<void> {
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
