import type { Subscription } from "../../catalog/subscription-rows.ts";
import type { AttributeTexts, TopicId } from "../../catalog/topic-rows.ts";
import { canonicalJson, parseJsonObject } from "../../lib/json.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { parseQueueArn } from "../../queue/queue-arn.ts";
import type { QueueId } from "../../queue/settings.ts";
import { invalidParameter } from "./errors.ts";
import { type FilterPolicy, parseFilterPolicy } from "./filter-policy.ts";
import { isFifo, subscriptionArn, topicArn } from "./topic-arn.ts";

/** What a subscription is between, as far as its attributes depend on it. */
export interface Between {
  readonly topic: TopicId;
  /** The account that subscribes. */
  readonly owner: string;
  readonly endpoint: QueueId;
}

/** A text to keep, undefined for none, or what SNS has against it, as it goes on behind `Invalid parameter: `. */
type Reading = Result<string | undefined, string>;

/**
 * Reads the attributes of Subscribe.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
 */
export function readNewSubscription(
  given: ReadonlyMap<string, string>,
  between: Between,
): Result<AttributeTexts, ServiceError> {
  const attributes: Record<string, string> = {};
  for (const [name, value] of given) {
    const text = readText(name, value, between);
    if (text === undefined) return refuse(`Attributes Reason: Unknown attribute: ${name}`);
    if (!text.ok) return refuse(`Attributes Reason: ${text.error}`);
    if (text.value !== undefined) attributes[name] = text.value;
  }
  const problem = nestingProblem(attributes);
  return problem === undefined ? ok(attributes) : refuse(`Attributes Reason: ${problem}`);
}

/**
 * Reads one attribute of SetSubscriptionAttributes.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html
 */
export function readSubscriptionAttribute(
  { name, value }: { readonly name: string; readonly value: string },
  current: AttributeTexts,
  between: Between,
): Result<string | undefined, ServiceError> {
  const text = readText(name, value, between);
  if (text === undefined) return refuse("AttributeName");
  if (!text.ok) return refuse(text.error);
  const problem = nestingProblem({ ...current, [name]: text.value });
  return problem === undefined ? text : refuse(problem);
}

/** Whether a subscription has what a repeated Subscribe asks for; what it does not mention may be anything. */
export function hasSubscriptionAttributes({ attributes }: Subscription, asked: AttributeTexts): boolean {
  const own: AttributeTexts = { ...defaults, ...attributes };
  return Object.entries(asked).every(([name, value]) => isSame(value, own[name]));
}

/** What GetSubscriptionAttributes shows, in the order of SNS. */
export function shownSubscriptionAttributes(subscription: Subscription): ReadonlyMap<string, string> {
  const {
    FilterPolicy: filter,
    FilterPolicyScope: scope,
    ...others
  } = {
    ...defaults,
    ...subscription.attributes,
  };
  const shown: Readonly<Record<string, string | undefined>> = {
    ConfirmationWasAuthenticated: String(!subscription.pending),
    Endpoint: subscription.endpoint,
    // SNS keeps the scope to itself while there is no policy that it is of.
    ...(filter !== undefined && { FilterPolicy: filter, FilterPolicyScope: scope }),
    ...others,
    Owner: subscription.owner,
    PendingConfirmation: String(subscription.pending),
    Protocol: "sqs",
    SubscriptionArn: subscriptionArn(subscription),
    SubscriptionPrincipal: subscription.principal,
    TopicArn: topicArn(subscription.topic),
  };
  const names = Object.keys(shown).sort();
  return new Map(names.flatMap((name) => (shown[name] === undefined ? [] : [[name, shown[name]]])));
}

export interface DeliveryRules {
  readonly raw: boolean;
  readonly filter: FilterPolicy | undefined;
  readonly scope: "MessageAttributes" | "MessageBody";
  readonly deadLetterTarget: QueueId | undefined;
}

/** What a subscription's attributes, checked when they were set, mean for a delivery. */
export function deliveryRules({ attributes }: Pick<Subscription, "attributes">): DeliveryRules {
  const { FilterPolicy: filter, RedrivePolicy: redrive } = attributes;
  const parsed = filter === undefined ? undefined : parseFilterPolicy(filter);
  return {
    raw: attributes["RawMessageDelivery"] === "true",
    // One that cannot be read lets nothing through: whoever set it wanted less than everything.
    filter: parsed === undefined ? undefined : parsed.ok ? parsed.value : nothingPasses,
    scope: attributes["FilterPolicyScope"] === "MessageBody" ? "MessageBody" : "MessageAttributes",
    deadLetterTarget: redrive === undefined ? undefined : targetOf(redrive),
  };
}

const nothingPasses: FilterPolicy = { rule: { kind: "any", rules: [] }, nested: false };

const defaults: AttributeTexts = { RawMessageDelivery: "false", FilterPolicyScope: "MessageAttributes" };

/** Undefined for an attribute that there is not, or that only other protocols have. */
function readText(name: string, value: string, between: Between): Reading | undefined {
  switch (name) {
    case "RawMessageDelivery":
      return /^(?:true|false)$/i.test(value)
        ? ok(value.toLowerCase())
        : err(`RawMessageDelivery: Invalid value [${value}]. Must be true or false.`);
    case "FilterPolicy":
      return readFilterPolicy(value);
    case "FilterPolicyScope":
      return value === "MessageAttributes" || value === "MessageBody"
        ? ok(value)
        : err(
            `FilterPolicyScope: Invalid value [${value}]. Please use either MessageBody or MessageAttributes`,
          );
    case "RedrivePolicy":
      return readRedrivePolicy(value, between);
    default:
      return undefined;
  }
}

/** Empty takes it away, as an empty object does: tools send that. */
function readFilterPolicy(value: string): Reading {
  if (isEmptyText(value)) return ok(undefined);
  const policy = parseFilterPolicy(value);
  return policy.ok ? ok(value) : err(`FilterPolicy: ${policy.error}`);
}

/** @see https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html */
function readRedrivePolicy(value: string, { topic, owner, endpoint }: Between): Reading {
  if (isEmptyText(value)) return ok(undefined);
  // Every Publish reads it, and an object that is nested deep enough could not be compared.
  const json = value.length <= limits.snsAttributeLength ? parseJsonObject(value) : undefined;
  if (json === undefined) return err("RedrivePolicy: failed to parse JSON.");
  const target = targetOf(value);
  if (target === undefined) return err("RedrivePolicy: deadLetterTargetArn is an invalid arn");
  if (target.region !== topic.region || target.account !== owner) {
    return err("RedrivePolicy: deadLetterTargetArn must be of the subscription's account and region");
  }
  if (isFifo(topic) && isFifo(endpoint) && !isFifo(target)) {
    return err("RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.");
  }
  if (!(isFifo(topic) && isFifo(endpoint)) && isFifo(target)) {
    return err("RedrivePolicy: must use a standard queue as DLQ for a standard Subscription.");
  }
  return ok(value);
}

function targetOf(redrivePolicy: string): QueueId | undefined {
  const arn = parseJsonObject(redrivePolicy)?.["deadLetterTargetArn"];
  return typeof arn === "string" ? parseQueueArn(arn) : undefined;
}

/** Only the scope MessageBody has objects to look into. */
function nestingProblem(attributes: AttributeTexts): string | undefined {
  const { filter, scope } = deliveryRules({ attributes });
  if (scope === "MessageBody" || !filter?.nested) return undefined;
  return "Filter policy scope MessageAttributes does not support nested filter policy";
}

function isEmptyText(value: string): boolean {
  return value === "" || /^\s*\{\s*\}\s*$/.test(value);
}

function isSame(asked: string | undefined, own: string | undefined): boolean {
  if (asked === own) return true;
  const [a, b] = [parseJsonObject(asked ?? ""), parseJsonObject(own ?? "")];
  return a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b);
}

function refuse(why: string): Result<never, ServiceError> {
  return err(invalidParameter(why));
}
