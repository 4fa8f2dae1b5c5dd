import { describe, expect, it } from "vitest";
import { limits } from "../../../../src/queue/limits.ts";
import { stringToSign } from "../../../../src/services/sns/inbound/signature.ts";
import { ecKey, rsaKey } from "./pki.ts";
import {
  certificatesOf,
  certificateUrl,
  confirmation,
  host,
  leaf,
  messageId,
  notification,
  nowMs,
  orderOf,
  readWire,
  receive,
  signatureOf,
  signedText,
  usualFiles,
  type Wire,
} from "./sns-in-hand.ts";

const refused = (message: string) => ({ ok: false, error: { kind: "NotAuthentic", message } });
const wrongSignature = refused("The signature is not that of the message.");

const textOf = (wire: Wire) => {
  const message = readWire(wire);
  return message.ok ? stringToSign(message.value) : message.error;
};

describe("the text that is signed", () => {
  it("of a notification has its fields in SNS's order", () => {
    expect(textOf(notification())).toBe(
      "Message\nHello\nworld!\nMessageId\n22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324\nSubject\nMy subject\n" +
        "Timestamp\n2026-10-02T18:00:00.000Z\nTopicArn\narn:aws:sns:us-east-1:123456789012:orders\n" +
        "Type\nNotification\n",
    );
  });

  it("leaves out a subject that there is not", () => {
    expect(textOf(notification({ Subject: undefined }))).toBe(
      "Message\nHello\nworld!\nMessageId\n22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324\n" +
        "Timestamp\n2026-10-02T18:00:00.000Z\nTopicArn\narn:aws:sns:us-east-1:123456789012:orders\n" +
        "Type\nNotification\n",
    );
  });

  it.each(["SubscriptionConfirmation", "UnsubscribeConfirmation"])("of a %s has URL and token", (Type) => {
    expect(textOf(confirmation({ Type }))).toBe(
      "Message\nYou have chosen to subscribe to the topic.\nMessageId\n22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324\n" +
        "SubscribeURL\nhttps://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription" +
        "&TopicArn=arn:aws:sns:us-east-1:123456789012:orders&Token=2336412f37f\n" +
        "Timestamp\n2026-10-02T18:00:00.000Z\nToken\n2336412f37f\n" +
        `TopicArn\narn:aws:sns:us-east-1:123456789012:orders\nType\n${Type}\n`,
    );
  });
});

describe.each(["1", "2"] as const)("a signature of version %s", (version) => {
  it.each([
    ["a notification", notification({}, { version })],
    ["one without a subject", notification({ Subject: undefined }, { version })],
    [
      "one that JSON escapes",
      notification({ Message: 'ö "\\ \u0001 \u2028 😀\n', Subject: "ü" }, { version }),
    ],
    ["a request to subscribe", confirmation({}, { version })],
    ["the end of a subscription", confirmation({ Type: "UnsubscribeConfirmation" }, { version })],
  ])("of %s is accepted", async (_, wire) => {
    expect(await receive(wire)).toMatchObject({ ok: true, value: { type: wire["Type"], messageId } });
  });

  it.each([
    { Message: "Hello\nworld?" },
    { MessageId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf325" },
    { Subject: "Another" },
    { Subject: undefined },
    { Timestamp: "2026-10-02T18:00:00.001Z" },
    { TopicArn: "arn:aws:sns:us-east-1:123456789012:order", UnsubscribeURL: undefined },
    { SignatureVersion: version === "1" ? "2" : "1" },
  ])("is refused with %j changed in the notification", async (changes) => {
    expect(await receive({ ...notification({}, { version }), ...changes })).toEqual(wrongSignature);
  });

  it.each([
    { Message: "Another" },
    { MessageId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf325" },
    { SubscribeURL: `${host}/` },
    { Timestamp: "2026-10-02T18:00:00.001Z" },
    { Token: "2336412f37e" },
    { TopicArn: "arn:aws:sns:us-east-1:123456789013:orders" },
    { Type: "UnsubscribeConfirmation" },
  ])("is refused with %j changed in the confirmation", async (changes) => {
    expect(await receive({ ...confirmation({}, { version }), ...changes })).toEqual(wrongSignature);
  });

  it.each([
    ["another RSA key", rsaKey()],
    ["a key of another kind", ecKey()],
  ])("of %s is refused", async (_, key) => {
    expect(await receive(notification({}, { version, key }))).toEqual(wrongSignature);
  });

  it.each([
    ["a notification", notification({}, { version })],
    ["a confirmation", confirmation({}, { version })],
  ])("over the fields of %s in any other order is refused", async (_, wire) => {
    const order = orderOf(wire);
    for (let at = 1; at < order.length; at++) {
      const swapped = order.map((name, index) =>
        index === at ? order[at - 1] : index === at - 1 ? order[at] : name,
      );
      const text = signedText(
        wire,
        swapped.filter((name) => name !== undefined),
      );
      expect(await receive({ ...wire, Signature: signatureOf(text, { version }) })).toEqual(wrongSignature);
    }
  });
});

it.each([
  ["cut short", (signature: string) => signature.slice(0, -4)],
  ["made longer", (signature: string) => `AAAA${signature}`],
  ["one byte", () => "AA=="],
  ["not padded", () => "AAA"],
  [
    "spelled otherwise",
    (signature: string) => signature.replace(/.==$/, (end) => (end === "A==" ? "B==" : "A==")),
  ],
])("a signature that is %s is refused", async (_, change) => {
  const wire = notification();
  expect(await receive({ ...wire, Signature: change(String(wire["Signature"])) })).toEqual(wrongSignature);
});

it("what the message says of another field is not taken for that field", async () => {
  const wire = notification({ Subject: undefined, Message: `a\nMessageId\n${messageId}\nSubject\nb` });
  expect(await receive(wire)).toMatchObject({ ok: true });
  // The same text, read as a message "a" of which the rest is the subject.
  expect(await receive({ ...wire, Message: "a", Subject: `b\nMessageId\n${messageId}` })).toMatchObject({
    ok: false,
    error: { kind: "InvalidMessage" },
  });
});

describe("the timestamp", () => {
  const sentAt = (ageMs: number) => notification({ Timestamp: new Date(nowMs - ageMs).toISOString() });

  it("may be an hour old, and no more", async () => {
    expect(await receive(sentAt(limits.snsMessageAgeMs))).toMatchObject({ ok: true });
    expect(await receive(sentAt(limits.snsMessageAgeMs + 1))).toEqual(refused("Timestamp is too old."));
  });

  it("may be fifteen minutes ahead, and no more", async () => {
    expect(await receive(sentAt(-limits.snsMessageAheadMs))).toMatchObject({ ok: true });
    expect(await receive(sentAt(-limits.snsMessageAheadMs - 1))).toEqual(
      refused("Timestamp is in the future."),
    );
  });

  it("is looked at before anything is fetched", async () => {
    const files = usualFiles();
    const certificates = certificatesOf(files);
    await receive(sentAt(limits.snsMessageAgeMs + 1), { certificates });
    expect(files.fetched).toEqual([]);
    await receive(sentAt(0), { certificates });
    expect(files.fetched).toContain(certificateUrl);
  });
});

it("a certificate of another region's SNS is not fetched", async () => {
  const files = usualFiles();
  const elsewhere = notification({ SigningCertURL: certificateUrl.replace("us-east-1", "us-west-2") });
  expect(await receive(elsewhere, { certificates: certificatesOf(files) })).toEqual(
    refused("SigningCertURL is not a certificate of the SNS of the topic's region."),
  );
  expect(files.fetched).toEqual([]);
});

it("a signature of the right key under a certificate that cannot be had is tried again later", async () => {
  const certificates = certificatesOf({ fetcher: () => Promise.reject(new Error("network")) });
  expect(await receive(notification({}, { key: leaf.key }), { certificates })).toMatchObject({
    ok: false,
    error: { kind: "CertificateUnavailable" },
  });
});
