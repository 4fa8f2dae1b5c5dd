import { describe, expect, test } from "vitest";
import { LOOK_AHEAD } from "../../src/queue/groups.ts";
import { FifoInHand, LARGEST_BATCH } from "../support/fifo-in-hand.ts";

describe("a group", () => {
  test("gives as much as it can before the next one is asked", () => {
    const queue = new FifoInHand();
    queue.at(0).sends("a1", "b1", "a2", "a3");
    expect(queue.at(0).receive({ max: 4 })).toEqual(["a1", "a2", "a3", "b1"]);
  });

  test("is cut where the receive has enough, and goes on when that is deleted", () => {
    const queue = new FifoInHand();
    queue.at(0).sends("a1", "a2", "a3");
    expect(queue.at(0).receive({ max: 2 })).toEqual(["a1", "a2"]);
    queue.at(0).receivesNothing();
    queue.at(0).deletes("a1", "a2");
    queue.at(0).receives("a3");
  });

  test("stays locked while one of its messages is in flight, and others do not", () => {
    const queue = new FifoInHand();
    queue.at(0).sends("a1", "a2", "a3", "b1");
    expect(queue.at(0).receive({ max: 2 })).toEqual(["a1", "a2"]);
    queue.at(0).deletes("a1");
    queue.at(0).sends("a4");
    queue.at(0).receives("b1");
    queue.at(29_999).receivesNothing();
    queue.at(30_000).receives("a2", "a3", "a4", "b1");
  });

  test("gives a message again whose timeout is over, though later ones are in flight", () => {
    const queue = new FifoInHand();
    queue.at(0).sends("a1", "a2", "a3");
    expect(queue.at(0).receive({ max: 2 })).toEqual(["a1", "a2"]);
    expect(queue.at(0).hides("a1", 0)).toBe("changed");
    queue.at(0).receives("a1");
    expect(queue.at(0).hides("a1", 1000)).toBe("changed");
    queue.at(999).receivesNothing();
    queue.at(1000).receives("a1");
  });

  test("is blocked from the message on that is hidden longer, and not before it", () => {
    const queue = new FifoInHand();
    queue.at(0).sends("a1", "a2", "a3");
    queue.at(0).receives("a1", "a2", "a3");
    expect(queue.at(0).hides("a2", 60_000)).toBe("changed");
    queue.at(30_000).receives("a1");
    queue.at(59_999).receivesNothing();
    queue.at(60_000).receives("a1", "a2", "a3");
  });

  test("is not blocked by a message that has expired", () => {
    const queue = new FifoInHand({ retentionSeconds: 60 });
    queue.at(0).sends("a1");
    queue.at(1).sends("a2");
    expect(queue.at(1).receive({ max: 1, visibilityMs: 3_600_000 })).toEqual(["a1"]);
    queue.at(59_999).receivesNothing();
    queue.at(60_000).receives("a2");
  });

  test("waits for the queue's delay, and for a new one as soon as that is set", () => {
    const queue = new FifoInHand({ delaySeconds: 5 });
    queue.at(0).sends("a1");
    queue.at(4999).counts({ delayed: 1 });
    queue.at(4999).receivesNothing();
    queue.at(4999).isSetTo({ delaySeconds: 10 });
    queue.at(9999).receivesNothing();
    queue.at(10_000).counts({ visible: 1 });
    queue.at(10_000).receives("a1");
    queue.at(10_000).sends("b1");
    queue.at(10_000).isSetTo({ delaySeconds: 0 });
    queue.at(10_000).receives("b1");
  });

  test("is as it was when the shard comes back from its log", () => {
    const queue = new FifoInHand();
    queue.at(0).sends("a1", "a2", "a3", "b1");
    expect(queue.at(0).receive({ max: 2 })).toEqual(["a1", "a2"]);
    queue.at(0).deletes("a1");
    queue.evict();
    queue.at(0).receives("b1");
    queue.evict();
    queue.at(30_000).receives("a2", "a3", "b1");
  });
});

describe("groups take turns", () => {
  test("in the order in which they became available", () => {
    const queue = new FifoInHand();
    queue.at(0).sends("b1");
    queue.at(0).sends("a1", "c1");
    queue.at(0).receives("b1", "a1", "c1");
  });

  test("and one whose message is visible again at once goes to the back", () => {
    const queue = new FifoInHand();
    queue.at(0).sends("a1", "b1", "c1");
    const receiveOne = () => queue.at(0).receive({ max: 1, visibilityMs: 0 })[0];
    expect([receiveOne(), receiveOne(), receiveOne(), receiveOne()]).toEqual(["a1", "b1", "c1", "a1"]);
  });

  test("and one whose message was returned goes to the back", () => {
    const queue = new FifoInHand();
    queue.at(0).sends("a1", "b1");
    expect(queue.at(0).receive({ max: 1 })).toEqual(["a1"]);
    queue.at(0).hides("a1", 0);
    queue.at(0).receives("b1", "a1");
  });

  test("and one whose timeout is over goes to the back", () => {
    const queue = new FifoInHand();
    queue.at(0).sends("a1", "b1");
    expect(queue.at(0).receive({ max: 1, visibilityMs: 1000 })).toEqual(["a1"]);
    queue.at(1000).receives("b1", "a1");
  });

  test("and one whose message was deleted goes on at the back", () => {
    const queue = new FifoInHand();
    queue.at(0).sends("a1", "b1", "c1", "a2");
    expect(queue.at(0).receive({ max: 1 })).toEqual(["a1"]);
    queue.at(0).deletes("a1");
    queue.at(0).receives("b1", "c1", "a2");
  });
});

describe("behind a deep backlog", { timeout: 60_000 }, () => {
  test("of one blocked group a receive reads the log once, and never again", () => {
    const queue = blockedQueue(100_000);
    queue.at(0).sends("b1", "b2", "c1");
    queue.evict();

    expect(queue.at(0).receive({ max: 1 })).toEqual(["b1"]);
    expect(queue.reads).toBeGreaterThan(0);
    // The first send after an eviction reads the log, too: for the deduplication ids in it.
    queue.at(0).sends("d1");

    queue.reads = 0;
    queue.at(0).receives("c1", "d1");
    for (let i = 0; i < 10; i++) queue.at(0).receivesNothing();
    expect(queue.at(0).deletes("b1")).toEqual(["deleted"]);
    queue.at(0).receives("b2");
    expect(queue.reads).toBe(0);
  });

  test("of 10,000 groups a receive reads no record again that one before has read", () => {
    const queue = new FifoInHand();
    const groups = namesOf("", 10_000).map((number) =>
      number.replace(/\d/g, (digit) => DIGITS[+digit] ?? ""),
    );
    for (let round = 0; round < 10; round++) {
      queue.at(0).sendsMany(groups.map((group) => `${group}${round}`));
    }
    queue.evict();
    expect(queue.at(0).receive({ max: 10 })).toHaveLength(10);
    expect(queue.reads).toBeGreaterThan(0);

    queue.reads = 0;
    const seen = new Set(Array.from({ length: 20 }, () => queue.at(0).receive({ max: 10 })).flat());
    expect(seen.size).toBe(200);
    expect(queue.reads).toBe(0);

    // There are groups for a thousand receives; further records are read as they are needed, each of them once.
    while (queue.at(0).receive({ max: 10 }).length > 0);
    expect(queue.reads).toBeLessThanOrEqual((10 * groups.length) / LARGEST_BATCH);
    queue.reads = 0;
    for (let i = 0; i < 10; i++) queue.at(0).receivesNothing();
    expect(queue.reads).toBe(0);
  });

  test("that is as deep as SQS looks another group is found", () => {
    const queue = blockedQueue(LOOK_AHEAD - 1);
    queue.at(0).sends("b1");
    queue.at(0).receives("b1");
  });

  test("that is deeper than SQS looks nothing is found until it gets shorter", () => {
    // What is looked at is loaded some hundreds at a time.
    const queue = blockedQueue(LOOK_AHEAD + 1000);
    queue.at(0).sends("b1");
    queue.at(0).receivesNothing();
    queue.at(0).counts({ visible: LOOK_AHEAD + 1001, inFlight: 1 });
    queue.at(0).deletes("a0");
    queue.at(0).receives(...namesOf("a", 10));
  });
});

/** One message of the group a is in flight, and so many wait for it. */
function blockedQueue(waiting: number): FifoInHand {
  const queue = new FifoInHand();
  queue.at(0).sends("a0");
  queue.at(0).receives("a0");
  queue.at(0).sendsMany(namesOf("a", waiting));
  return queue;
}

/** A group's name has no digits in it. */
const DIGITS = "klmnopqrst";

function namesOf(groupId: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${groupId}${i + 1}`);
}
