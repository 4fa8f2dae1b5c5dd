import { err, ok } from "../../lib/result.ts";
import { optional, required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { may } from "./access.ts";
import { isToken, tokenHash } from "./confirmation.ts";
import { invalidParameter, snsError } from "./errors.ts";
import { parseTopicArn, subscriptionArn, topicArn } from "./topic-arn.ts";

/**
 * Confirms a subscription with the token that its queue was sent. Having the token is the permission: the caller's
 * own policies must allow the action, and the topic's has no say.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
 */
export const confirmSubscription = accountAction({
  name: "ConfirmSubscription",
  permission: "sns:ConfirmSubscription",
  concerns: "askedInRun",
  input: {
    TopicArn: required(string),
    Token: required(string),
    // Here nobody unsubscribes without a signature.
    AuthenticateOnUnsubscribe: optional(string),
  },
  output: { SubscriptionArn: required(string) },
  run: async ({ input, topics, nowMs, ...context }) => {
    const topic = parseTopicArn(input.TopicArn, { region: context.region, parameter: "Topic" });
    if (!topic.ok) return topic;
    const allowed = may(context, {
      permission: "SNS:ConfirmSubscription",
      arn: topicArn(topic.value),
      account: context.caller.account,
    });
    if (!allowed.ok) return allowed;
    if (!isToken(input.Token)) return err(invalidParameter("Token"));
    const id = await topics.confirm(topic.value, { hash: tokenHash(input.Token), nowMs });
    return id === undefined
      ? err(snsError("InvalidParameter", "Invalid token"))
      : ok({ SubscriptionArn: subscriptionArn({ topic: topic.value, id }) });
  },
});
