import { err, ok } from "../../lib/result.ts";
import { queueDoesNotExist } from "../../queue/errors.ts";
import { optional, required, string } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import { tagMap } from "./queue-shapes.ts";

/**
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueueTags.html
 */
export const listQueueTags = queueAction({
  name: "ListQueueTags",
  input: { QueueUrl: required(string) },
  output: { Tags: optional(tagMap) },
  run: async ({ queue, catalog }) => {
    const tags = await catalog.tags(queue.settings);
    return tags === undefined ? err(queueDoesNotExist) : ok({ Tags: tags });
  },
});
