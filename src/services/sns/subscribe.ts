import { randomUUID } from "node:crypto";
import type { Subscription } from "../../catalog/subscription-rows.ts";
import type { Topic } from "../../catalog/topic-rows.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { parseQueueArn, queueArn } from "../../queue/queue-arn.ts";
import { boolean, entries, optional, required, string } from "../../shapes/shape.ts";
import { accountAction, type RequestContext } from "../action.ts";
import { openTopic } from "./access.ts";
import { askForConfirmation, newToken } from "./confirmation.ts";
import { invalidParameter, snsError, topicDoesNotExist } from "./errors.ts";
import { hasSubscriptionAttributes, readNewSubscription } from "./subscription-attributes.ts";
import { isFifo, subscriptionArn } from "./topic-arn.ts";

/**
 * Subscribes a queue to a topic. A queue of the caller's own account is subscribed at once; another's account is asked
 * by a message to the queue, if the queue lets SNS send it.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
 */
export const subscribe = accountAction({
  name: "Subscribe",
  permission: "sns:Subscribe",
  outlivesClient: true,
  concerns: "askedInRun",
  input: {
    TopicArn: required(string),
    Protocol: required(string),
    Endpoint: optional(string),
    Attributes: optional(entries(string)),
    ReturnSubscriptionArn: optional(boolean),
  },
  output: { SubscriptionArn: required(string) },
  run: async ({ input, ...context }) => {
    const endpoint = input.Endpoint ?? "";
    const topic = await openTopic(context, input.TopicArn, {
      permission: "SNS:Subscribe",
      more: [
        ["sns:protocol", input.Protocol],
        ["sns:endpoint", endpoint],
      ],
    });
    if (!topic.ok) return topic;
    if (input.Protocol !== "sqs") {
      return err(invalidParameter(`Amazon SNS does not support this protocol string: ${input.Protocol}`));
    }
    const subscription = newSubscription(context, topic.value, {
      endpoint,
      attributes: input.Attributes ?? new Map(),
    });
    if (!subscription.ok) return subscription;
    const subscribed = await store(context, subscription.value);
    if (!subscribed.ok) return subscribed;
    const { pending } = subscribed.value;
    const hidesArn = pending && input.ReturnSubscriptionArn !== true;
    return ok({ SubscriptionArn: hidesArn ? "pending confirmation" : subscriptionArn(subscribed.value) });
  },
});

function newSubscription(
  { caller }: Pick<RequestContext, "caller">,
  { account, region, name }: Topic,
  given: { readonly endpoint: string; readonly attributes: ReadonlyMap<string, string> },
): Result<Subscription, ServiceError> {
  const queue = parseQueueArn(given.endpoint);
  if (queue === undefined) return err(invalidParameter("SQS endpoint ARN"));
  const topic = { account, region, name };
  if (isFifo(queue) && !isFifo(topic)) {
    return err(
      // SNS says it twice.
      invalidParameter(
        "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
      ),
    );
  }
  const attributes = readNewSubscription(given.attributes, { topic, owner: caller.account, endpoint: queue });
  if (!attributes.ok) return attributes;
  return ok({
    topic,
    id: randomUUID(),
    owner: caller.account,
    principal: caller.arn,
    endpoint: queueArn(queue),
    attributes: attributes.value,
    pending: queue.account !== caller.account,
  });
}

/** @returns the subscription that the queue has then */
async function store(
  context: RequestContext,
  wanted: Subscription,
): Promise<Result<Subscription, ServiceError>> {
  const { topics, nowMs } = context;
  const token = wanted.pending ? newToken(nowMs) : undefined;
  const outcome = await topics.subscribe(wanted, token?.kept, Math.floor(nowMs / 1000));
  if (outcome.kind === "refused") return err(whyRefused(outcome.counts));
  const { subscription } = outcome;
  if (outcome.kind === "exists") {
    if (subscription.pending && token === undefined) return await replace(context, subscription, wanted);
    if (!hasSubscriptionAttributes(subscription, wanted.attributes)) {
      return err(
        invalidParameter("Attributes Reason: Subscription already exists with different attributes"),
      );
    }
    if (!subscription.pending) return ok(subscription);
    if (token !== undefined) await topics.renewToken(subscription, token.kept);
  }
  if (token !== undefined) await askForConfirmation(context, subscription, token.text);
  return ok(subscription);
}

/** What the queue's account subscribes by itself takes the place of what another has asked it for. */
async function replace(
  { topics, nowMs }: RequestContext,
  pending: Subscription,
  wanted: Subscription,
): Promise<Result<Subscription, ServiceError>> {
  await topics.unsubscribe(pending);
  const outcome = await topics.subscribe(wanted, undefined, Math.floor(nowMs / 1000));
  return outcome.kind === "refused" ? err(whyRefused(outcome.counts)) : ok(outcome.subscription);
}

/** @param counts of the topic's subscriptions; undefined: it is gone */
function whyRefused(
  counts: { readonly confirmed: number; readonly pending: number } | undefined,
): ServiceError {
  if (counts === undefined) return topicDoesNotExist;
  return counts.confirmed + counts.pending >= limits.snsSubscriptionsPerTopic
    ? snsError(
        "SubscriptionLimitExceeded",
        `A topic can have ${limits.snsSubscriptionsPerTopic} subscriptions.`,
      )
    : snsError(
        "FilterPolicyLimitExceeded",
        `A topic can have ${limits.snsFilterPoliciesPerTopic} filter policies.`,
      );
}
