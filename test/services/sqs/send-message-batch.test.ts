import { describe, expect, test } from "vitest";
import { err } from "../../../src/lib/result.ts";
import { sqsError } from "../../../src/queue/errors.ts";
import { messageIdOf } from "../../../src/queue/message-id.ts";
import { sendMessageBatch } from "../../../src/services/sqs/send-message-batch.ts";
import { decodeStoredMessage } from "../../../src/services/sqs/stored-message.ts";
import type { SendCall } from "../../../src/shard/calls.ts";
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

interface Answer {
  readonly Successful: readonly { readonly Id: string; readonly MessageId: string }[];
  readonly Failed: readonly Readonly<Record<string, unknown>>[];
}

const MIB = 1_048_576;

function send(queue: FakeQueue, entries: readonly Readonly<Record<string, unknown>>[]) {
  return run(sendMessageBatch, queue, { Entries: entries });
}

function onlySend(queue: FakeQueue): SendCall {
  expect(queue.calls).toHaveLength(1);
  const [call] = queue.calls;
  if (call?.kind !== "send") throw new Error("nothing was sent");
  return call;
}

function entries(count: number) {
  return Array.from({ length: count }, (_, index) => ({ Id: `e${index}`, MessageBody: `body ${index}` }));
}

describe("SendMessageBatch", () => {
  test("asks for the permission of SendMessage", () => {
    expect(sendMessageBatch.permission).toBe("sqs:SendMessage");
  });

  test("stores ten messages with one call, in order, and answers each", async () => {
    const queue = fakeQueue({});
    const answer = await answerOf<Answer>(send(queue, entries(10)));
    const { batchId, messages } = onlySend(queue);
    expect(answer.Failed).toEqual([]);
    expect(answer.Successful.map(({ Id }) => Id)).toEqual(entries(10).map(({ Id }) => Id));
    expect(answer.Successful.map(({ MessageId }) => MessageId)).toEqual(
      messages.map((_, index) => messageIdOf(batchId, index)),
    );
    const bodies = await Promise.all(
      messages.map(
        async ({ sealed }, index) =>
          decodeStoredMessage(await opened(queue.settings, sealed, messageIdOf(batchId, index))).body,
      ),
    );
    expect(bodies).toEqual(entries(10).map(({ MessageBody }) => MessageBody));
  });

  test("fails as a whole, and before the shard is asked, when the queue's key refuses", async () => {
    const queue = fakeQueue({});
    const bodies = { ...testBodies, forSealing: async () => err(sqsError("KmsDisabled", "no")) };
    const running = run(sendMessageBatch, queue, { Entries: entries(2) }, { bodies });
    expect(await errorOf(running)).toBe("KmsDisabled: no");
    expect(queue.calls).toEqual([]);
  });

  test("an entry that fails does not stop the others, and ids follow what was stored", async () => {
    const queue = fakeQueue({ attributes: { maximumMessageBytes: 1024, delaySeconds: 3 } });
    const answer = await answerOf<Answer>(
      send(queue, [
        { Id: "long", MessageBody: "x".repeat(1025) },
        { Id: "first", MessageBody: "a" },
        { Id: "binary", MessageBody: "\0" },
        { Id: "late", MessageBody: "a", DelaySeconds: 901 },
        { Id: "dedup", MessageBody: "a", MessageDeduplicationId: "d" },
        { Id: "group", MessageBody: "a", MessageGroupId: "" },
        { Id: "attribute", MessageBody: "a", MessageAttributes: attributeMap({ a: { DataType: "String" } }) },
        { Id: "second", MessageBody: "b", DelaySeconds: 900, MessageGroupId: "g" },
      ]),
    );
    const call = onlySend(queue);
    expect(call.messages.map(({ delayMs, groupId }) => ({ delayMs, groupId }))).toEqual([
      { delayMs: 3000, groupId: undefined },
      { delayMs: 900_000, groupId: blinded("group", "g") },
    ]);
    expect(answer.Successful).toEqual([
      { Id: "first", MessageId: call.batchId, MD5OfMessageBody: "0cc175b9c0f1b6a831c399e269772661" },
      {
        Id: "second",
        MessageId: messageIdOf(call.batchId, 1),
        MD5OfMessageBody: "92eb5ffee6ae2fec3ad71c777531578f",
      },
    ]);
    const failed = (Id: string, Code: string, Message: string) => ({ Id, SenderFault: true, Code, Message });
    expect(answer.Failed).toEqual([
      failed(
        "long",
        "InvalidParameterValue",
        "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes.",
      ),
      failed(
        "binary",
        "InvalidMessageContents",
        "Invalid binary character '#x0' was found in the message body, the set of allowed characters is " +
          "#x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF].",
      ),
      failed(
        "late",
        "InvalidParameterValue",
        "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
      ),
      failed(
        "dedup",
        "InvalidParameterValue",
        "The request include parameter that is not valid for this queue type",
      ),
      failed(
        "group",
        "InvalidParameterValue",
        "Value  for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric " +
          "and punctuation characters. 1 to 128 in length.",
      ),
      failed(
        "attribute",
        "InvalidParameterValue",
        "Message (user) attribute 'a' must contain a non-empty value of type 'String'.",
      ),
    ]);
  });

  test("in which every entry fails asks nothing of the shard", async () => {
    const queue = fakeQueue({});
    const answer = await answerOf<Answer>(send(queue, [{ Id: "a", MessageBody: "\0" }]));
    expect(answer.Successful).toEqual([]);
    expect(answer.Failed).toHaveLength(1);
    expect(queue.calls).toEqual([]);
  });

  test("takes exactly 1 MiB over all entries, attributes counted", async () => {
    const queue = fakeQueue({});
    const attributes = attributeMap({ a: { DataType: "String", StringValue: "x" } });
    const full = [
      { Id: "a", MessageBody: "x".repeat(MIB / 2 - 8), MessageAttributes: attributes },
      { Id: "b", MessageBody: "x".repeat(MIB / 2) },
    ];
    expect((await answerOf<Answer>(send(queue, full))).Successful).toHaveLength(2);
    expect(await errorOf(send(queue, [...full, { Id: "c", MessageBody: "x" }]))).toBe(
      "BatchRequestTooLong: Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
    );
    expect(queue.calls).toHaveLength(1);
  });

  test.each<[string, Readonly<Record<string, unknown>>[], string]>([
    [
      "no entry",
      [],
      "EmptyBatchRequest: There should be at least one SendMessageBatchRequestEntry in the request.",
    ],
    [
      "eleven entries, whatever their ids",
      Array.from({ length: 11 }, () => ({ Id: "!", MessageBody: "a" })),
      "TooManyEntriesInBatchRequest: Maximum number of entries per request are 10. You have sent 11.",
    ],
    [
      "a bad id, even beside a repeated one",
      ["a", "a", ""].map((Id) => ({ Id, MessageBody: "a" })),
      "InvalidBatchEntryId: A batch entry id can only contain alphanumeric characters, hyphens and underscores. " +
        "It can be at most 80 letters long.",
    ],
    [
      "a repeated id, even in a batch that is too long",
      ["a", "b", "b"].map((Id) => ({ Id, MessageBody: "x".repeat(MIB) })),
      "BatchEntryIdsNotDistinct: Id b repeated.",
    ],
    [
      "too many bytes, even with an empty body beside them",
      [
        { Id: "a", MessageBody: "x".repeat(MIB + 1) },
        { Id: "b", MessageBody: "" },
      ],
      "BatchRequestTooLong: Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
    ],
    [
      "an empty body",
      [
        { Id: "a", MessageBody: "\0" },
        { Id: "b", MessageBody: "" },
      ],
      "MissingParameter: The request must contain the parameter SendMessageBatchRequestEntry.2.MessageBody.",
    ],
  ])("fails as a whole for %s", async (_, batch, error) => {
    const queue = fakeQueue({});
    expect(await errorOf(send(queue, batch))).toBe(error);
    expect(queue.calls).toEqual([]);
  });
});

describe("SendMessageBatch to a FIFO queue", () => {
  const ids = { MessageGroupId: "g", MessageDeduplicationId: "d" };
  const [first, second] = ["0b6f4b1c-52a5-4c6e-8f3c-6f1d5f0a9e77", "5c0d3c1e-9a55-4d7c-9a0f-3f7f2b8f1a11"];

  test("answers each entry with its own id and sequence number, past entries that fail on their own", async () => {
    const queue = fakeQueue({
      attributes: { ...fifoOf(), delaySeconds: 3 },
      sent: { positions: [9, 8], messageIds: [first, second] },
    });
    const answer = await answerOf<Answer>(
      send(queue, [
        { Id: "a", MessageBody: "a", ...ids },
        { Id: "late", MessageBody: "a", ...ids, DelaySeconds: 5 },
        { Id: "group", MessageBody: "a", ...ids, MessageGroupId: "a b" },
        { Id: "dedup", MessageBody: "a", ...ids, MessageDeduplicationId: "" },
        { Id: "b", MessageBody: "b", ...ids, DelaySeconds: 0 },
      ]),
    );
    expect(answer.Successful).toEqual([
      {
        Id: "a",
        MessageId: first,
        MD5OfMessageBody: "0cc175b9c0f1b6a831c399e269772661",
        SequenceNumber: "18850000000000000009",
      },
      {
        Id: "b",
        MessageId: second,
        MD5OfMessageBody: "92eb5ffee6ae2fec3ad71c777531578f",
        SequenceNumber: "18850000000000000008",
      },
    ]);
    const failed = (Id: string, Message: string) => {
      return { Id, SenderFault: true, Code: "InvalidParameterValue", Message };
    };
    const rule = "can only include alphanumeric and punctuation characters. 1 to 128 in length.";
    expect(answer.Failed).toEqual([
      failed(
        "late",
        "Value 5 for parameter DelaySeconds is invalid. " +
          "Reason: The request include parameter that is not valid for this queue type.",
      ),
      failed("group", `Value a b for parameter MessageGroupId is invalid. Reason: MessageGroupId ${rule}`),
      failed(
        "dedup",
        `Value  for parameter MessageDeduplicationId is invalid. Reason: MessageDeduplicationId ${rule}`,
      ),
    ]);
    expect(onlySend(queue).messages.map(({ sealed: _, ...message }) => message)).toEqual([
      { delayMs: 0, groupId: blinded("group", "g"), dedupId: blinded("deduplication", "d") },
      { delayMs: 0, groupId: blinded("group", "g"), dedupId: blinded("deduplication", "d") },
    ]);
  });

  const whole = { Id: "whole", MessageBody: "a", ...ids };
  const noGroup = "InvalidParameterValue: The request must contain the parameter MessageGroupId.";
  const noDedup =
    "InvalidParameterValue: The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly";

  test.each<[string, Readonly<Record<string, unknown>>[], string]>([
    [
      "an entry without a group",
      [whole, { Id: "b", MessageBody: "b", MessageDeduplicationId: "d" }],
      noGroup,
    ],
    [
      "an entry without a deduplication id",
      [whole, { Id: "b", MessageBody: "b", MessageGroupId: "g" }],
      noDedup,
    ],
    [
      "a missing group before a missing deduplication id and before an empty body",
      [
        { Id: "a", MessageBody: "", MessageGroupId: "g" },
        { Id: "b", MessageBody: "b" },
      ],
      noGroup,
    ],
    [
      "too many bytes before a missing group",
      [{ Id: "a", MessageBody: "x".repeat(MIB + 1) }],
      "BatchRequestTooLong: Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
    ],
  ])("fails as a whole for %s", async (_, batch, error) => {
    const queue = fakeQueue({ attributes: fifoOf() });
    expect(await errorOf(send(queue, batch))).toBe(error);
    expect(queue.calls).toEqual([]);
  });

  test("with content-based deduplication needs no id", async () => {
    const queue = fakeQueue({
      attributes: fifoOf({ contentBasedDeduplication: true }),
      sent: { positions: [1], messageIds: [first] },
    });
    await answerOf(send(queue, [{ Id: "a", MessageBody: "abc", MessageGroupId: "g" }]));
    expect(onlySend(queue).messages.map(({ dedupId }) => dedupId)).toEqual([
      blinded("deduplication", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ]);
    expect(await errorOf(send(queue, [{ Id: "a", MessageBody: "abc" }]))).toBe(noGroup);
  });
});
