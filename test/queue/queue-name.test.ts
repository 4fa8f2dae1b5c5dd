import { describe, expect, it } from "vitest";
import { isFifoName, isQueueName, queueNameProblem } from "../../src/queue/queue-name.ts";

const standardText = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
const fifoText =
  "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.";

describe("the name of a standard queue", () => {
  it.each(["a", "Z-9_", "0", "fifo", "a".repeat(80)])("may be %s", (name) => {
    expect(queueNameProblem(name, false)).toBeUndefined();
    expect(isQueueName(name)).toBe(true);
  });

  it.each(["a".repeat(81), "a b", "a.b", "a/b", "ä", "a\n", "a:b", "[", "`", "@", "{", "a.fifo"])(
    "may not be %j",
    (name) => {
      expect(queueNameProblem(name, false)).toEqual({ kind: "InvalidParameterValue", message: standardText });
    },
  );

  it("may not be empty", () => {
    expect(queueNameProblem("", false)?.message).toBe("Queue name cannot be empty");
    expect(isQueueName("")).toBe(false);
  });
});

describe("the name of a FIFO queue", () => {
  it.each(["a.fifo", `${"a".repeat(75)}.fifo`])("may be %s", (name) => {
    expect(queueNameProblem(name, true)).toBeUndefined();
    expect(isQueueName(name)).toBe(true);
    expect(isFifoName(name)).toBe(true);
  });

  it.each(["a", ".fifo", "a.FIFO", "a.b.fifo", "a.fifo.", `${"a".repeat(76)}.fifo`, "a .fifo"])(
    "may not be %j",
    (name) => {
      expect(queueNameProblem(name, true)).toEqual({ kind: "InvalidParameterValue", message: fifoText });
    },
  );
});
