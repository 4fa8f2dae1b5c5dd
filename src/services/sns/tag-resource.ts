import { err, ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { resourceDoesNotExist } from "./errors.ts";
import { openTaggedTopic } from "./tagged-topic.ts";
import { readTags, tagList, tooManyTags } from "./topic-tags.ts";

/** @see https://docs.aws.amazon.com/sns/latest/api/API_TagResource.html */
export const tagResource = accountAction({
  name: "TagResource",
  permission: "sns:TagResource",
  concerns: "askedInRun",
  input: { ResourceArn: required(string), Tags: required(tagList) },
  output: {},
  run: async ({ input, ...context }) => {
    const tags = readTags(input.Tags);
    if (!tags.ok) return tags;
    const topic = await openTaggedTopic(context, input.ResourceArn, {
      permission: "SNS:TagResource",
      requestTags: tags.value,
    });
    if (!topic.ok) return topic;
    switch (await context.topics.mergeTags(topic.value, tags.value)) {
      case "merged":
        return ok({});
      case "tooMany":
        return err(tooManyTags);
      case "noTopic":
        return err(resourceDoesNotExist);
    }
  },
});
