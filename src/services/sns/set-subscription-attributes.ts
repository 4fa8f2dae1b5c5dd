import { err, ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { parseQueueArn } from "../../queue/queue-arn.ts";
import { optional, required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { snsError, subscriptionDoesNotExist } from "./errors.ts";
import { mayOnSubscription } from "./subscription-access.ts";
import { readSubscriptionAttribute } from "./subscription-attributes.ts";
import { parseSubscriptionArn } from "./topic-arn.ts";

/** @see https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html */
export const setSubscriptionAttributes = accountAction({
  name: "SetSubscriptionAttributes",
  permission: "sns:SetSubscriptionAttributes",
  concerns: "askedInRun",
  input: {
    SubscriptionArn: required(string),
    AttributeName: required(string),
    AttributeValue: optional(string),
  },
  output: {},
  run: async ({ input, topics, ...context }) => {
    const id = parseSubscriptionArn(input.SubscriptionArn, context.region);
    if (!id.ok) return id;
    const subscription = await topics.readSubscription(id.value);
    const endpoint = subscription && parseQueueArn(subscription.endpoint);
    if (subscription === undefined || endpoint === undefined) return err(subscriptionDoesNotExist);
    const allowed = mayOnSubscription(context, "SNS:SetSubscriptionAttributes", subscription);
    if (!allowed.ok) return allowed;

    const { AttributeName: name, AttributeValue: text = "" } = input;
    const { topic, owner, attributes } = subscription;
    const value = readSubscriptionAttribute({ name, value: text }, attributes, { topic, owner, endpoint });
    if (!value.ok) return value;
    switch (await topics.setSubscriptionAttribute(id.value, { name, value: value.value })) {
      case "set":
        return ok({});
      case "tooManyFilters":
        return err(
          snsError(
            "FilterPolicyLimitExceeded",
            `A topic can have ${limits.snsFilterPoliciesPerTopic} filter policies.`,
          ),
        );
      case "noSubscription":
        return err(subscriptionDoesNotExist);
    }
  },
});
