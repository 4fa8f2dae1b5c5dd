import type { SubscriptionId } from "../../catalog/subscription-rows.ts";
import type { TopicId } from "../../catalog/topic-rows.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { queueArn } from "../../queue/queue-arn.ts";
import { isAccountId } from "../../queue/queue-url.ts";
import { invalidParameter } from "./errors.ts";

const FIFO_SUFFIX = ".fifo";

/** `arn:{partition}:sns:{region}:{account}:{name}` */
export function topicArn({ account, region, name }: TopicId): string {
  // A region's partition is the same for all services.
  const [arn, partition] = queueArn({ account, region, name }).split(":");
  return [arn, partition, "sns", region, account, name].join(":");
}

export function subscriptionArn({ topic, id }: SubscriptionId): string {
  return `${topicArn(topic)}:${id}`;
}

export function isFifo({ name }: Pick<TopicId, "name">): boolean {
  return name.endsWith(FIFO_SUFFIX);
}

/** 1 to 256 letters, digits, hyphens and underscores; those of FIFO topics end with `.fifo`. */
export function isTopicName(name: string): boolean {
  if (name.length > limits.snsTopicNameLength) return false;
  return /^[\w-]+$/.test(isFifo({ name }) ? name.slice(0, -FIFO_SUFFIX.length) : name);
}

/**
 * The topic that a request names. One of another region is not known to the endpoint that was asked.
 *
 * @param parameter as SNS prints it
 */
export function parseTopicArn(
  arn: string,
  { region, parameter = "TopicArn" }: { readonly region: string; readonly parameter?: string },
): Result<TopicId, ServiceError> {
  const parts = partsOf(arn, parameter);
  if (!parts.ok) return parts;
  const [, , , arnRegion = "", account = "", name = ""] = parts.value;
  const topic = { region: arnRegion, account, name };
  const isOne = arnRegion === region && isAccountId(account) && isTopicName(name) && topicArn(topic) === arn;
  return isOne ? ok(topic) : err(invalidParameter(parameter));
}

/** The subscription that a request names. */
export function parseSubscriptionArn(arn: string, region: string): Result<SubscriptionId, ServiceError> {
  const parameter = "SubscriptionArn";
  if (arn === "") return err(invalidParameter(`${parameter} Reason: no value for required parameter`));
  const parts = partsOf(arn, parameter);
  if (!parts.ok) return parts;
  const id = parts.value[ARN_PARTS] ?? "";
  if (!UUID.test(id)) return err(invalidParameter("SubscriptionId"));
  const topic = parseTopicArn(arn.slice(0, -id.length - 1), { region, parameter });
  return topic.ok ? ok({ topic: topic.value, id }) : topic;
}

const ARN_PARTS = 6;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function partsOf(arn: string, parameter: string): Result<readonly string[], ServiceError> {
  const parts = arn.split(":");
  if (parts.length >= ARN_PARTS) return ok(parts);
  return err(
    invalidParameter(
      `${parameter} Reason: An ARN must have at least ${ARN_PARTS} elements, not ${parts.length}`,
    ),
  );
}
