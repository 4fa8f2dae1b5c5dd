import type { SubscriptionCounts } from "../../catalog/subscription-rows.ts";
import type { AttributeTexts, Topic, TopicId } from "../../catalog/topic-rows.ts";
import { canonicalJson, parseJsonObject } from "../../lib/json.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { invalidParameter } from "./errors.ts";
import { isFifo, isTopicName, topicArn } from "./topic-arn.ts";
import { effectivePolicy, policyProblem } from "./topic-policy.ts";

/**
 * Reads a value that a client sets.
 *
 * @returns the text to keep, undefined to keep none, or what SNS has against it
 */
type Read = (value: string, topic: TopicId) => Result<string | undefined, ServiceError>;

/**
 * What can be set, by SNS's names. Of those below the blank line none is in force: we keep no published message,
 * sign none, and deliver to queues alone. They are stored, because tools set them and compare.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
 */
const readers: ReadonlyMap<string, Read> = new Map([
  ["DisplayName", readDisplayName],
  ["Policy", readPolicy],
  ["ContentBasedDeduplication", ofFifo("ContentBasedDeduplication", readBoolean)],

  [
    "FifoThroughputScope",
    ofFifo("FifoThroughputScope", oneOf("FifoThroughputScope", ["Topic", "MessageGroup"])),
  ],
  ["KmsMasterKeyId", readText],
  ["SignatureVersion", oneOf("SignatureVersion", ["1", "2"])],
  ["TracingConfig", oneOf("TracingConfig", ["PassThrough", "Active"])],
  ["DeliveryPolicy", readDeliveryPolicy],
  ...["HTTP", "Lambda", "SQS", "Firehose", "Application"].flatMap((protocol): [string, Read][] => [
    [`${protocol}SuccessFeedbackRoleArn`, readText],
    [`${protocol}SuccessFeedbackSampleRate`, readText],
    [`${protocol}FailureFeedbackRoleArn`, readText],
  ]),
]);

/** Reads one attribute of SetTopicAttributes. */
export function readTopicAttribute(
  name: string,
  value: string,
  topic: TopicId,
): Result<string | undefined, ServiceError> {
  const read = readers.get(name);
  return read === undefined ? err(invalidParameter("AttributeName")) : read(value, topic);
}

/**
 * Reads the attributes and the name of CreateTopic.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
 */
export function readNewTopic(
  topic: TopicId,
  given: ReadonlyMap<string, string>,
): Result<AttributeTexts, ServiceError> {
  const fifo = given.get("FifoTopic");
  if (fifo !== undefined && !isBoolean(fifo)) return err(invalidAttribute("FifoTopic"));
  const wantsFifo = fifo?.toLowerCase() === "true";
  if (wantsFifo && !(isFifo(topic) && isTopicName(topic.name))) {
    return err(
      invalidParameter(
        "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, " +
          "numbers, underscores, and hyphens, and must be between 1 and 256 characters long.",
      ),
    );
  }
  if (!isTopicName(topic.name) || isFifo(topic) !== wantsFifo) return err(invalidParameter("Topic Name"));
  const attributes: Record<string, string> = {};
  for (const [name, value] of given) {
    if (name === "FifoTopic") continue;
    const read = readers.get(name);
    if (read === undefined) return err(invalidParameter(`Attributes Reason: Unknown attribute ${name}`));
    const text = read(value, topic);
    if (!text.ok) return text;
    if (text.value !== undefined) attributes[name] = text.value;
  }
  return ok(attributes);
}

/** Whether a topic has what a repeated CreateTopic asks for; what it does not mention may be anything. */
export function hasAttributes(topic: Topic, asked: AttributeTexts): boolean {
  const own: AttributeTexts = { ...defaults, ...topic.attributes, Policy: effectivePolicy(topic) };
  return Object.entries(asked).every(
    ([name, value]) => value === own[name] || (name.endsWith("Policy") && isSameJson(value, own[name])),
  );
}

/** What GetTopicAttributes shows, in the order of SNS. */
export function shownTopicAttributes(topic: Topic, counts: SubscriptionCounts): ReadonlyMap<string, string> {
  const fifo = isFifo(topic);
  const shown: Readonly<Record<string, string | undefined>> = {
    ...(fifo && { FifoTopic: "true", ContentBasedDeduplication: "false" }),
    DisplayName: "",
    EffectiveDeliveryPolicy: topic.attributes["DeliveryPolicy"] ?? DEFAULT_DELIVERY_POLICY,
    ...topic.attributes,
    Owner: topic.account,
    Policy: effectivePolicy(topic),
    SubscriptionsConfirmed: String(counts.confirmed),
    SubscriptionsDeleted: "0",
    SubscriptionsPending: String(counts.pending),
    TopicArn: topicArn(topic),
  };
  const names = Object.keys(shown).sort();
  return new Map(names.flatMap((name) => (shown[name] === undefined ? [] : [[name, shown[name]]])));
}

/** Whether a message without a deduplication id is known by its text. */
export function deduplicatesByContent(topic: Topic): boolean {
  return topic.attributes["ContentBasedDeduplication"] === "true";
}

const defaults: AttributeTexts = { DisplayName: "", ContentBasedDeduplication: "false" };

const DEFAULT_DELIVERY_POLICY =
  '{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,' +
  '"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},' +
  '"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}';

function readDisplayName(value: string): ReturnType<Read> {
  const isName = value.length <= limits.snsDisplayNameLength && /^\P{Cc}*$/u.test(value);
  return isName ? ok(value === "" ? undefined : value) : err(invalidAttribute("DisplayName"));
}

function readPolicy(value: string): ReturnType<Read> {
  const problem = policyProblem(value);
  return problem === undefined ? ok(value) : err(problem);
}

function readBoolean(value: string): ReturnType<Read> {
  return isBoolean(value) ? ok(value.toLowerCase()) : err(invalidAttribute("ContentBasedDeduplication"));
}

/** Empty takes it away. */
function readText(value: string): ReturnType<Read> {
  return value.length <= limits.snsAttributeLength
    ? ok(value === "" ? undefined : value)
    : err(invalidParameter("AttributeValue"));
}

function readDeliveryPolicy(value: string): ReturnType<Read> {
  if (value === "") return ok(undefined);
  const isPolicy = value.length <= limits.snsAttributeLength && parseJsonObject(value) !== undefined;
  return isPolicy ? ok(value) : err(invalidParameter("DeliveryPolicy: failed to parse JSON."));
}

function oneOf(name: string, values: readonly string[]): Read {
  return (value) => (values.includes(value) ? ok(value) : err(invalidAttribute(name)));
}

/** A standard topic does not have it. */
function ofFifo(name: string, read: Read): Read {
  return (value, topic) => (isFifo(topic) ? read(value, topic) : err(invalidAttribute(name)));
}

function invalidAttribute(name: string): ServiceError {
  return invalidParameter(`Attributes Reason: ${name}: Invalid value.`);
}

function isBoolean(value: string): boolean {
  return /^(?:true|false)$/i.test(value);
}

function isSameJson(one: string | undefined, other: string | undefined): boolean {
  const [a, b] = [parseJsonObject(one ?? ""), parseJsonObject(other ?? "")];
  return a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b);
}
