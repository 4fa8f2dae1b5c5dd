import type { Subscription } from "../../catalog/subscription-rows.ts";
import type { Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import type { RequestContext } from "../action.ts";
import { may, type SnsPermission } from "./access.ts";
import { subscriptionArn } from "./topic-arn.ts";

/**
 * May the caller do this with a subscription? It belongs to the account that subscribed, and to that of the topic as
 * well; no policy can give it to another.
 */
export function mayOnSubscription(
  context: Pick<RequestContext, "caller" | "facts">,
  permission: SnsPermission,
  subscription: Pick<Subscription, "topic" | "id" | "owner">,
): Result<void, ServiceError> {
  const { topic, owner } = subscription;
  const account = context.caller.account === topic.account ? topic.account : owner;
  return may(context, { permission, arn: subscriptionArn(subscription), account });
}
