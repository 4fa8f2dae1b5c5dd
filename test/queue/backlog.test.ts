import { describe, expect, test } from "vitest";
import { freshMessages } from "../../src/queue/backlog.ts";
import { indexOf, lsnOf } from "../../src/queue/position.ts";
import { QueueInHand } from "../support/queue-in-hand.ts";

const MANY = 100_000;
/** Twice the halvings of 100,000 and a few: what a search by halves may look at. */
const FEW = 2 * Math.ceil(Math.log2(MANY)) + 8;

describe("an untouched backlog", () => {
  test("of 100,000 messages takes no memory per message", () => {
    const { state } = manyMessages();
    expect(state.freshSent - state.freshConsumed).toBe(MANY);
    expect(state.touched.size).toBe(0);
    expect([state.delayed.size, state.woken.size, state.gaps.length]).toEqual([0, 0, 0]);
    const { due, ready, ages } = state.derived;
    expect([due.size, ready.size, ages.size]).toEqual([0, 0, 0]);
  });

  test("is counted without a look at any record", () => {
    const queue = manyMessages();
    queue.backlog.looks = 0;
    queue.at(MANY).counts({ visible: MANY });
    expect(queue.backlog.looks).toBe(0);
  });

  test("is received from by a look at the record at its front, not at those behind it", () => {
    const queue = manyMessages();
    queue.backlog.looks = 0;
    expect(queue.at(MANY).receive({ max: 1 }).names).toEqual(["0"]);
    expect(queue.backlog.looks).toBeLessThanOrEqual(2);
  });

  test("holds in memory what was received from it, and nothing else", () => {
    const queue = manyMessages();
    queue.at(MANY).receive({ max: 10 });
    expect(queue.state.touched.size).toBe(10);
    queue.at(MANY).deletes(...Array.from({ length: 10 }, (_, i) => String(i)));
    expect(queue.state.touched.size).toBe(0);
    queue.at(MANY).counts({ visible: MANY - 10 });
  });

  test("expires by a search by halves: half of it, and all of it", () => {
    const queue = manyMessages({ retentionSeconds: 3600 });
    queue.at(3_599_999).counts({ visible: MANY });
    queue.backlog.looks = 0;
    queue.at(3_600_000 + MANY / 2).counts({ visible: MANY / 2 - 1 });
    expect(queue.backlog.looks).toBeLessThanOrEqual(FEW);
    expect(queue.at(3_600_000 + MANY / 2).receive({ max: 1 }).names).toEqual([`${MANY / 2 + 1}`]);
    queue.backlog.looks = 0;
    queue.at(3_600_000 + MANY).counts({});
    expect(queue.backlog.looks).toBeLessThanOrEqual(FEW);
    queue.at(3_600_000 + MANY).receivesNothing();
  });

  test("expires message by message within one record", () => {
    const { at } = new QueueInHand({ retentionSeconds: 60 });
    at(0).sends("a", "b");
    at(1).sends("c");
    at(59_999).counts({ visible: 3 });
    at(60_000).counts({ visible: 1 });
    at(60_000).receives("c");
  });

  test("expires message by message within a record that calls of several instants share", () => {
    const queue = new QueueInHand({ retentionSeconds: 60 });
    queue.together(() => {
      queue.at(0).sends("a", "b");
      queue.at(1).sends("c");
      queue.at(2).sends("d");
    });
    queue.at(59_999).counts({ visible: 4 });
    queue.at(60_000).counts({ visible: 2 });
    queue.at(60_001).counts({ visible: 1 });
    expect(queue.replayedAt(60_001)).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
    queue.at(60_001).receives("d");
  });

  test("can be received from before its record is written", () => {
    const queue = new QueueInHand();
    queue.together(() => {
      queue.at(0).sends("a", "b");
      expect(queue.at(0).receive({ max: 1 }).names).toEqual(["a"]);
      queue.at(0).sends("c");
    });
    queue.at(0).receives("b", "c");
  });

  test("is empty after all of it was received and expired, and new messages join a new one", () => {
    const { at } = new QueueInHand({ retentionSeconds: 60 });
    at(0).sends("a", "b");
    expect(at(0).receive({ max: 1 }).names).toEqual(["a"]);
    at(60_000).counts({});
    at(60_000).sends("c");
    at(60_000).counts({ visible: 1 });
    at(60_000).receives("c");
  });
});

describe("tables dropped ahead of the cursor", () => {
  test("cost nothing but what had expired in them", () => {
    const queue = new QueueInHand({ retentionSeconds: 60 });
    queue.at(0).sends("a", "b");
    const [kept = 0] = queue.at(1000).sendsBatch("kept", "c", "d");
    queue.at(1000).counts({ visible: 4 });
    queue.backlog.dropBefore(kept);
    queue.at(60_000).counts({ visible: 2 });
    expect(queue.replayedAt(60_000)).toEqual({ visible: 2, inFlight: 0, delayed: 0 });
    queue.at(60_000).receives("c", "d");
  });
});

describe("records without messages of the backlog", () => {
  test.each([
    [255, 0],
    [256, 1],
  ])("%d of them in a row leave %d gaps to remember", (records, gaps) => {
    const queue = new QueueInHand();
    queue.at(0).sends("a");
    queue.passRecords(records);
    queue.at(0).sends("b");
    expect(queue.state.gaps).toHaveLength(gaps);
    queue.at(0).receives("a", "b");
  });

  test("are stepped over at once when they are remembered", () => {
    const queue = new QueueInHand();
    queue.at(0).sends("a");
    queue.passRecords(10_000);
    queue.at(0).sends("b");
    queue.passRecords(10_000);
    queue.at(0).sends("c");
    expect(queue.at(0).receive({ max: 1 }).names).toEqual(["a"]);
    queue.backlog.looks = 0;
    queue.at(0).counts({ visible: 2, inFlight: 1 });
    expect(queue.at(0).receive({ max: 1 }).names).toEqual(["b"]);
    queue.at(0).receives("c");
    expect(queue.backlog.looks).toBeLessThanOrEqual(12);
  });

  test("are forgotten once the cursor has passed them", () => {
    const queue = new QueueInHand();
    queue.at(0).sends("a");
    queue.passRecords(1000);
    queue.at(0).sends("b", "c");
    expect(queue.state.gaps).toHaveLength(1);
    expect(queue.at(0).receive({ max: 2 }).names).toEqual(["a", "b"]);
    queue.at(0).counts({ visible: 1, inFlight: 2 });
    expect(queue.state.gaps).toEqual([]);
    queue.at(0).receives("c");
  });

  test("are not gaps when nothing waits before them: the cursor moves on instead", () => {
    const queue = new QueueInHand();
    queue.at(0).sends("a");
    queue.at(0).receives("a");
    queue.passRecords(1000);
    const [position = 0] = queue.at(0).sendsBatch("next", "b");
    expect(queue.state.gaps).toEqual([]);
    expect(queue.state.cursor).toBe(position);
  });

  test("in number as large as a purge leaves are not looked through again", () => {
    const queue = new QueueInHand();
    queue.at(0).sends("a");
    queue.passRecords(1000);
    queue.at(0).sends("b");
    queue.at(0).purges();
    expect(queue.state.gaps).toEqual([]);
    queue.at(0).sends("c");
    queue.backlog.looks = 0;
    queue.at(0).receives("c");
    expect(queue.backlog.looks).toBeLessThanOrEqual(3);
  });
});

describe("the messages from the cursor on", () => {
  test("are told oldest first, without those that are delayed", () => {
    const queue = new QueueInHand();
    queue.at(0).sends("a", "b");
    queue.at(0).sendsDelayed(1000, "delayed");
    queue.at(0).sends("c");
    expect(queue.at(0).receive({ max: 1 }).names).toEqual(["a"]);
    const found = [...freshMessages(queue.state, queue.backlog)];
    expect(found.map(({ position }) => [lsnOf(position), indexOf(position)])).toEqual([
      [2, 1],
      [4, 0],
    ]);
  });

  test("end where the backlog ends: no record behind its last message is looked at", () => {
    const queue = new QueueInHand();
    queue.at(0).sends("a");
    queue.passRecords(100);
    queue.backlog.looks = 0;
    expect([...freshMessages(queue.state, queue.backlog)]).toHaveLength(1);
    expect(queue.backlog.looks).toBe(1);
  });
});

/** One message a millisecond, each in a record of its own. */
function manyMessages(settings?: { readonly retentionSeconds: number }): QueueInHand {
  const queue = new QueueInHand(settings);
  for (let n = 0; n < MANY; n++) queue.at(n).sends(String(n));
  return queue;
}
