import { describe, expect, test } from "vitest";
import { limits } from "../../src/queue/limits.ts";
import { QueueInHand } from "../support/queue-in-hand.ts";

const TWELVE_HOURS_MS = 43_200_000;

describe("retention", () => {
  test("ends a message that nobody received", () => {
    const { at } = keptFor(60);
    at(0).sends("a");
    at(1).sends("b");
    at(59_999).counts({ visible: 2 });
    at(60_000).receives("b");
    at(60_000).counts({ inFlight: 1 });
  });

  test("ends a message in flight: its timeout brings nothing back", () => {
    const { at } = keptFor(60);
    at(0).sends("a");
    at(59_000).receives("a");
    at(59_999).counts({ inFlight: 1 });
    at(60_000).counts({});
    at(89_000).receivesNothing();
  });

  test("ends a message that came back", () => {
    const { at } = keptFor(60);
    at(0).sends("a");
    at(0).receives("a");
    at(59_999).counts({ visible: 1 });
    at(60_000).receivesNothing();
  });

  test("counts from the send, not from the end of the delay", () => {
    const { at } = keptFor(60);
    at(0).sendsDelayed(30_000, "a");
    at(30_000).counts({ visible: 1 });
    at(59_999).counts({ visible: 1 });
    at(60_000).receivesNothing();
  });

  test("ends a message within its delay", () => {
    const { at } = keptFor(60);
    at(0).sendsDelayed(900_000, "a");
    at(1).sendsDelayed(900_000, "b");
    at(59_999).counts({ delayed: 2 });
    at(60_000).counts({ delayed: 1 });
    at(60_001).counts({});
    at(900_000).receivesNothing();
  });

  test("ends only the older of two messages that came back", () => {
    const { at } = keptFor(60);
    at(0).sends("a");
    at(5000).sends("b");
    at(5000).receives("a", "b");
    at(60_000).receives("b");
  });

  test("raised later lengthens the life of what is alive, and revives nothing", () => {
    const { at } = keptFor(60);
    at(0).sends("dead");
    at(1).sends("alive");
    at(60_000).isSetTo(120);
    at(60_000).receives("alive");
    at(119_999).counts({ visible: 1 });
    at(120_001).counts({});
  });

  test("raised later keeps dead what died untouched, in its delay or in flight", () => {
    const { at } = keptFor(60);
    at(0).sendsDelayed(900_000, "delayed");
    at(0).sends("in flight");
    expect(at(0).receive({ visibilityMs: 90_000 }).names).toEqual(["in flight"]);
    at(60_000).isSetTo(1_209_600);
    at(60_000).counts({});
    at(1_000_000).receivesNothing();
  });

  test("raised later revives nothing for a shard that comes back from its log, either", () => {
    const queue = keptFor(60);
    queue.at(0).sends("in flight", "untouched");
    expect(queue.at(0).receive({ max: 1 }).names).toEqual(["in flight"]);
    queue.at(1).sends("alive");
    queue.at(60_000).isSetTo(120);
    expect(queue.replayedAt(60_000)).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
    queue.at(60_000).counts(queue.replayedAt(60_000));
  });

  test("lowered later ends at once what is older", () => {
    const { at } = keptFor(120);
    at(0).sends("a");
    at(1).sends("b");
    at(60_000).isSetTo(60);
    at(60_000).receives("b");
  });

  test("lowered and raised again leaves dead what the lower one ended", () => {
    const { at } = keptFor(120);
    at(0).sends("a");
    at(60_000).isSetTo(60);
    at(60_001).isSetTo(120);
    at(60_001).receivesNothing();
  });
});

describe("the bound of messages in flight", () => {
  test("stops receives, and says so, until a message is deleted", () => {
    const { at } = keptFor(3600);
    at(0).sends("a", "b", "c");
    expect(at(0).receive({ max: 1, inFlightLimit: 2 })).toMatchObject({ names: ["a"], overLimit: false });
    expect(at(0).receive({ max: 1, inFlightLimit: 2 })).toMatchObject({ names: ["b"], overLimit: false });
    expect(at(0).receive({ max: 1, inFlightLimit: 2 })).toMatchObject({ names: [], overLimit: true });
    at(1).deletes("a");
    expect(at(1).receive({ max: 1, inFlightLimit: 2 })).toMatchObject({ names: ["c"], overLimit: false });
  });

  test("stops receives until a timeout is over", () => {
    const { at } = keptFor(3600);
    at(0).sends("a", "b");
    expect(at(0).receive({ inFlightLimit: 1 }).names).toEqual(["a"]);
    expect(at(29_999).receive({ inFlightLimit: 1 })).toMatchObject({ names: [], overLimit: true });
    expect(at(30_000).receive({ inFlightLimit: 1 })).toMatchObject({ names: ["a"], overLimit: false });
  });

  test("gives a receive that asks for more as many as there is room for", () => {
    const { at } = keptFor(3600);
    at(0).sends("a", "b", "c");
    expect(at(0).receive({ max: 10, inFlightLimit: 2 })).toMatchObject({ names: ["a", "b"] });
  });

  test("is told even by an empty queue, and is 120,000", () => {
    const { at } = keptFor(3600);
    at(0).sends("a");
    at(0).receives("a");
    expect(at(1).receive({ inFlightLimit: 1 })).toMatchObject({ names: [], overLimit: true });
    expect(limits.inFlightMessages).toBe(120_000);
  });

  test("a visibility of 0 s makes room", () => {
    const { at } = keptFor(3600);
    at(0).sends("a");
    at(0).receives("a");
    at(1).hides("a", 0);
    expect(at(1).receive({ inFlightLimit: 1 })).toMatchObject({ names: ["a"], overLimit: false });
  });
});

describe("the ceiling of 12 hours", () => {
  test("counts from the receive", () => {
    const { at } = keptFor(345_600);
    at(0).sends("a");
    at(5).receives("a");
    expect(at(5).hides("a", TWELVE_HOURS_MS)).toBe("changed");
    expect(at(6).hides("a", TWELVE_HOURS_MS)).toBe("beyondLimit");
    expect(at(6).hides("a", TWELVE_HOURS_MS - 1)).toBe("changed");
    at(TWELVE_HOURS_MS + 4).receivesNothing();
    at(TWELVE_HOURS_MS + 5).receives("a");
  });

  test("leaves a lease as it was when it refuses", () => {
    const { at } = keptFor(345_600);
    at(0).sends("a");
    at(0).receives("a");
    expect(at(1).hides("a", TWELVE_HOURS_MS)).toBe("beyondLimit");
    at(29_999).receivesNothing();
    at(30_000).receives("a");
  });

  test("starts anew with the next receive", () => {
    const { at } = keptFor(345_600);
    at(0).sends("a");
    at(0).receives("a");
    at(30_000).receives("a");
    expect(at(30_000).hides("a", TWELVE_HOURS_MS)).toBe("changed");
    expect(at(30_001).hides("a", TWELVE_HOURS_MS)).toBe("beyondLimit");
  });
});

describe("the memory of batches", () => {
  test("answers a repeat with the first answer for 30 s, and stores nothing", () => {
    const { at } = keptFor(3600);
    const first = at(0).sendsBatch("batch", "a", "b");
    expect(at(0).sendsBatch("batch", "a", "b")).toEqual(first);
    expect(at(29_999).sendsBatch("batch", "a", "b")).toEqual(first);
    at(29_999).counts({ visible: 2 });
    expect(at(30_000).sendsBatch("batch", "a", "b")).not.toEqual(first);
    at(30_000).counts({ visible: 4 });
  });

  test("answers a repeat after the messages were deleted, and does not bring them back", () => {
    const { at } = keptFor(3600);
    const first = at(0).sendsBatch("batch", "a");
    at(1).receives("a");
    at(1).deletes("a");
    expect(at(2).sendsBatch("batch", "a")).toEqual(first);
    at(2).counts({});
  });

  test("outlives a purge", () => {
    const { at } = keptFor(3600);
    at(0).sendsBatch("batch", "a");
    at(1).purges();
    at(2).sendsBatch("batch", "a");
    at(2).counts({});
  });

  test("lasts 30 s for every batch of a steady stream", () => {
    const { at } = keptFor(3600);
    for (let ms = 0; ms <= 100_000; ms += 1000) {
      at(ms).sendsBatch(`batch ${ms}`, "x");
      if (ms < 29_000) continue;
      const sent = at(ms).sendsBatch(`batch ${ms - 29_000}`, "x");
      expect(at(ms).sendsBatch(`batch ${ms - 29_000}`, "x")).toEqual(sent);
    }
    at(100_000).counts({ visible: 101 });
  });

  test("has a bound: of more batches in 30 s, half of so many at least are known", () => {
    const queue = keptFor(3600);
    for (let n = 0; n < 80_000; n++) queue.at(0).sendsBatch(`batch ${n}`, "x");
    const { newer, older } = queue.state.batches;
    expect(newer.size + older.size).toBeLessThanOrEqual(limits.batchMemoryEntries);
    queue.at(0).sendsBatch(`batch ${80_000 - limits.batchMemoryEntries / 2}`, "x");
    queue.at(0).counts({ visible: 80_000 });
    queue.at(0).sendsBatch("batch 0", "x");
    queue.at(0).counts({ visible: 80_001 });
  });
});

function keptFor(retentionSeconds: number): QueueInHand {
  return new QueueInHand({ retentionSeconds });
}
