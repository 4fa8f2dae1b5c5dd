import { verify } from "node:crypto";
import { fromBase64, utf8 } from "../../../lib/bytes.ts";
import { ok, type Result } from "../../../lib/result.ts";
import { limits } from "../../../queue/limits.ts";
import type { SnsCertificates } from "./certificates.ts";
import type { SnsMessage } from "./message.ts";
import { notAuthentic, type SnsRefusal } from "./refusal.ts";

/** Set by `verifySnsSignature` alone, so that what acts on a message cannot be handed an unverified one. */
const authentic: unique symbol = Symbol("authentic");

/** A message that SNS sent. Which topics are listened to is for the queue's policy to say: anyone can have one. */
export type Authentic<M extends SnsMessage> = M & { readonly [authentic]: true };

export interface SnsVerification {
  readonly certificates: SnsCertificates;
  readonly nowMs: number;
}

/**
 * Whether SNS sent the message, lately.
 *
 * The signature covers neither MessageAttributes nor UnsubscribeURL: who has seen a delivery can post it again with
 * others for an hour. By its MessageId it is stored once, so that matters only where SNS is slower.
 *
 * SHA-1, of version 1, is broken against one who writes both of two messages. Here that is a publisher of the topic:
 * all that follows the message in the text is SNS's and common to both, so only what could be published is forged.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
export async function verifySnsSignature<M extends SnsMessage>(
  message: M,
  { certificates, nowMs }: SnsVerification,
): Promise<Result<Authentic<M>, SnsRefusal>> {
  const ageMs = nowMs - Date.parse(message.timestamp);
  if (ageMs > limits.snsMessageAgeMs) return notAuthentic("Timestamp is too old.");
  if (ageMs < -limits.snsMessageAheadMs) return notAuthentic("Timestamp is in the future.");
  const signature = fromBase64(message.signature);
  if (signature === undefined) return notAuthentic(WRONG_SIGNATURE);

  const key = await certificates.keyFor(message.signingCertUrl, message.topic, nowMs);
  if (!key.ok) return key;
  const algorithm = message.signatureVersion === "1" ? "RSA-SHA1" : "RSA-SHA256";
  return verify(algorithm, utf8(stringToSign(message)), key.value, signature)
    ? ok({ ...message, [authentic]: true })
    : notAuthentic(WRONG_SIGNATURE);
}

const WRONG_SIGNATURE = "The signature is not that of the message.";

/**
 * The text that SNS signs: names and values, a line each.
 *
 * Nothing in it separates a line of a value from the next name. It is unambiguous all the same, because only Message
 * may hold line breaks: read from its end, every other field has one place and one form.
 */
export function stringToSign(message: SnsMessage): string {
  const fields =
    message.type === "Notification"
      ? [
          ["Message", message.message],
          ["MessageId", message.messageId],
          ...(message.subject === undefined ? [] : [["Subject", message.subject]]),
          ["Timestamp", message.timestamp],
          ["TopicArn", message.topic.arn],
          ["Type", message.type],
        ]
      : [
          ["Message", message.message],
          ["MessageId", message.messageId],
          ["SubscribeURL", message.subscribeUrl],
          ["Timestamp", message.timestamp],
          ["Token", message.token],
          ["TopicArn", message.topic.arn],
          ["Type", message.type],
        ];
  return fields.map(([name, value]) => `${name}\n${value}\n`).join("");
}
