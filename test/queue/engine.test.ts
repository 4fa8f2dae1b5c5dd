import { describe, expect, test } from "vitest";
import { QueueInHand } from "../support/queue-in-hand.ts";

/** The arrows of the diagram that heads `engine.ts`, one by one; `engine-bounds.test.ts` has the bounds. */

describe("SEND", () => {
  test("makes a message visible at once", () => {
    const { at } = aQueue();
    at(0).sends("a");
    at(0).counts({ visible: 1 });
    at(0).receives("a");
  });

  test("with a delay keeps it back until the delay is over", () => {
    const { at } = aQueue();
    at(0).sendsDelayed(5000, "a");
    at(4999).counts({ delayed: 1 });
    at(4999).receivesNothing();
    at(5000).counts({ visible: 1 });
    at(5000).receives("a");
  });

  test("with the longest delay keeps it back for 15 minutes", () => {
    const { at } = aQueue();
    at(0).sendsDelayed(900_000, "a");
    at(899_999).receivesNothing();
    at(900_000).receives("a");
  });

  test("never lets a message be older than the one before, though the clock steps back", () => {
    const { at } = aQueue({ retentionSeconds: 60 });
    at(1000).sends("a");
    at(500).sends("b");
    expect(at(1000).receive({ max: 1 }).names).toEqual(["a"]);
    at(1000).deletes("a");
    at(60_999).counts({ visible: 1 });
    at(61_000).counts({});
  });
});

describe("LEASE", () => {
  test("hides a message until its timeout is over", () => {
    const { at } = aQueue();
    at(0).sends("a");
    at(0).receives("a");
    at(0).counts({ inFlight: 1 });
    at(29_999).receivesNothing();
    at(29_999).counts({ inFlight: 1 });
    at(30_000).counts({ visible: 1 });
    at(30_000).receives("a");
    at(59_999).receivesNothing();
    at(60_000).receives("a");
  });

  test("of 0 s counts as a receive and leaves the message visible", () => {
    const { at } = aQueue();
    at(0).sends("a");
    expect(at(0).receive({ visibilityMs: 0 })).toMatchObject({ names: ["a"], leases: [{ receiveCount: 1 }] });
    at(0).counts({ visible: 1 });
    expect(at(0).receive({ visibilityMs: 0 })).toMatchObject({ names: ["a"], leases: [{ receiveCount: 2 }] });
  });

  test("counts receives, and remembers when the first was", () => {
    const { at } = aQueue();
    at(0).sends("a");
    expect(at(100).receive({}).leases).toMatchObject([
      { receiveCount: 1, firstReceivedAtMs: START + 100, sentAtMs: START },
    ]);
    expect(at(40_000).receive({}).leases).toMatchObject([
      { receiveCount: 2, firstReceivedAtMs: START + 100, sentAtMs: START },
    ]);
  });

  test("takes as many as are asked for, the oldest first", () => {
    const { at } = aQueue();
    at(0).sends("a", "b", "c");
    at(1).sends("d");
    expect(at(2).receive({ max: 1 }).names).toEqual(["a"]);
    expect(at(2).receive({ max: 2 }).names).toEqual(["b", "c"]);
    expect(at(2).receive({ max: 10 }).names).toEqual(["d"]);
  });

  test("prefers messages that came back over the untouched, and among them the oldest", () => {
    const { at } = aQueue();
    at(0).sends("a", "b", "c", "d");
    expect(at(0).receive({ max: 2 }).names).toEqual(["a", "b"]);
    at(1).hides("b", 0);
    at(2).hides("a", 0);
    at(2).receives("a", "b", "c", "d");
  });

  test("takes messages whose delay is over by the time they were sent at, among those that came back", () => {
    const { at } = aQueue();
    at(0).sends("a");
    at(1).sendsDelayed(10_000, "late");
    at(2).sends("b");
    at(3).sends("c");
    expect(at(3).receive({ max: 2, visibilityMs: 10_000 }).names).toEqual(["a", "b"]);
    at(10_003).receives("a", "late", "b", "c");
  });

  test.each([
    [1, ["a"]],
    [2, ["a", "late"]],
    [3, ["a", "late", "b"]],
    [4, ["a", "late", "b", "c"]],
  ])("takes the oldest %d of messages of all kinds", (max, names) => {
    const { at } = aQueue();
    at(0).sends("a");
    at(1).sendsDelayed(10_000, "late");
    at(2).sends("b", "c");
    expect(at(3).receive({ max: 2, visibilityMs: 10_000 }).names).toEqual(["a", "b"]);
    expect(at(10_003).receive({ max }).names).toEqual(names);
  });
});

describe("VISIBILITY", () => {
  test("extends a lease, counted from the call and not from the receive", () => {
    const { at } = aQueue();
    at(0).sends("a");
    at(0).receives("a");
    expect(at(10_000).hides("a", 30_000)).toBe("changed");
    at(39_999).receivesNothing();
    at(40_000).receives("a");
  });

  test("shortens a lease as well", () => {
    const { at } = aQueue();
    at(0).sends("a");
    at(0).receives("a");
    expect(at(0).hides("a", 1000)).toBe("changed");
    at(999).receivesNothing();
    at(1000).receives("a");
  });

  test("of 0 s gives the message back at once", () => {
    const { at } = aQueue();
    at(0).sends("a");
    at(0).receives("a");
    expect(at(1).hides("a", 0)).toBe("changed");
    at(1).counts({ visible: 1 });
    at(1).receives("a");
  });

  test("hides a message again whose timeout ran out, as long as nobody else received it", () => {
    const { at } = aQueue();
    at(0).sends("a");
    at(0).receives("a");
    expect(at(31_000).hides("a", 10_000)).toBe("changed");
    at(31_000).counts({ inFlight: 1 });
    at(40_999).receivesNothing();
    at(41_000).receives("a");
  });

  test("does not count as a receive", () => {
    const { at } = aQueue();
    at(0).sends("a");
    at(0).receives("a");
    at(1).hides("a", 0);
    expect(at(1).receive({}).leases).toMatchObject([{ receiveCount: 2 }]);
  });

  test("of a message that is gone says so", () => {
    const { at } = aQueue({ retentionSeconds: 60 });
    at(0).sends("deleted", "purged");
    at(0).receives("deleted", "purged");
    at(0).deletes("deleted");
    expect(at(1).hides("deleted", 10)).toBe("gone");
    at(1).purges();
    expect(at(1).hides("purged", 10)).toBe("gone");
    at(2).sends("expired");
    at(2).receives("expired");
    expect(at(60_001).hides("expired", 10)).toBe("changed");
    expect(at(60_002).hides("expired", 10)).toBe("gone");
  });

  test("of a message that was never received says that it is gone", () => {
    const { at } = aQueue();
    at(0).sends("a");
    expect(at(0).hides("a", 10)).toBe("gone");
    at(0).receives("a");
  });
});

describe("ACK", () => {
  test("ends a message that is in flight, for good", () => {
    const { at } = aQueue();
    at(0).sends("a");
    at(0).receives("a");
    at(1).deletes("a");
    at(1).counts({});
    at(30_000).receivesNothing();
  });

  test("ends a message whose timeout ran out", () => {
    const { at } = aQueue();
    at(0).sends("a");
    at(0).receives("a");
    at(30_000).deletes("a");
    at(30_000).receivesNothing();
  });

  test("ends a message that another consumer has by now", () => {
    const { at } = aQueue();
    at(0).sends("a");
    at(0).receives("a");
    at(30_000).receives("a");
    at(30_001).deletes("a");
    at(60_000).receivesNothing();
  });

  test("of a message that is gone changes nothing, and is not even written", () => {
    const queue = aQueue();
    queue.at(0).sends("a", "b");
    expect(queue.at(0).receive({ max: 1 }).names).toEqual(["a"]);
    queue.at(1).deletes("a");
    const written = queue.state.openLsn;
    queue.at(2).deletes("a");
    expect(queue.state.openLsn).toBe(written);
    queue.at(2).receives("b");
  });
});

describe("PURGE", () => {
  test("ends messages from everywhere: visible, delayed, in flight and back again", () => {
    const { at } = aQueue();
    at(0).sends("back", "in flight", "visible");
    at(0).sendsDelayed(10_000, "delayed");
    at(0).sendsDelayed(1000, "woken");
    expect(at(0).receive({ max: 2 }).names).toEqual(["back", "in flight"]);
    at(1000).hides("back", 0);
    at(1000).counts({ visible: 3, inFlight: 1, delayed: 1 });
    expect(at(1000).purges()).toBe(true);
    at(1000).counts({});
    at(40_000).receivesNothing();
  });

  test("leaves what is sent after it, in the same millisecond even", () => {
    const { at } = aQueue();
    at(0).sends("a");
    at(0).purges();
    at(0).sends("b");
    at(0).sendsDelayed(10, "c");
    at(10).receives("c", "b");
  });

  test("is refused when another was less than the given time ago", () => {
    const { at } = aQueue();
    expect(at(0).purges(60_000)).toBe(true);
    at(1).sends("a");
    expect(at(59_999).purges(60_000)).toBe(false);
    at(59_999).counts({ visible: 1 });
    expect(at(60_000).purges(60_000)).toBe(true);
    at(60_000).counts({});
    expect(at(60_000).purges(0)).toBe(true);
  });
});

describe("time", () => {
  test("says when the next message becomes visible by itself", () => {
    const { at } = aQueue();
    expect(at(0).nextDue()).toBeUndefined();
    at(0).sends("a");
    expect(at(0).nextDue()).toBeUndefined();
    at(0).sendsDelayed(50_000, "late");
    expect(at(0).nextDue()).toBe(50_000);
    at(0).receives("a");
    expect(at(0).nextDue()).toBe(30_000);
    at(10_000).hides("a", 30_000);
    expect(at(10_000).nextDue()).toBe(40_000);
    at(10_000).deletes("a");
    expect(at(10_000).nextDue()).toBe(50_000);
    expect(at(50_000).nextDue()).toBeUndefined();
  });

  test("moves the same messages whether it is looked at once or on the way", () => {
    const looked = aQueue({ retentionSeconds: 60 });
    const left = aQueue({ retentionSeconds: 60 });
    for (const { at } of [looked, left]) {
      at(0).sends("a", "b", "c");
      at(10).sendsDelayed(20_000, "d");
      expect(at(20).receive({ max: 2, visibilityMs: 25_000 }).names).toEqual(["a", "b"]);
    }
    for (let ms = 20; ms < 61_000; ms += 10) looked.at(ms).counts(expectedAt(ms));
    for (const ms of [45_020, 60_000, 60_010]) left.at(ms).counts(expectedAt(ms));
  });

  function expectedAt(ms: number) {
    const delayed = ms < 20_010 ? 1 : 0;
    const inFlight = ms < 25_020 ? 2 : 0;
    if (ms >= 60_010) return {};
    if (ms >= 60_000) return { visible: 1 };
    return { delayed, inFlight, visible: 4 - delayed - inFlight };
  }
});

describe("a replay", () => {
  test("of the ops gives the same queue at every later instant", () => {
    const queue = aQueue({ retentionSeconds: 60 });
    const { at } = queue;
    const steps: [number, () => unknown][] = [
      [0, () => at(0).sends("a", "b", "c")],
      [1, () => at(1).sendsDelayed(5000, "d", "e")],
      [10, () => expect(at(10).receive({ max: 2 }).names).toEqual(["a", "b"])],
      [20, () => at(20).hides("a", 0)],
      [30, () => at(30).deletes("b")],
      [5001, () => at(5001).receives("a", "d", "e", "c")],
      [6000, () => at(6000).isSetTo(120)],
      [60_000, () => at(60_000).sends("f")],
      [70_000, () => expect(at(70_000).receive({ max: 1, visibilityMs: 0 }).names).toEqual(["a"])],
      [80_000, () => at(80_000).purges()],
      [80_001, () => at(80_001).sends("g")],
    ];
    for (const [ms, step] of steps) {
      step();
      at(ms).counts(queue.replayedAt(ms));
    }
    queue.at(200_001).counts(queue.replayedAt(200_001));
  });
});

const START = 1_700_000_000_000;

function aQueue(settings?: { readonly retentionSeconds: number }): QueueInHand {
  return new QueueInHand(settings);
}
