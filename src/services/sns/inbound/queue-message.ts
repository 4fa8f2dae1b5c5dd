import { fromBase64 } from "../../../lib/bytes.ts";
import { ok, type Result } from "../../../lib/result.ts";
import { limits } from "../../../queue/limits.ts";
import type { GivenAttribute } from "../../../queue/message-attributes.ts";
import type { SnsAttribute, SnsNotification } from "./message.ts";
import { invalidMessage, type SnsRefusal } from "./refusal.ts";
import type { Authentic } from "./signature.ts";

/** What a notification is sent to a queue as. */
export interface QueueMessage {
  /**
   * SNS's MessageId. It is the same for every delivery of the message, so the shard answers a repetition with what
   * it stored, and a consumer who gets one all the same sees the id that it knows.
   */
  readonly batchId: string;
  readonly body: string;
  /** As given: yet to pass SQS's own checks. */
  readonly attributes: readonly GivenAttribute[];
}

export interface DeliveryOptions {
  /** The bare message with its attributes, instead of the envelope that holds both. */
  readonly raw: boolean;
}

/**
 * The message that SNS would have sent to a queue of Amazon SQS for the notification.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html
 */
export function toQueueMessage(
  notification: Authentic<SnsNotification>,
  { raw }: DeliveryOptions,
): Result<QueueMessage, SnsRefusal> {
  const batchId = notification.messageId;
  if (!raw) return ok({ batchId, body: envelope(notification), attributes: [] });

  // SNS drops such a message for good, and counts it as its publisher's mistake.
  if (notification.attributes.length > limits.messageAttributes) {
    return invalidMessage(
      `Raw delivery takes ${limits.messageAttributes} message attributes at most, not ${notification.attributes.length}.`,
    );
  }
  const attributes: GivenAttribute[] = [];
  for (const attribute of notification.attributes) {
    const given = givenAttribute(attribute);
    if (given === undefined) return invalidMessage("A binary message attribute is not in base64.");
    attributes.push(given);
  }
  return ok({ batchId, body: notification.message, attributes });
}

/** A label behind the type stays, as in `String.Array`, whose text is a JSON array. Undefined unless base64 is. */
function givenAttribute({ name, type, value }: SnsAttribute): GivenAttribute | undefined {
  const isBinary = type === "Binary" || type.startsWith("Binary.");
  const bytes = isBinary ? fromBase64(value) : undefined;
  if (isBinary && bytes === undefined) return undefined;
  return {
    name,
    dataType: type,
    stringValue: isBinary ? undefined : value,
    binaryValue: bytes,
    hasList: false,
  };
}

/** Written as SNS writes it, blanks included, for consumers that look for text in it or show it to people. */
function envelope(notification: SnsNotification): string {
  const { subject, unsubscribeUrl, attributes } = notification;
  const members = [
    member("Type", notification.type),
    member("MessageId", notification.messageId),
    member("TopicArn", notification.topic.arn),
    ...(subject === undefined ? [] : [member("Subject", subject)]),
    member("Message", notification.message),
    member("Timestamp", notification.timestamp),
    member("SignatureVersion", notification.signatureVersion),
    member("Signature", notification.signature),
    member("SigningCertURL", notification.signingCertUrl),
    ...(unsubscribeUrl === undefined ? [] : [member("UnsubscribeURL", unsubscribeUrl)]),
    ...(attributes.length === 0 ? [] : [attributeMembers(attributes)]),
  ];
  return `{\n${members.join(",\n")}\n}`;
}

function member(name: string, value: string): string {
  return `  "${name}" : ${JSON.stringify(value)}`;
}

function attributeMembers(attributes: readonly SnsAttribute[]): string {
  const members = attributes.map(
    ({ name, type, value }) =>
      `    ${JSON.stringify(name)} : {"Type":${JSON.stringify(type)},"Value":${JSON.stringify(value)}}`,
  );
  return `  "MessageAttributes" : {\n${members.join(",\n")}\n  }`;
}
