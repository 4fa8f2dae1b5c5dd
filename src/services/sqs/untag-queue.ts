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
  outlivesClient: true,
  input: { QueueUrl: required(string), TagKeys: required(list(string, { queryName: "TagKey" })) },
  output: {},
  requestTags: ({ TagKeys }) => TagKeys.map((key) => [key, undefined]),
  run: async ({ input, queue, catalog, shards }) => {
    const problem = tagKeysProblem(input.TagKeys);
    if (problem !== undefined) return err(problem);
    const removed = await catalog.removeTags(queue.settings, input.TagKeys);
    return removed !== "noQueue" && (await shards.configure(removed)) ? ok({}) : err(queueDoesNotExist);
  },
});
