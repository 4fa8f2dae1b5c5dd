import { err, ok } from "../../lib/result.ts";
import { queueDoesNotExist } from "../../queue/errors.ts";
import { tagKeysProblem } from "../../queue/tags.ts";
import { list, required, string } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";

/**
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_UntagQueue.html
 */
export const untagQueue = queueAction({
  name: "UntagQueue",
  input: { QueueUrl: required(string), TagKeys: required(list(string, { queryName: "TagKey" })) },
  output: {},
  run: async ({ input, queue, catalog }) => {
    const problem = tagKeysProblem(input.TagKeys);
    if (problem !== undefined) return err(problem);
    const outcome = await catalog.removeTags(queue.settings, input.TagKeys);
    return outcome === "removed" ? ok({}) : err(queueDoesNotExist);
  },
});
