import { type KeyObject, sign } from "node:crypto";
import { utf8 } from "../../../../src/lib/bytes.ts";
import { assert } from "../../../../src/lib/result.ts";
import { createSnsCertificates } from "../../../../src/services/sns/inbound/certificates.ts";
import type { FetchInit } from "../../../../src/services/sns/inbound/fetch-file.ts";
import type {
  SnsConfirmation,
  SnsMessage,
  SnsNotification,
} from "../../../../src/services/sns/inbound/message.ts";
import { readNotification } from "../../../../src/services/sns/inbound/read-notification.ts";
import type { Authentic } from "../../../../src/services/sns/inbound/signature.ts";
import { verifySnsSignature } from "../../../../src/services/sns/inbound/signature.ts";
import { parseTopicArn, type TopicArn } from "../../../../src/services/sns/inbound/topic-arn.ts";
import { issue } from "./pki.ts";

/** An SNS of our own, with an authority of its own: what it sends is signed, and its certificates can be fetched. */
export const nowMs = Date.parse("2026-10-02T18:00:00.000Z");
export const topicArn = "arn:aws:sns:us-east-1:123456789012:orders";
export const messageId = "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324";
export const host = "https://sns.us-east-1.amazonaws.com";
export const certificateUrl = `${host}/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem`;
export const issuerUrl = "http://crt.test1.amazontrust.com/test1.cer";

export const root = issue({ commonName: "Test Root CA 1", ca: true });
export const authority = issue({ commonName: "Test RSA 2048 M01", issuer: root, ca: true });
export const leaf = issue({
  commonName: "sns.amazonaws.com",
  dnsNames: ["sns.amazonaws.com"],
  issuer: authority,
  issuerUrl,
});

/** A message as its JSON. */
export type Wire = Readonly<Record<string, unknown>>;

export interface Signing {
  readonly key?: KeyObject;
  readonly version?: "1" | "2";
}

const FIELDS = {
  Notification: ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
  Confirmation: ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
};

export function notification(changes: Wire = {}, signing: Signing = {}): Wire {
  return signed(
    {
      Type: "Notification",
      MessageId: messageId,
      TopicArn: topicArn,
      Subject: "My subject",
      Message: "Hello\nworld!",
      Timestamp: new Date(nowMs).toISOString(),
      UnsubscribeURL: `${host}/?Action=Unsubscribe&SubscriptionArn=${topicArn}:c9135db0-26c4-47ec-8998-413945fb5a96`,
      ...changes,
    },
    signing,
  );
}

export function confirmation(changes: Wire = {}, signing: Signing = {}): Wire {
  return signed(
    {
      Type: "SubscriptionConfirmation",
      MessageId: messageId,
      Token: "2336412f37f",
      TopicArn: topicArn,
      Message: "You have chosen to subscribe to the topic.",
      SubscribeURL: `${host}/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=2336412f37f`,
      Timestamp: new Date(nowMs).toISOString(),
      ...changes,
    },
    signing,
  );
}

/** The text that a message has a signature of, written down apart from the code under test. */
export function signedText(wire: Wire, order: readonly string[] = orderOf(wire)): string {
  return order
    .filter((name) => wire[name] !== undefined)
    .map((name) => `${name}\n${wire[name]}\n`)
    .join("");
}

export function orderOf(wire: Wire): readonly string[] {
  return wire["Type"] === "Notification" ? FIELDS.Notification : FIELDS.Confirmation;
}

export function signatureOf(text: string, { key = leaf.key, version = "1" }: Signing = {}): string {
  return sign(version === "1" ? "RSA-SHA1" : "RSA-SHA256", utf8(text), key).toString("base64");
}

export function posted(wire: unknown): Uint8Array {
  return utf8(JSON.stringify(wire));
}

export function readWire(wire: unknown, headers: Record<string, string> = {}) {
  return readNotification(new Headers(headers), posted(wire));
}

/** The files that can be fetched, and which have been. */
export function served(files: Readonly<Record<string, string | Uint8Array>>) {
  const fetched: string[] = [];
  const inits: FetchInit[] = [];
  const fetcher = async (url: string, init: FetchInit): Promise<Response> => {
    fetched.push(url);
    inits.push(init);
    const file = files[url];
    return file === undefined ? new Response("not found", { status: 404 }) : new Response(file);
  };
  return { fetcher, fetched, inits };
}

export function usualFiles() {
  return served({ [certificateUrl]: leaf.pem, [issuerUrl]: authority.der });
}

/** Certificates that lead to our root. */
export function certificatesOf({ fetcher }: Pick<ReturnType<typeof served>, "fetcher">) {
  return createSnsCertificates(fetcher, [root]);
}

/** Reads and verifies, as the endpoint does. */
export async function receive(
  wire: Wire,
  options: { certificates?: ReturnType<typeof certificatesOf>; atMs?: number } = {},
) {
  const message = readWire(wire);
  if (!message.ok) return message;
  const { certificates = certificatesOf(usualFiles()), atMs = nowMs } = options;
  return verifySnsSignature<SnsMessage>(message.value, { certificates, nowMs: atMs });
}

export async function authenticNotification(wire: Wire): Promise<Authentic<SnsNotification>> {
  const message = await receive(wire);
  assert(message.ok && message.value.type === "Notification", "the notification is authentic");
  return message.value;
}

export async function authenticConfirmation(wire: Wire): Promise<Authentic<SnsConfirmation>> {
  const message = await receive(wire);
  assert(message.ok && message.value.type !== "Notification", "the confirmation is authentic");
  return message.value;
}

export function topicOf(arn: string): TopicArn {
  const topic = parseTopicArn(arn);
  assert(topic, `${arn} is a topic's`);
  return topic;
}

function signed(fields: Wire, signing: Signing): Wire {
  return {
    ...fields,
    SignatureVersion: signing.version ?? "1",
    SigningCertURL: fields["SigningCertURL"] ?? certificateUrl,
    Signature: signatureOf(signedText(fields), signing),
  };
}
