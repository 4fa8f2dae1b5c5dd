import { describe, expect, test } from "vitest";
import { toHex, utf8 } from "../../src/lib/bytes.ts";
import { counts } from "../../src/queue/engine.ts";
import { positionOf } from "../../src/queue/position.ts";
import { emptyState, type MoveTask, type QueueState } from "../../src/queue/state.ts";
import { decodeSnapshot, encodeSnapshot, SNAPSHOT_VERSION } from "../../src/shard/snapshot.ts";
import { testSettings } from "../support/fake-queue.ts";
import { fromHex, plainHex } from "../support/hex.ts";

const AT_MS = 1_700_000_000_000;
const BATCH = "\xff123456789abcdef";
const BATCH_HEX = "ff313233343536373839616263646566";
const OTHER = "0123456789abcdef";
const OTHER_HEX = "30313233343536373839616263646566";
const log = { epochBytes: 64_000_000, epochBornMs: AT_MS, epochHoldsMessages: true };

const MOVES: readonly MoveTask[] = [
  {
    taskId: "one",
    targetArn: "arn",
    rate: 5,
    startedAtMs: AT_MS - 9000,
    toMove: 7,
    moved: 6,
    status: "FAILED",
    reason: "why",
  },
  {
    taskId: "two",
    targetArn: undefined,
    rate: undefined,
    startedAtMs: AT_MS - 8000,
    toMove: 9,
    moved: 0,
    status: "RUNNING",
    reason: undefined,
  },
];
/** Their JSON behind its length of 212 bytes; what is undefined is left out. */
const MOVES_JSON =
  '[{"taskId":"one","targetArn":"arn","rate":5,"startedAtMs":1699999991000,"toMove":7,"moved":6,"status":"FAILED","reason":"why"},' +
  '{"taskId":"two","startedAtMs":1699999992000,"toMove":9,"moved":0,"status":"RUNNING"}]';
const MOVES_HEX = `d401 ${toHex(utf8(MOVES_JSON))}`;

/** Snapshots are on disks, too: if this changes, the version must. */
const GOLDEN_BODY = `
  80a0c21e 80d095ffbc31 04 6e756c6c
  8407 8180af01 f403 ac02 a006 a0fb91ffbc31 80d095ffbc31 80d095ffbc31
  01 be05 61
  02
  · 8480ac02 fcbf9501 efbeadde c801 b0c992ffbc31 a09c01 c0b802 e0d403
  · 83c0a902 00 00000000 01 afc992ffbc31 00 00 00
  01 · 8380c801 ffcf95ffbc31 a0f736
  01 · 8060 fecf95ffbc31
  e0b394ffbc31 02
  · ${BATCH_HEX} c09793ffbc31 80c0a201 0a
  · ${OTHER_HEX} 80d095ffbc31 8080c801 01`;

/** Version 1 ended here. */
const GOLDEN_1 = `01 ${GOLDEN_BODY}`;

const GOLDEN_2 = `
  02 ${GOLDEN_BODY}
  01 · 80c0a201
  02 · ac02 00 · ae02 8001
  01 · 82809601 02 c3a9
  9003 02
  · 8403 80808603 00 01000000 03 b0c992ffbc31 a09c01 00 e0d403 01 67 00
  · 8f03 86808603 02 02000000 05 b0c992ffbc31 a09c01 00 e0d403 00 03 61726e
  01 · 03 737263 ac02
  ${MOVES_HEX}
  01 · 03 747279 80d095ffbc31 efbeadde b0ba97ffbc31 02 82c0a501 8280d401`;

describe("a snapshot of version 1", () => {
  test("gives the state again that it was taken of", () => {
    const { state, log: position } = decodeSnapshot(fromHex(GOLDEN_1));
    expect(position).toEqual(log);
    expectSame(state, aState());
  });

  test("of an empty state does so, too", () => {
    const hex = "01 00 00 04 6e756c6c · 01 00 00 00 00 00 00 00 · 00 · 00 · 00 · 00 · 00 00";
    const { state, log: position } = decodeSnapshot(fromHex(hex));
    // It did not say; a table that may hold messages is one that does.
    expect(position).toEqual({ epochBytes: 0, epochBornMs: 0, epochHoldsMessages: true });
    expectSame(state, emptyState());
  });
});

describe("a snapshot of version 2", () => {
  test("has fixed bytes for a state with something of everything", () => {
    expect(toHex(encodeSnapshot(aGroupState(), log))).toBe(plainHex(GOLDEN_2));
  });

  test("of an empty state has fixed bytes", () => {
    const bytes = encodeSnapshot(emptyState(), { epochBytes: 0, epochBornMs: 0, epochHoldsMessages: false });
    expect(toHex(bytes)).toBe(
      plainHex(
        "02 00 00 04 6e756c6c · 01 00 00 00 00 00 00 00 · 00 · 00 · 00 · 00 · 00 00 · 00 00 00 00 · 01 00 00 02 5b5d · 00",
      ),
    );
  });

  test("gives the state again", () => {
    for (const make of [aState, aGroupState]) {
      const { state, log: position } = decodeSnapshot(encodeSnapshot(make(), log));
      expect(position).toEqual(log);
      expectSame(state, make());
    }
  });

  test("tells a table that holds messages from one that does not", () => {
    for (const epochHoldsMessages of [true, false]) {
      const bytes = encodeSnapshot(aState(), { ...log, epochHoldsMessages });
      expect(decodeSnapshot(bytes).log.epochHoldsMessages).toBe(epochHoldsMessages);
    }
  });

  test("written again is the same to the byte", () => {
    const once = encodeSnapshot({ ...aGroupState(), settings: testSettings({ policy: "{é}" }) }, log);
    const { state, log: position } = decodeSnapshot(once);
    expect(state.settings).toEqual(testSettings({ policy: "{é}" }));
    expect(encodeSnapshot(state, position)).toEqual(once);
  });

  test("tells a purge at instant 0 from none", () => {
    for (const lastPurgeAtMs of [undefined, 0, 1]) {
      const { state } = decodeSnapshot(encodeSnapshot({ ...emptyState(), lastPurgeAtMs }, log));
      expect(state.lastPurgeAtMs).toBe(lastPurgeAtMs);
    }
  });

  test("takes all touched messages for hidden until time says otherwise", () => {
    const { state } = decodeSnapshot(encodeSnapshot(aState(), log));
    expect(counts(state)).toEqual({ visible: 201, inFlight: 2, delayed: 1 });
    expect([state.derived.due.size, state.derived.ready.size, state.derived.ages.size]).toEqual([2, 0, 2]);
    expect(state.derived.delayedSinceMs).toBe(AT_MS - 1);
  });

  test("takes less than 32 bytes for a message in flight", () => {
    const state = emptyState();
    for (let n = 0; n < 1000; n++) {
      state.touched.set(positionOf(1000 + n, 0), {
        at: positionOf(1000 + n, 0),
        sentAtMs: AT_MS + n,
        firstReceivedAtMs: AT_MS + 5000 + n,
        leasedAtMs: AT_MS + 5000 + n,
        visibleAtMs: AT_MS + 35_000 + n,
        receiveCount: 1,
        nonce: n,
        groupId: undefined,
        hidden: true,
        listed: false,
      });
    }
    expect(encodeSnapshot(state, log).length).toBeLessThan(32_000);
  });
});

describe("a snapshot that cannot be read stops the shard", () => {
  test.each([0, 3, 255])("when its version is %d", (version) => {
    const bytes = encodeSnapshot(aState(), log);
    bytes[0] = version;
    expect(SNAPSHOT_VERSION).not.toBe(version);
    expect(() => decodeSnapshot(bytes)).toThrow(`a snapshot of version ${version} cannot be read`);
  });

  test("when it is cut off anywhere", () => {
    const bytes = encodeSnapshot({ ...aGroupState(), settings: testSettings() }, log);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSnapshot(bytes.subarray(0, length)), `${length} bytes`).toThrow();
    }
  });
});

const PLAIN_FIELDS = [
  "settings",
  "openLsn",
  "openMessages",
  "cursor",
  "freshSent",
  "freshConsumed",
  "lastFreshLsn",
  "gaps",
  "deadHorizonMs",
  "lastSentAtMs",
  "lastPurgeAtMs",
  "purgedBefore",
  "outbox",
  "nextOutNumber",
  "inbox",
  "moves",
  "attempts",
] as const satisfies (keyof QueueState)[];

function expectSame(state: QueueState, expected: QueueState): void {
  for (const field of PLAIN_FIELDS) expect(state[field], field).toEqual(expected[field]);
  expect([...state.taken.ranges()]).toEqual([...expected.taken.ranges()]);
  expect(rowsOf(state)).toEqual(rowsOf(expected));
  expect(touchedOf(state)).toEqual(touchedOf(expected));
  const batches = new Map([...expected.batches.older, ...expected.batches.newer]);
  expect(new Map([...state.batches.older, ...state.batches.newer])).toEqual(batches);
  expect(state.batches.newerSinceMs).toBe(expected.batches.newerSinceMs);
}

/** Without what the passing of time makes of them. */
function touchedOf(state: QueueState) {
  return [...state.touched].map(([position, { hidden: _, listed: __, ...message }]) => [position, message]);
}

function rowsOf(state: QueueState): number[][][] {
  return [state.delayed, state.woken].map((heap) => [...heap.rows()].map((row) => [...row]));
}

/** What version 2 can say and version 1 could not. */
function aGroupState(): QueueState {
  const state = aState();
  state.purgedBefore = positionOf(650, 0);
  state.taken.addRange(300, 300);
  state.taken.addRange(302, 430);
  const [[touchedAt = 0, touched] = []] = state.touched;
  if (touched) state.touched.set(touchedAt, { ...touched, groupId: "é" });
  state.nextOutNumber = 400;
  state.outbox.set(388, {
    position: positionOf(780, 0),
    targetArn: undefined,
    message: outbound(positionOf(780, 0), 1, 3, "g"),
  });
  state.outbox.set(399, {
    position: positionOf(780, 3),
    targetArn: "arn",
    message: outbound(positionOf(780, 4), 2, 5, undefined),
  });
  state.inbox.set("src", 300);
  state.moves = MOVES.map((task) => ({ ...task }));
  state.attempts.set("try", {
    atMs: AT_MS,
    nonce: 0xdeadbeef,
    visibleAtMs: AT_MS + 30_000,
    positions: [positionOf(662, 2), positionOf(848, 2)],
  });
  return state;
}

function outbound(at: number, nonce: number, receiveCount: number, groupId: string | undefined) {
  return {
    at,
    sentAtMs: AT_MS - 50_000,
    firstReceivedAtMs: AT_MS - 40_000,
    leasedAtMs: AT_MS - 40_000,
    visibleAtMs: AT_MS - 10_000,
    receiveCount,
    nonce,
    groupId,
    hidden: false,
    listed: false,
  };
}

function aState(): QueueState {
  const state = emptyState();
  state.openLsn = 900;
  state.cursor = positionOf(700, 1);
  state.freshSent = 500;
  state.freshConsumed = 300;
  state.lastFreshLsn = 800;
  state.deadHorizonMs = AT_MS - 60_000;
  state.lastSentAtMs = AT_MS;
  state.lastPurgeAtMs = AT_MS - 1;
  state.gaps = [[702, 799]];
  state.touched.set(positionOf(600, 2), {
    at: positionOf(899, 0),
    sentAtMs: AT_MS - 50_000,
    firstReceivedAtMs: AT_MS - 40_000,
    leasedAtMs: AT_MS - 20_000,
    visibleAtMs: AT_MS + 10_000,
    receiveCount: 200,
    nonce: 0xdeadbeef,
    groupId: undefined,
    hidden: true,
    listed: false,
  });
  state.touched.set(positionOf(5, 0), {
    at: positionOf(5, 0),
    sentAtMs: AT_MS - 50_001,
    firstReceivedAtMs: AT_MS - 50_001,
    leasedAtMs: AT_MS - 50_001,
    visibleAtMs: AT_MS - 50_001,
    receiveCount: 1,
    nonce: 0,
    groupId: undefined,
    hidden: false,
    listed: true,
  });
  state.delayed.push(AT_MS + 899_999, positionOf(800, 3), AT_MS - 1);
  state.woken.push(positionOf(3, 0), AT_MS - 2);
  state.batches.newerSinceMs = AT_MS - 20_000;
  state.batches.older.set(BATCH, { atMs: AT_MS - 40_000, first: positionOf(650, 0), count: 10 });
  state.batches.newer.set(OTHER, { atMs: AT_MS, first: positionOf(800, 0), count: 1 });
  return state;
}
