import { Buffer } from "node:buffer";
import { describe, expect, test, vi } from "vitest";
import { utf8 } from "../../../src/lib/bytes.ts";
import { err } from "../../../src/lib/result.ts";
import { sqsError } from "../../../src/queue/errors.ts";
import type { MessageAttribute } from "../../../src/queue/message-attributes.ts";
import { md5 } from "../../../src/queue/message-digest.ts";
import { readHandle } from "../../../src/queue/receipt-handle.ts";
import { receiveMessage } from "../../../src/services/sqs/receive-message.ts";
import { encodeStoredMessage, type MessageIds } from "../../../src/services/sqs/stored-message.ts";
import type { DeliveredMessage } from "../../../src/shard/calls.ts";
import { blinded, sealed, testBodies } from "../../support/encryption.ts";
import { answerOf, errorOf, fakeQueue, fifoOf, run, testSettings } from "../../support/fake-queue.ts";

const id = "f81d4fae-7dec-41d0-a765-00a0c91e6bf6";

interface Message {
  readonly ReceiptHandle: string;
  readonly Attributes?: ReadonlyMap<string, string>;
  readonly MessageAttributes?: ReadonlyMap<string, unknown>;
  readonly MD5OfMessageAttributes?: string;
}

async function delivery(
  told: {
    attributes?: readonly MessageAttribute[];
    traceHeader?: string;
    ids?: MessageIds;
  } & Partial<DeliveredMessage> = {},
): Promise<DeliveredMessage> {
  const { attributes = [], traceHeader, ids = {}, ...fields } = told;
  const stored = encodeStoredMessage({
    body: "Test Message",
    bodyMd5: md5("Test Message"),
    senderId: "AIDASENDER",
    traceHeader,
    attributes,
    ids,
  });
  return {
    position: 4097,
    nonce: 9,
    epoch: 3,
    messageId: id,
    sealed: await sealed(testSettings(), stored, told.sealedAs ?? told.messageId ?? id),
    sentAtMs: 1_700_000_000_123,
    receiveCount: 2,
    firstReceivedAtMs: 1_700_000_001_456,
    ...fields,
  };
}

async function receiveOne(delivered: DeliveredMessage, input: Record<string, unknown>): Promise<Message> {
  const queue = fakeQueue({ deliveries: [delivered] });
  const { Messages } = await answerOf<{ Messages: Message[] }>(run(receiveMessage, queue, input));
  const [message] = Messages;
  if (Messages.length !== 1 || message === undefined) throw new Error("not one message");
  return message;
}

describe("ReceiveMessage", () => {
  test("answers body, digest, id and a handle, and nothing that was not asked for", async () => {
    const delivered = await delivery({ attributes: [{ name: "a", dataType: "String", value: "x" }] });
    const message = await receiveOne(delivered, {});
    expect(message).toEqual({
      MessageId: id,
      ReceiptHandle: message.ReceiptHandle,
      MD5OfBody: "d1d4180b7e411c4be86b00fb2ee103eb",
      Body: "Test Message",
    });
    expect(readHandle(testSettings(), message.ReceiptHandle)).toEqual({
      shard: 0,
      epoch: 3,
      position: 4097,
      nonce: 9,
    });
  });

  test("answers no messages when there are none", async () => {
    expect(await answerOf(run(receiveMessage, fakeQueue({}), {}))).toEqual({ Messages: [] });
  });

  test("keeps the order of delivery", async () => {
    const deliveries = [await delivery({ position: 5 }), await delivery({ position: 4 })];
    const { Messages } = await answerOf<{ Messages: Message[] }>(
      run(receiveMessage, fakeQueue({ deliveries }), {}),
    );
    expect(Messages.map((m) => readHandle(testSettings(), m.ReceiptHandle)?.position)).toEqual([5, 4]);
  });

  test("asks as the queue is set, for one message, by default", async () => {
    const queue = fakeQueue({ attributes: { visibilitySeconds: 45, waitSeconds: 15 } });
    await run(receiveMessage, queue, {});
    expect(queue.receives).toEqual([{ max: 1, visibilityMs: 45_000, waitMs: 15_000 }]);
  });

  test.each([
    [
      { MaxNumberOfMessages: 1, VisibilityTimeout: 0, WaitTimeSeconds: 0 },
      { max: 1, visibilityMs: 0, waitMs: 0 },
    ],
    [
      { MaxNumberOfMessages: 10, VisibilityTimeout: 43_200, WaitTimeSeconds: 20 },
      { max: 10, visibilityMs: 43_200_000, waitMs: 20_000 },
    ],
  ])("asks as the request says, up to the bounds: %j", async (input, request) => {
    const queue = fakeQueue({ attributes: { visibilitySeconds: 45, waitSeconds: 15 } });
    await answerOf(run(receiveMessage, queue, input));
    expect(queue.receives).toEqual([request]);
  });
});

describe("a sealed message", () => {
  const another = "00000000-7dec-41d0-a765-00a0c91e6bf6";

  test("opens under the id that it was sealed as, whatever its own is by now", async () => {
    const message = await receiveOne(await delivery({ sealedAs: another }), {});
    expect(message).toMatchObject({ MessageId: id, Body: "Test Message" });
  });

  test("that does not open hides none of the others, and is written of in the log", async () => {
    const log = vi.spyOn(console, "error").mockReturnValue();
    const { sealed: swapped } = await delivery({ messageId: another });
    const deliveries = [await delivery(), await delivery({ sealed: swapped }), await delivery()];
    const answer = await answerOf<{ Messages: Message[] }>(
      run(receiveMessage, fakeQueue({ deliveries }), {}),
    );
    expect(answer.Messages).toHaveLength(2);
    expect(log.mock.calls.map(([text]) => text)).toEqual([
      `message ${id} of queue ${testSettings().uid} cannot be opened`,
    ]);
    log.mockRestore();
  });

  test("that is the only one and does not open is a failure, and no empty queue", async () => {
    const log = vi.spyOn(console, "error").mockReturnValue();
    const { sealed: swapped } = await delivery({ messageId: another });
    const deliveries = [await delivery({ sealed: swapped })];
    await expect(run(receiveMessage, fakeQueue({ deliveries }), {})).rejects.toThrow("could be opened");
    log.mockRestore();
  });

  test("is not asked for when the queue's key refuses", async () => {
    const queue = fakeQueue({ deliveries: [await delivery()] });
    const bodies = { ...testBodies, forOpening: async () => err(sqsError("KmsDisabled", "no")) };
    expect(await errorOf(run(receiveMessage, queue, {}, { bodies }))).toBe("KmsDisabled: no");
    expect(queue.receives).toEqual([]);
  });
});

describe("the attributes of a message", () => {
  const always = {
    SenderId: "AIDASENDER",
    SentTimestamp: "1700000000123",
    ApproximateReceiveCount: "2",
    ApproximateFirstReceiveTimestamp: "1700000001456",
  };

  test("are all that it has with All, under either name of the list", async () => {
    const ids = { groupId: "g" };
    const delivered = await delivery({ ids, groupId: blinded("group", "g"), traceHeader: "Root=1" });
    const all = { ...always, MessageGroupId: "g", AWSTraceHeader: "Root=1" };
    for (const list of ["AttributeNames", "MessageSystemAttributeNames"]) {
      const { Attributes } = await receiveOne(delivered, { [list]: ["SenderId", "All"] });
      expect(Object.fromEntries(Attributes ?? [])).toEqual(all);
    }
  });

  test("are all that it has whatever stands beside All, in the other list too", async () => {
    const delivered = await delivery();
    for (const names of [
      { AttributeNames: ["All", "senderId"] },
      { AttributeNames: ["senderId"], MessageSystemAttributeNames: ["All"] },
    ]) {
      expect(Object.fromEntries((await receiveOne(delivered, names)).Attributes ?? [])).toEqual(always);
    }
  });

  test("leave out what the message does not have", async () => {
    const { Attributes } = await receiveOne(await delivery(), { AttributeNames: ["All"] });
    expect(Object.fromEntries(Attributes ?? [])).toEqual(always);
  });

  test("are the union of both lists", async () => {
    const { Attributes } = await receiveOne(await delivery(), {
      AttributeNames: ["SentTimestamp"],
      MessageSystemAttributeNames: ["SenderId", "SentTimestamp"],
    });
    expect(Object.fromEntries(Attributes ?? [])).toEqual({
      SenderId: always.SenderId,
      SentTimestamp: always.SentTimestamp,
    });
  });

  test.each([
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
  ])("may be asked for by the name %s", async (name) => {
    const { Attributes } = await receiveOne(await delivery(), { AttributeNames: [name] });
    const value = (always as Record<string, string>)[name];
    expect([...(Attributes ?? [])]).toEqual(value === undefined ? [] : [[name, value]]);
  });
});

describe("message attributes", () => {
  const attributes: MessageAttribute[] = [
    { name: "Hello", dataType: "String", value: "There" },
    { name: "General", dataType: "String", value: "Kenobi" },
    { name: "Help.Me", dataType: "String", value: "Me" },
  ];

  test.each<[string[], string[], string | undefined]>([
    [["All"], ["Hello", "General", "Help.Me"], "4c360f3fdafd970e05fae2f149d997f5"],
    [[".*"], ["Hello", "General", "Help.Me"], "4c360f3fdafd970e05fae2f149d997f5"],
    [["Hello", "General"], ["Hello", "General"], "fca026605781cb4126a1e9044df24232"],
    [["Hello"], ["Hello"], "a311262e065454b75da111d535b8dacd"],
    [["nothing", ".."], [], undefined],
  ])("%j gives %j, and the digest is of these alone", async (names, given, digest) => {
    const message = await receiveOne(await delivery({ attributes }), { MessageAttributeNames: names });
    expect([...(message.MessageAttributes?.keys() ?? [])]).toEqual(given);
    expect(message.MD5OfMessageAttributes).toBe(digest);
    expect(message.MessageAttributes === undefined).toBe(given.length === 0);
  });

  test("come with type and value as they were sent", async () => {
    const delivered = await delivery({
      attributes: [
        { name: "n", dataType: "Number.int", value: "007" },
        { name: "b", dataType: "Binary", value: utf8("x") },
      ],
    });
    const message = await receiveOne(delivered, { MessageAttributeNames: ["All"] });
    expect(message.MessageAttributes?.get("n")).toEqual({ DataType: "Number.int", StringValue: "007" });
    const bytes = message.MessageAttributes?.get("b") as { DataType: string; BinaryValue: Uint8Array };
    expect(bytes.DataType).toBe("Binary");
    expect([...bytes.BinaryValue]).toEqual([...utf8("x")]);
  });
});

describe("too many messages in flight", () => {
  const overLimit =
    "OverLimit: Too many messages have been received without being deleted. Please delete your received " +
    "messages or let them timeout before receiving more.";

  test("are an error to a short poll", async () => {
    expect(await errorOf(run(receiveMessage, fakeQueue({ overLimit: true }), {}))).toBe(overLimit);
  });

  test("are an empty answer to a long poll, the queue's default wait included", async () => {
    const long = run(receiveMessage, fakeQueue({ overLimit: true }), { WaitTimeSeconds: 1 });
    expect(await answerOf(long)).toEqual({ Messages: [] });
    const byDefault = fakeQueue({ overLimit: true, attributes: { waitSeconds: 1 } });
    expect(await answerOf(run(receiveMessage, byDefault, {}))).toEqual({ Messages: [] });
    expect(await errorOf(run(receiveMessage, byDefault, { WaitTimeSeconds: 0 }))).toBe(overLimit);
  });
});

describe("ReceiveMessage from a FIFO queue", () => {
  test("shows group, deduplication id and sequence number, all of them or those asked for", async () => {
    const delivered = await delivery({
      ids: { groupId: "g", dedupId: "d" },
      groupId: blinded("group", "g"),
      dedupId: blinded("deduplication", "d"),
    });
    const own = {
      MessageGroupId: "g",
      MessageDeduplicationId: "d",
      SequenceNumber: "18850000000000004097",
    };
    const all = await receiveOne(delivered, { MessageSystemAttributeNames: ["All"] });
    expect(Object.fromEntries(all.Attributes ?? [])).toMatchObject(own);
    expect(all.Attributes?.size).toBe(7);
    const some = await receiveOne(delivered, { AttributeNames: Object.keys(own) });
    expect(Object.fromEntries(some.Attributes ?? [])).toEqual(own);
  });

  test("shows nothing of a group that comes behind a message that does not open: order is kept", async () => {
    const log = vi.spyOn(console, "error").mockReturnValue();
    const { sealed: swapped } = await delivery({ messageId: "00000000-7dec-41d0-a765-00a0c91e6bf6" });
    const deliveries = [
      await delivery({ position: 1, groupId: "a" }),
      await delivery({ position: 2, groupId: "a", sealed: swapped }),
      await delivery({ position: 3, groupId: "b" }),
      await delivery({ position: 4, groupId: "a" }),
    ];
    const shown = async (attributes: object) => {
      const running = run(receiveMessage, fakeQueue({ attributes, deliveries }), {});
      const { Messages } = await answerOf<{ Messages: Message[] }>(running);
      return Messages.map((m) => readHandle(testSettings(), m.ReceiptHandle)?.position);
    };
    expect(await shown(fifoOf())).toEqual([1, 3]);
    // A standard queue promises no order.
    expect(await shown({})).toEqual([1, 3, 4]);
    log.mockRestore();
  });

  test("shows the id that a message was given where equal bodies must not collapse", async () => {
    const delivered = await delivery({ ids: { groupId: "g", dedupId: "d" }, dedupId: id });
    const { Attributes } = await receiveOne(delivered, { AttributeNames: ["MessageDeduplicationId"] });
    expect([...(Attributes ?? [])]).toEqual([["MessageDeduplicationId", id]]);
  });

  test("shows what the shard knows of a message of version 1, which has no ids in it", async () => {
    const digest = Buffer.from(md5("a")).toString("hex");
    const version1 = Buffer.from(`01${digest}0161000000`, "hex");
    const bytes = await sealed(testSettings({ sqsManagedSse: false }), version1, id);
    const delivered = await delivery({ sealed: bytes, groupId: "g", dedupId: "d" });
    const names = ["MessageGroupId", "MessageDeduplicationId"];
    const { Attributes } = await receiveOne(delivered, { AttributeNames: names });
    expect([...(Attributes ?? [])]).toEqual([
      ["MessageGroupId", "g"],
      ["MessageDeduplicationId", "d"],
    ]);
  });

  test.each(["a", "x".repeat(128), "~!/attempt-1"])("hands the attempt id on, blinded: %s", async (id) => {
    const queue = fakeQueue({ attributes: fifoOf() });
    expect(await answerOf(run(receiveMessage, queue, { ReceiveRequestAttemptId: id }))).toEqual({
      Messages: [],
    });
    const attempt = blinded("attempt", id);
    expect(queue.receives).toEqual([{ max: 1, visibilityMs: 30_000, waitMs: 0, attempt }]);
  });

  test.each(["", "x".repeat(129), "a b", "\u00e9"])("refuses the attempt id '%s'", async (id) => {
    const queue = fakeQueue({ attributes: fifoOf() });
    expect(await errorOf(run(receiveMessage, queue, { ReceiveRequestAttemptId: id }))).toBe(
      `InvalidParameterValue: Value ${id} for parameter ReceiveRequestAttemptId is invalid. Reason: ` +
        "ReceiveRequestAttemptId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
    );
    expect(queue.receives).toEqual([]);
  });

  test("without an attempt id names none", async () => {
    const queue = fakeQueue({ attributes: fifoOf() });
    await answerOf(run(receiveMessage, queue, {}));
    expect(queue.receives).toEqual([{ max: 1, visibilityMs: 30_000, waitMs: 0 }]);
  });
});

describe("ReceiveMessage refuses", () => {
  const faults: readonly [Record<string, unknown>, string][] = [
    [
      { MaxNumberOfMessages: 0 },
      "InvalidParameterValue: Value 0 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
    ],
    [
      { MaxNumberOfMessages: 11 },
      "InvalidParameterValue: Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
    ],
    [
      { WaitTimeSeconds: -1 },
      "InvalidParameterValue: Value -1 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
    ],
    [
      { WaitTimeSeconds: 21 },
      "InvalidParameterValue: Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
    ],
    [
      { VisibilityTimeout: -1 },
      "InvalidParameterValue: Value -1 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided.",
    ],
    [
      { VisibilityTimeout: 43_201 },
      "InvalidParameterValue: Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided.",
    ],
    [{ AttributeNames: ["SenderId", "senderId"] }, "InvalidAttributeName: Unknown Attribute senderId."],
    [{ MessageSystemAttributeNames: ["Policy"] }, "InvalidAttributeName: Unknown Attribute Policy."],
    [{ AttributeNames: [""] }, "InvalidAttributeName: Unknown Attribute ."],
    [
      { ReceiveRequestAttemptId: "a" },
      "InvalidParameterValue: The request include parameter ReceiveRequestAttemptId which is not valid for this queue type",
    ],
  ];

  test.each(faults)("%j, and receives nothing", async (input, error) => {
    const queue = fakeQueue({});
    expect(await errorOf(run(receiveMessage, queue, input))).toBe(error);
    expect(queue.receives).toEqual([]);
  });

  test("in the order in which SQS checks", async () => {
    const order = [faults[1], faults[3], faults[5], faults[6], faults[9]];
    for (const [index, fault] of order.entries()) {
      const input = Object.assign({}, ...order.slice(index).map((later) => later?.[0]));
      expect(await errorOf(run(receiveMessage, fakeQueue({}), input))).toBe(fault?.[1]);
    }
  });
});
