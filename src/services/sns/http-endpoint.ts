import { authorize } from "../../auth/authorize.ts";
import type { SnsReceipts } from "../../catalog/sns-receipts.ts";
import type { GivenAttribute } from "../../queue/message-attributes.ts";
import { queueArn } from "../../queue/queue-arn.ts";
import { isQueueName } from "../../queue/queue-name.ts";
import { isAccountId, queueUrl } from "../../queue/queue-url.ts";
import type { QueueId, QueueSettings } from "../../queue/settings.ts";
import type { RequestContext } from "../action.ts";
import { policyOfQueue } from "../queue-access.ts";
import { sendMessage } from "../queues-for-services.ts";
import { runAction } from "../run-action.ts";
import type { SnsCertificates } from "./inbound/certificates.ts";
import { confirmationUrl } from "./inbound/confirmation-url.ts";
import type { Fetcher } from "./inbound/fetch-file.ts";
import type { SnsConfirmation, SnsMessage, SnsNotification } from "./inbound/message.ts";
import { toQueueMessage } from "./inbound/queue-message.ts";
import { readNotification } from "./inbound/read-notification.ts";
import type { SnsRefusal } from "./inbound/refusal.ts";
import { type Authentic, verifySnsSignature } from "./inbound/signature.ts";
import { outcomeOf } from "./send-to-queue.ts";
import { snsCaller, snsFacts } from "./service-caller.ts";
import { openConfirmationUrl } from "./subscribe-url.ts";

/** What was posted to `/sns/{region}/{account}/{queue}`. */
export interface Posted {
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly queue: QueueId;
  /** `?raw=true`: the bare message instead of the envelope. */
  readonly raw: boolean;
  /** `?topic=`: the only topic that is listened to; undefined: the queue's policy alone decides. */
  readonly topicArn: string | undefined;
}

/** What an endpoint for Amazon's SNS needs beside a request's context. */
export interface SnsEndpoint {
  readonly certificates: SnsCertificates;
  readonly fetcher: Fetcher;
  readonly receipts: SnsReceipts;
}

/**
 * What SNS is answered. It tries again after a 5xx, and after nothing else. The text names what is wrong with the
 * form of a request, and says nothing about queues.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
 */
export interface EndpointAnswer {
  readonly status: 200 | 400 | 403 | 404 | 503;
  readonly text: string;
}

/**
 * Takes a delivery of Amazon's SNS into a queue. Its signature says that it is from SNS, and the queue's policy from
 * which topics it takes messages, as if the queue were one of Amazon's: `aws:SourceArn` is the topic's ARN.
 */
export async function takeDelivery(
  posted: Posted,
  context: RequestContext,
  endpoint: SnsEndpoint,
): Promise<EndpointAnswer> {
  const { queue } = posted;
  if (!isRegion(queue.region) || !isAccountId(queue.account) || !isQueueName(queue.name)) return notFound;
  const read = readNotification(posted.headers, posted.body);
  if (!read.ok) return refuse(read.error);
  const { certificates } = endpoint;
  const verified = await verifySnsSignature<SnsMessage>(read.value, { certificates, nowMs: context.nowMs });
  if (!verified.ok) return refuse(verified.error);
  const message = verified.value;
  if (posted.topicArn !== undefined && posted.topicArn !== message.topic.arn) return forbidden;

  if (message.type === "UnsubscribeConfirmation") {
    console.info("sns: a topic does not deliver to a queue any more", logged(posted, message));
    return taken;
  }
  const settings = await context.catalog.findQueue(queue);
  if (settings === undefined) return notFound;
  return isConfirmation(message)
    ? await confirm(message, posted, { context, endpoint })
    : await store(message, posted, { context, endpoint, settings });
}

interface Means {
  readonly context: RequestContext;
  readonly endpoint: SnsEndpoint;
}

/** Only for a topic that may send to the queue: else everybody with an account at Amazon could have us open a link. */
async function confirm(
  message: Authentic<SnsConfirmation>,
  posted: Posted,
  { context, endpoint }: Means,
): Promise<EndpointAnswer> {
  // Not from a copy: it may allow what was taken back.
  const settings = await context.catalog.readQueue(posted.queue);
  if (settings === undefined) return notFound;
  if (!maySend(message, settings, context)) {
    console.warn("sns: a queue's policy does not let a topic send", logged(posted, message));
    return forbidden;
  }
  const url = confirmationUrl(message);
  if (!url.ok) return refuse(url.error);
  const opened = await openConfirmationUrl(endpoint.fetcher, url.value);
  console.info(`sns: a subscription was ${opened}`, logged(posted, message));
  return { confirmed: taken, refused: forbidden, unreachable: unavailable }[opened];
}

async function store(
  message: Authentic<SnsNotification>,
  posted: Posted,
  { context, endpoint, settings }: Means & { readonly settings: QueueSettings },
): Promise<EndpointAnswer> {
  const sent = toQueueMessage(message, { raw: posted.raw });
  if (!sent.ok) return refuse(sent.error);
  const delivery = { queueUid: settings.uid, messageId: message.messageId };
  if (await isStored(endpoint.receipts, delivery)) return taken;

  const asSns: RequestContext = {
    ...context,
    ...asTopic(message, posted.queue, context),
    region: posted.queue.region,
    batchId: sent.value.batchId,
    // No signature covers the request's own headers.
    traceHeader: undefined,
  };
  const result = await runAction(sendMessage, asSns, {
    QueueUrl: queueUrl("", posted.queue),
    MessageBody: sent.value.body,
    MessageAttributes: new Map(sent.value.attributes.map((given) => [given.name, wireAttribute(given)])),
  });
  if (!result.ok) return answerTo(result.error, posted, message);
  await noteStored(endpoint.receipts, delivery, context.nowMs);
  return taken;
}

function answerTo(
  error: Parameters<typeof outcomeOf>[0],
  posted: Posted,
  message: SnsMessage,
): EndpointAnswer {
  const outcome = outcomeOf(error);
  console.warn("sns: a queue did not take a message", { ...logged(posted, message), reason: error.kind });
  if (outcome.kind === "failed") return unavailable;
  if (error.kind === "QueueDoesNotExist") return notFound;
  if (error.kind === "AccessDenied" || error.kind === "MissingAuthenticationToken") return forbidden;
  return error.kind.startsWith("Kms") ? forbidden : { status: 400, text: "Bad Request" };
}

function maySend(message: SnsMessage, settings: QueueSettings, context: RequestContext): boolean {
  const { caller, facts } = asTopic(message, settings, context);
  const resource = { arn: queueArn(settings), account: settings.account, ...policyOfQueue(settings) };
  const access = { permission: "sqs:SendMessage", resource, resourceTags: settings.tags };
  return authorize(caller, access, facts).ok;
}

function asTopic({ topic }: SnsMessage, { region }: QueueId, { nowMs }: RequestContext) {
  return { caller: snsCaller(topic), facts: snsFacts({ nowMs, region }) };
}

/** A copy too many is better than none: without D1 the shard's own memory has to do. */
async function isStored(
  receipts: SnsReceipts,
  delivery: Parameters<SnsReceipts["has"]>[0],
): Promise<boolean> {
  try {
    return await receipts.has(delivery);
  } catch (cause) {
    console.warn("sns: D1 failed, a delivery may be stored once more", delivery, cause);
    return false;
  }
}

async function noteStored(
  receipts: SnsReceipts,
  delivery: Parameters<SnsReceipts["add"]>[0],
  nowMs: number,
): Promise<void> {
  try {
    await receipts.add(delivery, nowMs);
  } catch (cause) {
    console.warn("sns: D1 failed, a delivery may be stored once more", delivery, cause);
  }
}

function isConfirmation(message: Authentic<SnsMessage>): message is Authentic<SnsConfirmation> {
  return message.type !== "Notification";
}

function wireAttribute({ dataType, stringValue, binaryValue }: GivenAttribute) {
  return {
    DataType: dataType,
    ...(stringValue !== undefined && { StringValue: stringValue }),
    ...(binaryValue !== undefined && { BinaryValue: binaryValue }),
  };
}

function isRegion(text: string): boolean {
  return /^[a-z0-9-]{1,32}$/.test(text);
}

/** Never the message, and never its token. */
function logged({ queue }: Posted, { topic, messageId }: SnsMessage) {
  return { queue: queueArn(queue), topic: topic.arn, messageId };
}

/** Only what is wrong with the form is said: it is the same for everybody. */
function refuse(refusal: SnsRefusal): EndpointAnswer {
  console.warn("sns: a delivery was refused", refusal.kind, refusal.message, refusal.cause ?? "");
  switch (refusal.kind) {
    case "InvalidMessage":
      return { status: 400, text: refusal.message };
    case "NotAuthentic":
      return forbidden;
    case "CertificateUnavailable":
      return unavailable;
  }
}

const taken: EndpointAnswer = { status: 200, text: "" };
const forbidden: EndpointAnswer = { status: 403, text: "Forbidden" };
const notFound: EndpointAnswer = { status: 404, text: "Not Found" };
const unavailable: EndpointAnswer = { status: 503, text: "Service Unavailable" };
