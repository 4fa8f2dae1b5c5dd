import type { Message } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import { faultOf, type Sqs, sdks } from "../support/sdks.ts";
import { startTestServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

describe.each(sdks)("dead-letter queues through the $name SDK", (sdk) => {
  let sqs: Sqs;
  let queues = 0;
  let dead: Queue;
  let jobs: Queue;

  interface Queue {
    readonly name: string;
    readonly url: string;
    readonly arn: string;
  }

  const fifo = { FifoQueue: "true", ContentBasedDeduplication: "true" };

  async function create(attributes: Record<string, string> = {}): Promise<Queue> {
    const suffix = attributes["FifoQueue"] === undefined ? "" : ".fifo";
    const name = `${sdk.name}-dead-letters-${++queues}${suffix}`;
    const { QueueUrl: url = "" } = await sqs.createQueue({ QueueName: name, Attributes: attributes });
    return { name, url, arn: `arn:aws:sqs:us-east-1:000000000000:${name}` };
  }

  const redriveTo = (arn: string, maxReceiveCount: number | string = 2) =>
    JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount });

  const set = ({ url }: Queue, Attributes: Record<string, string>) =>
    sqs.setQueueAttributes({ QueueUrl: url, Attributes });

  /** Visible again at once. */
  async function receive({ url }: Queue, more: object = {}): Promise<Message[]> {
    const input = {
      QueueUrl: url,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 0,
      AttributeNames: ["All" as const],
      MessageAttributeNames: ["All"],
    };
    return (await sqs.receiveMessage({ ...input, ...more })).Messages ?? [];
  }

  const bodiesOf = (messages: readonly Message[]) => messages.map(({ Body }) => Body);
  const arrival = (queue: Queue) => receive(queue, { WaitTimeSeconds: 20 });

  const visible = async ({ url }: Queue) => {
    const names = ["ApproximateNumberOfMessages" as const];
    const { Attributes } = await sqs.getQueueAttributes({ QueueUrl: url, AttributeNames: names });
    return Number(Attributes?.ApproximateNumberOfMessages);
  };

  beforeEach(async () => {
    sqs = sdk.connect(server.url);
    dead = await create();
    jobs = await create({ RedrivePolicy: redriveTo(dead.arn) });
  });

  describe("a message that was received as often as it may be", () => {
    it("is the dead-letter queue's from the next receive on, as the same message", async () => {
      const { MessageId } = await sqs.sendMessage({
        QueueUrl: jobs.url,
        MessageBody: "poison",
        MessageAttributes: { kind: { DataType: "String", StringValue: "test" } },
      });
      const [first] = await receive(jobs);
      const [second] = await receive(jobs);
      expect([first, second].map((message) => message?.Attributes?.ApproximateReceiveCount)).toEqual([
        "1",
        "2",
      ]);
      expect(first?.Attributes).not.toHaveProperty("DeadLetterQueueSourceArn");
      expect(await receive(jobs)).toEqual([]);

      const [letter, ...others] = await arrival(dead);
      expect(others).toEqual([]);
      expect(letter).toMatchObject({
        MessageId,
        Body: "poison",
        MessageAttributes: { kind: { DataType: "String", StringValue: "test" } },
        Attributes: {
          ...second?.Attributes,
          ApproximateReceiveCount: "3",
          DeadLetterQueueSourceArn: jobs.arn,
        },
      });
      expect(await visible(jobs)).toBe(0);
      // A handle of the old queue is none of the new one's.
      const old = { QueueUrl: dead.url, ReceiptHandle: second?.ReceiptHandle };
      expect(await faultOf(sqs.deleteMessage(old))).toMatchObject({ code: "ReceiptHandleIsInvalid" });
      await sqs.deleteMessage({ QueueUrl: dead.url, ReceiptHandle: letter?.ReceiptHandle });
      expect(await visible(dead)).toBe(0);
    });

    it("is found by a poll that waits at the dead-letter queue", async () => {
      await sqs.sendMessage({ QueueUrl: jobs.url, MessageBody: "poison" });
      const waiting = arrival(dead);
      for (let n = 0; n < 3; n++) await receive(jobs);
      expect(bodiesOf(await waiting)).toEqual(["poison"]);
    });

    it("does not keep the others of its batch", async () => {
      const Entries = ["a", "b", "c"].map((body) => ({ Id: body, MessageBody: body }));
      await sqs.sendMessageBatch({ QueueUrl: jobs.url, Entries });
      const [first] = await receive(jobs, { MaxNumberOfMessages: 1 });
      await receive(jobs, { MaxNumberOfMessages: 1 });
      expect(bodiesOf(await receive(jobs, { MaxNumberOfMessages: 2 }))).toHaveLength(2);
      expect((await arrival(dead)).map(({ MessageId }) => MessageId)).toEqual([first?.MessageId]);
    });

    it("lets its group go on in a FIFO queue, and is known by its own id", async () => {
      dead = await create(fifo);
      // The same body twice: the first must not make the second a duplicate of it.
      jobs = await create({
        ...fifo,
        RedrivePolicy: redriveTo(dead.arn, 1),
        DeduplicationScope: "messageGroup",
      });
      const send = (MessageGroupId: string, MessageBody: string) =>
        sqs.sendMessage({ QueueUrl: jobs.url, MessageBody, MessageGroupId });
      const sent = [await send("g1", "same"), await send("g2", "same"), await send("g1", "next")];
      expect(bodiesOf(await receive(jobs, { MaxNumberOfMessages: 1 }))).toEqual(["same"]);
      expect(bodiesOf(await receive(jobs, { VisibilityTimeout: 30 }))).toEqual(["same", "next"]);

      const [letter] = await arrival(dead);
      const id = sent[0]?.MessageId;
      expect(letter).toMatchObject({
        MessageId: id,
        Attributes: {
          MessageGroupId: "g1",
          MessageDeduplicationId: id,
          ApproximateReceiveCount: "2",
          DeadLetterQueueSourceArn: jobs.arn,
          SequenceNumber: expect.stringMatching(/^\d{20}$/),
        },
      });
    });

    it("does not make another with an equal body its duplicate", async () => {
      dead = await create(fifo);
      jobs = await create({
        ...fifo,
        RedrivePolicy: redriveTo(dead.arn, 1),
        DeduplicationScope: "messageGroup",
      });
      for (const MessageGroupId of ["g1", "g2"]) {
        await sqs.sendMessage({ QueueUrl: jobs.url, MessageBody: "same", MessageGroupId });
      }
      expect(await receive(jobs)).toHaveLength(2);
      expect(await receive(jobs)).toEqual([]);
      let letters: Message[] = [];
      while (letters.length < 2) letters = await arrival(dead);
      expect(bodiesOf(letters)).toEqual(["same", "same"]);
    });
  });

  describe("a policy", () => {
    const refusal = (policy: string, reason: string) => ({
      code: "InvalidParameterValue",
      status: 400,
      message: `Value ${policy} for parameter RedrivePolicy is invalid. Reason: ${reason}`,
    });

    it("may write its count as a string, is given back as it was written, and holds at once", async () => {
      const RedrivePolicy = redriveTo(dead.arn, "1");
      await set(jobs, { RedrivePolicy });
      const { Attributes } = await sqs.getQueueAttributes({
        QueueUrl: jobs.url,
        AttributeNames: ["RedrivePolicy"],
      });
      expect(Attributes).toEqual({ RedrivePolicy });
      await sqs.sendMessage({ QueueUrl: jobs.url, MessageBody: "a" });
      expect(await receive(jobs)).toHaveLength(1);
      expect(await receive(jobs)).toEqual([]);
      expect(bodiesOf(await arrival(dead))).toEqual(["a"]);
    });

    it("that is taken away lets messages be received for ever", async () => {
      await set(jobs, { RedrivePolicy: "" });
      await sqs.sendMessage({ QueueUrl: jobs.url, MessageBody: "a" });
      for (let n = 1; n <= 5; n++) {
        expect((await receive(jobs))[0]?.Attributes?.ApproximateReceiveCount).toBe(String(n));
      }
      await set(jobs, { RedrivePolicy: redriveTo(dead.arn, 3) });
      expect(await receive(jobs)).toEqual([]);
      expect((await arrival(dead))[0]?.Attributes?.ApproximateReceiveCount).toBe("6");
    });

    it("must name a queue of this account and region, and of the same type", async () => {
      const missing = "Dead letter target does not exist.";
      const fifoQueue = await create(fifo);
      for (const [arn, reason] of [
        [`${dead.arn}-never`, missing],
        [dead.arn.replace("us-east-1", "eu-west-1"), missing],
        [dead.arn.replace("000000000000", "111111111111"), missing],
        [fifoQueue.arn, "Dead-letter queue must be same type of queue as the source.."],
      ] as const) {
        const policy = redriveTo(arn);
        expect(await faultOf(set(jobs, { RedrivePolicy: policy }))).toEqual(refusal(policy, reason));
        const Attributes = { RedrivePolicy: policy };
        const QueueName = `${sdk.name}-refused`;
        expect(await faultOf(sqs.createQueue({ QueueName, Attributes }))).toEqual(refusal(policy, reason));
      }
    });

    it("may be refused by the dead-letter queue", async () => {
      await set(dead, { RedriveAllowPolicy: '{"redrivePermission":"denyAll"}' });
      expect(await faultOf(set(jobs, { RedrivePolicy: redriveTo(dead.arn) }))).toMatchObject({
        code: "InvalidParameterValue",
      });
      const sourceQueueArns = [jobs.arn];
      const byQueue = JSON.stringify({ redrivePermission: "byQueue", sourceQueueArns });
      await set(dead, { RedriveAllowPolicy: byQueue });
      await set(jobs, { RedrivePolicy: redriveTo(dead.arn) });
    });

    it("may name the queue itself, and then does nothing", async () => {
      await set(jobs, { RedrivePolicy: redriveTo(jobs.arn, 1) });
      await sqs.sendMessage({ QueueUrl: jobs.url, MessageBody: "a" });
      for (let n = 0; n < 4; n++) expect(await receive(jobs)).toHaveLength(1);
    });
  });

  describe("a dead-letter queue that is deleted", () => {
    it("leaves messages where they are, and they go on being received", async () => {
      await sqs.deleteQueue({ QueueUrl: dead.url });
      await sqs.sendMessage({ QueueUrl: jobs.url, MessageBody: "a" });
      const counts: (string | undefined)[] = [];
      while (counts.length < 4) {
        const messages = await receive(jobs, { WaitTimeSeconds: 20 });
        counts.push(...messages.map(({ Attributes }) => Attributes?.ApproximateReceiveCount));
      }
      expect(counts).toEqual(["1", "2", "3", "4"]);
    });

    it("does not hinder the request that made its source from being repeated", async () => {
      const Attributes = { RedrivePolicy: redriveTo(dead.arn) };
      await sqs.deleteQueue({ QueueUrl: dead.url });
      const create = (attributes: Record<string, string>) =>
        sqs.createQueue({ QueueName: jobs.name, Attributes: attributes });
      expect((await create(Attributes)).QueueUrl).toBe(jobs.url);
      expect(await faultOf(create({ ...Attributes, DelaySeconds: "9" }))).toMatchObject({
        code: "QueueAlreadyExists",
      });
    });
  });

  describe("ListDeadLetterSourceQueues", () => {
    const list = (input: object = {}) => sqs.listDeadLetterSourceQueues({ QueueUrl: dead.url, ...input });

    it("names the sources, and nothing else", async () => {
      const another = await create({ RedrivePolicy: redriveTo(dead.arn, 9) });
      const answer = await list();
      expect(answer.queueUrls).toEqual([jobs.url, another.url].toSorted());
      expect(answer.NextToken).toBeUndefined();
      await set(jobs, { RedrivePolicy: "" });
      expect((await list()).queueUrls).toEqual([another.url]);
    });

    it("answers with an empty list when there are none", async () => {
      await set(jobs, { RedrivePolicy: "" });
      const { queueUrls } = await list();
      // The older SDK knows no empty list: its protocol has no way to write one.
      expect(queueUrls).toEqual(sdk.name === "JSON" ? [] : undefined);
    });

    it("comes in pages", async () => {
      const urls = [jobs.url];
      for (let n = 0; n < 4; n++) urls.push((await create({ RedrivePolicy: redriveTo(dead.arn) })).url);
      const client = sdk.connect(server.url);
      const pages: (string[] | undefined)[] = [];
      const config = { client, pageSize: 2 };
      for await (const page of sdk.module.paginateListDeadLetterSourceQueues(config, {
        QueueUrl: dead.url,
      })) {
        pages.push(page.queueUrls);
      }
      expect(pages.map((page) => page?.length)).toEqual([2, 2, 1]);
      expect(pages.flat()).toEqual(urls.toSorted());
    });

    it("refuses what ListQueues refuses", async () => {
      const invalid = (message: string) => ({ code: "InvalidParameterValue", status: 400, message });
      expect(await faultOf(list({ MaxResults: 0 }))).toEqual(
        invalid(
          "Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 1000.",
        ),
      );
      expect(await faultOf(list({ MaxResults: 1, NextToken: "x" }))).toEqual(
        invalid("Invalid or expired next token."),
      );
      expect(await faultOf(list({ QueueUrl: `${dead.url}-never` }))).toMatchObject({
        code: "AWS.SimpleQueueService.NonExistentQueue",
        status: 400,
      });
    });
  });

  it("an unknown name beside All is no error", async () => {
    await sqs.sendMessage({ QueueUrl: jobs.url, MessageBody: "a" });
    const [message] = await receive(jobs, { AttributeNames: ["All", "Unknown"] });
    expect(Object.keys(message?.Attributes ?? {}).toSorted()).toEqual([
      "ApproximateFirstReceiveTimestamp",
      "ApproximateReceiveCount",
      "SenderId",
      "SentTimestamp",
    ]);
    expect(await faultOf(receive(jobs, { AttributeNames: ["SenderId", "Unknown"] }))).toMatchObject({
      code: "InvalidAttributeName",
      message: "Unknown Attribute Unknown.",
    });
  });
});
