import { err, ok } from "../../lib/result.ts";
import { optional, required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { openTopic } from "./access.ts";
import { topicDoesNotExist } from "./errors.ts";
import { readTopicAttribute } from "./topic-attributes.ts";
import { bindTopicPrincipals } from "./topic-principals.ts";

/** @see https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html */
export const setTopicAttributes = accountAction({
  name: "SetTopicAttributes",
  permission: "sns:SetTopicAttributes",
  concerns: "askedInRun",
  input: {
    TopicArn: required(string),
    AttributeName: required(string),
    AttributeValue: optional(string),
  },
  output: {},
  run: async ({ input, ...context }) => {
    const topic = await openTopic(context, input.TopicArn, { permission: "SNS:SetTopicAttributes" });
    if (!topic.ok) return topic;
    const { AttributeName: name, AttributeValue: text = "" } = input;
    const value = readTopicAttribute(name, text, topic.value);
    if (!value.ok) return value;
    if (name === "Policy") {
      const policyIds = await bindTopicPrincipals(text, context);
      if (!policyIds.ok) return policyIds;
      const setting = { policy: text, policyIds: policyIds.value };
      return (await context.topics.setPolicy(topic.value, setting)) ? ok({}) : err(topicDoesNotExist);
    }
    const isSet = await context.topics.setAttribute(topic.value, { name, value: value.value });
    return isSet ? ok({}) : err(topicDoesNotExist);
  },
});
