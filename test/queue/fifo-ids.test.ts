import { describe, expect, test } from "vitest";
import { checkFifoId, contentDedupId, missingFifoId } from "../../src/queue/fifo-ids.ts";

const punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

test.each(["a", "x".repeat(128), `azAZ09${punctuation}`])("%s is an id", (id) => {
  expect(checkFifoId("MessageGroupId", id)).toBeUndefined();
});

test.each(["", "x".repeat(129), "a b", " ", "\x7f", "tab\t", "é", "\u{1f600}"])("'%s' is no id", (id) => {
  expect(checkFifoId("MessageDeduplicationId", id)).toEqual({
    kind: "InvalidParameterValue",
    message:
      `Value ${id} for parameter MessageDeduplicationId is invalid. Reason: MessageDeduplicationId can only ` +
      "include alphanumeric and punctuation characters. 1 to 128 in length.",
  });
});

describe("what a message to a FIFO queue lacks", () => {
  const fifo = (contentBasedDeduplication: boolean) =>
    ({ contentBasedDeduplication, deduplicationScope: "queue", throughputLimit: "perQueue" }) as const;
  const both = { MessageGroupId: "g", MessageDeduplicationId: "d" };
  const group = { MessageGroupId: "g" };
  const dedup = { MessageDeduplicationId: "d" };
  const noGroup = {
    kind: "MissingParameter",
    message: "The request must contain the parameter MessageGroupId.",
  };
  const noDedup = {
    kind: "InvalidParameterValue",
    message:
      "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
  };

  test.each([
    ["nothing with both ids", [both, both], undefined, undefined],
    ["a group", [both, dedup], noGroup, noGroup],
    ["a deduplication id, unless that is made of the content", [both, group], noDedup, undefined],
    ["a group before a deduplication id, whichever message comes first", [group, dedup], noGroup, noGroup],
    ["no more than that, even if the ids are bad", [{ MessageGroupId: "", MessageDeduplicationId: "" }]],
  ] as const)("is %s", (_, messages, explicit?, contentBased?) => {
    expect(missingFifoId(fifo(false), messages)).toEqual(explicit);
    expect(missingFifoId(fifo(true), messages)).toEqual(contentBased);
  });
});

test.each([
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  ["\u{1f600}\r\n", "1b75cf19ba61a40e4596abbe9322a6d775a10743a73b9f0a555646e2075a37da"],
])("the content of %j makes a deduplication id of its SHA-256", (body, id) => {
  expect(contentDedupId(body)).toBe(id);
});
