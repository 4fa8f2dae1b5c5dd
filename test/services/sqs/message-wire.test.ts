import { describe, expect, test } from "vitest";
import { utf8 } from "../../../src/lib/bytes.ts";
import { decodeForm } from "../../../src/protocols/aws-query.ts";
import { queryDialectOf } from "../../../src/protocols/dialects.ts";
import { emptyForm, readForm } from "../../../src/protocols/form.ts";
import type { QueueAction } from "../../../src/services/action.ts";
import { changeMessageVisibilityBatch } from "../../../src/services/sqs/change-message-visibility-batch.ts";
import { deleteMessage } from "../../../src/services/sqs/delete-message.ts";
import { deleteMessageBatch } from "../../../src/services/sqs/delete-message-batch.ts";
import { receiveMessage } from "../../../src/services/sqs/receive-message.ts";
import { sendMessage } from "../../../src/services/sqs/send-message.ts";
import { sendMessageBatch } from "../../../src/services/sqs/send-message-batch.ts";

function decode(action: QueueAction, parameters: Readonly<Record<string, string>>): unknown {
  const form = emptyForm();
  readForm(form, new URLSearchParams({ QueueUrl: "q", ...parameters }).toString());
  const decoded = decodeForm(action.input, form);
  return decoded.ok ? decoded.value : decoded.error.message;
}

function encode(action: QueueAction, value: unknown): string {
  const { body } = queryDialectOf(undefined, undefined).protocol.encode(action.name, action.output, value, {
    requestId: "r",
    nowMs: 0,
  });
  return body.replace(/^.*?<\w+Response [^>]*>/s, "").replace(/<ResponseMetadata>.*$/s, "");
}

describe("Query names of the inputs", () => {
  test("of SendMessage", () => {
    expect(
      decode(sendMessage, {
        MessageBody: "b",
        DelaySeconds: "5",
        MessageGroupId: "g",
        MessageDeduplicationId: "d",
        "MessageAttribute.1.Name": "a",
        "MessageAttribute.1.Value.DataType": "String",
        "MessageAttribute.1.Value.StringValue": "x",
        "MessageAttribute.2.Name": "b",
        "MessageAttribute.2.Value.DataType": "Binary",
        "MessageAttribute.2.Value.BinaryValue": "eA==",
        "MessageAttribute.3.Name": "c",
        "MessageAttribute.3.Value.StringListValue.1": "y",
        "MessageAttribute.4.Name": "d",
        "MessageAttribute.4.Value.BinaryListValue.1": "eA==",
        "MessageSystemAttribute.1.Name": "AWSTraceHeader",
        "MessageSystemAttribute.1.Value.DataType": "String",
        "MessageSystemAttribute.1.Value.StringValue": "Root=1",
      }),
    ).toEqual({
      QueueUrl: "q",
      MessageBody: "b",
      DelaySeconds: 5,
      MessageGroupId: "g",
      MessageDeduplicationId: "d",
      MessageAttributes: new Map<string, unknown>([
        ["a", { DataType: "String", StringValue: "x" }],
        ["b", { DataType: "Binary", BinaryValue: utf8("x") }],
        ["c", { StringListValues: ["y"] }],
        ["d", { BinaryListValues: [utf8("x")] }],
      ]),
      MessageSystemAttributes: new Map([["AWSTraceHeader", { DataType: "String", StringValue: "Root=1" }]]),
    });
  });

  test("of the batches", () => {
    expect(
      decode(sendMessageBatch, {
        "SendMessageBatchRequestEntry.1.Id": "a",
        "SendMessageBatchRequestEntry.1.MessageBody": "b",
        "SendMessageBatchRequestEntry.1.MessageAttribute.1.Name": "n",
        "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue": "x",
      }),
    ).toMatchObject({
      Entries: [{ Id: "a", MessageBody: "b", MessageAttributes: new Map([["n", { StringValue: "x" }]]) }],
    });
    expect(
      decode(deleteMessageBatch, {
        "DeleteMessageBatchRequestEntry.1.Id": "a",
        "DeleteMessageBatchRequestEntry.1.ReceiptHandle": "h",
      }),
    ).toMatchObject({ Entries: [{ Id: "a", ReceiptHandle: "h" }] });
    expect(
      decode(changeMessageVisibilityBatch, {
        "ChangeMessageVisibilityBatchRequestEntry.1.Id": "a",
        "ChangeMessageVisibilityBatchRequestEntry.1.ReceiptHandle": "h",
        "ChangeMessageVisibilityBatchRequestEntry.1.VisibilityTimeout": "9",
      }),
    ).toMatchObject({ Entries: [{ Id: "a", ReceiptHandle: "h", VisibilityTimeout: 9 }] });
  });

  test("of ReceiveMessage", () => {
    expect(
      decode(receiveMessage, {
        "AttributeName.1": "SenderId",
        "MessageSystemAttributeName.1": "SentTimestamp",
        "MessageAttributeName.1": "All",
      }),
    ).toMatchObject({
      AttributeNames: ["SenderId"],
      MessageSystemAttributeNames: ["SentTimestamp"],
      MessageAttributeNames: ["All"],
    });
  });

  test("appear in the texts about what is missing", () => {
    expect(decode(sendMessage, {})).toBe("The request must contain the parameter MessageBody.");
    expect(decode(sendMessageBatch, { "SendMessageBatchRequestEntry.1.Id": "a" })).toBe(
      "The request must contain the parameter SendMessageBatchRequestEntry.1.MessageBody.",
    );
    expect(decode(deleteMessage, {})).toBe("The request must contain the parameter ReceiptHandle.");
  });

  test("leave an empty batch to the action, which has its own error for it", () => {
    expect(decode(deleteMessageBatch, {})).toEqual({ QueueUrl: "q", Entries: [] });
  });
});

describe("Query answers", () => {
  test("of ReceiveMessage repeat Message, Attribute and MessageAttribute", () => {
    const message = {
      MessageId: "i",
      ReceiptHandle: "h",
      MD5OfBody: "m",
      Body: "b",
      Attributes: new Map([["SenderId", "s"]]),
      MD5OfMessageAttributes: "d",
      MessageAttributes: new Map([["a", { StringValue: "x", DataType: "String" }]]),
    };
    expect(encode(receiveMessage, { Messages: [message] })).toBe(
      "<ReceiveMessageResult><Message><MessageId>i</MessageId><ReceiptHandle>h</ReceiptHandle>" +
        "<MD5OfBody>m</MD5OfBody><Body>b</Body><Attribute><Name>SenderId</Name><Value>s</Value></Attribute>" +
        "<MD5OfMessageAttributes>d</MD5OfMessageAttributes><MessageAttribute><Name>a</Name><Value>" +
        "<StringValue>x</StringValue><DataType>String</DataType></Value></MessageAttribute></Message>" +
        "</ReceiveMessageResult>",
    );
    expect(encode(receiveMessage, { Messages: [] })).toBe("<ReceiveMessageResult/>");
  });

  test("of batches name successes after the action and failures alike", () => {
    const Failed = [{ Id: "f", SenderFault: true, Code: "c", Message: "m" }];
    const failure =
      "<BatchResultErrorEntry><Id>f</Id><SenderFault>true</SenderFault><Code>c</Code><Message>m</Message>" +
      "</BatchResultErrorEntry>";
    expect(
      encode(sendMessageBatch, { Successful: [{ Id: "a", MessageId: "i", MD5OfMessageBody: "m" }], Failed }),
    ).toBe(
      "<SendMessageBatchResult><SendMessageBatchResultEntry><Id>a</Id><MessageId>i</MessageId>" +
        "<MD5OfMessageBody>m</MD5OfMessageBody></SendMessageBatchResultEntry>" +
        `${failure}</SendMessageBatchResult>`,
    );
    expect(encode(deleteMessageBatch, { Successful: [{ Id: "a" }], Failed: [] })).toBe(
      "<DeleteMessageBatchResult><DeleteMessageBatchResultEntry><Id>a</Id></DeleteMessageBatchResultEntry>" +
        "</DeleteMessageBatchResult>",
    );
    expect(encode(changeMessageVisibilityBatch, { Successful: [{ Id: "a" }], Failed: [] })).toBe(
      "<ChangeMessageVisibilityBatchResult><ChangeMessageVisibilityBatchResultEntry><Id>a</Id>" +
        "</ChangeMessageVisibilityBatchResultEntry></ChangeMessageVisibilityBatchResult>",
    );
  });

  test("of DeleteMessage have no result element", () => {
    expect(encode(deleteMessage, {})).toBe("");
  });
});
