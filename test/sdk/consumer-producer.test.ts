import { type Message, SQSClient } from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";
import { Producer } from "sqs-producer";
import { expect, it, onTestFinished } from "vitest";
import { rootSigner } from "../support/raw-http.ts";
import { type Sdk, sdks } from "../support/sdks.ts";
import { startTestServer } from "../support/server.ts";

const messages = 3000;

it("sqs-producer and several sqs-consumers lose none of 3,000 messages and leave none", async () => {
  const server = await startTestServer();
  onTestFinished(() => server.stop());
  const [sdk] = sdks as readonly [Sdk];
  const sqs = sdk.connect(server.url);
  const { QueueUrl: queueUrl = "" } = await sqs.createQueue({ QueueName: "busy" });
  const client = () =>
    new SQSClient({ endpoint: server.url, region: rootSigner.region, credentials: rootSigner });

  const handled = new Map<string, number>();
  const failures: Error[] = [];
  let deleted = 0;
  const { promise: allDeleted, resolve } = Promise.withResolvers<void>();
  const handle = ({ Body = "" }: Message) => handled.set(Body, (handled.get(Body) ?? 0) + 1);

  const common = { queueUrl, batchSize: 10, waitTimeSeconds: 5 };
  const one = async (message: Message) => {
    handle(message);
    return message;
  };
  const several = async (batch: Message[]) => {
    batch.forEach(handle);
    return batch;
  };
  const consumers = [
    Consumer.create({ ...common, sqs: client(), handleMessage: one }),
    Consumer.create({ ...common, sqs: client(), handleMessage: one }),
    Consumer.create({ ...common, sqs: client(), handleMessageBatch: several }),
    Consumer.create({ ...common, sqs: client(), handleMessageBatch: several }),
  ];
  for (const consumer of consumers) {
    for (const event of ["error", "processing_error", "timeout_error"] as const) {
      consumer.on(event, (...[error]: [Error, ...unknown[]]) => {
        failures.push(error);
      });
    }
    // Comes after the message was deleted.
    consumer.on("message_processed", () => {
      deleted++;
      if (deleted === messages) resolve();
    });
    consumer.start();
  }

  const producer = Producer.create({ queueUrl, sqs: client() });
  const bodies = Array.from({ length: messages }, (_, i) => `message ${i}`);
  const parts = Array.from({ length: 4 }, (_, part) => bodies.filter((_, i) => i % 4 === part));
  await Promise.all(parts.map((part) => producer.send(part.map((body, i) => ({ id: String(i), body })))));
  await allDeleted;
  for (const consumer of consumers) consumer.stop({ abort: true });

  expect(failures).toEqual([]);
  expect([...handled.keys()].sort()).toEqual([...bodies].sort());
  // Nothing crashed and no visibility timeout ran out, so nothing came twice.
  expect([...handled.values()].filter((times) => times > 1)).toEqual([]);
  expect(await producer.queueSize()).toBe(0);
  const { Attributes } = await sqs.getQueueAttributes({ QueueUrl: queueUrl, AttributeNames: ["All"] });
  expect(Attributes).toMatchObject({
    ApproximateNumberOfMessages: "0",
    ApproximateNumberOfMessagesNotVisible: "0",
  });
});
