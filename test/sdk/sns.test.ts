import {
  AuthorizationErrorException,
  EmptyBatchRequestException,
  InvalidParameterException,
  InvalidParameterValueException,
  NotFoundException,
  paginateListTopics,
  SNS,
  type SNSClientConfig,
} from "@aws-sdk/client-sns";
import { SQS } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import { addUser, type TestUser } from "../support/access-keys.ts";
import { failureOf } from "../support/sdks.ts";
import { defaults, startTestServer } from "../support/server.ts";

let server: RunningServer;
/** Of account 111111111111. */
let foreigner: TestUser;
let sns: SNS;
let sqs: SQS;

beforeAll(async () => {
  server = await startTestServer();
  foreigner = await addUser(server, { account: "111111111111", userName: "foreigner" });
  sns = new SNS(config());
  sqs = new SQS(config());
});
afterAll(() => server.stop());

const root = {
  accessKeyId: defaults.worker.ROOT_ACCESS_KEY_ID,
  secretAccessKey: defaults.worker.ROOT_SECRET_ACCESS_KEY,
};

/** No retries, so that a failure of ours shows. */
function config(credentials: SNSClientConfig["credentials"] = root) {
  return { endpoint: server.url, region: "us-east-1", credentials, maxAttempts: 1 };
}

let names = 0;
const freshName = () => `sns-${++names}`;

const createTopic = async (attributes?: Record<string, string>, suffix = "") => {
  const { TopicArn = "" } = await sns.createTopic({ Name: freshName() + suffix, Attributes: attributes });
  return TopicArn;
};

interface TestQueue {
  readonly url: string;
  readonly arn: string;
}

/** A queue that takes what the topic delivers. */
async function createQueue(topic: string, client = sqs, suffix = ""): Promise<TestQueue> {
  const name = freshName() + suffix;
  const fifo = suffix === "" ? {} : { FifoQueue: "true" };
  const { QueueUrl: url = "" } = await client.createQueue({ QueueName: name, Attributes: fifo });
  const { Attributes } = await client.getQueueAttributes({ QueueUrl: url, AttributeNames: ["QueueArn"] });
  const arn = Attributes?.QueueArn ?? "";
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Principal: { Service: "sns.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: arn,
      Condition: { ArnEquals: { "aws:SourceArn": topic } },
    },
  });
  await client.setQueueAttributes({ QueueUrl: url, Attributes: { Policy } });
  return { url, arn };
}

const subscribe = async (topic: string, queue: TestQueue, attributes: Record<string, string> = {}) => {
  const { SubscriptionArn = "" } = await sns.subscribe({
    TopicArn: topic,
    Protocol: "sqs",
    Endpoint: queue.arn,
    Attributes: attributes,
  });
  return SubscriptionArn;
};

const receive = async ({ url }: TestQueue, client = sqs) => {
  const { Messages = [] } = await client.receiveMessage({
    QueueUrl: url,
    MaxNumberOfMessages: 10,
    MessageAttributeNames: ["All"],
    MessageSystemAttributeNames: ["All"],
  });
  return Messages;
};

const bodiesIn = async (queue: TestQueue) => (await receive(queue)).map(({ Body }) => Body);

describe("a topic", () => {
  it("delivers to its queues what is published, in the envelope and raw", async () => {
    const topic = await createTopic();
    const [wrapped, raw] = [await createQueue(topic), await createQueue(topic)];
    await subscribe(topic, wrapped);
    await subscribe(topic, raw, { RawMessageDelivery: "true" });
    const { MessageId } = await sns.publish({
      TopicArn: topic,
      Subject: "News",
      Message: "Grüße\r\n",
      MessageAttributes: {
        size: { DataType: "Number", StringValue: "99.12" },
        bytes: { DataType: "Binary", BinaryValue: Uint8Array.of(2, 3, 4) },
      },
    });
    const [envelope] = await receive(wrapped);
    expect(JSON.parse(envelope?.Body ?? "")).toMatchObject({
      Type: "Notification",
      MessageId,
      TopicArn: topic,
      Subject: "News",
      Message: "Grüße\r\n",
      MessageAttributes: {
        size: { Type: "Number", Value: "99.12" },
        bytes: { Type: "Binary", Value: "AgME" },
      },
    });
    expect(envelope?.Attributes?.SenderId).toMatch(/^AIDA/);
    expect(envelope?.MessageAttributes).toBeUndefined();
    const [bare] = await receive(raw);
    expect(bare?.Body).toBe("Grüße\r\n");
    expect(bare?.MessageAttributes).toMatchObject({
      size: { DataType: "Number", StringValue: "99.12" },
      bytes: { DataType: "Binary", BinaryValue: Uint8Array.of(2, 3, 4) },
    });
  });

  it("delivers batches, by filter policies of attributes and of texts", async () => {
    const topic = await createTopic();
    const [all, red, large] = [await createQueue(topic), await createQueue(topic), await createQueue(topic)];
    await subscribe(topic, all, { RawMessageDelivery: "true" });
    await subscribe(topic, red, { RawMessageDelivery: "true", FilterPolicy: '{"colour":["red"]}' });
    await subscribe(topic, large, {
      RawMessageDelivery: "true",
      FilterPolicyScope: "MessageBody",
      FilterPolicy: '{"order":{"total":[{"numeric":[">",10]}]}}',
    });
    const total = (value: number) => JSON.stringify({ order: { total: value } });
    const { Successful, Failed } = await sns.publishBatch({
      TopicArn: topic,
      PublishBatchRequestEntries: [
        {
          Id: "1",
          Message: total(1),
          MessageAttributes: { colour: { DataType: "String", StringValue: "red" } },
        },
        { Id: "2", Message: total(11) },
      ],
    });
    expect(Successful?.map(({ Id }) => Id)).toEqual(["1", "2"]);
    expect(Failed).toEqual([]);
    expect(await bodiesIn(all)).toEqual([total(1), total(11)]);
    expect(await bodiesIn(red)).toEqual([total(1)]);
    expect(await bodiesIn(large)).toEqual([total(11)]);
  });

  it("gives what a queue refuses to the subscription's dead-letter queue, and the rest as ever", async () => {
    const topic = await createTopic();
    const [closed, open, dead] = [
      await createQueue(topic),
      await createQueue(topic),
      await createQueue(topic),
    ];
    await sqs.setQueueAttributes({ QueueUrl: closed.url, Attributes: { Policy: "" } });
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn });
    await subscribe(topic, closed, { RawMessageDelivery: "true", RedrivePolicy });
    await subscribe(topic, open, { RawMessageDelivery: "true" });
    await sns.publish({ TopicArn: topic, Message: "x" });
    expect(await bodiesIn(closed)).toEqual([]);
    expect(await bodiesIn(open)).toEqual(["x"]);
    expect(await bodiesIn(dead)).toEqual(["x"]);
  });

  it("delivers at once to who has just subscribed, and to no one who has unsubscribed", async () => {
    const topic = await createTopic();
    const queue = await createQueue(topic);
    const SubscriptionArn = await subscribe(topic, queue, { RawMessageDelivery: "true" });
    await sns.publish({ TopicArn: topic, Message: "1" });
    await sns.unsubscribe({ SubscriptionArn });
    await sns.publish({ TopicArn: topic, Message: "2" });
    expect(await bodiesIn(queue)).toEqual(["1"]);
  });

  it("is set up the way messaging frameworks do", async () => {
    const Name = freshName();
    const { TopicArn = "" } = await sns.createTopic({
      Name,
      Attributes: { DisplayName: "orders" },
      Tags: [{ Key: "team", Value: "a" }],
    });
    const queue = await createQueue(TopicArn);
    expect((await sns.createTopic({ Name })).TopicArn).toBe(TopicArn);
    const { SubscriptionArn } = await sns.subscribe({
      TopicArn,
      Protocol: "sqs",
      Endpoint: queue.arn,
      ReturnSubscriptionArn: true,
      Attributes: { RawMessageDelivery: "true" },
    });
    await sns.setSubscriptionAttributes({
      SubscriptionArn,
      AttributeName: "FilterPolicy",
      AttributeValue: '{"a":["b"]}',
    });
    const { Attributes } = await sns.getSubscriptionAttributes({ SubscriptionArn });
    expect(Attributes).toMatchObject({
      RawMessageDelivery: "true",
      FilterPolicy: '{"a":["b"]}',
      FilterPolicyScope: "MessageAttributes",
      PendingConfirmation: "false",
    });
    const listed = await sns.listSubscriptionsByTopic({ TopicArn });
    expect(listed.Subscriptions).toEqual([
      { SubscriptionArn, Owner: "000000000000", Protocol: "sqs", Endpoint: queue.arn, TopicArn },
    ]);
    expect((await sns.listSubscriptions({})).Subscriptions?.map((each) => each.SubscriptionArn)).toContain(
      SubscriptionArn,
    );
    const topic = await sns.getTopicAttributes({ TopicArn });
    expect(topic.Attributes).toMatchObject({
      DisplayName: "orders",
      SubscriptionsConfirmed: "1",
      SubscriptionsPending: "0",
    });
    await sns.tagResource({ ResourceArn: TopicArn, Tags: [{ Key: "stage", Value: "test" }] });
    await sns.untagResource({ ResourceArn: TopicArn, TagKeys: ["team"] });
    expect((await sns.listTagsForResource({ ResourceArn: TopicArn })).Tags).toEqual([
      { Key: "stage", Value: "test" },
    ]);
    await sns.deleteTopic({ TopicArn });
    await sns.deleteTopic({ TopicArn });
    expect(
      (await sns.listSubscriptions({})).Subscriptions?.map((each) => each.SubscriptionArn),
    ).not.toContain(SubscriptionArn);
  });

  it("is listed with others in pages", async () => {
    const paged = new SNS({ ...config(), region: "eu-central-1" });
    const made = await Promise.all(
      Array.from(
        { length: 101 },
        async (_, index) => (await paged.createTopic({ Name: `t${index}` })).TopicArn,
      ),
    );
    const listed: (string | undefined)[] = [];
    let pages = 0;
    for await (const { Topics = [] } of paginateListTopics({ client: paged }, {})) {
      pages++;
      listed.push(...Topics.map(({ TopicArn }) => TopicArn));
    }
    expect(pages).toBe(2);
    expect(listed.sort()).toEqual(made.sort());
  });
});

describe("a FIFO topic", () => {
  it("delivers in order, once, to FIFO queues, and to standard ones", async () => {
    const topic = await createTopic({ FifoTopic: "true", ContentBasedDeduplication: "true" }, ".fifo");
    const [fifo, standard] = [await createQueue(topic, sqs, ".fifo"), await createQueue(topic)];
    await subscribe(topic, fifo, { RawMessageDelivery: "true" });
    await subscribe(topic, standard, { RawMessageDelivery: "true" });
    const publish = (Message: string) => sns.publish({ TopicArn: topic, Message, MessageGroupId: "g" });
    const first = await publish("1");
    await publish("1");
    await sns.publishBatch({
      TopicArn: topic,
      PublishBatchRequestEntries: ["2", "3"].map((Message) => ({
        Id: Message,
        Message,
        MessageGroupId: "g",
      })),
    });
    expect(first.SequenceNumber).toMatch(/^\d{20}$/);
    const messages = await receive(fifo);
    expect(messages.map(({ Body }) => Body)).toEqual(["1", "2", "3"]);
    expect(messages[0]?.Attributes).toMatchObject({ MessageGroupId: "g" });
    const [copy] = await receive(standard);
    expect(copy?.Attributes).not.toHaveProperty("MessageGroupId");
  });

  it("is wanted for a FIFO queue, and wants groups", async () => {
    const standard = await createTopic();
    const queue = await createQueue(standard, sqs, ".fifo");
    const error = await failureOf(subscribe(standard, queue));
    expect(error).toBeInstanceOf(InvalidParameterException);
    const topic = await createTopic({ FifoTopic: "true" }, ".fifo");
    const missing = await failureOf(sns.publish({ TopicArn: topic, Message: "x" }));
    expect(missing).toBeInstanceOf(InvalidParameterException);
    expect(missing.message).toContain("The MessageGroupId parameter is required for FIFO topics");
  });
});

describe("another account", () => {
  it("publishes and subscribes where the topic's policy lets it, and nowhere else", async () => {
    const theirs = new SNS(config(foreigner));
    const topic = await createTopic();
    const queue = await createQueue(topic);
    await subscribe(topic, queue, { RawMessageDelivery: "true" });
    const publish = () => theirs.publish({ TopicArn: topic, Message: "x" });
    const error = await failureOf(publish());
    expect(error).toBeInstanceOf(AuthorizationErrorException);
    expect(error.message).toBe(
      "User: arn:aws:iam::111111111111:user/foreigner is not authorized to perform: SNS:Publish on resource: " +
        `${topic} because no resource-based policy allows the SNS:Publish action`,
    );
    await sns.addPermission({
      TopicArn: topic,
      Label: "theirs",
      AWSAccountId: ["111111111111"],
      ActionName: ["Publish", "Subscribe"],
    });
    await publish();
    expect(await bodiesIn(queue)).toEqual(["x"]);

    const theirSqs = new SQS(config(foreigner));
    const theirQueue = await createQueue(topic, theirSqs);
    const { SubscriptionArn } = await theirs.subscribe({
      TopicArn: topic,
      Protocol: "sqs",
      Endpoint: theirQueue.arn,
      Attributes: { RawMessageDelivery: "true" },
    });
    expect(SubscriptionArn).toMatch(/^arn:aws:sns:/);
    await sns.publish({ TopicArn: topic, Message: "y" });
    expect((await receive(theirQueue, theirSqs)).map(({ Body }) => Body)).toEqual(["y"]);
    await sns.removePermission({ TopicArn: topic, Label: "theirs" });
    expect(await failureOf(publish())).toBeInstanceOf(AuthorizationErrorException);
  });

  it("confirms that its queue is subscribed with the token that the queue is sent", async () => {
    const theirs = new SNS(config(foreigner));
    const theirSqs = new SQS(config(foreigner));
    const topic = await createTopic();
    const queue = await createQueue(topic, theirSqs);
    expect(await subscribe(topic, queue)).toBe("pending confirmation");
    const [question] = await receive(queue, theirSqs);
    const { Type, Token } = JSON.parse(question?.Body ?? "");
    expect(Type).toBe("SubscriptionConfirmation");
    const { SubscriptionArn } = await theirs.confirmSubscription({ TopicArn: topic, Token });
    expect(SubscriptionArn).toMatch(/^arn:aws:sns:/);
    await sns.publish({ TopicArn: topic, Message: "x" });
    const [message] = await receive(queue, theirSqs);
    expect(JSON.parse(message?.Body ?? "")).toMatchObject({ Type: "Notification", Message: "x" });
  });
});

describe("errors are SNS's own", () => {
  it("for what is missing, malformed or not there", async () => {
    const nowhere = "arn:aws:sns:us-east-1:000000000000:nowhere";
    const gone = await failureOf(sns.publish({ TopicArn: nowhere, Message: "x" }));
    expect(gone).toBeInstanceOf(NotFoundException);
    expect(gone).toMatchObject({ message: "Topic does not exist", $metadata: { httpStatusCode: 404 } });
    const topic = await createTopic();
    expect(
      await failureOf(
        sns.publish({
          TopicArn: topic,
          Message: "x",
          MessageAttributes: { a: { DataType: "String", StringValue: "" } },
        }),
      ),
    ).toBeInstanceOf(InvalidParameterValueException);
    expect(
      await failureOf(sns.publishBatch({ TopicArn: topic, PublishBatchRequestEntries: [] })),
    ).toBeInstanceOf(EmptyBatchRequestException);
    const missing = await failureOf(sns.subscribe({ TopicArn: topic, Protocol: undefined }));
    expect(missing).toMatchObject({
      name: "ValidationError",
      message:
        "1 validation error detected: Value null at 'protocol' failed to satisfy constraint: Member must not be null",
    });
  });

  it("for who signs nothing, and for a signature of another service", async () => {
    const anonymous = new SNS({ ...config(), signer: { sign: async (request) => request } });
    expect(await failureOf(anonymous.listTopics({}))).toMatchObject({
      name: "MissingAuthenticationToken",
      $metadata: { httpStatusCode: 403 },
    });
    const response = await fetch(`${server.url}/?Action=ListTopics&Version=2010-03-31`);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('xmlns="http://sns.amazonaws.com/doc/2010-03-31/"');
  });
});

describe("the endpoint for Amazon's SNS", () => {
  const post = (path: string, body: string) =>
    fetch(`${server.url}${path}`, { method: "POST", body, headers: { "content-type": "text/plain" } });

  it("refuses what is no message of SNS, and what SNS has not signed lately", async () => {
    const path = "/sns/us-east-1/000000000000/inbox";
    expect((await post(path, "{}")).status).toBe(400);
    const notification = {
      Type: "Notification",
      MessageId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
      TopicArn: "arn:aws:sns:us-east-1:123456789012:orders",
      Message: "x",
      Timestamp: "2012-05-02T00:54:06.655Z",
      SignatureVersion: "1",
      Signature: "AAAA",
      SigningCertURL: "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-x.pem",
    };
    const refused = await post(path, JSON.stringify(notification));
    expect({ status: refused.status, text: await refused.text() }).toEqual({
      status: 403,
      text: "Forbidden",
    });
  });
});
