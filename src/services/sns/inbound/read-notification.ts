import { fromUtf8Strict } from "../../../lib/bytes.ts";
import { isJsonObject, type JsonObject, parseJsonObject } from "../../../lib/json.ts";
import { ok, type Result } from "../../../lib/result.ts";
import { limits } from "../../../queue/limits.ts";
import type { SnsAttribute, SnsMessage } from "./message.ts";
import { invalidMessage, type SnsRefusal } from "./refusal.ts";
import { isUnsubscribeUrl } from "./sns-urls.ts";
import { parseTopicArn } from "./topic-arn.ts";

/**
 * Reads what was posted to the endpoint. The body is JSON whatever its Content-Type: SNS says `text/plain` unless
 * the subscription says otherwise.
 *
 * Only the fields that we know are kept, and each in a form that makes the text that is signed unambiguous (see
 * `stringToSign`). Nothing of it may be believed before `verifySnsSignature`.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
 */
export function readNotification(headers: Headers, body: Uint8Array): Result<SnsMessage, SnsRefusal> {
  if (headers.get("x-amz-sns-rawdelivery")?.toLowerCase() === "true") return invalidMessage(RAW_DELIVERY);
  if (body.length > limits.snsRequestBytes) {
    return invalidMessage(`The body must not be longer than ${limits.snsRequestBytes} bytes.`);
  }
  const text = fromUtf8Strict(body);
  const json = text === undefined ? undefined : parseJsonObject(text);
  if (json === undefined) return invalidMessage("The body must be one JSON object in UTF-8.");

  const type = textOf(json, "Type");
  const announced = headers.get("x-amz-sns-message-type");
  if (announced !== null && announced !== type) {
    return invalidMessage("The x-amz-sns-message-type header must be the Type of the message.");
  }
  switch (type) {
    case "Notification":
      return readPublished(json);
    case "SubscriptionConfirmation":
    case "UnsubscribeConfirmation":
      return readConfirmation(json, type);
    default:
      return invalidMessage(
        "Type must be Notification, SubscriptionConfirmation or UnsubscribeConfirmation.",
      );
  }
}

const RAW_DELIVERY =
  "Amazon SNS does not sign raw deliveries, so nothing shows who sent this one. Turn raw message delivery off " +
  "on the SNS subscription; to get the bare message, subscribe this endpoint with ?raw=true instead, which " +
  "takes it out of the signed envelope.";

function readPublished(json: JsonObject): Result<SnsMessage, SnsRefusal> {
  const fields = readFields(json);
  if (!fields.ok) return fields;
  const subject = json["Subject"] ?? undefined;
  if (subject !== undefined && (typeof subject !== "string" || !ONE_LINE.test(subject))) {
    return malformed("Subject");
  }
  const unsubscribeUrl = json["UnsubscribeURL"] ?? undefined;
  if (unsubscribeUrl !== undefined) {
    if (typeof unsubscribeUrl !== "string" || !isUnsubscribeUrl(unsubscribeUrl, fields.value.topic)) {
      return malformed("UnsubscribeURL");
    }
  }
  const attributes = readAttributes(json["MessageAttributes"] ?? {});
  if (attributes === undefined) return malformed("MessageAttributes");
  return ok({ type: "Notification", ...fields.value, subject, unsubscribeUrl, attributes });
}

function readConfirmation(
  json: JsonObject,
  type: "SubscriptionConfirmation" | "UnsubscribeConfirmation",
): Result<SnsMessage, SnsRefusal> {
  const fields = readFields(json);
  if (!fields.ok) return fields;
  const token = textOf(json, "Token");
  if (!TOKEN.test(token)) return malformed("Token");
  const subscribeUrl = textOf(json, "SubscribeURL");
  if (!NO_BLANKS.test(subscribeUrl)) return malformed("SubscribeURL");
  return ok({ type, ...fields.value, token, subscribeUrl });
}

/** What all types have in common. */
function readFields(json: JsonObject) {
  const message = textOf(json, "Message");
  if (message === "" || !message.isWellFormed()) return malformed("Message");
  const messageId = textOf(json, "MessageId");
  if (!UUID.test(messageId)) return malformed("MessageId");
  const topic = parseTopicArn(textOf(json, "TopicArn"));
  if (topic === undefined) return malformed("TopicArn");
  const timestamp = textOf(json, "Timestamp");
  if (!INSTANT.test(timestamp) || Number.isNaN(Date.parse(timestamp))) return malformed("Timestamp");
  const signatureVersion = textOf(json, "SignatureVersion");
  if (signatureVersion !== "1" && signatureVersion !== "2") return malformed("SignatureVersion");
  const signature = textOf(json, "Signature");
  if (!BASE64.test(signature)) return malformed("Signature");
  const signingCertUrl = textOf(json, "SigningCertURL");
  if (!NO_BLANKS.test(signingCertUrl)) return malformed("SigningCertURL");
  return ok({ messageId, topic, message, timestamp, signatureVersion, signature, signingCertUrl } as const);
}

function readAttributes(json: unknown): readonly SnsAttribute[] | undefined {
  if (!isJsonObject(json)) return undefined;
  const attributes: SnsAttribute[] = [];
  for (const [name, attribute] of Object.entries(json)) {
    if (!isJsonObject(attribute)) return undefined;
    const { Type: type, Value: value } = attribute;
    if (typeof type !== "string" || typeof value !== "string") return undefined;
    attributes.push({ name, type, value });
  }
  return attributes;
}

/** Empty if it is absent, which no field that is asked for may be. */
function textOf(json: JsonObject, name: string): string {
  const value = json[name];
  return typeof value === "string" ? value : "";
}

function malformed(name: string) {
  return invalidMessage(`${name} is missing or malformed.`);
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const TOKEN = /^[\w-]+$/;
const NO_BLANKS = /^\S+$/;
/** Of whole characters: half a pair is signed as U+FFFD is, so that one could stand for the other. */
const ONE_LINE = /^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u;
