import type { Message } from "@aws-sdk/client-sqs";
import { expect, onTestFinished, test, vi } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import { Catalog } from "../../src/catalog/catalog.ts";
import { DataKeys } from "../../src/catalog/data-keys.ts";
import { resealSecrets } from "../../src/catalog/reseal.ts";
import { rootKeys } from "../../src/encryption/secrets.ts";
import { addUser } from "../support/access-keys.ts";
import { faultOf, type Sqs, sdks } from "../support/sdks.ts";
import { defaults, startTestServer, temporaryDir } from "../support/server.ts";

const FIRST = defaults.worker.ROOT_KEY;
const SECOND = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const DAY_MS = 86_400_000;

interface Served {
  readonly server: RunningServer;
  readonly sqs: Sqs;
}

/** What the second settings of a test's server say, the data being the same. */
async function serve(dataDir: string, settings: Record<string, string>): Promise<Served> {
  const server = await startTestServer({ dataDir, settings });
  onTestFinished(() => server.stop());
  return { server, sqs: connect(server) };
}

function connect(
  { url }: RunningServer,
  credentials?: { accessKeyId: string; secretAccessKey: string },
): Sqs {
  const [json] = sdks;
  if (json === undefined) throw new Error("there is no SDK");
  return json.connect(url, credentials && { credentials });
}

async function create(sqs: Sqs, name: string, Attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl = "" } = await sqs.createQueue({ QueueName: name, Attributes });
  return new URL(QueueUrl).pathname;
}

/** Visible again at once. */
async function receive({ sqs, server }: Served, path: string): Promise<Message[]> {
  const { Messages = [] } = await sqs.receiveMessage({
    QueueUrl: `${server.url}${path}`,
    MaxNumberOfMessages: 10,
    VisibilityTimeout: 0,
    MessageSystemAttributeNames: ["All"],
  });
  return Messages;
}

const bodiesOf = (messages: readonly Message[]) => messages.map(({ Body }) => Body).sort();

test("a root key is exchanged, and messages, ids and users stay what they were", async () => {
  const dataDir = temporaryDir();
  const send = ({ sqs, server }: Served, path: string, MessageBody: string, more: object = {}) =>
    sqs.sendMessage({ QueueUrl: `${server.url}${path}`, MessageBody, ...more });
  const inGroup = { MessageGroupId: "g", MessageDeduplicationId: "only-once" };

  const first = await serve(dataDir, { ROOT_KEY: FIRST });
  const standard = await create(first.sqs, "standard");
  const fifo = await create(first.sqs, "orders.fifo", { FifoQueue: "true" });
  await send(first, standard, "of the first key");
  const original = await send(first, fifo, "of the first key", inGroup);
  const user = await addUser(first.server, { account: "000000000000", userName: "worker" });
  await first.server.stop();

  const both = await serve(dataDir, { ROOT_KEY: SECOND, ROOT_KEY_PREVIOUS: FIRST });
  expect(bodiesOf(await receive(both, standard))).toEqual(["of the first key"]);
  await send(both, standard, "of both");
  expect((await send(both, fifo, "again", inGroup)).MessageId).toBe(original.MessageId);
  expect((await connect(both.server, user).listQueues({})).QueueUrls).toHaveLength(2);
  const log = vi.spyOn(console, "log").mockReturnValue();
  expect(await resealSecrets(both.server.database, rootKeys(SECOND, [FIRST]))).toBeGreaterThanOrEqual(4);
  log.mockRestore();
  await both.server.stop();

  const second = await serve(dataDir, { ROOT_KEY: SECOND });
  expect(bodiesOf(await receive(second, standard))).toEqual(["of both", "of the first key"]);
  expect((await send(second, fifo, "again", inGroup)).MessageId).toBe(original.MessageId);
  const [ordered] = await receive(second, fifo);
  expect(ordered).toMatchObject({
    Body: "of the first key",
    Attributes: { MessageGroupId: "g", MessageDeduplicationId: "only-once" },
  });
  expect((await connect(second.server, user).listQueues({})).QueueUrls).toHaveLength(2);
  await second.server.stop();

  // Without the key that everything is sealed under nothing is stored, shown, leased or lost.
  const without = await serve(dataDir, { ROOT_KEY: FIRST });
  const failure = { code: "InternalFailure", status: 500 };
  expect(await faultOf(send(without, standard, "in the clear?"))).toMatchObject(failure);
  expect(await faultOf(receive(without, standard))).toMatchObject(failure);
  await without.server.stop();
  const restored = await serve(dataDir, { ROOT_KEY: SECOND });
  const messages = await receive(restored, standard);
  expect(bodiesOf(messages)).toEqual(["of both", "of the first key"]);
  const counts = messages.map(({ Attributes }) => Attributes?.ApproximateReceiveCount);
  expect(counts.sort()).toEqual(["2", "3"]);
});

test("a queue is given another data key, and messages of before and after it are received", async () => {
  const dataDir = temporaryDir();
  const served = await serve(dataDir, {});
  const path = await create(served.sqs, "jobs");
  const QueueUrl = `${served.server.url}${path}`;
  await served.sqs.sendMessage({ QueueUrl, MessageBody: "before" });
  const { database } = served.server;
  const catalog = new Catalog(database);
  const keys = new DataKeys(database, rootKeys(FIRST), { remember: (queue) => catalog.remember(queue) });
  expect(await keys.rotate(1, Date.now() + DAY_MS)).toHaveLength(1);
  // This isolate goes on with the settings that it knows.
  await served.sqs.sendMessage({ QueueUrl, MessageBody: "meanwhile" });
  expect(bodiesOf(await receive(served, path))).toEqual(["before", "meanwhile"]);
  await served.server.stop();

  // One that reads them anew has newer ones than the shard, which learns them with the first call.
  const later = await serve(dataDir, {});
  await later.sqs.sendMessage({ QueueUrl: `${later.server.url}${path}`, MessageBody: "after" });
  expect(bodiesOf(await receive(later, path))).toEqual(["after", "before", "meanwhile"]);
});
