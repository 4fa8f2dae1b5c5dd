import { SQSClient } from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";
import { Producer } from "sqs-producer";
import { expect, it, onTestFinished } from "vitest";
import { rootSigner } from "../support/raw-http.ts";
import { sdks } from "../support/sdks.ts";
import { startTestServer } from "../support/server.ts";

const messages = 3000;
const consumers = 4;

it("sqs-producer and several sqs-consumers lose none of 3,000 messages and leave none", async () => {
  const server = await startTestServer();
  onTestFinished(() => server.stop());
  const client = () =>
    new SQSClient({ endpoint: server.url, region: rootSigner.region, credentials: rootSigner });
  const sqs = sdks[0]?.connect(server.url);
  const { QueueUrl: queueUrl = "" } = (await sqs?.createQueue({ QueueName: "busy" })) ?? {};

  const handled = new Map<string, number>();
  const failures: Error[] = [];
  const { promise: allHandled, resolve } = Promise.withResolvers<void>();
  const running = Array.from({ length: consumers }, () => {
    const consumer = Consumer.create({
      queueUrl,
      sqs: client(),
      batchSize: 10,
      waitTimeSeconds: 5,
      handleMessage: async (message) => {
        const { Body: body = "" } = message;
        handled.set(body, (handled.get(body) ?? 0) + 1);
        if (handled.size === messages) resolve();
        return message;
      },
    });
    for (const event of ["error", "processing_error", "timeout_error"] as const) {
      consumer.on(event, (error) => failures.push(error));
    }
    consumer.start();
    return consumer;
  });

  const producer = Producer.create({ queueUrl, sqs: client() });
  const bodies = Array.from({ length: messages }, (_, i) => `message ${i}`);
  for (let at = 0; at < messages; at += 500) {
    await producer.send(bodies.slice(at, at + 500).map((body, i) => ({ id: String(at + i), body })));
  }
  await allHandled;
  // A consumer that is stopped without abort first deletes what it has handled.
  await Promise.all(
    running.map((consumer) => {
      const stopped = new Promise((done) => consumer.once("stopped", done));
      consumer.stop();
      return stopped;
    }),
  );

  expect(failures).toEqual([]);
  expect([...handled.keys()].sort()).toEqual([...bodies].sort());
  // Nothing crashed and no visibility timeout ran out, so nothing came twice.
  expect([...handled.values()].filter((times) => times > 1)).toEqual([]);
  expect(await producer.queueSize()).toBe(0);
  const left = await sqs?.getQueueAttributes({ QueueUrl: queueUrl, AttributeNames: ["All"] });
  expect(left?.Attributes).toMatchObject({
    ApproximateNumberOfMessages: "0",
    ApproximateNumberOfMessagesNotVisible: "0",
  });
});
