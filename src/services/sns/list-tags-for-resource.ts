import { ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { openTaggedTopic } from "./tagged-topic.ts";
import { shownTags, tagList } from "./topic-tags.ts";

/** @see https://docs.aws.amazon.com/sns/latest/api/API_ListTagsForResource.html */
export const listTagsForResource = accountAction({
  name: "ListTagsForResource",
  permission: "sns:ListTagsForResource",
  concerns: "askedInRun",
  input: { ResourceArn: required(string) },
  output: { Tags: required(tagList) },
  run: async ({ input, ...context }) => {
    const topic = await openTaggedTopic(context, input.ResourceArn, {
      permission: "SNS:ListTagsForResource",
    });
    return topic.ok ? ok({ Tags: shownTags(topic.value.tags) }) : topic;
  },
});
