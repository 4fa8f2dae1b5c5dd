import { err, ok } from "../../lib/result.ts";
import { queueDoesNotExist } from "../../queue/errors.ts";
import { tagsProblem, tooManyTags } from "../../queue/tags.ts";
import { required, string } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import { tagMap } from "./queue-shapes.ts";

/**
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_TagQueue.html
 */
export const tagQueue = queueAction({
  name: "TagQueue",
  outlivesClient: true,
  // Some clients that speak Query number the parameter `Tags.1.Key`.
  input: { QueueUrl: required(string), Tags: required(tagMap, "Tags") },
  output: {},
  requestTags: ({ Tags }) => Tags,
  run: async ({ input, queue, catalog, shards }) => {
    const problem = tagsProblem(input.Tags, queue.settings.name);
    if (problem !== undefined) return err(problem);
    const merged = await catalog.mergeTags(queue.settings, input.Tags);
    if (merged === "tooMany") return err(tooManyTags(queue.settings.name));
    // Policies may ask for tags: the shard is told, so that the next request is judged by these.
    return merged !== "noQueue" && (await shards.configure(merged)) ? ok({}) : err(queueDoesNotExist);
  },
});
