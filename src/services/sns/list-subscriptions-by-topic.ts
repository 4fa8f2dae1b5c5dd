import { ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { optional, required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { openTopic } from "./access.ts";
import { pageOf, readListToken, writeListToken } from "./list-tokens.ts";
import { listedAs, subscriptionPage } from "./subscription-shapes.ts";

/** @see https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html */
export const listSubscriptionsByTopic = accountAction({
  name: "ListSubscriptionsByTopic",
  permission: "sns:ListSubscriptionsByTopic",
  concerns: "askedInRun",
  input: { TopicArn: required(string), NextToken: optional(string) },
  output: subscriptionPage,
  run: async ({ input, ...context }) => {
    const topic = await openTopic(context, input.TopicArn, { permission: "SNS:ListSubscriptionsByTopic" });
    if (!topic.ok) return topic;
    const list = `subscriptions:${topic.value.name}`;
    const after = readListToken(input.NextToken, { list, owner: topic.value, words: 1 });
    if (!after.ok) return after;
    const [afterId = ""] = after.value;
    const found = await context.topics.listSubscriptionsOfTopic(topic.value, {
      afterId,
      limit: limits.snsListPage + 1,
    });
    const { page, nextToken } = pageOf(found, ({ id }) => writeListToken(list, topic.value, [id]));
    return ok({ Subscriptions: page.map(listedAs), NextToken: nextToken });
  },
});
