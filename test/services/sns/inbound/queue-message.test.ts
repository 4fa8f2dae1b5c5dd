import { describe, expect, it } from "vitest";
import { limits } from "../../../../src/queue/limits.ts";
import { checkUserAttributes } from "../../../../src/queue/message-attributes.ts";
import { toQueueMessage } from "../../../../src/services/sns/inbound/queue-message.ts";
import { authenticNotification, messageId, notification, type Wire } from "./sns-in-hand.ts";

const delivered = async (changes: Wire, raw: boolean) =>
  toQueueMessage(await authenticNotification(notification(changes)), { raw });
const refused = (message: string) => ({ ok: false, error: { kind: "InvalidMessage", message } });

const attributes = {
  text: { Type: "String", Value: 'say "hi"' },
  array: { Type: "String.Array", Value: '["a",1,null]' },
  number: { Type: "Number", Value: "-1.50" },
  binary: { Type: "Binary", Value: "AP8Q" },
};

const many = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`a${index}`, { Type: "String", Value: "x" }]),
  );

describe("in its envelope, a notification", () => {
  it("is what SNS writes to a queue", async () => {
    const wire = notification({ MessageAttributes: attributes });
    const message = toQueueMessage(await authenticNotification(wire), { raw: false });
    expect(message).toEqual({
      ok: true,
      value: {
        batchId: messageId,
        attributes: [],
        body: `{
  "Type" : "Notification",
  "MessageId" : "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
  "TopicArn" : "arn:aws:sns:us-east-1:123456789012:orders",
  "Subject" : "My subject",
  "Message" : "Hello\\nworld!",
  "Timestamp" : "2026-10-02T18:00:00.000Z",
  "SignatureVersion" : "1",
  "Signature" : "${wire["Signature"]}",
  "SigningCertURL" : "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem",
  "UnsubscribeURL" : "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:orders:c9135db0-26c4-47ec-8998-413945fb5a96",
  "MessageAttributes" : {
    "text" : {"Type":"String","Value":"say \\"hi\\""},
    "array" : {"Type":"String.Array","Value":"[\\"a\\",1,null]"},
    "number" : {"Type":"Number","Value":"-1.50"},
    "binary" : {"Type":"Binary","Value":"AP8Q"}
  }
}`,
      },
    });
  });

  it("leaves out what there is not", async () => {
    const message = await delivered({ Subject: undefined, UnsubscribeURL: undefined }, false);
    expect(message.ok && Object.keys(JSON.parse(message.value.body))).toEqual([
      "Type",
      "MessageId",
      "TopicArn",
      "Message",
      "Timestamp",
      "SignatureVersion",
      "Signature",
      "SigningCertURL",
    ]);
  });

  it("can be verified again by who receives it", async () => {
    const wire = notification({ Message: '"\\\u0001\u2028😀', MessageAttributes: attributes });
    const message = toQueueMessage(await authenticNotification(wire), { raw: false });
    expect(message.ok && JSON.parse(message.value.body)).toEqual(wire);
  });

  it("passes on none of the fields that we do not know", async () => {
    const message = await delivered({ Injected: "x" }, false);
    expect(message.ok && message.value.body).not.toContain("Injected");
  });

  it("may have more attributes than a queue's message", async () => {
    expect(await delivered({ MessageAttributes: many(limits.messageAttributes + 1) }, false)).toMatchObject({
      ok: true,
    });
  });
});

describe("raw, a notification", () => {
  it("is its message, with its attributes beside it", async () => {
    const message = await delivered({ MessageAttributes: attributes }, true);
    expect(message).toMatchObject({ ok: true, value: { batchId: messageId, body: "Hello\nworld!" } });
    expect(message.ok && checkUserAttributes(message.value.attributes)).toEqual({
      ok: true,
      value: [
        { name: "text", dataType: "String", value: 'say "hi"' },
        { name: "array", dataType: "String.Array", value: '["a",1,null]' },
        { name: "number", dataType: "Number", value: "-1.50" },
        { name: "binary", dataType: "Binary", value: Uint8Array.of(0, 255, 16) },
      ],
    });
  });

  it("may have an attribute whose type has a label", async () => {
    const message = await delivered(
      {
        MessageAttributes: {
          b: { Type: "Binary.gif", Value: "AP8Q" },
          n: { Type: "Number.int", Value: "5" },
        },
      },
      true,
    );
    expect(message.ok && checkUserAttributes(message.value.attributes)).toEqual({
      ok: true,
      value: [
        { name: "b", dataType: "Binary.gif", value: Uint8Array.of(0, 255, 16) },
        { name: "n", dataType: "Number.int", value: "5" },
      ],
    });
  });

  it("may have no attributes", async () => {
    expect(await delivered({}, true)).toMatchObject({ ok: true, value: { attributes: [] } });
  });

  it("may have as many attributes as a queue's message, and no more", async () => {
    expect(await delivered({ MessageAttributes: many(limits.messageAttributes) }, true)).toMatchObject({
      ok: true,
    });
    expect(await delivered({ MessageAttributes: many(limits.messageAttributes + 1) }, true)).toEqual(
      refused("Raw delivery takes 10 message attributes at most, not 11."),
    );
  });

  it.each(["*", "AP8", "AP8Q=", "-_8="])("may not have the binary attribute %j", async (Value) => {
    expect(await delivered({ MessageAttributes: { b: { Type: "Binary", Value } } }, true)).toEqual(
      refused("A binary message attribute is not in base64."),
    );
  });
});

it("a message that SNS delivers again has the same batch id, so that it is stored once", async () => {
  const wire = notification();
  const first = toQueueMessage(await authenticNotification(wire), { raw: false });
  const again = toQueueMessage(await authenticNotification(wire), { raw: false });
  const other = await delivered({ MessageId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf325" }, false);
  expect(again).toEqual(first);
  expect(other.ok && other.value.batchId).toBe("22b80b92-fdea-4c2c-8f9d-bdfb0c7bf325");
});
