import { ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { mayOnSubscription } from "./subscription-access.ts";
import { parseSubscriptionArn } from "./topic-arn.ts";

/**
 * Ends a subscription. One that is not there counts as ended.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html
 */
export const unsubscribe = accountAction({
  name: "Unsubscribe",
  permission: "sns:Unsubscribe",
  concerns: "askedInRun",
  input: { SubscriptionArn: required(string) },
  output: {},
  run: async ({ input, topics, ...context }) => {
    const id = parseSubscriptionArn(input.SubscriptionArn, context.region);
    if (!id.ok) return id;
    const subscription = await topics.readSubscription(id.value);
    if (subscription === undefined) return ok({});
    const allowed = mayOnSubscription(context, "SNS:Unsubscribe", subscription);
    if (!allowed.ok) return allowed;
    await topics.unsubscribe(id.value);
    return ok({});
  },
});
