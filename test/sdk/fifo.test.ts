import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import { faultOf, type Sqs, sdks } from "../support/sdks.ts";
import { startTestServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

describe.each(sdks)("FIFO queues through the $name SDK", (sdk) => {
  let sqs: Sqs;
  let url: string;
  let queues = 0;

  const freshName = () => `${sdk.name}-${++queues}.fifo`;

  async function createQueue(attributes: Record<string, string> = {}): Promise<string> {
    const Attributes = { FifoQueue: "true", ...attributes };
    return (await sqs.createQueue({ QueueName: freshName(), Attributes })).QueueUrl ?? "";
  }

  beforeEach(async () => {
    sqs = sdk.connect(server.url);
    url = await createQueue({ ContentBasedDeduplication: "true" });
  });

  const send = (group: string | undefined, body: string, more: object = {}) =>
    sqs.sendMessage({ QueueUrl: url, MessageBody: body, MessageGroupId: group, ...more });

  /** Each body begins with its group. */
  const sendAll = (...bodies: string[]) =>
    sqs.sendMessageBatch({
      QueueUrl: url,
      Entries: bodies.map((body, i) => ({
        Id: `e${i}`,
        MessageBody: body,
        MessageGroupId: body.slice(0, 2),
      })),
    });

  const receive = async (more: object = {}) => {
    const input = { QueueUrl: url, MaxNumberOfMessages: 10, AttributeNames: ["All" as const] };
    return (await sqs.receiveMessage({ ...input, ...more })).Messages ?? [];
  };

  const bodiesOf = (messages: readonly { Body?: string | undefined }[]) => messages.map(({ Body }) => Body);

  const remove = (message: { ReceiptHandle?: string | undefined } | undefined) =>
    sqs.deleteMessage({ QueueUrl: url, ReceiptHandle: message?.ReceiptHandle });

  const attributesOf = async (...names: string[]) =>
    (await sqs.getQueueAttributes({ QueueUrl: url, AttributeNames: names as "All"[] })).Attributes;

  const invalid = (message: string) => ({ code: "InvalidParameterValue", status: 400, message });
  const expired = (message: { ReceiptHandle?: string | undefined } | undefined) =>
    `Value ${message?.ReceiptHandle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`;

  describe("a queue", () => {
    it("shows what it is, and its sixteen attributes for All", async () => {
      expect(await attributesOf("All")).toMatchObject({
        FifoQueue: "true",
        ContentBasedDeduplication: "true",
        DeduplicationScope: "queue",
        FifoThroughputLimit: "perQueue",
      });
      expect(Object.keys((await attributesOf("All")) ?? {})).toHaveLength(16);
    });

    it("is found again by what it has, and refused with anything else", async () => {
      const QueueName = url.slice(url.lastIndexOf("/") + 1);
      const create = (attributes: Record<string, string>) =>
        sqs.createQueue({ QueueName, Attributes: { FifoQueue: "true", ...attributes } });
      expect((await create({ DeduplicationScope: "queue" })).QueueUrl).toBe(url);
      expect(await faultOf(create({ ContentBasedDeduplication: "false" }))).toEqual({
        code: "QueueAlreadyExists",
        status: 400,
        message:
          "A queue already exists with the same name and a different value for attribute ContentBasedDeduplication",
      });
    });

    it("needs its suffix and its attribute, both", async () => {
      const Attributes = { FifoQueue: "true" };
      expect(await faultOf(sqs.createQueue({ QueueName: "no-suffix", Attributes }))).toEqual(
        invalid(
          "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.",
        ),
      );
      expect(await faultOf(sqs.createQueue({ QueueName: freshName() }))).toEqual(
        invalid("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"),
      );
    });

    it("goes over to high throughput, and stays a FIFO queue", async () => {
      const set = (attributes: Record<string, string>) =>
        sqs.setQueueAttributes({ QueueUrl: url, Attributes: attributes });
      expect(await faultOf(set({ FifoThroughputLimit: "perMessageGroupId" }))).toEqual({
        code: "InvalidAttributeValue",
        status: 400,
        message:
          "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup",
      });
      await set({ DeduplicationScope: "messageGroup", FifoQueue: "true" });
      await set({ FifoThroughputLimit: "perMessageGroupId" });
      expect(await attributesOf("DeduplicationScope", "FifoThroughputLimit")).toEqual({
        DeduplicationScope: "messageGroup",
        FifoThroughputLimit: "perMessageGroupId",
      });
      expect(await faultOf(set({ FifoQueue: "false" }))).toEqual({
        code: "InvalidAttributeValue",
        status: 400,
        message: "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
      });
    });
  });

  describe("order", () => {
    it("is that of the sends within a group, and one group comes before the next", async () => {
      await sendAll("g1-a", "g2-a", "g1-b", "g1-c");
      expect(bodiesOf(await receive({ MaxNumberOfMessages: 4 }))).toEqual(["g1-a", "g1-b", "g1-c", "g2-a"]);
    });

    it("locks a group while one of its messages is in flight, and no other group", async () => {
      await sendAll("g1-a", "g1-b", "g2-a");
      const [first] = await receive({ MaxNumberOfMessages: 1 });
      expect(bodiesOf(await receive())).toEqual(["g2-a"]);
      await remove(first);
      expect(bodiesOf(await receive())).toEqual(["g1-b"]);
    });

    it("holds for what is given back", async () => {
      await sendAll("g1-a", "g1-b", "g1-c");
      const [first] = await receive({ MaxNumberOfMessages: 2 });
      const input = { QueueUrl: url, ReceiptHandle: first?.ReceiptHandle, VisibilityTimeout: 0 };
      await sqs.changeMessageVisibility(input);
      const [again, ...others] = await receive();
      expect(others).toEqual([]);
      expect(again).toMatchObject({ Body: "g1-a", MessageId: first?.MessageId });
      expect(again?.Attributes?.ApproximateReceiveCount).toBe("2");
    });

    it("holds over many messages, taken by the hand", async () => {
      const bodies = Array.from({ length: 40 }, (_, i) => `g${i % 3}-${i}`);
      for (let i = 0; i < bodies.length; i += 10) await sendAll(...bodies.slice(i, i + 10));
      const seen: string[] = [];
      for (let messages = await receive(); messages.length > 0; messages = await receive()) {
        seen.push(...messages.map(({ Body = "" }) => Body));
        const Entries = messages.map(({ ReceiptHandle }, i) => ({ Id: `e${i}`, ReceiptHandle }));
        const { Successful } = await sqs.deleteMessageBatch({ QueueUrl: url, Entries });
        expect(Successful).toHaveLength(messages.length);
      }
      for (const group of ["g0", "g1", "g2"]) {
        const of = (all: readonly string[]) => all.filter((body) => body.startsWith(group));
        expect(of(seen)).toEqual(of(bodies));
      }
      expect(seen).toHaveLength(bodies.length);
    });

    it("lets a long poll on a locked group go on when the group is free", async () => {
      await sendAll("g1-a", "g1-b");
      const [first] = await receive({ MaxNumberOfMessages: 1 });
      const waiting = receive({ WaitTimeSeconds: 20 });
      // A request that comes after: the poll has been seen, and has found nothing.
      await attributesOf("ApproximateNumberOfMessages");
      await remove(first);
      expect(bodiesOf(await waiting)).toEqual(["g1-b"]);
    });
  });

  describe("a sent message", () => {
    it("has a sequence number, which rises and is the one received", async () => {
      const { SequenceNumber: first = "" } = await send("g1", "a");
      const { Successful = [] } = await sendAll("g1-b", "g2-c");
      const numbers = [first, ...Successful.map(({ SequenceNumber = "" }) => SequenceNumber)];
      for (const number of numbers) expect(number).toMatch(/^\d{20}$/);
      expect(numbers.toSorted()).toEqual(numbers);
      expect(new Set(numbers).size).toBe(3);
      const received = await receive();
      expect(received.map(({ Attributes }) => Attributes?.SequenceNumber)).toEqual(numbers);
      expect(received[0]?.Attributes).toMatchObject({
        MessageGroupId: "g1",
        MessageDeduplicationId: createHash("sha256").update("a").digest("hex"),
      });
    });

    it("is stored once: again it has its original's id and number", async () => {
      const original = await send("g1", "a", { MessageDeduplicationId: "d" });
      // Both SDKs compare the digest with the body that they sent.
      const again = await send("g2", "b", { MessageDeduplicationId: "d" });
      expect(again).toMatchObject({
        MessageId: original.MessageId,
        SequenceNumber: original.SequenceNumber,
      });
      const [message, ...others] = await receive();
      expect(others).toEqual([]);
      await remove(message);
      expect((await send("g1", "c", { MessageDeduplicationId: "d" })).MessageId).toBe(original.MessageId);
      expect(await receive()).toEqual([]);
      await sqs.purgeQueue({ QueueUrl: url });
      expect((await send("g1", "c", { MessageDeduplicationId: "d" })).MessageId).not.toBe(original.MessageId);
    });

    it("waits as long as the queue says, not as long as it says", async () => {
      await sqs.setQueueAttributes({ QueueUrl: url, Attributes: { DelaySeconds: "900" } });
      await send("g1", "a", { DelaySeconds: 0 });
      expect(await receive()).toEqual([]);
      expect(await attributesOf("ApproximateNumberOfMessagesDelayed")).toEqual({
        ApproximateNumberOfMessagesDelayed: "1",
      });
      await sqs.setQueueAttributes({ QueueUrl: url, Attributes: { DelaySeconds: "0" } });
      expect(bodiesOf(await receive())).toEqual(["a"]);
    });

    it("must name its group, and have an id or content that makes one", async () => {
      const noGroup = "The request must contain the parameter MessageGroupId.";
      const noId =
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly";
      expect(await faultOf(send(undefined, "a"))).toEqual({
        code: "MissingParameter",
        status: 400,
        message: noGroup,
      });
      const whole = { Id: "whole", MessageBody: "a", MessageGroupId: "g1" };
      const sendBatch = (entry: object) =>
        sqs.sendMessageBatch({ QueueUrl: url, Entries: [whole, { Id: "x", MessageBody: "b", ...entry }] });
      expect(await faultOf(sendBatch({}))).toEqual(invalid(noGroup));

      url = await createQueue();
      expect(await faultOf(send("g1", "a"))).toEqual(invalid(noId));
      expect(await faultOf(sendBatch({ MessageGroupId: "g1" }))).toEqual(invalid(noId));
      expect(await receive()).toEqual([]);
    });

    it("may not bring a delay", async () => {
      const message =
        "Value 1 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.";
      expect(await faultOf(send("g1", "a", { DelaySeconds: 1 }))).toEqual(invalid(message));
      const entry = { MessageBody: "a", MessageGroupId: "g1" };
      const { Successful, Failed } = await sqs.sendMessageBatch({
        QueueUrl: url,
        Entries: [
          { Id: "late", ...entry, DelaySeconds: 1 },
          { Id: "now", ...entry, DelaySeconds: 0 },
        ],
      });
      expect(Successful?.map(({ Id }) => Id)).toEqual(["now"]);
      expect(Failed).toEqual([
        { Id: "late", SenderFault: true, Code: "InvalidParameterValue", Message: message },
      ]);
    });
  });

  describe("a receipt handle", () => {
    it("is worth nothing once its timeout is over", async () => {
      await sendAll("g1-a", "g2-a");
      const [old] = await receive({ MaxNumberOfMessages: 1, VisibilityTimeout: 0 });
      const [kept] = await receive({ MaxNumberOfMessages: 1 });
      expect(old?.Body).not.toBe(kept?.Body);
      expect(await faultOf(remove(old))).toEqual(invalid(expired(old)));
      const change = { QueueUrl: url, ReceiptHandle: old?.ReceiptHandle, VisibilityTimeout: 5 };
      expect(await faultOf(sqs.changeMessageVisibility(change))).toEqual(invalid(expired(old)));

      const failed = [{ Id: "old", SenderFault: true, Code: "InvalidParameterValue", Message: expired(old) }];
      const entries = [
        { Id: "old", ReceiptHandle: old?.ReceiptHandle },
        { Id: "kept", ReceiptHandle: kept?.ReceiptHandle },
      ];
      const changed = await sqs.changeMessageVisibilityBatch({
        QueueUrl: url,
        Entries: entries.map((entry) => ({ ...entry, VisibilityTimeout: 60 })),
      });
      expect(changed.Failed).toEqual(failed);
      expect(changed.Successful).toEqual([{ Id: "kept" }]);
      const deleted = await sqs.deleteMessageBatch({ QueueUrl: url, Entries: entries });
      expect(deleted.Failed).toEqual(failed);
      expect(deleted.Successful).toEqual([{ Id: "kept" }]);
      await remove(kept);
    });

    it("comes again, with its message, to a receive that repeats its attempt id", async () => {
      await sendAll("g1-a", "g1-b");
      const first = await receive({ ReceiveRequestAttemptId: "try" });
      expect(bodiesOf(first)).toEqual(["g1-a", "g1-b"]);
      expect(await receive({ ReceiveRequestAttemptId: "another" })).toEqual([]);
      expect(await receive({ ReceiveRequestAttemptId: "try" })).toEqual(first);
      await remove(first[0]);
      expect(await receive({ ReceiveRequestAttemptId: "try" })).toEqual([]);
      expect(await faultOf(receive({ ReceiveRequestAttemptId: "a b" }))).toEqual(
        invalid(
          "Value a b for parameter ReceiveRequestAttemptId is invalid. Reason: ReceiveRequestAttemptId can only " +
            "include alphanumeric and punctuation characters. 1 to 128 in length.",
        ),
      );
    });
  });

  it("a standard queue takes a group, but no other FIFO parameter", async () => {
    const { QueueUrl = "" } = await sqs.createQueue({ QueueName: `${sdk.name}-standard` });
    url = QueueUrl;
    const { SequenceNumber } = await send("g1", "a");
    expect(SequenceNumber).toBeUndefined();
    expect(await faultOf(send("g1", "a", { MessageDeduplicationId: "d" }))).toEqual(
      invalid("The request include parameter MessageDeduplicationId which is not valid for this queue type"),
    );
    expect(await faultOf(receive({ ReceiveRequestAttemptId: "try" }))).toEqual(
      invalid("The request include parameter ReceiveRequestAttemptId which is not valid for this queue type"),
    );
    const [message] = await receive();
    expect(message?.Attributes?.MessageGroupId).toBe("g1");
    expect(message?.Attributes).not.toHaveProperty("SequenceNumber");
  });
});
