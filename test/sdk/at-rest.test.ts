import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { KMS } from "@aws-sdk/client-kms";
import type { Message } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import { dataKeyOwner } from "../../src/encryption/data-key.ts";
import { openKmsMaterial } from "../../src/encryption/kms-material.ts";
import { openSecret, rootKey, rootKeys } from "../../src/encryption/secrets.ts";
import { type Sqs, sdks } from "../support/sdks.ts";
import { defaults, startTestServer } from "../support/server.ts";

/*
 * What the disk shows of what users wrote: nothing. Every way that a message can take through the served Worker is
 * taken with words that stand nowhere else, and then every file of the data directory is searched for them, and for
 * what they look like in other writings. One queue that is told not to encrypt proves that the search can find.
 */

/** Words of a user, each with what it was. */
const words = new Map<string, string>();
let count = 0;

/** A text that stands nowhere else, of characters that ids may have, too. */
function word(what: string): string {
  const text = `Zq7${createHash("sha256").update(`${++count} ${what}`).digest("hex").slice(0, 24)}Vx`;
  words.set(text, what);
  return text;
}

/** Snapshots are taken after so many records; each call below is one. */
const RECORDS_BEHIND_SNAPSHOT = 1000;
const arnOf = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;

let dataDir: string;
let server: RunningServer;
let sqs: Sqs;
let kms: KMS;
/** One that KMS made: it keeps none. */
let dataKeyOfKms: Buffer;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "edge-sqs-at-rest-"));
  server = await startTestServer({ dataDir });
  const [json] = sdks;
  if (json === undefined) throw new Error("there is no SDK");
  sqs = json.connect(server.url);
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  kms = new KMS({ endpoint: server.url, region: "us-east-1", credentials });
});
afterAll(async () => {
  await server?.stop();
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
});

async function create(name: string, Attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl = "" } = await sqs.createQueue({ QueueName: name, Attributes });
  return QueueUrl;
}

async function receive(QueueUrl: string, more: object = {}): Promise<Message[]> {
  const { Messages = [] } = await sqs.receiveMessage({
    QueueUrl,
    MaxNumberOfMessages: 10,
    MessageSystemAttributeNames: ["All"],
    MessageAttributeNames: ["All"],
    ...more,
  });
  return Messages;
}

/** Everything of a message that its sender chooses. */
function message(of: string) {
  const binary = new TextEncoder().encode(word(`${of}: binary attribute`));
  return {
    MessageBody: `body ${word(`${of}: body`)} of a message`,
    MessageGroupId: word(`${of}: group`),
    MessageAttributes: {
      [word(`${of}: attribute name`)]: {
        DataType: "String",
        StringValue: word(`${of}: string attribute`),
      },
      bytes: { DataType: `Binary.${word(`${of}: attribute type`)}`, BinaryValue: binary },
    },
    MessageSystemAttributes: {
      AWSTraceHeader: { DataType: "String" as const, StringValue: `Root=${word(`${of}: trace header`)}` },
    },
  };
}

const fifoMessage = (of: string) => ({ ...message(of), MessageDeduplicationId: word(`${of}: dedup id`) });

/** A message as the one who received it sees it. */
function seen({ Body, Attributes, MessageAttributes = {} }: Message) {
  const { MessageGroupId, AWSTraceHeader } = Attributes ?? {};
  const attributes = Object.entries(MessageAttributes).map(
    ([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      DataType,
      StringValue ?? new TextDecoder().decode(BinaryValue),
    ],
  );
  return { Body, MessageGroupId, AWSTraceHeader, attributes };
}

function sentLike(sent: ReturnType<typeof message>) {
  const { MessageBody, MessageGroupId, MessageAttributes, MessageSystemAttributes } = sent;
  return seen({
    Body: MessageBody,
    MessageAttributes,
    Attributes: { MessageGroupId, AWSTraceHeader: MessageSystemAttributes.AWSTraceHeader.StringValue },
  });
}

const control = "control-Kp3vXw9TqLmZ-body";

describe("messages take every way there is", () => {
  test("through a standard queue: alone, in batches, late, received and purged", async () => {
    const QueueUrl = await create("standard");
    const [alone, late] = [message("standard"), message("standard, late")];
    await sqs.sendMessage({ QueueUrl, ...alone });
    const [received] = await receive(QueueUrl, { VisibilityTimeout: 0 });
    expect(received && seen(received)).toEqual(sentLike(alone));
    await sqs.sendMessage({ QueueUrl, ...late, DelaySeconds: 900 });
    const entries = Array.from({ length: 10 }, (_, i) => ({ Id: `${i}`, ...message(`batch ${i}`) }));
    const { Successful } = await sqs.sendMessageBatch({ QueueUrl, Entries: entries });
    expect(Successful).toHaveLength(10);
    expect((await receive(QueueUrl)).length).toBeGreaterThan(0);
    const purged = await create("purged");
    // More than a megabyte, so that the purge is followed by a snapshot and dropped tables.
    for (let i = 0; i < 3; i++) {
      const long = `${"long ".repeat(100_000)}${word("a long body")}`;
      await sqs.sendMessage({ QueueUrl: purged, MessageBody: long, MessageGroupId: word("purged: group") });
    }
    await sqs.purgeQueue({ QueueUrl: purged });
    expect(await receive(purged)).toEqual([]);
  });

  test("through a FIFO queue: with ids, with hashes for ids, received under a name", async () => {
    const QueueUrl = await create("orders.fifo", { FifoQueue: "true", ContentBasedDeduplication: "true" });
    const [named, hashed] = [fifoMessage("FIFO"), message("FIFO, by content")];
    await sqs.sendMessage({ QueueUrl, ...named });
    await sqs.sendMessage({ QueueUrl, ...hashed });
    const digest = createHash("sha256").update(hashed.MessageBody).digest("hex");
    words.set(digest, "FIFO: hash of a body");
    const attempt = { ReceiveRequestAttemptId: word("FIFO: attempt id") };
    const first = await receive(QueueUrl, attempt);
    expect(first.map(seen)).toEqual([named, hashed].map(sentLike));
    expect(first.map(({ Attributes }) => Attributes?.MessageDeduplicationId)).toEqual([
      named.MessageDeduplicationId,
      digest,
    ]);
    expect((await receive(QueueUrl, attempt)).map(({ MessageId }) => MessageId)).toEqual(
      first.map(({ MessageId }) => MessageId),
    );
    const entries = Array.from({ length: 10 }, (_, i) => ({ Id: `${i}`, ...fifoMessage(`FIFO batch ${i}`) }));
    expect((await sqs.sendMessageBatch({ QueueUrl, Entries: entries })).Successful).toHaveLength(10);
  });

  test.each(["", ".fifo"])(
    "to a dead-letter queue%s, back, and to another queue, and stay what they were",
    async (kind) => {
      const fifo = kind === "" ? {} : { FifoQueue: "true" };
      const names = { dead: `dead${kind}`, jobs: `jobs${kind}`, later: `later${kind}`, last: `last${kind}` };
      const dead = await create(names.dead, fifo);
      const redriveTo = (name: string) =>
        JSON.stringify({ deadLetterTargetArn: arnOf(name), maxReceiveCount: 1 });
      const jobs = await create(names.jobs, { ...fifo, RedrivePolicy: redriveTo(names.dead) });
      const last = await create(names.last, fifo);
      const later = await create(names.later, { ...fifo, RedrivePolicy: redriveTo(names.last) });
      const poison = kind === "" ? message("poison") : fifoMessage("FIFO poison");
      const { MessageId } = await sqs.sendMessage({ QueueUrl: jobs, ...poison });

      // Once it is received, the next receive sends it off.
      const sendOff = async (from: string, to: string): Promise<Message> => {
        expect(await receive(from, { VisibilityTimeout: 0, WaitTimeSeconds: 20 })).toHaveLength(1);
        expect(await receive(from)).toEqual([]);
        const [arrived] = await receive(to, { VisibilityTimeout: 0, WaitTimeSeconds: 20 });
        if (arrived === undefined) throw new Error("nothing arrived");
        expect(seen(arrived)).toEqual(sentLike(poison));
        return arrived;
      };
      expect((await sendOff(jobs, dead)).MessageId).toBe(MessageId);
      await sqs.startMessageMoveTask({ SourceArn: arnOf(names.dead), DestinationArn: arnOf(names.later) });
      // A moved message has an id of its own; a dead letter of it keeps that one, and opens all the same.
      const letter = await sendOff(later, last);
      expect(letter.MessageId).not.toBe(MessageId);
      expect(letter.Attributes?.DeadLetterQueueSourceArn).toBe(arnOf(names.later));
      // Back to where it came from, moved for the second time.
      await sqs.startMessageMoveTask({ SourceArn: arnOf(names.last) });
      const [back] = await receive(later, { WaitTimeSeconds: 20 });
      expect(back && seen(back)).toEqual(sentLike(poison));
      expect([MessageId, letter.MessageId]).not.toContain(back?.MessageId);
    },
  );

  test("into a snapshot, with messages in flight and receives that were named", async () => {
    const QueueUrl = await create("snapshot.fifo", { FifoQueue: "true" });
    await sqs.sendMessage({ QueueUrl, ...fifoMessage("snapshot") });
    await sqs.sendMessage({ QueueUrl, ...fifoMessage("snapshot, waiting") });
    const attempt = { ReceiveRequestAttemptId: word("snapshot: attempt id") };
    const [held] = await receive(QueueUrl, { ...attempt, MaxNumberOfMessages: 1, VisibilityTimeout: 600 });
    const ReceiptHandle = held?.ReceiptHandle;
    for (let i = 0; i < RECORDS_BEHIND_SNAPSHOT; i++) {
      await sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 600 });
    }
  });

  test("through queues whose messages are sealed under KMS keys, to the dead letters and back", async () => {
    const { KeyMetadata } = await kms.createKey({});
    const KmsMasterKeyId = KeyMetadata?.KeyId ?? "";
    const dead = await create("kms-dead", { KmsMasterKeyId: "alias/aws/sqs" });
    const redrive = { deadLetterTargetArn: arnOf("kms-dead"), maxReceiveCount: 1 };
    const QueueUrl = await create("kms", { KmsMasterKeyId, RedrivePolicy: JSON.stringify(redrive) });
    const poison = message("KMS");
    await sqs.sendMessage({ QueueUrl, ...poison });
    const Entries = Array.from({ length: 9 }, (_, i) => ({ Id: `${i}`, ...message(`KMS batch ${i}`) }));
    expect((await sqs.sendMessageBatch({ QueueUrl, Entries })).Successful).toHaveLength(9);
    const received = await receive(QueueUrl, { VisibilityTimeout: 0 });
    expect(received.map(seen)).toContainEqual(sentLike(poison));
    expect(await receive(QueueUrl)).toEqual([]);
    expect((await receive(dead, { WaitTimeSeconds: 20, VisibilityTimeout: 0 })).length).toBeGreaterThan(0);
    await sqs.startMessageMoveTask({ SourceArn: arnOf("kms-dead") });
    expect((await receive(QueueUrl, { WaitTimeSeconds: 20 })).length).toBeGreaterThan(0);
    const fifo = await create("kms.fifo", { KmsMasterKeyId, FifoQueue: "true" });
    const ordered = fifoMessage("KMS FIFO");
    await sqs.sendMessage({ QueueUrl: fifo, ...ordered });
    expect((await receive(fifo)).map(seen)).toEqual([sentLike(ordered)]);
    const fromKms = await kms.generateDataKey({ KeyId: KmsMasterKeyId, KeySpec: "AES_256" });
    dataKeyOfKms = Buffer.from(fromKms.Plaintext ?? []);
  });

  test("in the clear where encryption is turned off", async () => {
    const QueueUrl = await create("control", { SqsManagedSseEnabled: "false" });
    await sqs.sendMessage({ QueueUrl, MessageBody: control });
    expect((await receive(QueueUrl))[0]?.Body).toBe(control);
  });
});

describe("on disk", () => {
  let keys: { bytes: Buffer; what: string }[];

  beforeAll(async () => {
    const { results } = await server.database
      .prepare("SELECT key_id AS id, queue_uid AS queueUid, sealed_key AS sealed FROM data_keys")
      .all<{ id: string; queueUid: string; sealed: string }>();
    keys = results.map(({ id, queueUid, sealed }) => {
      const text = openSecret(rootKey(defaults.worker.ROOT_KEY), sealed, dataKeyOwner({ id, queueUid }));
      if (!text.ok) throw new Error(text.error);
      return { bytes: Buffer.from(text.value, "base64"), what: `data key ${id}` };
    });
    const { results: materials } = await server.database
      .prepare("SELECT key_id AS keyId, version, sealed_material AS sealed FROM kms_materials")
      .all<{ keyId: string; version: number; sealed: string }>();
    const ofKms = materials.map(({ keyId, version, sealed }) => {
      const { bytes } = openKmsMaterial(rootKeys(defaults.worker.ROOT_KEY), sealed, { keyId, version });
      return { bytes: Buffer.from(bytes), what: `material of KMS key ${keyId}` };
    });
    expect(ofKms).toHaveLength(2);
    keys.push(...ofKms, { bytes: dataKeyOfKms, what: "data key of KMS" });
    await server.stop();
  });

  test("there are the files that messages are kept in, with snapshots in some of them", () => {
    const objects = filesIn(dataDir).filter(({ path }) => /QueueShard.[0-9a-f]+\.sqlite$/.test(path));
    expect(objects.length).toBeGreaterThanOrEqual(10);
    // The table is made with the first snapshot.
    const withSnapshot = objects.filter(({ path }) => {
      const db = new DatabaseSync(path, { readOnly: true });
      const snap = db.prepare("SELECT name FROM sqlite_master WHERE name = 'snap'").get();
      db.close();
      return snap !== undefined;
    });
    expect(withSnapshot).toHaveLength(2);
  });

  test("what a plain queue was sent is found, so that it can be said of the others that they were searched", () => {
    expect(findings(filesIn(dataDir), Buffer.from(control))).not.toEqual([]);
  });

  test.each(["utf8", "utf16le", "base64", "hex", "HEX"])("a word written as %s would be found", (writing) => {
    const text = "Zq7wordVx-and-more";
    const plain = Buffer.from(`.${text}.`);
    const written =
      writing === "utf16le"
        ? Buffer.from(text, "utf16le")
        : Buffer.from(
            writing === "utf8"
              ? text
              : writing === "HEX"
                ? plain.toString("hex").toUpperCase()
                : plain.toString(writing as "hex"),
          );
    const file = { path: "f", bytes: Buffer.concat([Buffer.alloc(9), written, Buffer.alloc(9)]) };
    const found = writingsOf(Buffer.from(text)).some((needle) => findings([file], needle).length > 0);
    expect(found).toBe(true);
  });

  test("nothing of what users wrote can be read, in any writing, and no key either", () => {
    expect(words.size).toBeGreaterThan(150);
    expect(keys.length).toBeGreaterThan(10);
    const secrets = [...words].map(([text, what]) => ({ bytes: Buffer.from(text), what }));
    const files = filesIn(dataDir);
    const found = [...secrets, ...keys].flatMap(({ bytes, what }) =>
      writingsOf(bytes).flatMap((needle) => findings(files, needle).map((path) => `${what} in ${path}`)),
    );
    expect(found).toEqual([]);
  });
});

interface File {
  readonly path: string;
  readonly bytes: Buffer;
}

function filesIn(dir: string): File[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, bytes: readFileSync(path) }));
}

function findings(files: readonly File[], needle: Buffer): string[] {
  return files.filter(({ bytes }) => bytes.includes(needle)).map(({ path }) => path);
}

/** What bytes look like as they are, as a text of two bytes a character, in hex, and in base64 wherever they begin. */
function writingsOf(bytes: Buffer): Buffer[] {
  const hex = bytes.toString("hex");
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replaceAll("=", "");
    // The characters at both ends depend on the neighbours.
    return text.slice(Math.ceil((before * 4) / 3), -1);
  });
  const url = base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  const texts = [hex, hex.toUpperCase(), ...base64, ...url];
  return [bytes, Buffer.from(bytes.toString("latin1"), "utf16le"), ...texts.map((text) => Buffer.from(text))];
}
