import { describe, expect, test } from "vitest";
import { DedupMemory, dedupKey } from "../../src/queue/dedup.ts";
import { messageIdOf } from "../../src/queue/message-id.ts";
import type { Position } from "../../src/queue/position.ts";
import { FifoInHand } from "../support/fifo-in-hand.ts";
import { randomFrom } from "../support/random.ts";

const FIVE_MINUTES_MS = 300_000;

describe("a message with a deduplication id of the last five minutes", () => {
  test("is answered like its original, and not stored", () => {
    const queue = new FifoInHand();
    const first = queue.at(0).sends("a1");
    expect(queue.at(299_999).sends("a1")).toEqual(first);
    queue.at(299_999).receives("a1");
    queue.at(299_999).receivesNothing();
  });

  test("is a new one after five minutes, counted from the one that was stored", () => {
    const queue = new FifoInHand();
    const first = queue.at(0).sends("a1");
    expect(queue.at(299_999).sends("a1")).toEqual(first);
    expect(queue.at(300_000).sends("a1")).not.toEqual(first);
    queue.at(300_000).counts({ visible: 2 });
    expect(queue.at(599_999).sends("a1")).not.toEqual(first);
    queue.at(599_999).counts({ visible: 2 });
    queue.at(600_000).sends("a1");
    queue.at(600_000).counts({ visible: 3 });
  });

  test("is found among those of its own batch", () => {
    const queue = new FifoInHand();
    const { positions, messageIds = [] } = queue.at(0).sends("a1", "a1", "a2", "a1");
    expect(positions[1]).toBe(positions[0]);
    expect(positions[3]).toBe(positions[0]);
    const [batchId = ""] = messageIds;
    expect(messageIds).toEqual([batchId, batchId, messageIdOf(batchId, 2), batchId]);
    queue.at(0).receives("a1", "a2");
  });

  test("is found though its original was deleted", () => {
    const queue = new FifoInHand();
    const first = queue.at(0).sends("a1");
    queue.at(0).receives("a1");
    queue.at(0).deletes("a1");
    expect(queue.at(299_999).sends("a1")).toEqual(first);
    queue.at(299_999).counts({});
  });

  test("is found though its original has expired", () => {
    const queue = new FifoInHand({ retentionSeconds: 60 });
    const first = queue.at(0).sends("a1");
    queue.at(60_000).counts({});
    expect(queue.at(60_000).sends("a1")).toEqual(first);
    queue.at(300_000).sends("a1");
    queue.at(300_000).counts({ visible: 1 });
  });

  test("is found by a shard that comes back from its log, however tidy that is", () => {
    const queue = new FifoInHand({}, { epochBytes: 1, snapshotRecords: 1, idleBytes: 0, cacheBytes: 0 });
    const sent = ["a1", "a2", "a3"].map((name) => queue.at(0).sends(name));
    queue.at(0).receives("a1", "a2", "a3");
    queue.at(0).deletes("a1", "a2", "a3");
    queue.at(299_999).tidies();
    queue.evict();
    expect(["a1", "a2", "a3"].map((name) => queue.at(299_999).sends(name))).toEqual(sent);
    queue.at(299_999).counts({});

    expect(queue.at(300_000).tidies()).toBe(1);
    queue.evict();
    queue.at(300_000).sends("a1");
    queue.at(300_000).receives("a1");
  });

  test("is a new one after a purge", () => {
    const queue = new FifoInHand();
    const first = queue.at(0).sends("a1");
    queue.at(0).purges();
    const second = queue.at(0).sends("a1");
    expect(second).not.toEqual(first);
    queue.evict();
    expect(queue.at(0).sends("a1")).toEqual(second);
    queue.at(0).receives("a1");
  });

  test("of another group is a duplicate if the scope is the queue, and none if it is the group", () => {
    const byQueue = new FifoInHand({ scope: "queue" });
    const original = byQueue.at(0).sends("a1");
    expect(byQueue.at(0).sends("b1")).toEqual(original);
    byQueue.at(0).receives("a1");

    const byGroup = new FifoInHand({ scope: "messageGroup" });
    byGroup.at(0).sends("a1");
    byGroup.at(0).sends("b1");
    byGroup.at(0).receives("a1", "b1");
  });
});

describe("the memory of deduplication ids", () => {
  test("finds the newest message of a key", () => {
    const memory = new DedupMemory();
    memory.add("x", 1, 0);
    memory.add("x", 2, 1);
    memory.add("y", 3, 1);
    memory.add("x", 4, FIVE_MINUTES_MS + 1);
    expect([memory.find("x"), memory.find("y"), memory.find("z")]).toEqual([4, 3, undefined]);
  });

  test("knows nothing once it was cleared", () => {
    const memory = new DedupMemory();
    memory.add("x", 1, 0);
    memory.clear();
    expect(memory.find("x")).toBeUndefined();
    memory.add("y", 2, 0);
    expect(memory.find("y")).toBe(2);
  });

  test("drops what is much older than five minutes", () => {
    const memory = new DedupMemory();
    memory.add("x", 1, 0);
    memory.add("y", 2, FIVE_MINUTES_MS);
    memory.add("z", 3, 2 * FIVE_MINUTES_MS);
    expect(memory.find("x")).toBeUndefined();
  });

  test("knows every key of the last five minutes, however they come", () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = randomFrom(seed);
      const memory = new DedupMemory();
      const newest = new Map<string, { readonly position: Position; readonly sentAtMs: number }>();
      let nowMs = 1_700_000_000_000;
      for (let position = 0; position < 300; position++) {
        nowMs += random.pick([0, 1, 1000, 60_000, random.between(0, 100_000)]);
        const key = `key ${random.between(0, 30)}`;
        memory.add(key, position, nowMs);
        newest.set(key, { position, sentAtMs: nowMs });
        const known = [...newest].filter(([, { sentAtMs }]) => nowMs < sentAtMs + FIVE_MINUTES_MS);
        expect(
          known.map(([each]) => memory.find(each)),
          `seed ${seed}`,
        ).toEqual(known.map(([, message]) => message.position));
      }
    }
  });

  test("tells messages of different groups apart if the scope is the group", () => {
    const a = { groupId: "a", dedupId: "1" };
    const b = { groupId: "b", dedupId: "1" };
    expect(dedupKey("queue", a)).toBe(dedupKey("queue", b));
    expect(dedupKey("messageGroup", a)).not.toBe(dedupKey("messageGroup", b));
    expect(dedupKey("messageGroup", { groupId: "a", dedupId: "b1" })).not.toBe(
      dedupKey("messageGroup", { groupId: "ab", dedupId: "1" }),
    );
  });
});

describe("a receive with a name", () => {
  test("is given the same messages under the same handles, and hides them anew", () => {
    const queue = new FifoInHand();
    queue.at(0).sends("a1", "a2", "b1");
    expect(queue.at(0).receive({ max: 2, attempt: "x" })).toEqual(["a1", "a2"]);
    expect(queue.at(29_999).receive({ max: 1, attempt: "x" })).toEqual(["a1", "a2"]);
    queue.at(29_999).counts({ visible: 1, inFlight: 2 });
    queue.at(59_998).counts({ visible: 1, inFlight: 2 });
    queue.at(59_999).counts({ visible: 3 });
  });

  test("is an ordinary one once a timeout is over", () => {
    const queue = new FifoInHand();
    queue.at(0).sends("a1", "b1");
    expect(queue.at(0).receive({ max: 1, attempt: "x" })).toEqual(["a1"]);
    expect(queue.at(30_000).receive({ max: 10, attempt: "x" })).toEqual(["b1", "a1"]);
  });

  test("is an ordinary one once a visibility was changed", () => {
    const queue = new FifoInHand();
    queue.at(0).sends("a1", "b1");
    expect(queue.at(0).receive({ max: 1, attempt: "x" })).toEqual(["a1"]);
    queue.at(0).hides("a1", 60_000);
    expect(queue.at(0).receive({ max: 1, attempt: "x" })).toEqual(["b1"]);
  });

  test("is an ordinary one once a message was deleted", () => {
    const queue = new FifoInHand();
    queue.at(0).sends("a1", "a2", "b1");
    expect(queue.at(0).receive({ max: 2, attempt: "x" })).toEqual(["a1", "a2"]);
    queue.at(0).deletes("a1");
    expect(queue.at(0).receive({ max: 2, attempt: "x" })).toEqual(["b1"]);
  });

  test("is an ordinary one after five minutes, counted from the first of its name", () => {
    const queue = new FifoInHand();
    queue.at(0).sends("a1", "b1", "c1");
    const again = { max: 1, visibilityMs: 3_600_000, attempt: "x" };
    expect(queue.at(0).receive(again)).toEqual(["a1"]);
    expect(queue.at(200_000).receive(again)).toEqual(["a1"]);
    queue.evict();
    expect(queue.at(299_999).receive(again)).toEqual(["a1"]);
    expect(queue.at(300_000).receive(again)).toEqual(["b1"]);
    expect(queue.at(300_000).receive({ ...again, attempt: "y" })).toEqual(["c1"]);
  });
});
