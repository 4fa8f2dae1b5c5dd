import { describe, expect, test } from "vitest";
import { toHex } from "../../src/lib/bytes.ts";
import { counts } from "../../src/queue/engine.ts";
import { positionOf } from "../../src/queue/position.ts";
import { emptyState, type QueueState } from "../../src/queue/state.ts";
import { decodeSnapshot, encodeSnapshot, SNAPSHOT_VERSION } from "../../src/shard/snapshot.ts";
import { testSettings } from "../support/fake-queue.ts";
import { plainHex } from "../support/hex.ts";

const AT_MS = 1_700_000_000_000;
const BATCH = "\xff123456789abcdef";
const BATCH_HEX = "ff313233343536373839616263646566";
const OTHER = "0123456789abcdef";
const OTHER_HEX = "30313233343536373839616263646566";
const log = { epochBytes: 64_000_000, epochBornMs: AT_MS };

/** Snapshots are on disks, too: if this changes, the version must. */
const GOLDEN = `
  01 80a0c21e 80d095ffbc31 04 6e756c6c
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

describe("a snapshot of version 1", () => {
  test("has fixed bytes for a state with something of everything", () => {
    expect(toHex(encodeSnapshot(aState(), log))).toBe(plainHex(GOLDEN));
  });

  test("of an empty state has fixed bytes", () => {
    const bytes = encodeSnapshot(emptyState(), { epochBytes: 0, epochBornMs: 0 });
    expect(toHex(bytes)).toBe(
      plainHex("01 00 00 04 6e756c6c · 01 00 00 00 00 00 00 00 · 00 · 00 · 00 · 00 · 00 00"),
    );
  });

  test("gives the state again", () => {
    const { state, log: position } = decodeSnapshot(encodeSnapshot(aState(), log));
    const expected = aState();
    expect(position).toEqual(log);
    for (const field of PLAIN_FIELDS) expect(state[field], field).toEqual(expected[field]);
    expect(rowsOf(state)).toEqual(rowsOf(expected));
    expect(
      [...state.touched].map(([position, { hidden: _, listed: __, ...message }]) => [position, message]),
    ).toEqual(
      [...expected.touched].map(([position, { hidden: _, listed: __, ...message }]) => [position, message]),
    );
    const batches = new Map([...expected.batches.older, ...expected.batches.newer]);
    expect(new Map([...state.batches.older, ...state.batches.newer])).toEqual(batches);
    expect(state.batches.newerSinceMs).toBe(expected.batches.newerSinceMs);
  });

  test("written again is the same to the byte", () => {
    const once = encodeSnapshot({ ...aState(), settings: testSettings({ policy: "{é}" }) }, log);
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
  test.each([0, 2, 255])("when its version is %d", (version) => {
    const bytes = encodeSnapshot(aState(), log);
    bytes[0] = version;
    expect(SNAPSHOT_VERSION).not.toBe(version);
    expect(() => decodeSnapshot(bytes)).toThrow(`a snapshot of version ${version} cannot be read`);
  });

  test("when it is cut off anywhere", () => {
    const bytes = encodeSnapshot({ ...aState(), settings: testSettings() }, log);
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
] as const satisfies (keyof QueueState)[];

function rowsOf(state: QueueState): number[][][] {
  return [state.delayed, state.woken].map((heap) => [...heap.rows()].map((row) => [...row]));
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
