import { beforeEach, describe, expect, it } from "vitest";
import { createQueue } from "../../../src/services/sqs/create-queue.ts";
import { deleteQueue } from "../../../src/services/sqs/delete-queue.ts";
import { listDeadLetterSourceQueues } from "../../../src/services/sqs/list-dead-letter-source-queues.ts";
import { setQueueAttributes } from "../../../src/services/sqs/set-queue-attributes.ts";
import { baseUrl, QueueDesk } from "../../support/queue-desk.ts";

let desk: QueueDesk;
beforeEach(async () => {
  desk = new QueueDesk();
  await create("dead");
});

const policyTo = (name: string) =>
  `{ "maxReceiveCount": "3", "deadLetterTargetArn": "arn:aws:sqs:${desk.region}:${desk.account}:${name}" }`;
const create = (QueueName: string, of: Record<string, string> = {}) =>
  desk.perform(createQueue, { QueueName, Attributes: new Map(Object.entries(of)) });
const createSources = async (...names: string[]) => {
  for (const name of names) await create(name, { RedrivePolicy: policyTo("dead") });
};
const redirect = (name: string, policy: string) =>
  desk.perform(setQueueAttributes, {
    QueueUrl: desk.url(name),
    Attributes: new Map([["RedrivePolicy", policy]]),
  });
const ask = (input: Record<string, unknown> = {}) =>
  desk.perform(listDeadLetterSourceQueues, { QueueUrl: desk.url("dead"), ...input });
const list = async (input: Record<string, unknown> = {}) => {
  const answer = await ask(input);
  if (!answer.ok) return answer.error;
  const { queueUrls, NextToken } = answer.value as { queueUrls: string[]; NextToken?: string };
  return { names: queueUrls.map((url) => url.replace(`${baseUrl}/${desk.account}/`, "")), token: NextToken };
};

const badToken = { kind: "InvalidParameterValue", message: "Invalid or expired next token." };
const missing = { kind: "QueueDoesNotExist", message: "The specified queue does not exist." };

describe("ListDeadLetterSourceQueues", () => {
  it("lists those whose policy names the queue, by name, and no others", async () => {
    await create("other-dead");
    await createSources("b", "a", "B", "a-b");
    await create("c", { RedrivePolicy: policyTo("other-dead") });
    await create("d");
    expect(await list()).toEqual({ names: ["B", "a", "a-b", "b"], token: undefined });
  });

  it("answers with an empty list when there are none", async () => {
    expect(await ask()).toEqual({ ok: true, value: { queueUrls: [], NextToken: undefined } });
  });

  it("keeps accounts and regions apart", async () => {
    await createSources("a");
    for (const [account, region] of [
      ["000000000000", "eu-west-1"],
      ["111111111111", "us-east-1"],
    ] as const) {
      Object.assign(desk, { account, region });
      await create("dead");
      expect(await list()).toEqual({ names: [], token: undefined });
      await createSources("elsewhere");
      expect(await list()).toEqual({ names: ["elsewhere"], token: undefined });
    }
  });

  it("follows every change of a policy", async () => {
    await create("other-dead");
    await create("jobs");
    await redirect("jobs", policyTo("dead"));
    expect(await list()).toMatchObject({ names: ["jobs"] });
    await redirect("jobs", policyTo("other-dead"));
    expect(await list()).toMatchObject({ names: [] });
    await redirect("jobs", policyTo("dead"));
    await redirect("jobs", "");
    expect(await list()).toMatchObject({ names: [] });
  });

  it("forgets sources that are deleted, and finds them again under a new queue of the same name", async () => {
    await createSources("a", "b");
    await desk.perform(deleteQueue, { QueueUrl: desk.url("a") });
    expect(await list()).toMatchObject({ names: ["b"] });
    await desk.perform(deleteQueue, { QueueUrl: desk.url("dead") });
    await create("dead");
    expect(await list()).toMatchObject({ names: ["b"] });
  });

  it("lists a queue that is its own", async () => {
    await redirect("dead", policyTo("dead"));
    expect(await list()).toMatchObject({ names: ["dead"] });
  });

  it("knows that another isolate has deleted the queue", async () => {
    await createSources("a");
    const here = desk.catalog;
    desk.catalog = desk.anotherIsolate();
    await desk.perform(deleteQueue, { QueueUrl: desk.url("dead") });
    desk.catalog = here;
    expect(await list()).toEqual(missing);
    expect(await list({ QueueUrl: desk.url("never") })).toEqual(missing);
  });

  it("pages when a page size is given", async () => {
    await createSources("q1", "q2", "q3", "q4");
    const first = await list({ MaxResults: 2 });
    expect(first).toEqual({ names: ["q1", "q2"], token: expect.stringMatching(/^[\w-]+$/) });
    const NextToken = "token" in first ? first.token : undefined;
    expect(await list({ MaxResults: 2, NextToken })).toEqual({ names: ["q3", "q4"], token: undefined });
    expect(await list({ MaxResults: 1, NextToken })).toMatchObject({
      names: ["q3"],
      token: expect.any(String),
    });
    expect(await list({ NextToken })).toEqual({ names: ["q3", "q4"], token: undefined });
    expect(await list({ MaxResults: 3 })).toMatchObject({
      names: ["q1", "q2", "q3"],
      token: expect.any(String),
    });
    expect(await list({ MaxResults: 4 })).toMatchObject({ names: { length: 4 }, token: undefined });
  });

  it.each(["", "x", "!", "MQ"])("refuses the token %j", async (NextToken) => {
    expect(await list({ NextToken })).toEqual(badToken);
  });

  it.each([0, 1001, -1])("refuses a page of %d", async (MaxResults) => {
    expect(await list({ MaxResults })).toEqual({
      kind: "InvalidParameterValue",
      message:
        "Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 1000.",
    });
  });

  it("shows a thousand at most, and only a client that asked for pages gets a token", async () => {
    await desk.d1
      .prepare(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001)
         INSERT INTO queues (uid, account, region, name, version, handle_key, created_at, modified_at, attributes, tags)
         SELECT i, '000000000000', 'us-east-1', 'q' || i, 1, 'k', 1, 1, json_object('redrivePolicy', ?1), '{}' FROM n`,
      )
      .bind(policyTo("dead"))
      .run();
    expect(await list()).toMatchObject({ names: { length: 1000 }, token: undefined });
    expect(await list({ MaxResults: 1000 })).toMatchObject({
      names: { length: 1000 },
      token: expect.any(String),
    });
  });
});
