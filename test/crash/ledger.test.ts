import { describe, expect, it } from "vitest";
import { brokenPromises, type Operation } from "./ledger.ts";

/** The judge of the crash test must itself be able to find each fault. */

const send = (key: string, at: [number, number?], more: { delayMs?: number } = {}): Operation => ({
  kind: "send",
  key,
  delayMs: more.delayMs ?? 0,
  beganMs: at[0],
  endedMs: at[1],
  messageId: at[1] === undefined ? undefined : `id of ${key}`,
});

const receive = (
  key: string,
  receiveCount: number,
  at: [number, number],
  more: { visibilityMs?: number; messageId?: string } = {},
): Operation => ({
  kind: "receive",
  visibilityMs: more.visibilityMs ?? 0,
  beganMs: at[0],
  endedMs: at[1],
  deliveries: [{ key, receiveCount, messageId: more.messageId ?? `id of ${key}` }],
});

const remove = (key: string, at: [number, number?]): Operation => ({
  kind: "delete",
  key,
  beganMs: at[0],
  endedMs: at[1],
});

const change = (key: string, visibilityMs: number, at: [number, number?]): Operation => ({
  kind: "visibility",
  key,
  visibilityMs,
  beganMs: at[0],
  endedMs: at[1],
});

const judge = (...history: Operation[]) => brokenPromises(history, { drained: true });

it("a history of a sound queue breaks no promise", () => {
  expect(
    judge(
      send("a", [0, 5], { delayMs: 1000 }),
      receive("a", 1, [900, 1001], { visibilityMs: 2000 }),
      receive("a", 2, [1500, 3000], { visibilityMs: 2000 }),
      change("a", 0, [3100, 3101]),
      receive("a", 3, [3102, 3103], { visibilityMs: 2000 }),
      remove("a", [3200, 3205]),
    ),
  ).toEqual([]);
});

describe("a message is found to be lost", () => {
  it("when its send was acknowledged and no receive has it", () => {
    expect(judge(send("a", [0, 5]))).toEqual(["a: was acknowledged and never delivered"]);
  });

  it("but not when its send is in doubt, or the queue was not drained", () => {
    expect(judge(send("a", [0]))).toEqual([]);
    expect(brokenPromises([send("a", [0, 5])], { drained: false })).toEqual([]);
  });
});

describe("a message is found to be another", () => {
  it("when nobody sent it", () => {
    expect(judge(receive("a", 1, [0, 1]))).toEqual(["a: was delivered and never sent"]);
  });

  it("when it comes under another id than its sender was told", () => {
    expect(judge(send("a", [0, 5]), receive("a", 1, [6, 7], { messageId: "x" }))).toEqual([
      "a: has several ids: x, id of a",
    ]);
  });

  it("when a send in doubt was stored twice", () => {
    expect(
      judge(
        send("a", [0]),
        receive("a", 1, [6, 7], { messageId: "x" }),
        receive("a", 2, [8, 9], { messageId: "y" }),
      ),
    ).toEqual(["a: has several ids: x, y"]);
  });

  it("but not when a send in doubt was stored after all", () => {
    expect(judge(send("a", [0]), receive("a", 1, [6, 7], { messageId: "x" }))).toEqual([]);
  });
});

describe("a message is found to have come back", () => {
  const before = [send("a", [0, 5]), receive("a", 1, [6, 7])];

  it("when a receive that began after the delete's acknowledgement has it", () => {
    expect(judge(...before, remove("a", [10, 12]), receive("a", 2, [12, 20]))).toEqual([
      "a: was delivered 0 ms after its delete was acknowledged",
    ]);
  });

  it("but not when the receive began before, or the delete is in doubt", () => {
    expect(judge(...before, remove("a", [10, 12]), receive("a", 2, [11.9, 20]))).toEqual([]);
    expect(judge(...before, remove("a", [10]), receive("a", 2, [12, 20]))).toEqual([]);
  });
});

describe("a count is found to be too low", () => {
  const before = [send("a", [0, 5]), receive("a", 2, [10, 20])];

  it("when a later receive has the same, or a lower one", () => {
    expect(judge(...before, receive("a", 2, [20, 30]))).toContain("a: was counted twice as 2");
    expect(judge(...before, receive("a", 1, [20, 30]))).toEqual([
      "a: was counted as 1 after 2 had been seen",
    ]);
  });

  it("when two receives at the same time have the same", () => {
    expect(judge(...before, receive("a", 2, [12, 19]))).toEqual(["a: was counted twice as 2"]);
  });

  it("but not when receives overlap, or counts leave room for one in doubt", () => {
    expect(judge(...before, receive("a", 1, [19, 30]))).toEqual([]);
    expect(judge(...before, receive("a", 5, [20, 30]))).toEqual([]);
  });
});

describe("a message is found to be early", () => {
  it("when its delay is not over", () => {
    expect(judge(send("a", [0, 5], { delayMs: 1000 }), receive("a", 1, [6, 900]))).toEqual([
      "a: was delivered 100 ms before its delay was over",
    ]);
  });

  const leased = [send("a", [0, 5]), receive("a", 1, [10, 20], { visibilityMs: 1000 })];

  it("when the lease before is not over", () => {
    expect(judge(...leased, receive("a", 2, [30, 910]))).toEqual([
      "a: was delivered 100 ms before its timeout was over",
    ]);
    expect(judge(...leased, receive("a", 2, [30, 1010]))).toEqual([]);
  });

  it("when a lease was extended", () => {
    expect(judge(...leased, change("a", 5000, [30, 31]), receive("a", 2, [1500, 1501]))).toEqual([
      "a: was delivered 3529 ms before its timeout was over",
    ]);
  });

  it("but not when the lease was given up, even in doubt", () => {
    expect(judge(...leased, change("a", 0, [30, 31]), receive("a", 2, [32, 33]))).toEqual([]);
    expect(judge(...leased, change("a", 0, [30]), receive("a", 2, [500, 501]))).toEqual([]);
  });

  it("but not when another receive came between", () => {
    expect(
      judge(...leased, receive("a", 2, [900, 1100], { visibilityMs: 0 }), receive("a", 3, [1050, 1101])),
    ).toEqual([]);
  });
});
