import { describe, expect, it } from "vitest";
import { brokenDeadLetterPromises } from "./dead-letter-ledger.ts";
import type { Operation } from "./ledger.ts";

/** The judge of dead letters must itself be able to find each fault. */

const send = (key: string, at: [number, number?]): Operation => ({
  kind: "send",
  key,
  delayMs: 0,
  beganMs: at[0],
  endedMs: at[1],
  messageId: at[1] === undefined ? undefined : `id of ${key}`,
});

const receive = (key: string, receiveCount: number, at: [number, number], messageId = `id of ${key}`) =>
  ({
    kind: "receive",
    visibilityMs: 1000,
    beganMs: at[0],
    endedMs: at[1],
    deliveries: [{ key, receiveCount, messageId }],
  }) satisfies Operation;

const remove = (key: string, at: [number, number?]): Operation => ({
  kind: "delete",
  key,
  beganMs: at[0],
  endedMs: at[1],
});

const judge = (source: readonly Operation[], ...dead: Operation[]) =>
  brokenDeadLetterPromises({ source, dead, maxReceiveCount: 2 });

const exhausted = [send("a", [0, 5]), receive("a", 1, [10, 20]), receive("a", 2, [1100, 1110])];
const dead = receive("a", 3, [3000, 3010]);

it("a message that nobody deletes is a dead letter, and one that is deleted is none", () => {
  expect(judge(exhausted, dead, remove("a", [3020, 3030]))).toEqual([]);
  expect(judge([send("b", [0, 5]), receive("b", 1, [10, 20]), remove("b", [30, 40])])).toEqual([]);
});

describe("a message is found to be lost", () => {
  it("when it was acknowledged, not deleted, and is no dead letter", () => {
    expect(judge(exhausted)).toEqual(["a: was acknowledged, not deleted, and is no dead letter"]);
  });

  it("but not when its send, or a delete, is in doubt", () => {
    expect(judge([send("a", [0])])).toEqual([]);
    expect(judge([...exhausted, remove("a", [1120])])).toEqual([]);
  });
});

describe("a dead letter is found to be wrong", () => {
  it("when it is there twice", () => {
    expect(judge(exhausted, dead, receive("a", 3, [3005, 3020]))).toEqual(["a: is a dead letter 2 times"]);
  });

  it("when it has another id", () => {
    expect(judge(exhausted, receive("a", 3, [3000, 3010], "x"))).toEqual(["a: has several ids: id of a, x"]);
    expect(judge([send("a", [0])], receive("a", 3, [3000, 3010], "x"))).toEqual([]);
  });

  it("when nobody sent it", () => {
    expect(judge([], dead)).toEqual(["a: is a dead letter and was never sent"]);
  });

  it("when its count of receives does not go on", () => {
    const counted = (count: number) => judge(exhausted, receive("a", count, [3000, 3010]));
    expect(counted(1)).toEqual(["a: was counted as 1 as a dead letter"]);
    expect(counted(2)).toEqual(["a: was counted as 2 as a dead letter"]);
    expect(counted(4)).toEqual(["a: was counted as 4 as a dead letter"]);
  });
});

describe("a message is found to stay with its old queue", () => {
  it("when it is delivered once too often", () => {
    expect(judge([...exhausted, receive("a", 3, [2200, 2210])], dead)).toEqual([
      "a: was delivered as the 3. time before it was a dead letter",
    ]);
  });

  it("when its old queue delivers it after the dead-letter queue did", () => {
    const again = (beganMs: number) =>
      judge([...exhausted, receive("a", 2, [beganMs, 4000])], dead).filter((each) => each.includes("after"));
    expect(again(3010)).toEqual(["a: was delivered by its old queue after it was a dead letter"]);
    expect(again(3009.9)).toEqual([]);
  });
});

describe("a message is found to be a dead letter though it was deleted", () => {
  it("when the delete was acknowledged while it was in flight", () => {
    expect(judge([...exhausted, remove("a", [1120, 2049])], dead)).toEqual([
      "a: is a dead letter after it was deleted in flight",
    ]);
  });

  it("but not when the delete may have come too late, or not at all", () => {
    expect(judge([...exhausted, remove("a", [1120, 2050])], dead)).toEqual([]);
    expect(judge([...exhausted, remove("a", [1120])], dead)).toEqual([]);
  });
});
