import { beforeEach, describe, expect, it } from "vitest";
import { createQueue } from "../../../src/services/sqs/create-queue.ts";
import { deleteQueue } from "../../../src/services/sqs/delete-queue.ts";
import { getQueueAttributes } from "../../../src/services/sqs/get-queue-attributes.ts";
import { setQueueAttributes } from "../../../src/services/sqs/set-queue-attributes.ts";
import { QueueDesk } from "../../support/queue-desk.ts";

let desk: QueueDesk;
beforeEach(async () => {
  desk = new QueueDesk();
  await desk.perform(createQueue, { QueueName: "jobs" });
});

const set = (of: Record<string, string>) =>
  desk.perform(setQueueAttributes, { QueueUrl: desk.url("jobs"), Attributes: new Map(Object.entries(of)) });
const get = (...names: string[]) =>
  desk.perform(getQueueAttributes, { QueueUrl: desk.url("jobs"), AttributeNames: names });
const attributes = (of: Record<string, string>) => ({
  ok: true,
  value: { Attributes: new Map(Object.entries(of)) },
});
const missing = {
  ok: false,
  error: { kind: "QueueDoesNotExist", message: "The specified queue does not exist." },
};

describe("SetQueueAttributes", () => {
  it("changes the catalog first and then the shard, with the next version", async () => {
    desk.nowMs += 61_999;
    expect(await set({ DelaySeconds: "5" })).toEqual({ ok: true, value: {} });
    expect(desk.configured).toMatchObject([
      {
        version: 2,
        modifiedAtSeconds: 1_700_000_061,
        attributes: { delaySeconds: 5, visibilitySeconds: 30 },
      },
    ]);
    expect(await get("DelaySeconds", "CreatedTimestamp", "LastModifiedTimestamp")).toEqual(
      attributes({
        DelaySeconds: "5",
        CreatedTimestamp: "1700000000",
        LastModifiedTimestamp: "1700000061",
      }),
    );
  });

  it("changes nothing when one attribute is bad", async () => {
    expect(await set({ DelaySeconds: "5", VisibilityTimeout: "x" })).toEqual({
      ok: false,
      error: { kind: "InvalidAttributeValue", message: "Invalid value for the parameter VisibilityTimeout." },
    });
    expect(await get("DelaySeconds")).toEqual(attributes({ DelaySeconds: "0" }));
    expect(desk.configured).toEqual([]);
  });

  it("builds upon what another isolate has set", async () => {
    const here = desk.catalog;
    desk.catalog = desk.anotherIsolate();
    await set({ DelaySeconds: "5" });
    desk.catalog = here;
    await set({ VisibilityTimeout: "7" });
    expect(await get("DelaySeconds", "VisibilityTimeout")).toEqual(
      attributes({ DelaySeconds: "5", VisibilityTimeout: "7" }),
    );
    expect(desk.configured.map((settings) => settings.version)).toEqual([2, 3]);
  });

  it("says so when the queue is gone", async () => {
    const here = desk.catalog;
    desk.catalog = desk.anotherIsolate();
    await desk.perform(deleteQueue, { QueueUrl: desk.url("jobs") });
    desk.catalog = here;
    expect(await set({ DelaySeconds: "5" })).toEqual(missing);
    expect(desk.configured).toEqual([]);
  });
});

describe("a FIFO queue", () => {
  const url = () => desk.url("jobs.fifo");
  const setFifo = (of: Record<string, string>) =>
    desk.perform(setQueueAttributes, { QueueUrl: url(), Attributes: new Map(Object.entries(of)) });
  const getFifo = (...names: string[]) =>
    desk.perform(getQueueAttributes, { QueueUrl: url(), AttributeNames: names });
  const notTogether = {
    ok: false,
    error: {
      kind: "InvalidAttributeValue",
      message:
        "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup",
    },
  };
  const done = { ok: true, value: {} };

  beforeEach(async () => {
    const asFifo = new Map([["FifoQueue", "true"]]);
    await desk.perform(createQueue, { QueueName: "jobs.fifo", Attributes: asFifo });
  });

  it("knows sixteen attributes", async () => {
    expect(await getFifo("All")).toMatchObject({ ok: true, value: { Attributes: { size: 16 } } });
    expect(await getFifo("FifoQueue", "ContentBasedDeduplication")).toEqual(
      attributes({ FifoQueue: "true", ContentBasedDeduplication: "false" }),
    );
  });

  it("may be told that it is one, and tells its shard of what has changed", async () => {
    expect(await setFifo({ FifoQueue: "TRUE", ContentBasedDeduplication: "true" })).toEqual(done);
    expect(desk.configured).toMatchObject([
      { version: 2, attributes: { fifo: { contentBasedDeduplication: true } } },
    ]);
  });

  it("is judged by what it will be, not by the request alone", async () => {
    expect(await setFifo({ FifoThroughputLimit: "perMessageGroupId", DelaySeconds: "5" })).toEqual(
      notTogether,
    );
    expect(await getFifo("DelaySeconds")).toEqual(attributes({ DelaySeconds: "0" }));
    expect(await setFifo({ DeduplicationScope: "messageGroup" })).toEqual(done);
    expect(await setFifo({ FifoThroughputLimit: "perMessageGroupId" })).toEqual(done);
    expect(await setFifo({ DeduplicationScope: "queue" })).toEqual(notTogether);
    expect(await getFifo("DeduplicationScope", "FifoThroughputLimit")).toEqual(
      attributes({ DeduplicationScope: "messageGroup", FifoThroughputLimit: "perMessageGroupId" }),
    );
  });

  it("is judged by what is true now, not by what this isolate remembers", async () => {
    const here = desk.catalog;
    desk.catalog = desk.anotherIsolate();
    await setFifo({ DeduplicationScope: "messageGroup" });
    desk.catalog = here;
    expect(await setFifo({ FifoThroughputLimit: "perMessageGroupId" })).toEqual(done);

    desk.catalog = desk.anotherIsolate();
    await setFifo({ FifoThroughputLimit: "perQueue", DeduplicationScope: "queue" });
    await setFifo({ DeduplicationScope: "messageGroup" });
    await setFifo({ FifoThroughputLimit: "perMessageGroupId" });
    desk.catalog = here;
    expect(await setFifo({ DeduplicationScope: "queue" })).toEqual(notTogether);
  });

  it("that is gone meanwhile is told to be, whatever this isolate remembers", async () => {
    const here = desk.catalog;
    desk.catalog = desk.anotherIsolate();
    await desk.perform(deleteQueue, { QueueUrl: url() });
    desk.catalog = here;
    expect(await setFifo({ FifoThroughputLimit: "perMessageGroupId" })).toEqual(missing);
  });
});

it("a queue deleted between the catalog and the shard is told to be gone", async () => {
  const jobs = await desk.catalog.readQueue({ account: desk.account, region: desk.region, name: "jobs" });
  desk.removed.push(jobs?.uid ?? "");
  expect(await set({ DelaySeconds: "5" })).toEqual(missing);
});

describe("GetQueueAttributes", () => {
  it("without names shows nothing", async () => {
    expect(await get()).toEqual({ ok: true, value: {} });
    expect(await desk.perform(getQueueAttributes, { QueueUrl: desk.url("jobs") })).toEqual({
      ok: true,
      value: {},
    });
  });

  it("asks the shard once, which vouches for the settings, and not for no attribute at all", async () => {
    await get();
    expect(desk.calls).toEqual([]);
    expect(await get("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed")).toEqual(
      attributes({ ApproximateNumberOfMessages: "1", ApproximateNumberOfMessagesDelayed: "3" }),
    );
    expect(desk.calls).toEqual([{ kind: "count" }]);
  });

  it("of a plain queue knows twelve attributes", async () => {
    const all = await get("All");
    expect(all).toMatchObject({ ok: true, value: { Attributes: { size: 12 } } });
  });

  it("shows what another isolate has just set", async () => {
    const here = desk.catalog;
    desk.catalog = desk.anotherIsolate();
    await set({ DelaySeconds: "5" });
    desk.catalog = here;
    expect(await get("DelaySeconds")).toEqual(attributes({ DelaySeconds: "5" }));
  });

  it("says so when the queue is gone", async () => {
    const here = desk.catalog;
    desk.catalog = desk.anotherIsolate();
    await desk.perform(deleteQueue, { QueueUrl: desk.url("jobs") });
    desk.catalog = here;
    expect(await get("DelaySeconds")).toEqual(missing);
  });

  it("refuses an unknown name", async () => {
    expect(await get("DelaySeconds", "")).toEqual({
      ok: false,
      error: { kind: "InvalidAttributeName", message: "Unknown Attribute ." },
    });
  });
});
