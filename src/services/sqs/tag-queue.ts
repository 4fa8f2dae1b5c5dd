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
  // Some clients that speak Query number the parameter `Tags.1.Key`.
  input: { QueueUrl: required(string), Tags: required(tagMap, "Tags") },
  output: {},
  run: async ({ input, queue, catalog }) => {
    const problem = tagsProblem(input.Tags, queue.settings.name);
    if (problem !== undefined) return err(problem);
    switch (await catalog.mergeTags(queue.settings, input.Tags)) {
      case "merged":
        return ok({});
      case "tooMany":
        return err(tooManyTags(queue.settings.name));
      case "noQueue":
        return err(queueDoesNotExist);
    }
  },
});
