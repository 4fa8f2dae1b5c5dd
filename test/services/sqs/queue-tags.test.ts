import { beforeEach, expect, it } from "vitest";
import { createQueue } from "../../../src/services/sqs/create-queue.ts";
import { deleteQueue } from "../../../src/services/sqs/delete-queue.ts";
import { listQueueTags } from "../../../src/services/sqs/list-queue-tags.ts";
import { tagQueue } from "../../../src/services/sqs/tag-queue.ts";
import { untagQueue } from "../../../src/services/sqs/untag-queue.ts";
import { QueueDesk } from "../../support/queue-desk.ts";

let desk: QueueDesk;
beforeEach(async () => {
  desk = new QueueDesk();
  await desk.perform(createQueue, { QueueName: "jobs" });
});

const QueueUrl = "http://localhost:8787/000000000000/jobs";
const tag = (tags: Record<string, string>) =>
  desk.perform(tagQueue, { QueueUrl, Tags: new Map(Object.entries(tags)) });
const untag = (...TagKeys: string[]) => desk.perform(untagQueue, { QueueUrl, TagKeys });
const tags = async () => {
  const answer = await desk.perform(listQueueTags, { QueueUrl });
  return answer.ok ? Object.fromEntries((answer.value as { Tags: Map<string, string> }).Tags) : answer.error;
};
const done = { ok: true, value: {} };
const many = (prefix: string, count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, ""]));
const tooMany = {
  ok: false,
  error: { kind: "InvalidParameterValue", message: "Too many tags added for queue jobs." },
};

it("tags are added, overwritten and removed by case-sensitive keys", async () => {
  expect(await tag({ team: "a", Team: "b", empty: "" })).toEqual(done);
  expect(await tag({ team: "c" })).toEqual(done);
  expect(await tags()).toEqual({ team: "c", Team: "b", empty: "" });
  expect(await untag("team", "absent")).toEqual(done);
  expect(await tags()).toEqual({ Team: "b", empty: "" });
});

it("a tag's key may be a word of JavaScript's own", async () => {
  const odd = new Map([
    ["__proto__", "1"],
    ["constructor", "2"],
    ["7", "3"],
  ]);
  expect(await desk.perform(tagQueue, { QueueUrl, Tags: odd })).toEqual(done);
  expect(await desk.perform(listQueueTags, { QueueUrl })).toEqual({ ok: true, value: { Tags: odd } });
  expect(await untag("__proto__", "7")).toEqual(done);
  expect(await tags()).toEqual({ constructor: "2" });
});

it("a queue has at most fifty tags, however they come", async () => {
  expect(await tag(many("a", 49))).toEqual(done);
  expect(await tag(many("b", 2))).toEqual(tooMany);
  expect(Object.keys((await tags()) as object)).toHaveLength(49);
  expect(await tag({ ...many("a", 49), b: "x" })).toEqual(done);
  expect(await tag({ c: "x" })).toEqual(tooMany);
  expect(await tag({ b: "y" })).toEqual(done);
});

it("bad tags and bad keys change nothing", async () => {
  expect(await tag({ good: "a", "aws:bad": "b" })).toMatchObject({ ok: false });
  expect(await tags()).toEqual({});
  expect(await untag()).toEqual({
    ok: false,
    error: {
      kind: "InvalidParameterValue",
      message: "Tag keys must be between 1 and 128 characters in length.",
    },
  });
});

it("a queue that another isolate has deleted has no tags to change", async () => {
  const here = desk.catalog;
  desk.catalog = desk.anotherIsolate();
  await desk.perform(deleteQueue, { QueueUrl });
  desk.catalog = here;
  const missing = { kind: "QueueDoesNotExist", message: "The specified queue does not exist." };
  expect(await tag({ a: "b" })).toEqual({ ok: false, error: missing });
  expect(await untag("a")).toEqual({ ok: false, error: missing });
  expect(await tags()).toEqual(missing);
});
