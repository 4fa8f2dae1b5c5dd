import { beforeEach, describe, expect, test } from "vitest";
import type { QueueAction } from "../../../src/services/action.ts";
import { changeMessageVisibility } from "../../../src/services/sqs/change-message-visibility.ts";
import { deleteMessage } from "../../../src/services/sqs/delete-message.ts";
import { deleteMessageBatch } from "../../../src/services/sqs/delete-message-batch.ts";
import { receiveMessage } from "../../../src/services/sqs/receive-message.ts";
import { sendMessage } from "../../../src/services/sqs/send-message.ts";
import { sendMessageBatch } from "../../../src/services/sqs/send-message-batch.ts";
import { CoreQueue } from "../../support/core-queue.ts";
import { answerOf, attributeMap, errorOf, fifoOf, run } from "../../support/fake-queue.ts";

interface Sent {
  readonly MessageId: string;
  readonly MD5OfMessageBody: string;
  readonly SequenceNumber: string;
}

interface Message {
  readonly MessageId: string;
  readonly Body: string;
  readonly ReceiptHandle: string;
  readonly Attributes: ReadonlyMap<string, string>;
}

interface BatchAnswer<T> {
  readonly Successful: readonly (T & { readonly Id: string })[];
  readonly Failed: readonly { readonly Id: string; readonly Code: string; readonly Message: string }[];
}

let queue: CoreQueue;
beforeEach(() => {
  queue = new CoreQueue(fifoOf({ contentBasedDeduplication: true }));
});

type Input = Readonly<Record<string, unknown>>;
const ask = <T>(action: QueueAction, input: Input) => answerOf<T>(run(action, queue, input));
const send = (group: string, body: string, more: Input = {}) =>
  ask<Sent>(sendMessage, { MessageBody: body, MessageGroupId: group, ...more });
const receive = async (max = 10, more: Input = {}) => {
  const input = { MaxNumberOfMessages: max, AttributeNames: ["All"], ...more };
  return (await ask<{ Messages: Message[] }>(receiveMessage, input)).Messages;
};
const bodiesOf = (messages: readonly Message[]) => messages.map(({ Body }) => Body);
const remove = (message: Message | undefined) =>
  run(deleteMessage, queue, { ReceiptHandle: message?.ReceiptHandle ?? "" });
const expired = (message: Message | undefined) =>
  `InvalidParameterValue: Value ${message?.ReceiptHandle} for parameter ReceiptHandle is invalid. ` +
  "Reason: The receipt handle has expired.";

/** Sends each body, which begins with its group, in one batch. */
async function sendAll(...bodies: string[]): Promise<BatchAnswer<Sent>> {
  const Entries = bodies.map((body, index) => ({
    Id: String(index),
    MessageBody: body,
    MessageGroupId: body.slice(0, 2),
  }));
  return await ask<BatchAnswer<Sent>>(sendMessageBatch, { Entries });
}

describe("the order of a FIFO queue", () => {
  test("fills a receive from one group as far as it goes, then from the next", async () => {
    await sendAll("g1-a", "g2-a", "g1-b", "g1-c");
    expect(bodiesOf(await receive(4))).toEqual(["g1-a", "g1-b", "g1-c", "g2-a"]);
  });

  test("keeps a group's later messages back until all before them are deleted", async () => {
    await sendAll("g1-a", "g1-b", "g2-a");
    const [first, other] = [(await receive(1))[0], await receive(10)];
    expect(bodiesOf(other)).toEqual(["g2-a"]);
    await send("g1", "g1-c");
    expect(await receive()).toEqual([]);
    expect(await answerOf(remove(first))).toEqual({});
    expect(bodiesOf(await receive())).toEqual(["g1-b", "g1-c"]);
  });

  test("is kept on redelivery, after the shard has lost its memory too", async () => {
    await sendAll("g1-a", "g1-b", "g1-c");
    const [, second] = await receive(2);
    queue.evict();
    await ask(changeMessageVisibility, { ReceiptHandle: second?.ReceiptHandle, VisibilityTimeout: 60 });
    queue.nowMs += 30_000;
    expect(bodiesOf(await receive())).toEqual(["g1-a"]);
    queue.nowMs += 30_000;
    expect(bodiesOf(await receive())).toEqual(["g1-a", "g1-b", "g1-c"]);
  });

  test("is told by sequence numbers, the same at both ends, in batches too", async () => {
    const first = await send("g1", "g1-a");
    const { Successful } = await sendAll("g2-a", "g1-b");
    const sent = [first, ...Successful].map(({ SequenceNumber }) => SequenceNumber);
    expect(sent.every((number) => /^\d{20}$/.test(number))).toBe(true);
    expect(sent.toSorted()).toEqual(sent);
    expect(new Set(sent).size).toBe(3);
    const received = await receive();
    expect(received.map(({ Attributes }) => Attributes.get("SequenceNumber")).sort()).toEqual(sent);
    expect(received.map(({ MessageId }) => MessageId).sort()).toEqual(
      [first, ...Successful].map(({ MessageId }) => MessageId).sort(),
    );
    expect(received[0]?.Attributes.get("MessageGroupId")).toBe("g1");
  });
});

describe("a duplicate", () => {
  test("is answered with its original and the digest of its own body, and is not stored", async () => {
    const original = await send("g1", "a", { MessageDeduplicationId: "d" });
    const again = await send("g2", "b", { MessageDeduplicationId: "d" });
    expect(again).toEqual({ ...original, MD5OfMessageBody: "92eb5ffee6ae2fec3ad71c777531578f" });
    expect(bodiesOf(await receive())).toEqual(["a"]);
    expect(await receive()).toEqual([]);
  });

  test("is known for five minutes after its original, deleted or not", async () => {
    const original = await send("g1", "a");
    const [message] = await receive();
    await remove(message);
    queue.nowMs += 299_999;
    expect(await send("g1", "a")).toEqual(original);
    queue.evict();
    expect(await send("g1", "a")).toEqual(original);
    expect(await receive()).toEqual([]);
    queue.nowMs += 1;
    expect((await send("g1", "a")).MessageId).not.toBe(original.MessageId);
    expect(bodiesOf(await receive())).toEqual(["a"]);
  });

  test("is found by its content, attributes aside, unless it brings an id", async () => {
    const MessageAttributes = attributeMap({ a: { DataType: "String", StringValue: "x" } });
    const original = await send("g1", "a");
    expect((await send("g1", "a", { MessageAttributes })).MessageId).toBe(original.MessageId);
    expect((await send("g1", "a", { MessageDeduplicationId: "d" })).MessageId).not.toBe(original.MessageId);
    const [first, second] = await receive();
    expect(first?.Attributes.get("MessageDeduplicationId")).toBe(
      "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
    );
    expect(second?.Attributes.get("MessageDeduplicationId")).toBe("d");
  });

  test("of another group is none where deduplication is by the group", async () => {
    queue = new CoreQueue(fifoOf({ contentBasedDeduplication: true, deduplicationScope: "messageGroup" }));
    const original = await send("g1", "a");
    expect((await send("g1", "a")).MessageId).toBe(original.MessageId);
    expect((await send("g2", "a")).MessageId).not.toBe(original.MessageId);
    expect(bodiesOf(await receive())).toEqual(["a", "a"]);
  });

  test("in one batch with its original is found as well, and the order of the others stays", async () => {
    const { Successful, Failed } = await sendAll("g1-a", "g1-b", "g1-a", "g1-\0", "g1-c");
    expect(Failed.map(({ Id, Code }) => [Id, Code])).toEqual([["3", "InvalidMessageContents"]]);
    const [a, b, again, c] = Successful;
    expect(again).toEqual({ ...a, Id: "2" });
    expect(new Set([a, b, c].map((sent) => sent?.MessageId)).size).toBe(3);
    const received = await receive();
    expect(bodiesOf(received)).toEqual(["g1-a", "g1-b", "g1-c"]);
    expect(received.map(({ MessageId }) => MessageId)).toEqual([a, b, c].map((sent) => sent?.MessageId));
  });

  test("is forgotten with a purge", async () => {
    const original = await send("g1", "a");
    await queue.call({ kind: "purge", minIntervalMs: 0 });
    expect((await send("g1", "a")).MessageId).not.toBe(original.MessageId);
    expect(bodiesOf(await receive())).toEqual(["a"]);
  });
});

describe("the delay of a FIFO queue", () => {
  test("holds for every message, one that asks for 0 and one sent before the delay was set", async () => {
    await send("g1", "a", { DelaySeconds: 0 });
    queue.set({ delaySeconds: 5 });
    await send("g2", "b", { DelaySeconds: 0 });
    expect(await queue.call({ kind: "count" })).toMatchObject({ visible: 0, inFlight: 0, delayed: 2 });
    queue.nowMs += 4999;
    expect(await receive()).toEqual([]);
    queue.nowMs += 1;
    expect(bodiesOf(await receive())).toEqual(["a", "b"]);
  });
});

describe("a receipt handle of a FIFO queue", () => {
  test("dies with its timeout", async () => {
    await send("g1", "a");
    const [early] = await receive();
    queue.nowMs += 29_999;
    const extend = (VisibilityTimeout: number) =>
      run(changeMessageVisibility, queue, { ReceiptHandle: early?.ReceiptHandle, VisibilityTimeout });
    expect(await answerOf(extend(10))).toEqual({});
    queue.nowMs += 10_000;
    expect(await errorOf(extend(10))).toBe(expired(early));
    expect(await errorOf(remove(early))).toBe(expired(early));
    expect(bodiesOf(await receive())).toEqual(["a"]);
  });

  test("dies with the next receive of its message", async () => {
    await send("g1", "a");
    const [first] = await receive();
    queue.nowMs += 30_000;
    const [second] = await receive();
    expect(await errorOf(remove(first))).toBe(expired(first));
    expect(await answerOf(remove(second))).toEqual({});
    expect(await answerOf(remove(second))).toEqual({});
    queue.nowMs += 30_000;
    expect(await receive()).toEqual([]);
  });

  test("that was received for no time deletes nothing", async () => {
    await send("g1", "a");
    const [message] = await receive(1, { VisibilityTimeout: 0 });
    expect(await errorOf(remove(message))).toBe(expired(message));
  });

  test("fails by the entry in a batch", async () => {
    await sendAll("g1-a", "g2-a");
    const [old] = await receive(1, { VisibilityTimeout: 0 });
    const fresh = await receive(1);
    const [kept] = fresh;
    const Entries = [old, kept].map((message, index) => {
      return { Id: String(index), ReceiptHandle: message?.ReceiptHandle };
    });
    const answer = await ask<BatchAnswer<object>>(deleteMessageBatch, { Entries });
    expect(answer.Successful).toEqual([{ Id: "1" }]);
    expect(answer.Failed.map(({ Id, Code, Message }) => `${Id} ${Code}: ${Message}`)).toEqual([
      `0 ${expired(old)}`,
    ]);
  });
});

describe("a receive with an attempt id", () => {
  const attempt = (id: string, more: Input = {}) => receive(10, { ReceiveRequestAttemptId: id, ...more });

  test("is given the same messages under the same handles again, and their time anew", async () => {
    await sendAll("g1-a", "g1-b");
    const first = await attempt("try");
    queue.nowMs += 29_999;
    expect(await attempt("other")).toEqual([]);
    expect(await attempt("try")).toEqual(first);
    queue.nowMs += 29_999;
    expect(await receive()).toEqual([]);
    expect(await answerOf(remove(first[0]))).toEqual({});
  });

  test("is given what there is once one of them has been deleted", async () => {
    await sendAll("g1-a", "g1-b");
    const [first] = await attempt("try");
    await remove(first);
    await send("g2", "g2-a");
    expect(bodiesOf(await attempt("try"))).toEqual(["g2-a"]);
  });
});

test("a FIFO queue with as many messages in flight as it may have gives no more, and no error", async () => {
  queue = new CoreQueue(fifoOf({ contentBasedDeduplication: true }), { inFlightMessages: 3 });
  await sendAll("g1-a", "g2-a", "g3-a", "g4-a");
  expect(await receive(2)).toHaveLength(2);
  const [last, ...others] = await receive(2, { WaitTimeSeconds: 0 });
  expect(others).toEqual([]);
  expect(await receive(2, { WaitTimeSeconds: 0 })).toEqual([]);
  await remove(last);
  expect(bodiesOf(await receive(2))).toEqual(["g4-a"]);
});
