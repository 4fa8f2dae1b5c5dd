import { expect, test } from "vitest";
import { checkFifoId } from "../../src/queue/fifo-ids.ts";

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
