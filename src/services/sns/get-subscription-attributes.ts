import { err, ok } from "../../lib/result.ts";
import { entries, required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { subscriptionDoesNotExist } from "./errors.ts";
import { mayOnSubscription } from "./subscription-access.ts";
import { shownSubscriptionAttributes } from "./subscription-attributes.ts";
import { parseSubscriptionArn } from "./topic-arn.ts";

/** @see https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html */
export const getSubscriptionAttributes = accountAction({
  name: "GetSubscriptionAttributes",
  permission: "sns:GetSubscriptionAttributes",
  concerns: "askedInRun",
  input: { SubscriptionArn: required(string) },
  output: { Attributes: required(entries(string)) },
  run: async ({ input, topics, ...context }) => {
    const id = parseSubscriptionArn(input.SubscriptionArn, context.region);
    if (!id.ok) return id;
    const subscription = await topics.readSubscription(id.value);
    if (subscription === undefined) return err(subscriptionDoesNotExist);
    const allowed = mayOnSubscription(context, "SNS:GetSubscriptionAttributes", subscription);
    return allowed.ok ? ok({ Attributes: shownSubscriptionAttributes(subscription) }) : allowed;
  },
});
