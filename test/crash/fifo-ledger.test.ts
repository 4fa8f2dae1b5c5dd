import { describe, expect, it } from "vitest";
import { brokenFifoPromises, type FifoSend } from "./fifo-ledger.ts";
import type { Operation } from "./ledger.ts";

/** The judge of FIFO queues must itself be able to find each fault. */

const sequence = (number: number): string => String(number).padStart(20, "0");

/** The first letter of a key is its group, the rest its number. */
const send = (key: string, ...answers: (readonly [messageId: string, sequence: number])[]): FifoSend => ({
  kind: "send",
  key,
  group: key.charAt(0),
  number: Number(key.slice(1)),
  delayMs: 0,
  beganMs: 0,
  endedMs: 1,
  messageId: answers[0]?.[0],
  answers: answers.map(([messageId, number]) => ({ messageId, sequenceNumber: sequence(number) })),
});

const a0 = send("a0", ["x", 1]);
const a1 = send("a1", ["y", 2]);
const a2 = send("a2", ["z", 3]);
const b0 = send("b0", ["w", 4]);
const sends = [a0, a1, a2, b0];

const sequences = new Map(sends.map(({ key, answers }) => [key, answers[0]?.sequenceNumber]));

const receive = (keys: readonly string[], at: [number, number?]): Operation => ({
  kind: "receive",
  visibilityMs: 1000,
  beganMs: at[0],
  endedMs: at[1],
  deliveries: keys.map((key) => ({
    key,
    messageId: `id of ${key}`,
    receiveCount: 1,
    sequenceNumber: sequences.get(key),
  })),
});

const remove = (key: string, at: [number, number?]): Operation => ({
  kind: "delete",
  key,
  beganMs: at[0],
  endedMs: at[1],
});

const judge = (...history: Operation[]) => brokenFifoPromises(sends, history);

it("a history of a sound FIFO queue breaks no promise", () => {
  expect(
    judge(
      receive(["a0", "a1"], [10, 20]),
      receive(["b0"], [12, 22]),
      receive(["a0", "a1", "a2"], [1100, 1110]),
      remove("a0", [1120, 1130]),
      remove("a1", [1120, 1130]),
      receive(["a2"], [2200, 2210]),
    ),
  ).toEqual([]);
});

describe("a message is found to be out of order", () => {
  it("when an earlier one of its group was never delivered", () => {
    expect(judge(receive(["a1"], [10, 20]))).toEqual(["a1: was delivered while a0 was in the queue"]);
  });

  it("when it stands before an earlier one in an answer", () => {
    expect(judge(receive(["a1", "a0"], [10, 20]))).toEqual(["a1: was delivered while a0 was in the queue"]);
  });

  it("when a number in between is left out", () => {
    expect(judge(receive(["a0", "a2"], [10, 20]))).toEqual(["a2: was delivered while a1 was in the queue"]);
  });

  it("but not when it is of another group", () => {
    expect(judge(receive(["a0"], [10, 20]), receive(["b0"], [12, 18]))).toEqual([]);
  });
});

describe("a group is found to be unlocked", () => {
  const held = receive(["a0"], [10, 20]);

  it("when an earlier message is in flight with somebody else", () => {
    expect(judge(held, receive(["a1"], [30, 40]))).toEqual(["a1: was delivered while a0 was in the queue"]);
  });

  it("when the earlier message's delete began after the answer", () => {
    expect(judge(held, receive(["a1"], [30, 40]), remove("a0", [40, 50]))).toEqual([
      "a1: was delivered while a0 was in the queue",
    ]);
    expect(judge(held, receive(["a1"], [30, 40]), remove("a0", [39.9, 50]))).toEqual([]);
  });

  it("when a delete in doubt turns out to have had no effect", () => {
    const inDoubt = [held, remove("a0", [25]), receive(["a1"], [30, 40])];
    expect(judge(...inDoubt)).toEqual([]);
    expect(judge(...inDoubt, receive(["a0"], [40, 50]))).toEqual([
      "a1: was delivered while a0 was in the queue",
    ]);
    expect(judge(...inDoubt, receive(["a0"], [39.9, 50]))).toEqual([]);
  });

  it("but not by a receive in doubt, of which nobody knows what it delivered", () => {
    expect(judge(held, receive(["a1"], [30]))).toEqual([]);
  });
});

describe("a message is found to be stored twice", () => {
  it("when repetitions of its send are told several ids", () => {
    expect(brokenFifoPromises([send("a0", ["x", 1], ["y", 1])], [])).toEqual([
      "a0: was stored as x and as y",
    ]);
    expect(brokenFifoPromises([send("a0", ["x", 1], ["x", 1])], [])).toEqual([]);
  });
});

it("a message is found to be taken for another when both are told one id", () => {
  expect(brokenFifoPromises([send("a0", ["x", 1]), send("a1", ["x", 2])], [])).toEqual([
    "a1: was given the id of a0, x",
  ]);
});

describe("a sequence number is found to be wrong", () => {
  it("when it does not grow within the group", () => {
    expect(brokenFifoPromises([send("a1", ["y", 2]), send("a0", ["x", 2])], [])).toEqual([
      `a1: has ${sequence(2)}, after ${sequence(2)}`,
    ]);
    expect(brokenFifoPromises([send("a0", ["x", 10]), send("a1", ["y", 9])], [])).toEqual([
      `a1: has ${sequence(9)}, after ${sequence(10)}`,
    ]);
    expect(brokenFifoPromises([send("a0", ["x", 9]), send("b0", ["y", 8])], [])).toEqual([]);
  });

  it("when repetitions of a send are told several", () => {
    expect(brokenFifoPromises([send("a0", ["x", 1], ["x", 2])], [])).toEqual([
      `a0: has several sequence numbers: ${sequence(1)}, ${sequence(2)}`,
    ]);
  });

  it("when a delivery carries another than the sender was told", () => {
    expect(brokenFifoPromises([send("a0", ["x", 7])], [receive(["a0"], [10, 20])])).toEqual([
      `a0: has several sequence numbers: ${sequence(7)}, ${sequence(1)}`,
    ]);
  });
});
