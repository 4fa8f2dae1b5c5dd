import { err, ok } from "../../lib/result.ts";
import { sqsError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { required, string } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";

/**
 * Deletes every message sent before the call, in flight and delayed ones too.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html
 */
export const purgeQueue = queueAction({
  name: "PurgeQueue",
  asksShardFirst: true,
  input: { QueueUrl: required(string) },
  output: {},
  run: async ({ queue, strictTiming }) => {
    const purge = await queue.call({ kind: "purge", minIntervalMs: strictTiming ? limits.strictWaitMs : 0 });
    if (purge.accepted) return ok({});
    return err(
      sqsError(
        "PurgeQueueInProgress",
        `Only one PurgeQueue operation on ${queue.settings.name} is allowed every 60 seconds.`,
      ),
    );
  },
});
