import { err, ok } from "../../lib/result.ts";
import { entries, optional, required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { mayOnTopic } from "./access.ts";
import { invalidParameter } from "./errors.ts";
import { topicArn } from "./topic-arn.ts";
import { hasAttributes, readNewTopic } from "./topic-attributes.ts";
import { bindTopicPrincipals } from "./topic-principals.ts";
import { readTags, tagList } from "./topic-tags.ts";

/**
 * Creates a topic, or finds the one that a repeated request means.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
 */
export const createTopic = accountAction({
  name: "CreateTopic",
  permission: "sns:CreateTopic",
  concerns: "askedInRun",
  input: {
    Name: required(string),
    Attributes: optional(entries(string)),
    Tags: optional(tagList),
  },
  output: { TopicArn: required(string) },
  run: async ({ input, topics, nowMs, ...context }) => {
    const id = { account: context.caller.account, region: context.region, name: input.Name };
    const tags = readTags(input.Tags ?? []);
    if (!tags.ok) return tags;
    const permissions = ["SNS:CreateTopic", ...(tags.value.size > 0 ? ["SNS:TagResource"] : [])] as const;
    for (const permission of permissions) {
      const question = { permission: permission as `SNS:${string}`, requestTags: tags.value };
      const allowed = mayOnTopic(context, question, { id, topic: undefined });
      if (!allowed.ok) return allowed;
    }
    const attributes = readNewTopic(id, input.Attributes ?? new Map());
    if (!attributes.ok) return attributes;
    const policyIds = await bindTopicPrincipals(attributes.value["Policy"], context);
    if (!policyIds.ok) return policyIds;
    const { created, topic } = await topics.create(
      { ...id, attributes: attributes.value, policyIds: policyIds.value, tags: tags.value },
      Math.floor(nowMs / 1000),
    );
    if (!created) {
      if (!hasAttributes(topic, attributes.value)) {
        return err(invalidParameter("Attributes Reason: Topic already exists with different attributes"));
      }
      if (Array.from(tags.value).some(([key, value]) => topic.tags.get(key) !== value)) {
        return err(invalidParameter("Tags Reason: Topic already exists with different tags"));
      }
    }
    return ok({ TopicArn: topicArn(topic) });
  },
});
