import { describe, expect, it } from "vitest";
import { utf8 } from "../../../../src/lib/bytes.ts";
import { limits } from "../../../../src/queue/limits.ts";
import { readNotification } from "../../../../src/services/sns/inbound/read-notification.ts";
import {
  confirmation,
  host,
  messageId,
  notification,
  posted,
  readWire,
  topicArn,
  topicOf,
} from "./sns-in-hand.ts";

const refused = (message: string) => ({ ok: false, error: { kind: "InvalidMessage", message } });
const malformed = (name: string) => refused(`${name} is missing or malformed.`);
const notJson = refused("The body must be one JSON object in UTF-8.");

describe("a notification", () => {
  it("is read", () => {
    const wire = notification({ MessageAttributes: { colour: { Type: "String", Value: "red" } }, Other: 1 });
    expect(readWire(wire)).toEqual({
      ok: true,
      value: {
        type: "Notification",
        messageId,
        topic: topicOf(topicArn),
        subject: "My subject",
        message: "Hello\nworld!",
        timestamp: "2026-10-02T18:00:00.000Z",
        signatureVersion: "1",
        signature: wire["Signature"],
        signingCertUrl: wire["SigningCertURL"],
        unsubscribeUrl: wire["UnsubscribeURL"],
        attributes: [{ name: "colour", type: "String", value: "red" }],
      },
    });
  });

  it.each([undefined, null])("may have %s for subject, attributes and URL to unsubscribe", (none) => {
    const wire = notification({ Subject: undefined, UnsubscribeURL: none, MessageAttributes: none });
    expect(readWire({ ...wire, Subject: none })).toMatchObject({
      ok: true,
      value: { subject: undefined, unsubscribeUrl: undefined, attributes: [] },
    });
  });

  it.each([
    ["two lines", "a\nb"],
    ["a return", "a\rb"],
    ["a line separator", "a\u2028b"],
    ["half a pair", "\ud83d"],
    ["a number", 5],
  ])("may not have %s for a subject", (_, Subject) => {
    expect(readWire({ ...notification(), Subject })).toEqual(malformed("Subject"));
  });

  it.each(["https://evil.com/", "", 5, `${host}/?Action=DeleteTopic&TopicArn=${topicArn}`])(
    "may not be unsubscribed at %j",
    (UnsubscribeURL) => {
      expect(readWire({ ...notification(), UnsubscribeURL })).toEqual(malformed("UnsubscribeURL"));
    },
  );

  it.each([
    [],
    "x",
    5,
    { a: null },
    { a: "x" },
    { a: { Type: "String" } },
    { a: { Value: "x" } },
    { a: { Type: "Number", Value: 5 } },
    { a: { Type: 5, Value: "x" } },
  ])("may not have the attributes %j", (MessageAttributes) => {
    expect(readWire({ ...notification(), MessageAttributes })).toEqual(malformed("MessageAttributes"));
  });

  it("may have an attribute that is named like a part of objects", () => {
    const json = JSON.stringify(notification()).replace(
      /^\{/,
      '{"MessageAttributes":{"__proto__":{"Type":"String","Value":"x"}},',
    );
    expect(readNotification(new Headers(), utf8(json))).toMatchObject({
      ok: true,
      value: { attributes: [{ name: "__proto__", type: "String", value: "x" }] },
    });
  });
});

describe("a confirmation", () => {
  it.each(["SubscriptionConfirmation", "UnsubscribeConfirmation"])("of type %s is read", (Type) => {
    const wire = confirmation({ Type });
    expect(readWire(wire)).toEqual({
      ok: true,
      value: {
        type: Type,
        messageId,
        topic: topicOf(topicArn),
        message: "You have chosen to subscribe to the topic.",
        token: "2336412f37f",
        subscribeUrl: wire["SubscribeURL"],
        timestamp: "2026-10-02T18:00:00.000Z",
        signatureVersion: "1",
        signature: wire["Signature"],
        signingCertUrl: wire["SigningCertURL"],
      },
    });
  });

  it.each([
    ["Token", undefined],
    ["Token", ""],
    ["Token", "a\nb"],
    ["Token", 5],
    ["SubscribeURL", undefined],
    ["SubscribeURL", "https://a/\nTimestamp"],
  ])("needs a well-formed %s, not %j", (name, value) => {
    expect(readWire({ ...confirmation(), [name]: value })).toEqual(malformed(name));
  });
});

describe.each([
  ["notification", notification],
  ["confirmation", confirmation],
])("every %s", (_, make) => {
  it.each([
    ["Message", ""],
    ["Message", { a: 1 }],
    // Its bytes are those of U+FFFD, which SNS may have signed.
    ["Message", "half a pair: \ud83d"],
    ["MessageId", "1"],
    ["MessageId", `${messageId}\nSubject\nx`],
    ["MessageId", messageId.toUpperCase()],
    ["TopicArn", "arn:aws:sqs:us-east-1:123456789012:orders"],
    ["Timestamp", "yesterday"],
    ["Timestamp", "2026-10-02T18:00:00.000+01:00"],
    ["Timestamp", "2026-13-02T18:00:00.000Z"],
    ["Timestamp", "2026-10-02T18:00:00.000Z\nToken\nx"],
    ["Timestamp", 1790000000000],
    ["SignatureVersion", "0"],
    ["SignatureVersion", "3"],
    ["SignatureVersion", 1],
    ["Signature", "not base64!"],
    ["Signature", ""],
    ["SigningCertURL", ""],
    ["SigningCertURL", "https://a /"],
  ])("needs a well-formed %s, not %j", (name, value) => {
    expect(readWire({ ...make(), [name]: value })).toEqual(malformed(name));
    expect(readWire({ ...make(), [name]: undefined })).toEqual(malformed(name));
  });
});

describe("the body", () => {
  it.each(["", "{", "[]", '"text"', "null", "{} {}"])("may not be %j", (text) => {
    expect(readNotification(new Headers(), utf8(text))).toEqual(notJson);
  });

  it("must be UTF-8", () => {
    expect(readNotification(new Headers(), Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d))).toEqual(notJson);
  });

  it("may be as long as SNS's can get, and not a byte longer", () => {
    const room = limits.snsRequestBytes - posted(notification({ Message: "" })).length;
    expect(readWire(notification({ Message: "x".repeat(room) })).ok).toBe(true);
    expect(readWire(notification({ Message: "x".repeat(room + 1) }))).toEqual(
      refused("The body must not be longer than 2097152 bytes."),
    );
  });

  it.each([undefined, "", "notification", "constructor", 5])("may not have the type %j", (Type) => {
    expect(readWire({ ...notification(), Type })).toEqual(
      refused("Type must be Notification, SubscriptionConfirmation or UnsubscribeConfirmation."),
    );
  });
});

describe("the headers", () => {
  it.each(["text/plain; charset=UTF-8", "application/json", "image/png"])("may say that it is %s", (type) => {
    expect(readWire(notification(), { "content-type": type }).ok).toBe(true);
  });

  it("must agree with the body on the type, if they name it", () => {
    expect(readWire(notification(), { "x-amz-sns-message-type": "Notification" }).ok).toBe(true);
    expect(readWire(notification(), { "x-amz-sns-message-type": "SubscriptionConfirmation" })).toEqual(
      refused("The x-amz-sns-message-type header must be the Type of the message."),
    );
  });

  it.each(["true", "True"])("may not say that the delivery is raw: %s", (raw) => {
    const answer = readWire(notification(), { "x-amz-sns-rawdelivery": raw });
    expect(answer).toMatchObject({
      ok: false,
      error: { kind: "InvalidMessage", message: expect.stringContaining("?raw=true") },
    });
  });

  it("may say that it is not raw", () => {
    expect(readWire(notification(), { "x-amz-sns-rawdelivery": "false" }).ok).toBe(true);
  });
});
