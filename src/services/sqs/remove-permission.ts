import { ok } from "../../lib/result.ts";
import { withoutGrant } from "../../queue/permissions.ts";
import { required, string } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import { changePolicy } from "./change-policy.ts";

/**
 * Takes the statements of a label out of the queue's policy, whoever put them there.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_RemovePermission.html
 */
export const removePermission = queueAction({
  name: "RemovePermission",
  outlivesClient: true,
  input: { QueueUrl: required(string), Label: required(string) },
  output: {},
  run: async ({ input, queue, ...context }) => {
    const changed = await changePolicy(queue.settings, context, (policy) =>
      withoutGrant(policy, input.Label),
    );
    return changed.ok ? ok({}) : changed;
  },
});
