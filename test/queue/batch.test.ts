import { expect, test } from "vitest";
import { checkBatch, checkBatchBytes } from "../../src/queue/batch.ts";

const ENTRY = "DeleteMessageBatchRequestEntry";

function entries(...ids: string[]): { Id: string }[] {
  return ids.map((Id) => ({ Id }));
}

function numbered(count: number): { Id: string }[] {
  return Array.from({ length: count }, (_, index) => ({ Id: `e${index}` }));
}

const invalidId = {
  kind: "InvalidBatchEntryId",
  message:
    "A batch entry id can only contain alphanumeric characters, hyphens and underscores. " +
    "It can be at most 80 letters long.",
};

test("one to ten entries are a batch", () => {
  expect(checkBatch(ENTRY, numbered(1))).toBeUndefined();
  expect(checkBatch(ENTRY, numbered(10))).toBeUndefined();
});

test.each([
  "SendMessageBatchRequestEntry",
  "DeleteMessageBatchRequestEntry",
  "ChangeMessageVisibilityBatchRequestEntry",
] as const)("no entry at all is refused under the name %s", (name) => {
  expect(checkBatch(name, [])).toEqual({
    kind: "EmptyBatchRequest",
    message: `There should be at least one ${name} in the request.`,
  });
});

test("eleven entries are too many", () => {
  expect(checkBatch(ENTRY, numbered(11))).toEqual({
    kind: "TooManyEntriesInBatchRequest",
    message: "Maximum number of entries per request are 10. You have sent 11.",
  });
});

test.each(["a", "-", "_", "Az09-_", "x".repeat(80)])("%s is an entry id", (id) => {
  expect(checkBatch(ENTRY, entries(id))).toBeUndefined();
});

test.each(["", "a b", "a.b", "é", "a\n", "x".repeat(81)])("'%s' is no entry id", (id) => {
  expect(checkBatch(ENTRY, entries("fine", id))).toEqual(invalidId);
});

test("the first id that repeats is named; ids are case-sensitive", () => {
  expect(checkBatch(ENTRY, entries("a", "A"))).toBeUndefined();
  expect(checkBatch(ENTRY, entries("a", "b", "c", "b", "a"))).toEqual({
    kind: "BatchEntryIdsNotDistinct",
    message: "Id b repeated.",
  });
});

test("count comes before ids, and form before distinctness", () => {
  expect(checkBatch(ENTRY, entries(...Array(11).fill("!")))?.kind).toBe("TooManyEntriesInBatchRequest");
  expect(checkBatch(ENTRY, entries("a", "a", "!"))).toEqual(invalidId);
});

test("a batch holds exactly 1 MiB and not a byte more", () => {
  expect(checkBatchBytes(1_048_576)).toBeUndefined();
  expect(checkBatchBytes(1_048_577)).toEqual({
    kind: "BatchRequestTooLong",
    message: "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
  });
});
