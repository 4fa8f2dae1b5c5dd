import { ok } from "../../lib/result.ts";
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
  // Its settings were just read from the catalog, to be authorized by.
  run: async ({ queue }) => ok({ Tags: new Map(Object.entries(queue.settings.tags ?? {})) }),
});
