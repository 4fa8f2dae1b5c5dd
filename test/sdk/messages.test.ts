import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import { failureOf, faultOf, type Sqs, sdks } from "../support/sdks.ts";
import { startTestServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

describe.each(sdks)("messages through the $name SDK", (sdk) => {
  let sqs: Sqs;
  let url: string;
  let queues = 0;

  // Both SDKs compare the MD5 of every body, sent or received, and throw where it differs.
  beforeEach(async () => {
    sqs = sdk.connect(server.url);
    const { QueueUrl = "" } = await sqs.createQueue({ QueueName: `${sdk.name}-${++queues}` });
    url = QueueUrl;
  });

  const send = (body: string, more: object = {}) =>
    sqs.sendMessage({ QueueUrl: url, MessageBody: body, ...more });

  const receive = async (more: object = {}) =>
    (await sqs.receiveMessage({ QueueUrl: url, MaxNumberOfMessages: 10, ...more })).Messages ?? [];

  async function receiveOne(more: object = {}) {
    const [message, ...others] = await receive(more);
    expect(others).toEqual([]);
    if (message === undefined) throw new Error("no message");
    return message;
  }

  const bodiesNow = async () => (await receive({ VisibilityTimeout: 0 })).map(({ Body }) => Body).sort();

  describe("a body", () => {
    it.each([
      ["text", "hello"],
      ["every line end and tab", "a\rb\nc\r\nd\te\n"],
      ["leading and trailing space", "  \n x \r\n "],
      ["what XML and forms escape", `<a href="x">&amp; ]]> 'q' 100%25+ %0D = &#13;</a>`],
      ["letters of many scripts and emoji", "Zażółć 漢字 العربية \u{1f469}\u200d\u{1f680} \u{10ffff}"],
      ["the ends of what is allowed", "\t\n\r \ud7ff\ue000\ufffd\u{10000}"],
      ["what looks like JSON", '{"a":[1,null,"\\u0000"]}'],
      ["one character", "x"],
    ])("comes back as it was sent: %s", async (_, body) => {
      const sent = await send(body);
      expect(sent.MD5OfMessageBody).toBe(createHash("md5").update(body).digest("hex"));
      const message = await receiveOne();
      expect(message).toMatchObject({
        Body: body,
        MessageId: sent.MessageId,
        MD5OfBody: sent.MD5OfMessageBody,
      });
    });

    it("of 1 MiB comes back whole, of one byte more is refused", async () => {
      const body = "0123456789abcdef".repeat(65_536);
      await send(body);
      expect((await receiveOne()).Body === body).toBe(true);
      expect(await faultOf(send(`${body}x`))).toEqual({
        code: "InvalidParameterValue",
        status: 400,
        message: "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
      });
    });

    it("is measured in bytes of UTF-8, whatever they take on the wire", async () => {
      const body = "\u20ac".repeat(349_525);
      await send(`${body}a`);
      expect((await receiveOne()).Body === `${body}a`).toBe(true);
      expect((await faultOf(send(`${body}ab`))).code).toBe("InvalidParameterValue");
    });

    // U+FFFE and control characters; a lone surrogate never leaves an SDK.
    it.each([
      ["#x1", "a\u0001"],
      ["#xB", "\u000b"],
      ["#xFFFE", "a\ufffeb"],
    ])("with the character %s is refused", async (character, body) => {
      expect(await failureOf(send(body))).toBeInstanceOf(sdk.module.InvalidMessageContents);
      expect(await faultOf(send(body))).toEqual({
        code: "InvalidMessageContents",
        status: 400,
        message: `Invalid binary character '${character}' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF].`,
      });
    });

    it("must not be empty", async () => {
      expect(await faultOf(send(""))).toEqual({
        code: "MissingParameter",
        status: 400,
        message: "The request must contain the parameter MessageBody.",
      });
    });
  });

  describe("message attributes", () => {
    const attributes = {
      text: { DataType: "String", StringValue: "a\r\n<b> & \u{1f600}" },
      "labelled.text": { DataType: "String.json", StringValue: "{}" },
      number: { DataType: "Number", StringValue: "-12345678901234567890.5e10" },
      "labelled-number": { DataType: "Number.int", StringValue: "007" },
      bytes: { DataType: "Binary", BinaryValue: Uint8Array.from({ length: 256 }, (_, i) => i) },
      labelled_bytes: { DataType: "Binary.png", BinaryValue: new Uint8Array([0]) },
    };

    it("of every type come back as they were sent, with AWS's digest", async () => {
      const sent = await send("x", { MessageAttributes: attributes });
      expect(sent.MD5OfMessageAttributes).toBe(digestOf(attributes));
      const message = await receiveOne({ MessageAttributeNames: ["All"] });
      expect(plain(message.MessageAttributes)).toEqual(plain(attributes));
      expect(message.MD5OfMessageAttributes).toBe(digestOf(attributes));
    });

    it("have the digests that AWS was seen to answer with", async () => {
      const text = (StringValue: string) => ({ DataType: "String", StringValue });
      const hello = { Hello: text("There") };
      const both = { ...hello, General: text("Kenobi") };
      const digest = async (each: object) =>
        (await send("x", { MessageAttributes: each })).MD5OfMessageAttributes;
      expect(await digest(hello)).toBe("a311262e065454b75da111d535b8dacd");
      expect(await digest(both)).toBe("fca026605781cb4126a1e9044df24232");
      expect(await digest({ ...both, "Help.Me": text("Me") })).toBe("4c360f3fdafd970e05fae2f149d997f5");
      expect(await digest({ timestamp: { DataType: "Number", StringValue: "1493147359900" } })).toBe(
        "235c5c510d26fb653d073faed50ae77c",
      );
    });

    it("are given as far as they are asked for, and the digest covers those", async () => {
      await send("x", { MessageAttributes: attributes });
      const ask = async (...names: string[]) => {
        const message = await receiveOne({ MessageAttributeNames: names, VisibilityTimeout: 0 });
        return {
          names: Object.keys(message.MessageAttributes ?? {}),
          digest: message.MD5OfMessageAttributes,
        };
      };
      expect(await ask()).toEqual({ names: [], digest: undefined });
      expect(await ask("nothing")).toEqual({ names: [], digest: undefined });
      const { number, ...others } = attributes;
      expect(await ask("number")).toEqual({ names: ["number"], digest: digestOf({ number }) });
      const labelled = Object.entries(others).filter(([name]) => name.startsWith("labelled"));
      expect(await ask("labelled.*")).toEqual({
        names: labelled.map(([name]) => name),
        digest: digestOf(Object.fromEntries(labelled)),
      });
    });

    it.each([
      [
        "an empty value",
        { a: { DataType: "String", StringValue: "" } },
        "Message (user) attribute 'a' must contain a non-empty value of type 'String'.",
      ],
      [
        "an unknown type",
        { a: { DataType: "string", StringValue: "x" } },
        "The type of message (user) attribute 'a' is invalid. You must use only the following supported type prefixes: Binary, Number, String.",
      ],
      [
        "a number that is none",
        { a: { DataType: "Number", StringValue: "one" } },
        "Can't cast the value of message (user) attribute 'a' to a number.",
      ],
    ])("with %s are refused", async (_, MessageAttributes, message) => {
      const fault = await faultOf(send("x", { MessageAttributes }));
      expect(fault).toEqual({ code: "InvalidParameterValue", status: 400, message: expect.any(String) });
      expect(fault.message).toContain(message);
    });

    it("are ten at most", async () => {
      const many = (count: number) =>
        Object.fromEntries(
          Array.from({ length: count }, (_, i) => [`a${i}`, { DataType: "String", StringValue: "x" }]),
        );
      await send("x", { MessageAttributes: many(10) });
      expect((await faultOf(send("x", { MessageAttributes: many(11) }))).message).toBe(
        "Number of message attributes [11] exceeds the allowed maximum [10].",
      );
    });

    it("count towards the size of the message", async () => {
      const MessageAttributes = { n: { DataType: "Binary", BinaryValue: new Uint8Array(100) } };
      const room = 1_048_576 - "n".length - "Binary".length - 100;
      await send("x".repeat(room), { MessageAttributes });
      expect((await faultOf(send("x".repeat(room + 1), { MessageAttributes }))).code).toBe(
        "InvalidParameterValue",
      );
    });
  });

  describe("system attributes", () => {
    const trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

    it("tell sender, times and how often a message was received", async () => {
      const beforeMs = Date.now();
      await send("x");
      const first = (await receiveOne({ AttributeNames: ["All"], VisibilityTimeout: 0 })).Attributes ?? {};
      expect(first).toEqual({
        SenderId: "000000000000",
        SentTimestamp: expect.stringMatching(/^\d{13}$/),
        ApproximateReceiveCount: "1",
        ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
      });
      expect(Number(first.SentTimestamp)).toBeGreaterThanOrEqual(beforeMs);
      expect(Number(first.ApproximateFirstReceiveTimestamp)).toBeGreaterThanOrEqual(
        Number(first.SentTimestamp),
      );
      const second = (await receiveOne({ AttributeNames: ["All"] })).Attributes;
      expect(second).toEqual({ ...first, ApproximateReceiveCount: "2" });
    });

    it("are given as far as they are asked for", async () => {
      await send("x");
      expect((await receiveOne({ VisibilityTimeout: 0 })).Attributes).toBeUndefined();
      const one = await receiveOne({ AttributeNames: ["ApproximateReceiveCount"], VisibilityTimeout: 0 });
      expect(one.Attributes).toEqual({ ApproximateReceiveCount: "2" });
      expect((await faultOf(receive({ AttributeNames: ["Sender"] }))).message).toBe(
        "Unknown Attribute Sender.",
      );
    });

    it("AWSTraceHeader goes with the message, with a digest of its own", async () => {
      const system = { AWSTraceHeader: { DataType: "String", StringValue: trace } };
      const sent = await send("x", { MessageSystemAttributes: system });
      expect(sent.MD5OfMessageSystemAttributes).toBe("5ae4d5d7636402d80f4eb6d213245a88");
      expect(sent.MD5OfMessageAttributes).toBeUndefined();
      const message = await receiveOne({ AttributeNames: ["AWSTraceHeader"] });
      expect(message.Attributes).toEqual({ AWSTraceHeader: trace });
    });

    it("MessageGroupId of a standard queue comes back, MessageDeduplicationId is refused", async () => {
      await send("x", { MessageGroupId: "tenant-1" });
      const message = await receiveOne({ AttributeNames: ["MessageGroupId"] });
      expect(message.Attributes).toEqual({ MessageGroupId: "tenant-1" });
      expect(await faultOf(send("x", { MessageDeduplicationId: "once" }))).toEqual({
        code: "InvalidParameterValue",
        status: 400,
        message:
          "The request include parameter MessageDeduplicationId which is not valid for this queue type",
      });
    });
  });

  describe("ReceiveMessage", () => {
    it("answers nothing when there is nothing", async () => {
      expect((await sqs.receiveMessage({ QueueUrl: url })).Messages).toBeUndefined();
    });

    it("gives one message unless asked for more, up to ten", async () => {
      for (let i = 0; i < 12; i++) await send(String(i));
      expect((await sqs.receiveMessage({ QueueUrl: url })).Messages?.map(({ Body }) => Body)).toEqual(["0"]);
      const ten = await receive();
      expect(ten.map(({ Body }) => Body)).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
      expect((await receive()).map(({ Body }) => Body)).toEqual(["11"]);
    });

    it.each([
      [
        { MaxNumberOfMessages: 0 },
        "Value 0 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
      ],
      [
        { MaxNumberOfMessages: 11 },
        "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
      ],
      [
        { WaitTimeSeconds: 21 },
        "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
      ],
      [
        { VisibilityTimeout: 43_201 },
        "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided.",
      ],
    ])("refuses %o", async (more, message) => {
      await send("stays");
      expect(await faultOf(receive(more))).toEqual({ code: "InvalidParameterValue", status: 400, message });
      expect(await bodiesNow()).toEqual(["stays"]);
    });
  });

  describe("a delay", () => {
    it("of one message hides it until its time, and a long poll waits for it", async () => {
      const sentAtMs = Date.now();
      await send("later", { DelaySeconds: 1 });
      await send("now");
      expect(await bodiesNow()).toEqual(["now"]);
      await sqs.deleteMessage({ QueueUrl: url, ReceiptHandle: (await receiveOne()).ReceiptHandle });
      expect((await receiveOne({ WaitTimeSeconds: 10 })).Body).toBe("later");
      expect(Date.now() - sentAtMs).toBeGreaterThanOrEqual(1000);
    });

    it("of the queue holds unless the message has its own", async () => {
      await sqs.setQueueAttributes({ QueueUrl: url, Attributes: { DelaySeconds: "900" } });
      await send("delayed");
      await send("at once", { DelaySeconds: 0 });
      expect(await bodiesNow()).toEqual(["at once"]);
    });

    it.each([-1, 901])("of %i seconds is refused", async (seconds) => {
      expect(await faultOf(send("x", { DelaySeconds: seconds }))).toEqual({
        code: "InvalidParameterValue",
        status: 400,
        message: `Value ${seconds} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.`,
      });
    });
  });

  describe("visibility", () => {
    it("hides a received message until it is changed to 0", async () => {
      await send("x");
      const { ReceiptHandle } = await receiveOne({ VisibilityTimeout: 43_200 });
      expect(await receive()).toEqual([]);
      await sqs.changeMessageVisibility({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 });
      expect((await receiveOne({ AttributeNames: ["All"] })).Attributes?.ApproximateReceiveCount).toBe("2");
    });

    it("runs out, of the queue's length unless the receive names its own", async () => {
      await sqs.setQueueAttributes({ QueueUrl: url, Attributes: { VisibilityTimeout: "1" } });
      await send("x");
      const askedAtMs = Date.now();
      await receiveOne();
      expect(await receive()).toEqual([]);
      await receiveOne({ WaitTimeSeconds: 10 });
      expect(Date.now() - askedAtMs).toBeGreaterThanOrEqual(1000);
    });

    it("may be extended, but not beyond twelve hours in all", async () => {
      await send("x");
      const { ReceiptHandle } = await receiveOne({ VisibilityTimeout: 0 });
      await sqs.changeMessageVisibility({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 30 });
      expect(await receive()).toEqual([]);
      const change = (VisibilityTimeout: number) =>
        sqs.changeMessageVisibility({ QueueUrl: url, ReceiptHandle, VisibilityTimeout });
      expect((await faultOf(change(43_200))).message).toBe(
        "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
      );
      expect((await faultOf(change(43_201))).message).toBe(
        "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200.",
      );
    });

    it("of a deleted message cannot be changed", async () => {
      await send("x");
      const { ReceiptHandle } = await receiveOne();
      await sqs.deleteMessage({ QueueUrl: url, ReceiptHandle });
      const call = sqs.changeMessageVisibility({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 1 });
      expect(await faultOf(call)).toEqual({
        code: "InvalidParameterValue",
        status: 400,
        message: `Value ${ReceiptHandle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
      });
    });
  });

  describe("DeleteMessage", () => {
    it("deletes for good, and again without an error", async () => {
      await send("x");
      const { ReceiptHandle } = await receiveOne({ VisibilityTimeout: 0 });
      await sqs.deleteMessage({ QueueUrl: url, ReceiptHandle });
      await sqs.deleteMessage({ QueueUrl: url, ReceiptHandle });
      expect(await receive()).toEqual([]);
    });

    it("refuses a handle that this queue did not give", async () => {
      const { QueueUrl: other } = await sqs.createQueue({ QueueName: `${sdk.name}-other` });
      await sqs.sendMessage({ QueueUrl: other, MessageBody: "x" });
      const { Messages = [] } = await sqs.receiveMessage({ QueueUrl: other, VisibilityTimeout: 0 });
      for (const ReceiptHandle of ["garbage", Messages[0]?.ReceiptHandle]) {
        const call = () => sqs.deleteMessage({ QueueUrl: url, ReceiptHandle });
        expect(await failureOf(call())).toBeInstanceOf(sdk.module.ReceiptHandleIsInvalid);
        expect(await faultOf(call())).toEqual({
          code: "ReceiptHandleIsInvalid",
          status: 404,
          message: `The input receipt handle "${ReceiptHandle}" is not a valid receipt handle.`,
        });
      }
    });
  });

  describe("batches", () => {
    it("send ten messages with attributes and delays of their own", async () => {
      const Entries = Array.from({ length: 10 }, (_, i) => ({
        Id: `id_-${i}`,
        MessageBody: `body ${i}\r\n`,
        MessageAttributes: { i: { DataType: "Number", StringValue: String(i) } },
        ...(i === 9 && { DelaySeconds: 900 }),
      }));
      const { Successful = [], Failed } = await sqs.sendMessageBatch({ QueueUrl: url, Entries });
      expect(Failed ?? []).toEqual([]);
      expect(Successful.map(({ Id }) => Id)).toEqual(Entries.map(({ Id }) => Id));
      const received = await receive({ MessageAttributeNames: ["i"] });
      expect(received.map(({ Body }) => Body)).toEqual(Entries.slice(0, 9).map((each) => each.MessageBody));
      expect(received.map(({ MessageId }) => MessageId)).toEqual(
        Successful.slice(0, 9).map(({ MessageId }) => MessageId),
      );
      expect(received.map((each) => each.MessageAttributes?.["i"]?.StringValue)).toEqual([..."012345678"]);
    });

    it("fail by the entry: what is wrong with one does not touch the others", async () => {
      await sqs.setQueueAttributes({ QueueUrl: url, Attributes: { MaximumMessageSize: "1024" } });
      const { Successful = [], Failed = [] } = await sqs.sendMessageBatch({
        QueueUrl: url,
        Entries: [
          { Id: "good", MessageBody: "good" },
          { Id: "control", MessageBody: "\u0002" },
          { Id: "long", MessageBody: "x".repeat(1025) },
          { Id: "late", MessageBody: "x", DelaySeconds: 901 },
          { Id: "fine", MessageBody: "fine" },
        ],
      });
      expect(Successful.map(({ Id }) => Id)).toEqual(["good", "fine"]);
      expect(Failed).toEqual([
        {
          Id: "control",
          SenderFault: true,
          Code: "InvalidMessageContents",
          Message: expect.stringContaining("'#x2'"),
        },
        {
          Id: "long",
          SenderFault: true,
          Code: "InvalidParameterValue",
          Message:
            "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes.",
        },
        {
          Id: "late",
          SenderFault: true,
          Code: "InvalidParameterValue",
          Message:
            "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
        },
      ]);
      expect(await bodiesNow()).toEqual(["fine", "good"]);
    });

    it("delete and change visibility by the entry, too", async () => {
      for (const body of ["a", "b", "c"]) await send(body);
      const [a, b, c] = await receive();
      const changed = await sqs.changeMessageVisibilityBatch({
        QueueUrl: url,
        Entries: [
          { Id: "a", ReceiptHandle: a?.ReceiptHandle, VisibilityTimeout: 0 },
          { Id: "no", ReceiptHandle: "garbage", VisibilityTimeout: 0 },
          { Id: "long", ReceiptHandle: c?.ReceiptHandle, VisibilityTimeout: 43_201 },
          { Id: "b", ReceiptHandle: b?.ReceiptHandle, VisibilityTimeout: 0 },
        ],
      });
      expect(changed.Successful?.map(({ Id }) => Id)).toEqual(["a", "b"]);
      expect(changed.Failed?.map(({ Id, Code, SenderFault }) => [Id, Code, SenderFault])).toEqual([
        ["no", "ReceiptHandleIsInvalid", true],
        ["long", "InvalidParameterValue", true],
      ]);
      expect(await bodiesNow()).toEqual(["a", "b"]);

      const deleted = await sqs.deleteMessageBatch({
        QueueUrl: url,
        Entries: [
          { Id: "no", ReceiptHandle: "garbage" },
          { Id: "a", ReceiptHandle: a?.ReceiptHandle },
          { Id: "c", ReceiptHandle: c?.ReceiptHandle },
        ],
      });
      expect(deleted.Successful?.map(({ Id }) => Id)).toEqual(["a", "c"]);
      expect(deleted.Failed).toEqual([
        {
          Id: "no",
          SenderFault: true,
          Code: "ReceiptHandleIsInvalid",
          Message: 'The input receipt handle "garbage" is not a valid receipt handle.',
        },
      ]);
      expect(await bodiesNow()).toEqual(["b"]);
    });

    const entries = (...ids: string[]) => ids.map((Id) => ({ Id, MessageBody: "x" }));

    it.each([
      [
        "without entries",
        [],
        "EmptyBatchRequest",
        "There should be at least one SendMessageBatchRequestEntry in the request.",
      ],
      [
        "of eleven",
        entries(..."abcdefghijk"),
        "TooManyEntriesInBatchRequest",
        "Maximum number of entries per request are 10. You have sent 11.",
      ],
      ["with an id twice", entries("a", "b", "a"), "BatchEntryIdsNotDistinct", "Id a repeated."],
      [
        "with an id of 81 letters",
        entries("good", "a".repeat(81)),
        "InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
      ],
      [
        "with more than a mebibyte in all",
        [
          { Id: "a", MessageBody: "x".repeat(1_048_576) },
          { Id: "b", MessageBody: "x" },
        ],
        "BatchRequestTooLong",
        "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
      ],
    ] as const)("%s fail as a whole", async (_, Entries, kind, message) => {
      const call = () => sqs.sendMessageBatch({ QueueUrl: url, Entries: [...Entries] });
      expect(await failureOf(call())).toBeInstanceOf(sdk.module[kind]);
      expect(await faultOf(call())).toEqual({
        code: `AWS.SimpleQueueService.${kind}`,
        status: 400,
        message,
      });
      expect(await receive()).toEqual([]);
    });
  });
});

type Attributes = Readonly<
  Record<
    string,
    {
      readonly DataType?: string | undefined;
      readonly StringValue?: string | undefined;
      readonly BinaryValue?: Uint8Array | undefined;
    }
  >
>;

/** The old SDK shows absent members as undefined, and each its own kind of byte array. */
function plain(attributes: Attributes | undefined) {
  return Object.fromEntries(
    Object.entries(attributes ?? {}).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      { DataType, value: BinaryValue === undefined ? StringValue : Buffer.from(BinaryValue).toString("hex") },
    ]),
  );
}

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html */
function digestOf(attributes: Attributes): string {
  const hash = createHash("md5");
  const append = (bytes: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of Object.keys(attributes).sort()) {
    const { DataType = "", StringValue = "", BinaryValue } = attributes[name] ?? {};
    append(Buffer.from(name));
    append(Buffer.from(DataType));
    hash.update(Buffer.from([BinaryValue === undefined ? 1 : 2]));
    append(BinaryValue ?? Buffer.from(StringValue));
  }
  return hash.digest("hex");
}
