import { connect } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import { type Random, randomFrom } from "../support/random.ts";
import { type Answer, exchange, jsonExchange, rootSigner } from "../support/raw-http.ts";
import { type Sdk, type Sqs, sdks } from "../support/sdks.ts";
import { startTestServer } from "../support/server.ts";
import { malformedRequest, type Witness } from "./malformed-requests.ts";

/** How many requests, and the seed of the first: `FUZZ=100000 FUZZ_SEED=5000`. */
const requests = Number(process.env["FUZZ"] || 1500);
const firstSeed = Number(process.env["FUZZ_SEED"] || 1);
const atOnce = 10;
const betweenLooks = 250;

let server: RunningServer;
let sqs: Sqs;
let witness: Witness;
const bodies = ["one", "two", "three"];

beforeAll(async () => {
  server = await startTestServer();
  sqs = (sdks as readonly [Sdk])[0].connect(server.url);
  const { QueueUrl: queueUrl = "" } = await sqs.createQueue({
    QueueName: "witness",
    tags: { kept: "tag" },
    Attributes: { VisibilityTimeout: "43200" },
  });
  await sqs.sendMessage({ QueueUrl: queueUrl, MessageBody: "in flight" });
  const { Messages } = await sqs.receiveMessage({ QueueUrl: queueUrl });
  for (const body of bodies) await sqs.sendMessage({ QueueUrl: queueUrl, MessageBody: body });
  await sqs.sendMessage({ QueueUrl: queueUrl, MessageBody: "delayed", DelaySeconds: 900 });
  const handle = Messages?.[0]?.ReceiptHandle ?? "";
  witness = { serverUrl: server.url, queueUrl, handle, signer: rootSigner };
});
afterAll(() => server.stop());

it(
  "no malformed request makes the server fail or changes anything",
  async () => {
    const codes = new Map<string, number>();
    const before = await everything();
    for (let seed = firstSeed; seed < firstSeed + requests; seed += betweenLooks) {
      const end = Math.min(seed + betweenLooks, firstSeed + requests);
      for (let at = seed; at < end; at += atOnce) {
        const seeds = Array.from({ length: Math.min(atOnce, end - at) }, (_, i) => at + i);
        for (const code of await Promise.all(seeds.map(tryOne))) codes.set(code, (codes.get(code) ?? 0) + 1);
      }
      expect(await everything(), `seeds ${seed} to ${end - 1}`).toEqual(before);
    }

    const asked = { QueueUrl: witness.queueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 };
    const { Messages = [] } = await sqs.receiveMessage(asked);
    expect(Messages.map(({ Body }) => Body)).toEqual(bodies);
    // The requests are worth something only if they are wrong in every way.
    if (requests >= 1500) expect([...codes.keys()]).toEqual(expect.arrayContaining(everyWay));
  },
  120_000 + requests * 100,
);

it("broken HTTP neither ends the server nor changes anything", async () => {
  const before = await everything();
  for (let seed = firstSeed; seed < firstSeed + requests / 10; seed += atOnce) {
    const seeds = Array.from({ length: atOnce }, (_, i) => seed + i);
    await Promise.all(seeds.map((each) => sendBytes(brokenHttp(randomFrom(each)))));
  }
  expect(await everything()).toEqual(before);
});

/** A request that nobody signed, as bytes, of which some are others. */
function brokenHttp(random: Random): Buffer {
  const { method, headers, body } = jsonExchange("DeleteQueue", { QueueUrl: witness.queueUrl });
  const lines = Object.entries({
    host: new URL(server.url).host,
    "content-length": String(body.length),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const bytes = [...Buffer.from(`${method} / HTTP/1.1\r\n${lines.join("")}\r\n${body}`)];
  for (let edits = random.between(1, 10); edits > 0; edits--) {
    const at = random.between(0, bytes.length);
    const byte = random.pick([0, 10, 13, 32, 58, 255, random.between(0, 255)]);
    bytes.splice(at, random.between(0, 2), ...Array.from({ length: random.between(0, 3) }, () => byte));
  }
  return Buffer.from(bytes);
}

/** Writes to a connection of its own and waits until the server, which has read its end, closes it. */
function sendBytes(bytes: Buffer): Promise<void> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
    socket.resume();
    socket.end(bytes);
  });
}

const everyWay = [
  "200",
  "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
  "AWS.SimpleQueueService.BatchRequestTooLong",
  "AWS.SimpleQueueService.EmptyBatchRequest",
  "AWS.SimpleQueueService.InvalidBatchEntryId",
  "AWS.SimpleQueueService.NonExistentQueue",
  "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
  "AccessDenied",
  "IncompleteSignature",
  "InvalidAction",
  "InvalidAttributeName",
  "InvalidAttributeValue",
  "InvalidClientTokenId",
  "InvalidMessageContents",
  "InvalidParameterValue",
  "MalformedInput",
  "MalformedQueryString",
  "MissingAction",
  "MissingAuthenticationToken",
  "MissingParameter",
  "ReceiptHandleIsInvalid",
  "SignatureDoesNotMatch",
  "UnknownOperation",
];

/** Sends the request of a seed, and gives the code that it was answered with. */
async function tryOne(seed: number): Promise<string> {
  const { wire, how, mustFail } = malformedRequest(randomFrom(seed), witness);
  const about = `FUZZ_SEED=${seed} FUZZ=1, ${how}`;
  let answer: Answer;
  try {
    answer = await exchange(server.url, wire);
  } catch (cause) {
    throw new Error(about, { cause });
  }
  const shown = `${about}: ${answer.status} ${answer.body.slice(0, 500)}`;
  expect(answer.status, shown).toBeLessThan(500);
  if (answer.status === 200) {
    expect(mustFail && !failedEveryEntry(answer), shown).toBe(false);
    return "200";
  }
  expect(answer.status, shown).toBeGreaterThanOrEqual(400);
  return codeOf(answer, shown);
}

/** A batch may be answered with 200 and fail by the entry. */
function failedEveryEntry({ body }: Answer): boolean {
  return /"Failed":\[|<BatchResultErrorEntry>/.test(body) && !/"Successful"|BatchResultEntry>/.test(body);
}

/** Also says whether the answer can be read: JSON, or XML without a character that XML forbids. */
function codeOf({ headers, body }: Answer, shown: string): string {
  const code = headers["x-amzn-query-error"];
  if (typeof code === "string") {
    expect(JSON.parse(body), shown).toMatchObject({
      __type: expect.any(String),
      message: expect.any(String),
    });
    return code.split(";")[0] ?? "";
  }
  expect(body.split("").every(isXmlCharacter), shown).toBe(true);
  if (body === "<UnknownOperationException/>") return "UnknownOperation";
  const found = /^<\?xml version="1.0"\?><ErrorResponse .*<Code>([A-Za-z.]+)<\/Code>/s.exec(body)?.[1];
  expect(found, shown).toBeDefined();
  return found ?? "";
}

function isXmlCharacter(character: string): boolean {
  const code = character.charCodeAt(0);
  return code >= 0x20 ? code < 0xfffe : code === 0x09 || code === 0x0a || code === 0x0d;
}

async function everything() {
  const QueueUrl = witness.queueUrl;
  const { QueueUrls } = await sqs.listQueues({});
  const { Attributes } = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["All"] });
  const { Tags } = await sqs.listQueueTags({ QueueUrl });
  return { QueueUrls, Attributes, Tags };
}
