import { err, ok } from "../../lib/result.ts";
import { entries, required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { mayOnTopic } from "./access.ts";
import { topicDoesNotExist } from "./errors.ts";
import { parseTopicArn } from "./topic-arn.ts";
import { shownTopicAttributes } from "./topic-attributes.ts";

/** @see https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html */
export const getTopicAttributes = accountAction({
  name: "GetTopicAttributes",
  permission: "sns:GetTopicAttributes",
  concerns: "askedInRun",
  input: { TopicArn: required(string) },
  output: { Attributes: required(entries(string)) },
  run: async ({ input, topics, ...context }) => {
    const id = parseTopicArn(input.TopicArn, context);
    if (!id.ok) return id;
    const found = await topics.readWithCounts(id.value);
    const question = { permission: "SNS:GetTopicAttributes" } as const;
    const allowed = mayOnTopic(context, question, { id: id.value, topic: found?.topic });
    if (!allowed.ok) return allowed;
    if (found === undefined) return err(topicDoesNotExist);
    return ok({ Attributes: shownTopicAttributes(found.topic, found.counts) });
  },
});
