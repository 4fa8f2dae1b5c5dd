import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../../src/lib/bytes.ts";
import { err } from "../../../src/lib/result.ts";
import { sqsError } from "../../../src/queue/errors.ts";
import { sendMessage } from "../../../src/services/sqs/send-message.ts";
import { decodeStoredMessage, type StoredMessage } from "../../../src/services/sqs/stored-message.ts";
import type { OutgoingMessage, SendCall } from "../../../src/shard/calls.ts";
import { blinded, opened, testBodies } from "../../support/encryption.ts";
import {
  answerOf,
  attributeMap,
  errorOf,
  type FakeQueue,
  fakeQueue,
  fifoOf,
  run,
} from "../../support/fake-queue.ts";

const trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

function sentTo(queue: FakeQueue): { call: SendCall; message: OutgoingMessage } {
  expect(queue.calls).toHaveLength(1);
  const [call] = queue.calls;
  if (call?.kind !== "send") throw new Error("nothing was sent");
  const [message] = call.messages;
  if (message === undefined) throw new Error("the send is empty");
  return { call, message };
}

async function stored(queue: FakeQueue): Promise<StoredMessage> {
  const { call, message } = sentTo(queue);
  return decodeStoredMessage(await opened(queue.settings, message.sealed, call.batchId));
}

describe("SendMessage", () => {
  test("stores the message with one call and answers its id and digest", async () => {
    const queue = fakeQueue({});
    const answer = await answerOf(run(sendMessage, queue, { MessageBody: "Test Message" }));
    const { call, message } = sentTo(queue);
    expect(answer).toEqual({
      MessageId: call.batchId,
      MD5OfMessageBody: "d1d4180b7e411c4be86b00fb2ee103eb",
    });
    expect(call.batchId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(message).toEqual({ sealed: message.sealed, delayMs: 0 });
    expect(message.sealed.byteLength).toBe(message.sealed.buffer.byteLength);
    expect(await stored(queue)).toMatchObject({
      body: "Test Message",
      senderId: "AIDAWORKER",
      traceHeader: undefined,
      attributes: [],
      ids: {},
    });
  });

  test.each([
    ["sealed under its queue's data key", {}, 1],
    ["plain if its queue is not to be encrypted", { sqsManagedSse: false }, 0],
  ])("hands over a body that is %s", async (_, attributes, form) => {
    const queue = fakeQueue({ attributes });
    await answerOf(run(sendMessage, queue, { MessageBody: "Test Message" }));
    const { sealed } = sentTo(queue).message;
    expect(sealed[0]).toBe(form);
    expect(Buffer.from(sealed).includes("Test Message")).toBe(form === 0);
    expect((await stored(queue)).body).toBe("Test Message");
  });

  test("is refused before the shard is asked when the queue's key refuses", async () => {
    const queue = fakeQueue({});
    const refusal = sqsError("KmsDisabled", "no");
    const bodies = { ...testBodies, forSealing: async () => err(refusal) };
    expect(await errorOf(run(sendMessage, queue, { MessageBody: "a" }, { bodies }))).toBe("KmsDisabled: no");
    expect(queue.calls).toEqual([]);
  });

  test("gives every message an id of its own", async () => {
    const send = () => answerOf<{ MessageId: string }>(run(sendMessage, fakeQueue({}), { MessageBody: "a" }));
    expect((await send()).MessageId).not.toBe((await send()).MessageId);
  });

  test("stores the body exactly, neither trimmed nor normalised", async () => {
    const queue = fakeQueue({});
    const body = "\r\n\t e\u0301 \u{1f600}\ufeff \n";
    await answerOf(run(sendMessage, queue, { MessageBody: body }));
    expect((await stored(queue)).body).toBe(body);
  });

  test("answers digests of attributes, user and system apart", async () => {
    const queue = fakeQueue({});
    const answer = await answerOf(
      run(sendMessage, queue, {
        MessageBody: "Test Message",
        MessageAttributes: attributeMap({
          Hello: { DataType: "String", StringValue: "There" },
          General: { DataType: "String", StringValue: "Kenobi" },
        }),
        MessageSystemAttributes: attributeMap({ AWSTraceHeader: { DataType: "String", StringValue: trace } }),
      }),
    );
    expect(answer).toMatchObject({
      MD5OfMessageAttributes: "fca026605781cb4126a1e9044df24232",
      MD5OfMessageSystemAttributes: "5ae4d5d7636402d80f4eb6d213245a88",
    });
    expect(await stored(queue)).toMatchObject({
      traceHeader: trace,
      attributes: [
        { name: "Hello", dataType: "String", value: "There" },
        { name: "General", dataType: "String", value: "Kenobi" },
      ],
    });
  });

  test("takes the trace header of the request, without a digest, unless the message brings its own", async () => {
    const fromHeader = fakeQueue({});
    const answer = await answerOf(
      run(sendMessage, fromHeader, { MessageBody: "a" }, { traceHeader: "Root=header" }),
    );
    expect(answer).not.toHaveProperty("MD5OfMessageSystemAttributes");
    expect((await stored(fromHeader)).traceHeader).toBe("Root=header");

    const fromMessage = fakeQueue({});
    const system = attributeMap({ AWSTraceHeader: { DataType: "String", StringValue: "Root=message" } });
    await answerOf(
      run(
        sendMessage,
        fromMessage,
        { MessageBody: "a", MessageSystemAttributes: system },
        { traceHeader: "Root=header" },
      ),
    );
    expect((await stored(fromMessage)).traceHeader).toBe("Root=message");
  });

  test("ignores empty list values, which old SDKs send along", async () => {
    const attributes = attributeMap({
      a: { DataType: "String", StringValue: "x", StringListValues: [], BinaryListValues: [] },
    });
    const queue = fakeQueue({});
    await answerOf(run(sendMessage, queue, { MessageBody: "a", MessageAttributes: attributes }));
    expect((await stored(queue)).attributes).toEqual([{ name: "a", dataType: "String", value: "x" }]);
  });

  test.each([
    ["the queue's delay by default", {}, 7000],
    ["the message's own delay", { DelaySeconds: 900 }, 900_000],
    ["no delay if the message says 0", { DelaySeconds: 0 }, 0],
  ])("has %s", async (_, input, delayMs) => {
    const queue = fakeQueue({ attributes: { delaySeconds: 7 } });
    await answerOf(run(sendMessage, queue, { MessageBody: "a", ...input }));
    expect(sentTo(queue).message.delayMs).toBe(delayMs);
  });

  test("hands a message group on, blinded, which makes a standard queue fair, and keeps it for consumers", async () => {
    const queue = fakeQueue({});
    await answerOf(run(sendMessage, queue, { MessageBody: "a", MessageGroupId: "tenant-1" }));
    expect(sentTo(queue).message.groupId).toBe(blinded("group", "tenant-1"));
    expect((await stored(queue)).ids).toEqual({ groupId: "tenant-1" });
  });

  test("takes exactly as many bytes as the queue does, attributes counted, system attributes not", async () => {
    const queue = fakeQueue({ attributes: { maximumMessageBytes: 1024 } });
    const input = {
      // 2 bytes a letter, and 1 + 6 + 1 for the attribute.
      MessageBody: "é".repeat(508),
      MessageAttributes: attributeMap({ a: { DataType: "Binary", BinaryValue: utf8("x") } }),
      MessageSystemAttributes: attributeMap({ AWSTraceHeader: { DataType: "String", StringValue: trace } }),
      MessageGroupId: "g".repeat(100),
    };
    await answerOf(run(sendMessage, queue, input));
    expect(await errorOf(run(sendMessage, queue, { ...input, MessageBody: `${input.MessageBody}x` }))).toBe(
      "InvalidParameterValue: One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
    );
  });

  test("takes 1 MiB, and not a byte more", async () => {
    const body = "x".repeat(1_048_576);
    const queue = fakeQueue({});
    await answerOf(run(sendMessage, queue, { MessageBody: body }));
    expect(await errorOf(run(sendMessage, queue, { MessageBody: `${body}x` }))).toBe(
      "InvalidParameterValue: One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
    );
    expect(queue.calls).toHaveLength(1);
  });
});

describe("SendMessage to a FIFO queue", () => {
  const original = "0b6f4b1c-52a5-4c6e-8f3c-6f1d5f0a9e77";
  const sent = { positions: [4097], messageIds: [original] };
  const fifoQueue = (contentBasedDeduplication = false) =>
    fakeQueue({ sent, attributes: { ...fifoOf({ contentBasedDeduplication }), delaySeconds: 7 } });
  const ids = { MessageGroupId: "g", MessageDeduplicationId: "d" };

  test("answers the id that the shard names, which is the original's of a duplicate, and a sequence number", async () => {
    const answer = await answerOf(run(sendMessage, fifoQueue(), { MessageBody: "Test Message", ...ids }));
    expect(answer).toEqual({
      MessageId: original,
      MD5OfMessageBody: "d1d4180b7e411c4be86b00fb2ee103eb",
      SequenceNumber: "18850000000000004097",
    });
  });

  test.each([
    ["no delay of its own", {}],
    ["a delay of 0", { DelaySeconds: 0 }],
  ])("with %s hands over none: the queue's is the shard's to apply", async (_, input) => {
    const queue = fifoQueue();
    await answerOf(run(sendMessage, queue, { MessageBody: "a", ...ids, ...input }));
    const { message } = sentTo(queue);
    const [groupId, dedupId] = [blinded("group", "g"), blinded("deduplication", "d")];
    expect(message).toEqual({ sealed: message.sealed, delayMs: 0, groupId, dedupId });
    expect((await stored(queue)).ids).toEqual({ groupId: "g", dedupId: "d" });
  });

  const sha256OfA = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
  const attributes = attributeMap({ a: { DataType: "String", StringValue: "x" } });

  test.each([
    ["the body alone", { MessageGroupId: "g", MessageAttributes: attributes }, sha256OfA],
    ["nothing if an id is given", ids, "d"],
  ])("with content-based deduplication makes an id of %s", async (_, input, dedupId) => {
    const queue = fifoQueue(true);
    await answerOf(run(sendMessage, queue, { MessageBody: "a", ...input }));
    expect(sentTo(queue).message.dedupId).toBe(blinded("deduplication", dedupId));
    expect((await stored(queue)).ids).toEqual({ groupId: "g", dedupId });
  });

  const faultsOfFifo: readonly [string, Record<string, unknown>, string][] = [
    [
      "a delay that no queue takes",
      { DelaySeconds: 901 },
      "InvalidParameterValue: Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
    ],
    [
      "a delay of its own",
      { DelaySeconds: 1 },
      "InvalidParameterValue: Value 1 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.",
    ],
    [
      "no group",
      { MessageGroupId: undefined },
      "MissingParameter: The request must contain the parameter MessageGroupId.",
    ],
    [
      "no deduplication id",
      { MessageDeduplicationId: undefined },
      "InvalidParameterValue: The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    ],
    [
      "an empty group id",
      { MessageGroupId: "" },
      "InvalidParameterValue: Value  for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
    ],
    [
      "a deduplication id of 129 characters",
      { MessageDeduplicationId: "d".repeat(129) },
      `InvalidParameterValue: Value ${"d".repeat(129)} for parameter MessageDeduplicationId is invalid. Reason: MessageDeduplicationId can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
    ],
  ];

  test.each(faultsOfFifo)("is refused with %s", async (_, input, error) => {
    const queue = fifoQueue();
    expect(await errorOf(run(sendMessage, queue, { MessageBody: "a", ...ids, ...input }))).toBe(error);
    expect(queue.calls).toEqual([]);
  });

  test("is refused for what lies wrong with any message first, then for its delay, its group and its id", async () => {
    const bare = (input: Record<string, unknown>) => errorOf(run(sendMessage, fifoQueue(), input));
    expect(await bare({ MessageBody: "\0", DelaySeconds: 1 })).toMatch(/^InvalidMessageContents/);
    expect(await bare({ MessageBody: "a", DelaySeconds: 1 })).toBe(faultsOfFifo[1]?.[2]);
    expect(await bare({ MessageBody: "a" })).toBe(faultsOfFifo[2]?.[2]);
    expect(await bare({ MessageBody: "a", MessageGroupId: "a b" })).toBe(faultsOfFifo[3]?.[2]);
  });

  test("takes ids of 128 characters", async () => {
    const queue = fifoQueue();
    const long = { MessageGroupId: "g".repeat(128), MessageDeduplicationId: "~".repeat(128) };
    await answerOf(run(sendMessage, queue, { MessageBody: "a", ...long }));
    expect((await stored(queue)).ids).toEqual({ groupId: "g".repeat(128), dedupId: "~".repeat(128) });
  });
});

const ids = "can only include alphanumeric and punctuation characters. 1 to 128 in length.";

/** Each is the first of all that follow it: SQS reports one fault, and this is the order. */
const faults: readonly [string, Record<string, unknown>, string][] = [
  [
    "an empty body",
    { MessageBody: "" },
    "MissingParameter: The request must contain the parameter MessageBody.",
  ],
  [
    "a forbidden character",
    { MessageBody: `a\0${"x".repeat(2000)}` },
    "InvalidMessageContents: Invalid binary character '#x0' was found in the message body, the set of allowed " +
      "characters is #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF].",
  ],
  [
    "too many bytes",
    { MessageBody: "x".repeat(1025) },
    "InvalidParameterValue: One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
  ],
  [
    "a delay of 901 seconds",
    { DelaySeconds: 901 },
    "InvalidParameterValue: Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
  ],
  [
    "a bad group id",
    { MessageGroupId: "a b" },
    `InvalidParameterValue: Value a b for parameter MessageGroupId is invalid. Reason: MessageGroupId ${ids}`,
  ],
  [
    "a bad deduplication id",
    { MessageDeduplicationId: "" },
    `InvalidParameterValue: Value  for parameter MessageDeduplicationId is invalid. Reason: MessageDeduplicationId ${ids}`,
  ],
  [
    "a deduplication id on a standard queue",
    { MessageDeduplicationId: "d" },
    "InvalidParameterValue: The request include parameter MessageDeduplicationId which is not valid for this queue type",
  ],
  [
    "a bad attribute",
    { MessageAttributes: attributeMap({ a: { StringValue: "x" } }) },
    "InvalidParameterValue: The type of message (user) attribute 'a' is invalid. You must use only the following " +
      "supported type prefixes: Binary, Number, String.",
  ],
  [
    "a list value",
    { MessageAttributes: attributeMap({ a: { DataType: "StringList", StringListValues: ["x"] } }) },
    "InvalidParameterValue: Message attribute list values in SendMessage operation are not supported.",
  ],
  [
    "an unknown system attribute",
    { MessageSystemAttributes: attributeMap({ Hello: { DataType: "String", StringValue: "x" } }) },
    "InvalidParameterValue: Message system attribute name 'Hello' is invalid.",
  ],
];

describe("SendMessage refuses", () => {
  const narrow = () => fakeQueue({ attributes: { maximumMessageBytes: 1024 } });

  test.each(faults)("%s, and stores nothing", async (_, input, error) => {
    const queue = narrow();
    expect(await errorOf(run(sendMessage, queue, { MessageBody: "a", ...input }))).toBe(error);
    expect(queue.calls).toEqual([]);
  });

  test.each(faults.map((fault, index) => [fault[0], index] as const))(
    "%s before everything that comes later",
    async (_, index) => {
      const later = faults.slice(index).reverse();
      const input = Object.assign({ MessageBody: "a" }, ...later.map(([, fields]) => fields));
      expect(await errorOf(run(sendMessage, narrow(), input))).toBe(faults[index]?.[2]);
    },
  );

  test("a negative delay", async () => {
    expect(await errorOf(run(sendMessage, fakeQueue({}), { MessageBody: "a", DelaySeconds: -1 }))).toBe(
      "InvalidParameterValue: Value -1 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
    );
  });
});
