import { beforeEach, describe, expect, it } from "vitest";
import { createQueue } from "../../../src/services/sqs/create-queue.ts";
import { deleteQueue } from "../../../src/services/sqs/delete-queue.ts";
import { getQueueAttributes } from "../../../src/services/sqs/get-queue-attributes.ts";
import { getQueueUrl } from "../../../src/services/sqs/get-queue-url.ts";
import { listQueueTags } from "../../../src/services/sqs/list-queue-tags.ts";
import { setQueueAttributes } from "../../../src/services/sqs/set-queue-attributes.ts";
import { QueueDesk } from "../../support/queue-desk.ts";

let desk: QueueDesk;
beforeEach(() => {
  desk = new QueueDesk();
});

const attributes = (of: Record<string, string>) => new Map(Object.entries(of));
const create = (QueueName: string, of: Record<string, string> = {}, tags: Record<string, string> = {}) =>
  desk.perform(createQueue, { QueueName, Attributes: attributes(of), tags: attributes(tags) });
const set = (name: string, of: Record<string, string>) =>
  desk.perform(setQueueAttributes, { QueueUrl: desk.url(name), Attributes: attributes(of) });
const remove = (name: string) => desk.perform(deleteQueue, { QueueUrl: desk.url(name) });
const stored = (name: string) => desk.catalog.readQueue({ account: desk.account, region: desk.region, name });
const answer = (value: unknown) => ({ ok: true, value });
const refused = (kind: string, message: string) => ({ ok: false, error: { kind, message } });
const missing = refused("QueueDoesNotExist", "The specified queue does not exist.");
const exists = (attribute: string) =>
  refused(
    "QueueNameExists",
    `A queue already exists with the same name and a different value for attribute ${attribute}`,
  );

describe("CreateQueue", () => {
  it("answers with the URL and stores defaults, attributes and tags", async () => {
    expect(await create("jobs", { DelaySeconds: "5" }, { team: "a" })).toEqual(
      answer({ QueueUrl: "http://localhost:8787/000000000000/jobs" }),
    );
    expect(await stored("jobs")).toMatchObject({
      version: 1,
      createdAtSeconds: 1_700_000_000,
      modifiedAtSeconds: 1_700_000_000,
      handleKey: expect.stringMatching(/^[\w-]{22}$/),
      uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      dataKeyId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      attributes: { delaySeconds: 5, visibilitySeconds: 30, sqsManagedSse: true },
    });
    expect(await desk.perform(listQueueTags, { QueueUrl: desk.url("jobs") })).toEqual(
      answer({ Tags: attributes({ team: "a" }) }),
    );
  });

  it("stores a data key with the queue, sealed, and none for a request that is repeated", async () => {
    await create("jobs");
    await create("jobs");
    const { results } = await desk.d1.prepare("SELECT * FROM data_keys").all();
    const queue = await stored("jobs");
    expect(results).toEqual([
      {
        key_id: queue?.dataKeyId,
        queue_uid: queue?.uid,
        sealed_key: expect.stringMatching(/^v1\.[\w-]{8}\.[\w-]{16}\.[\w-]{80}$/),
        created_at: 1_700_000_000,
        replaced_at: null,
        retired_at: null,
      },
    ]);
  });

  it("needs no attributes or tags at all", async () => {
    expect((await desk.perform(createQueue, { QueueName: "jobs" })).ok).toBe(true);
  });

  it("is idempotent while what is given agrees with what the queue has now", async () => {
    const url = await create("jobs", { DelaySeconds: "5" });
    const first = await stored("jobs");
    expect(await create("jobs")).toEqual(url);
    expect(await create("jobs", { DelaySeconds: "05", VisibilityTimeout: "30" })).toEqual(url);
    expect(await create("jobs", { DelaySeconds: "6" })).toEqual(exists("DelaySeconds"));
    await set("jobs", { DelaySeconds: "6" });
    expect(await create("jobs", { DelaySeconds: "6" })).toEqual(url);
    expect(await create("jobs", { DelaySeconds: "5" })).toEqual(exists("DelaySeconds"));
    expect((await stored("jobs"))?.uid).toBe(first?.uid);
  });

  it("leaves the tags of an existing queue alone", async () => {
    await create("jobs", {}, { team: "a" });
    expect((await create("jobs", {}, { team: "b" })).ok).toBe(true);
    expect(await desk.perform(listQueueTags, { QueueUrl: desk.url("jobs") })).toEqual(
      answer({ Tags: attributes({ team: "a" }) }),
    );
  });

  it("keeps accounts and regions apart", async () => {
    await create("jobs", { DelaySeconds: "5" });
    desk.region = "eu-west-1";
    expect((await create("jobs", { DelaySeconds: "6" })).ok).toBe(true);
    desk.account = "111111111111";
    expect(await create("jobs", { DelaySeconds: "7" })).toEqual(
      answer({ QueueUrl: "http://localhost:8787/111111111111/jobs" }),
    );
  });

  it.each([
    ["", {}, "InvalidParameterValue", "Queue name cannot be empty"],
    [
      "a b",
      { Foo: "x" },
      "InvalidParameterValue",
      "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
    ],
    [
      "jobs.fifo",
      { FifoQueue: "false" },
      "InvalidParameterValue",
      "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
    ],
    ["jobs", { FifoQueue: "false" }, "InvalidAttributeName", "Unknown Attribute FifoQueue."],
    ["jobs", { QueueArn: "x" }, "InvalidAttributeName", "Unknown Attribute QueueArn."],
    [
      "jobs",
      { DelaySeconds: "901" },
      "InvalidAttributeValue",
      "Invalid value for the parameter DelaySeconds.",
    ],
    [
      "jobs.fifo",
      { FifoQueue: "true", ContentBasedDeduplication: "x" },
      "InvalidAttributeValue",
      "Invalid value for the parameter ContentBasedDeduplication.",
    ],
    [
      "jobs.fifo",
      { FifoQueue: "true", FifoThroughputLimit: "perMessageGroupId" },
      "InvalidAttributeValue",
      "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup",
    ],
    [
      "jobs",
      { ContentBasedDeduplication: "true" },
      "InvalidAttributeName",
      "Unknown Attribute ContentBasedDeduplication.",
    ],
    [
      "jobs",
      { DeduplicationScope: "queue" },
      "InvalidAttributeName",
      "You can specify the DeduplicationScope only when FifoQueue is set to true.",
    ],
    [
      "jobs",
      { FifoThroughputLimit: "perQueue" },
      "InvalidAttributeName",
      "You can specify the FifoThroughputLimit only when FifoQueue is set to true.",
    ],
  ])("refuses %j with %j", async (name, of, kind, message) => {
    expect(await create(name, of as Record<string, string>)).toEqual(refused(kind, message));
    expect(await stored(name)).toBeUndefined();
  });

  it("wants a FIFO queue's name to say so", async () => {
    expect(await create("jobs", { FifoQueue: "true" })).toMatchObject({
      error: { message: expect.stringContaining("must end with .fifo suffix") },
    });
  });

  it("makes a FIFO queue, and finds it again by what it has", async () => {
    const wanted = { FifoQueue: "True", ContentBasedDeduplication: "TRUE", DelaySeconds: "5" };
    const url = answer({ QueueUrl: "http://localhost:8787/000000000000/jobs.fifo" });
    expect(await create("jobs.fifo", wanted)).toEqual(url);
    expect((await stored("jobs.fifo"))?.attributes).toMatchObject({
      delaySeconds: 5,
      fifo: {
        contentBasedDeduplication: true,
        deduplicationScope: "queue",
        throughputLimit: "perQueue",
      },
    });
    expect(await create("jobs.fifo", { FifoQueue: "true" })).toEqual(url);
    expect(await create("jobs.fifo", { FifoQueue: "true", FifoThroughputLimit: "perQueue" })).toEqual(url);
    expect(await create("jobs.fifo", { FifoQueue: "true", ContentBasedDeduplication: "false" })).toEqual(
      exists("ContentBasedDeduplication"),
    );
    const nameless = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
    expect(await create("jobs.fifo")).toEqual(refused("InvalidParameterValue", nameless));
  });

  it("stores nothing with bad tags", async () => {
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, ""]));
    expect(await create("jobs", {}, many)).toEqual(
      refused("InvalidParameterValue", "Too many tags added for queue jobs."),
    );
    expect(await stored("jobs")).toBeUndefined();
  });

  it("takes the visibility timeout of the oldest clients", async () => {
    await desk.perform(createQueue, { QueueName: "old", DefaultVisibilityTimeout: "7" });
    expect((await stored("old"))?.attributes.visibilitySeconds).toBe(7);
    await desk.perform(createQueue, {
      QueueName: "both",
      DefaultVisibilityTimeout: "7",
      Attributes: attributes({ VisibilityTimeout: "8" }),
    });
    expect((await stored("both"))?.attributes.visibilitySeconds).toBe(8);
  });
});

describe("a dead-letter queue", () => {
  const redriveTo = (arn: string) => `{"deadLetterTargetArn":"${arn}","maxReceiveCount":3}`;
  const dead = redriveTo("arn:aws:sqs:us-east-1:000000000000:dead");
  const refusedAs = (text: string, reason: string) =>
    refused(
      "InvalidParameterValue",
      `Value ${text} for parameter RedrivePolicy is invalid. Reason: ${reason}`,
    );

  it("must exist when it is named", async () => {
    const notThere = refusedAs(dead, "Dead letter target does not exist.");
    expect(await create("jobs", { RedrivePolicy: dead })).toEqual(notThere);
    await create("dead");
    expect((await create("jobs", { RedrivePolicy: dead })).ok).toBe(true);
    await remove("dead");
    expect(await set("jobs", { RedrivePolicy: dead, DelaySeconds: "5" })).toEqual(notThere);
    expect((await stored("jobs"))?.attributes.delaySeconds).toBe(0);
  });

  it("need not exist any more when the request that named it is repeated", async () => {
    await create("dead");
    const url = await create("jobs", { RedrivePolicy: dead, DelaySeconds: "5" });
    await remove("dead");
    expect(await create("jobs", { RedrivePolicy: dead, DelaySeconds: "5" })).toEqual(url);
    expect(await create("jobs", { RedrivePolicy: dead, DelaySeconds: "6" })).toEqual(exists("DelaySeconds"));
    const other = redriveTo("arn:aws:sqs:us-east-1:000000000000:other");
    expect(await create("jobs", { RedrivePolicy: other })).toEqual(exists("RedrivePolicy"));
    await remove("jobs");
    expect(await create("jobs", { RedrivePolicy: dead })).toEqual(
      refusedAs(dead, "Dead letter target does not exist."),
    );
  });

  it("must be of the same account and region", async () => {
    await create("jobs");
    desk.region = "eu-west-1";
    await create("dead");
    desk.region = "us-east-1";
    const elsewhere = redriveTo("arn:aws:sqs:eu-west-1:000000000000:dead");
    expect(await set("jobs", { RedrivePolicy: elsewhere })).toEqual(
      refusedAs(elsewhere, "Dead letter target does not exist."),
    );
  });

  it("must be of the same type", async () => {
    await create("dead");
    await create("dead.fifo", { FifoQueue: "true" });
    const deadFifo = redriveTo("arn:aws:sqs:us-east-1:000000000000:dead.fifo");
    const otherType = (text: string) =>
      refusedAs(text, "Dead-letter queue must be same type of queue as the source..");
    expect(await create("jobs", { RedrivePolicy: deadFifo })).toEqual(otherType(deadFifo));
    expect(await create("jobs.fifo", { FifoQueue: "true", RedrivePolicy: dead })).toEqual(otherType(dead));
    expect((await create("jobs.fifo", { FifoQueue: "true", RedrivePolicy: deadFifo })).ok).toBe(true);
  });

  it("may refuse its sources", async () => {
    await create("dead", { RedriveAllowPolicy: '{"redrivePermission":"denyAll"}' });
    expect(await create("jobs", { RedrivePolicy: dead })).toEqual(
      refusedAs(dead, "The dead-letter queue does not allow this queue as a source."),
    );
    await set("dead", { RedriveAllowPolicy: "" });
    expect((await create("jobs", { RedrivePolicy: dead })).ok).toBe(true);
  });
});

describe("DeleteQueue", () => {
  it("empties the shard and ends the queue", async () => {
    await create("jobs");
    const uid = (await stored("jobs"))?.uid;
    expect(await remove("jobs")).toEqual(answer({}));
    expect(desk.removed).toEqual([uid]);
    expect(await remove("jobs")).toEqual(missing);
  });

  it("is told by an isolate that still remembers the queue", async () => {
    await create("jobs");
    const here = desk.catalog;
    desk.catalog = desk.anotherIsolate();
    await remove("jobs");
    desk.catalog = here;
    expect(await remove("jobs")).toEqual(missing);
  });

  it("fails if the shard cannot be reached, though the queue is gone, and a later one empties it", async () => {
    await create("jobs");
    await create("other");
    const [jobs, other] = [await stored("jobs"), await stored("other")];
    desk.unreachable.add(jobs?.uid ?? "");
    await expect(remove("jobs")).rejects.toThrow();
    expect(await stored("jobs")).toBeUndefined();

    desk.unreachable.clear();
    desk.nowMs += 60_000;
    await remove("other");
    expect(desk.removed.toSorted()).toEqual([jobs?.uid, other?.uid].toSorted());
    expect(await desk.catalog.pendingDeletions(10, desk.nowMs + 1e9)).toEqual([]);
  });

  it("lets the name be used again at once, by another queue", async () => {
    await create("jobs", {}, { team: "a" });
    const first = await stored("jobs");
    await remove("jobs");
    expect((await create("jobs", { DelaySeconds: "9" })).ok).toBe(true);
    const second = await stored("jobs");
    expect(second?.uid).not.toBe(first?.uid);
    expect(second?.handleKey).not.toBe(first?.handleKey);
    expect(await desk.perform(listQueueTags, { QueueUrl: desk.url("jobs") })).toEqual(
      answer({ Tags: new Map() }),
    );
  });

  it("with strict timing keeps the name for a minute", async () => {
    desk.strictTiming = true;
    await create("jobs");
    await remove("jobs");
    desk.nowMs += 59_999;
    expect(await create("jobs")).toEqual(
      refused(
        "QueueDeletedRecently",
        "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
      ),
    );
    expect((await create("another")).ok).toBe(true);
    desk.nowMs += 1;
    expect((await create("jobs")).ok).toBe(true);
  });
});

describe("GetQueueUrl", () => {
  const ask = (input: Record<string, unknown>) => desk.perform(getQueueUrl, input);
  const notThere = refused(
    "QueueDoesNotExist",
    "The specified queue does not exist or you do not have access to it.",
  );

  it("answers for the caller's own queues", async () => {
    await create("jobs");
    const found = answer({ QueueUrl: "http://localhost:8787/000000000000/jobs" });
    expect(await ask({ QueueName: "jobs" })).toEqual(found);
    expect(await ask({ QueueName: "jobs", QueueOwnerAWSAccountId: "000000000000" })).toEqual(found);
  });

  it("has its own text for what is not there", async () => {
    await create("jobs");
    expect(await ask({ QueueName: "others" })).toEqual(notThere);
    expect(await ask({ QueueName: "Jobs" })).toEqual(notThere);
    desk.account = "111111111111";
    expect(await ask({ QueueName: "jobs", QueueOwnerAWSAccountId: "000000000000" })).toEqual(notThere);
  });

  it("knows what another isolate has deleted", async () => {
    await create("jobs");
    const here = desk.catalog;
    desk.catalog = desk.anotherIsolate();
    await remove("jobs");
    desk.catalog = here;
    expect(await ask({ QueueName: "jobs" })).toEqual(notThere);
  });
});

describe("a created queue", () => {
  it("shows its attributes", async () => {
    await create("jobs");
    const shown = await desk.perform(getQueueAttributes, {
      QueueUrl: desk.url("jobs"),
      AttributeNames: ["QueueArn"],
    });
    expect(shown).toEqual(
      answer({ Attributes: attributes({ QueueArn: "arn:aws:sqs:us-east-1:000000000000:jobs" }) }),
    );
  });
});
