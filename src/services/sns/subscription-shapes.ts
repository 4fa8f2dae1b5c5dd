import type { Subscription } from "../../catalog/subscription-rows.ts";
import { type Infer, members, optional, required, string, structure } from "../../shapes/shape.ts";
import { subscriptionArn, topicArn } from "./topic-arn.ts";

const listedSubscription = structure({
  SubscriptionArn: required(string),
  Owner: required(string),
  Protocol: required(string),
  Endpoint: required(string),
  TopicArn: required(string),
});

/** What both listings of subscriptions answer with. */
export const subscriptionPage = {
  Subscriptions: required(members(listedSubscription)),
  NextToken: optional(string),
};

/** One that waits for its confirmation is listed without its ARN. */
export function listedAs(subscription: Subscription): Infer<typeof listedSubscription> {
  return {
    SubscriptionArn: subscription.pending ? "PendingConfirmation" : subscriptionArn(subscription),
    Owner: subscription.owner,
    Protocol: "sqs",
    Endpoint: subscription.endpoint,
    TopicArn: topicArn(subscription.topic),
  };
}
