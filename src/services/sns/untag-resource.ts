import { err, ok } from "../../lib/result.ts";
import { members, required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { resourceDoesNotExist } from "./errors.ts";
import { openTaggedTopic } from "./tagged-topic.ts";
import { readTagKeys } from "./topic-tags.ts";

/** @see https://docs.aws.amazon.com/sns/latest/api/API_UntagResource.html */
export const untagResource = accountAction({
  name: "UntagResource",
  permission: "sns:UntagResource",
  concerns: "askedInRun",
  input: { ResourceArn: required(string), TagKeys: required(members(string)) },
  output: {},
  run: async ({ input, ...context }) => {
    const keys = readTagKeys(input.TagKeys);
    if (!keys.ok) return keys;
    const topic = await openTaggedTopic(context, input.ResourceArn, {
      permission: "SNS:UntagResource",
      requestTags: keys.value.map((key) => [key, undefined] as const),
    });
    if (!topic.ok) return topic;
    const isThere = await context.topics.removeTags(topic.value, keys.value);
    return isThere ? ok({}) : err(resourceDoesNotExist);
  },
});
