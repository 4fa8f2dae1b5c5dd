import { describe, expect, test } from "vitest";
import { CLAIM_MS, Waiters } from "../../src/shard/waiters.ts";

describe("a ring", () => {
  test.each([
    { visible: 0, max: 10, rung: [] },
    { visible: 1, max: 10, rung: ["a"] },
    { visible: 10, max: 10, rung: ["a"] },
    { visible: 11, max: 10, rung: ["a", "b"] },
    { visible: 20, max: 10, rung: ["a", "b"] },
    { visible: 21, max: 10, rung: ["a", "b", "c"] },
    { visible: 3, max: 1, rung: ["a", "b", "c"] },
    { visible: 99, max: 1, rung: ["a", "b", "c", "d"] },
  ])("for $visible messages reaches $rung of four who take $max each", ({ visible, max, rung }) => {
    const line = new Line();
    for (const id of "abcd") line.comes(id, { max });
    line.ring(visible);
    expect(line.rings).toEqual(rung);
  });

  test("counts what those will take who were rung and are on their way", () => {
    const line = new Line();
    for (const id of "abc") line.comes(id, { max: 10 });
    line.ring(5);
    line.ring(10);
    expect(line.rings).toEqual(["a"]);
    line.ring(11);
    expect(line.rings).toEqual(["a", "b"]);
  });

  test("reaches nobody twice", () => {
    const line = new Line();
    line.comes("a");
    line.ring(1);
    line.ring(100);
    expect(line.rings).toEqual(["a"]);
    expect(line.waiters.size).toBe(1);
  });

  test("passes over those whose client has given up, and forgets them", () => {
    const line = new Line();
    line.comes("gone", { untilMs: 1000 });
    line.comes("here", { untilMs: 1001 });
    line.ring(1, 1000);
    expect(line.rings).toEqual(["here"]);
    expect(line.waiters.size).toBe(1);
  });

  test("reaches the next when the first was removed", () => {
    const line = new Line();
    line.comes("a");
    line.comes("b");
    line.waiters.remove("a");
    line.waiters.remove("never came");
    line.ring(1);
    expect(line.rings).toEqual(["b"]);
  });

  test("for one message looks at one of 5,000 who wait", () => {
    const line = new Line();
    for (let n = 0; n < 5000; n++) line.comes(`${n}`);
    line.ring(1);
    expect(line.rings).toEqual(["0"]);
    expect(line.looks.size).toBe(1);
    line.ring(1);
    expect(line.looks.size).toBe(0);
  });
});

describe("a waiter that was rung", () => {
  test("and found nothing stands before all others again", () => {
    const line = new Line();
    for (const id of "abc") line.comes(id);
    line.ring(1);
    line.waiters.again("a");
    line.comes("d");
    line.ring(2);
    expect(line.rings).toEqual(["a", "a", "b"]);
  });

  test("and got its messages is forgotten", () => {
    const line = new Line();
    line.comes("a");
    line.comes("b");
    line.ring(1);
    line.waiters.remove("a");
    expect(line.waiters.size).toBe(1);
    line.ring(1);
    expect(line.rings).toEqual(["a", "b"]);
  });

  test("and does not claim for 250 ms makes room for the next", () => {
    const line = new Line();
    line.comes("a");
    line.comes("b");
    line.ring(1, 1000);
    expect(line.waiters.lapse(1000 + CLAIM_MS - 1)).toBe(true);
    line.ring(1, 1000 + CLAIM_MS - 1);
    expect(line.rings).toEqual(["a"]);
    expect(line.waiters.lapse(1000 + CLAIM_MS)).toBe(false);
    line.ring(1, 1000 + CLAIM_MS);
    expect(line.rings).toEqual(["a", "b"]);
    expect(CLAIM_MS).toBe(250);
  });

  test("lapses by itself, not with those rung later", () => {
    const line = new Line();
    line.comes("a");
    line.comes("b");
    line.ring(1, 0);
    line.ring(2, 100);
    expect(line.waiters.lapse(CLAIM_MS)).toBe(true);
    expect(line.waiters.awaitsClaims).toBe(true);
    expect(line.waiters.lapse(CLAIM_MS + 100)).toBe(false);
    expect(line.waiters.awaitsClaims).toBe(false);
    // Both may still come.
    expect(line.waiters.size).toBe(2);
  });

  test("and comes too late to find anything waits again, before all others, and is rung", () => {
    const line = new Line();
    line.comes("late");
    line.ring(1, 0);
    line.waiters.lapse(CLAIM_MS);
    line.comes("b");
    line.waiters.again("late");
    expect(line.waiters.size).toBe(2);
    line.ring(1, CLAIM_MS + 1);
    expect(line.rings).toEqual(["late", "late"]);
    line.ring(2, CLAIM_MS + 1);
    expect(line.rings).toEqual(["late", "late", "b"]);
  });

  test("and is late is not rung before it has come", () => {
    const line = new Line();
    line.comes("late");
    line.ring(1, 0);
    line.waiters.lapse(CLAIM_MS);
    line.ring(100, CLAIM_MS);
    expect(line.rings).toEqual(["late"]);
  });

  test("and comes too late but finds something is forgotten", () => {
    const line = new Line();
    line.comes("late");
    line.ring(1, 0);
    line.waiters.lapse(CLAIM_MS);
    line.waiters.remove("late");
    expect(line.waiters.size).toBe(0);
    line.waiters.again("late");
    line.ring(1, CLAIM_MS);
    expect(line.rings).toEqual(["late"]);
  });

  test("and never comes is forgotten when its client's wait is over and 250 ms have passed", () => {
    const line = new Line();
    line.comes("late", { untilMs: 1000 });
    line.ring(1, 0);
    line.waiters.lapse(CLAIM_MS);
    line.waiters.lapse(1000 + CLAIM_MS - 1);
    expect(line.waiters.size).toBe(1);
    line.waiters.lapse(1000 + CLAIM_MS);
    expect(line.waiters.size).toBe(0);
    line.waiters.again("late");
    line.ring(1, 1000 + CLAIM_MS);
    expect(line.rings).toEqual(["late"]);
  });

  test.each([
    { untilMs: CLAIM_MS, kept: 0 },
    { untilMs: CLAIM_MS + 1, kept: 1 },
  ])("and lapses at 250 ms is kept as late only while its client waits: until $untilMs", (expected) => {
    const line = new Line();
    line.comes("a", { untilMs: expected.untilMs });
    line.ring(1, 0);
    line.waiters.lapse(CLAIM_MS);
    expect(line.waiters.size).toBe(expected.kept);
  });

  test("is waited for, and nobody else", () => {
    const line = new Line();
    line.comes("a");
    expect(line.waiters.awaitsClaims).toBe(false);
    line.ring(1);
    expect(line.waiters.awaitsClaims).toBe(true);
    line.waiters.again("a");
    expect(line.waiters.awaitsClaims).toBe(false);
  });
});

test("a look around by one who was not rung changes nothing", () => {
  const line = new Line();
  line.comes("a");
  line.comes("b");
  line.waiters.again("b");
  line.ring(1);
  expect(line.rings).toEqual(["a"]);
});

/** Waiters that note when they are rung and when they are looked at. */
class Line {
  readonly waiters = new Waiters();
  readonly rings: string[] = [];
  /** Who was looked at since the last ring began. */
  readonly looks = new Set<string>();

  comes(id: string, { max = 1, untilMs = Infinity }: { max?: number; untilMs?: number } = {}): void {
    const { rings } = this;
    const look = () => this.looks.add(id);
    this.waiters.add({
      id,
      max,
      get untilMs() {
        look();
        return untilMs;
      },
      ring: () => void rings.push(id),
    });
  }

  ring(visible: number, nowMs = 0): void {
    this.looks.clear();
    this.waiters.ring(visible, nowMs);
  }
}
