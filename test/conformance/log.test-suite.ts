import { describe, expect, test } from "vitest";
import type { Log, StoredRecord } from "../../src/shard/log.ts";

/** Where a suite finds the logs it examines. */
export interface LogUnderTest {
  /** A new log without a past. */
  readonly log: Log;
  /** The same storage seen by a later life of the object: nothing may have been kept in memory alone. */
  readonly reopen: () => Log;
}

/**
 * What every implementation of `Log` must do.
 *
 * @param withLog hands a fresh log to `use`; in the Workers runtime that happens inside the object
 */
export function describeLog(
  name: string,
  withLog: (use: (given: LogUnderTest) => void) => void | Promise<void>,
): void {
  const behaviour = (sentence: string, use: (given: LogUnderTest) => void): void => {
    test(sentence, async () => {
      await withLog(use);
    });
  };

  describe(name, () => {
    behaviour("a new log is empty", ({ log }) => {
      expect(log.epochs()).toEqual([]);
      expect(log.loadSnapshot()).toBeUndefined();
      expect([...log.replay(0)]).toEqual([]);
      expect(log.read(1)).toBeUndefined();
    });

    behaviour("a record is read back as it was written, by this life and by the next", ({ log, reopen }) => {
      log.openEpoch(1, 1);
      log.append(record(1));
      expect(plain(log.read(1))).toEqual(plain(record(1)));
      expect(plain(reopen().read(1))).toEqual(plain(record(1)));
    });

    behaviour("every value of a byte survives, and so do empty operations and bodies", ({ log, reopen }) => {
      const all = Uint8Array.from({ length: 256 }, (_, value) => value);
      log.openEpoch(1, 1);
      log.append({ lsn: 1, ops: all, bodies: new Uint8Array() });
      log.append({ lsn: 2, ops: new Uint8Array(), bodies: all });
      const later = reopen();
      expect(plain(later.read(1))).toEqual({ lsn: 1, ops: [...all], bodies: [] });
      expect(plain(later.read(2))).toEqual({ lsn: 2, ops: [], bodies: [...all] });
    });

    behaviour("what is read back is bytes and not a view of something else", ({ log }) => {
      log.openEpoch(1, 1);
      log.append(record(1));
      log.saveSnapshot({ lsn: 1, data: bytes("state") });
      expect(log.read(1)?.ops).toBeInstanceOf(Uint8Array);
      expect(log.read(1)?.bodies).toBeInstanceOf(Uint8Array);
      expect([...log.replay(0)][0]?.ops).toBeInstanceOf(Uint8Array);
      expect(log.loadSnapshot()?.data).toBeInstanceOf(Uint8Array);
    });

    behaviour("the writer may use its buffer again, and a reader may write into its copy", ({ log }) => {
      const buffer = bytes("--ops-bodies--");
      log.openEpoch(1, 1);
      log.append({ lsn: 1, ops: buffer.subarray(2, 5), bodies: buffer.subarray(6, 12) });
      log.saveSnapshot({ lsn: 1, data: buffer.subarray(2, 5) });
      buffer.fill(0);
      log.read(1)?.ops.fill(0);
      log.loadSnapshot()?.data.fill(0);
      for (const { ops } of log.replay(0)) ops.fill(0);
      expect(plain(log.read(1))).toEqual({ lsn: 1, ops: [...bytes("ops")], bodies: [...bytes("bodies")] });
      expect([...(log.loadSnapshot()?.data ?? [])]).toEqual([...bytes("ops")]);
    });

    behaviour("a record that was never written is not found", ({ log }) => {
      log.openEpoch(1, 5);
      log.append(record(5));
      expect(log.read(4)).toBeUndefined();
      expect(log.read(6)).toBeUndefined();
    });

    behaviour("a number is used once", ({ log }) => {
      log.openEpoch(1, 1);
      log.append(record(1));
      expect(() => log.append({ ...record(1), ops: bytes("other") })).toThrow();
      expect(plain(log.read(1))).toEqual(plain(record(1)));
    });

    behaviour("a record of 1.9 MB is stored whole", ({ log, reopen }) => {
      const half = new Uint8Array(950_000).fill(7);
      log.openEpoch(1, 1);
      log.append({ lsn: 1, ops: half, bodies: half });
      const stored = reopen().read(1);
      expect(stored?.ops.length).toBe(950_000);
      expect(stored?.bodies.length).toBe(950_000);
      expect(stored?.bodies.every((byte) => byte === 7)).toBe(true);
    });

    behaviour("a record's operations can be read alone", ({ log, reopen }) => {
      log.openEpoch(1, 1);
      log.append(record(1));
      for (const each of [log, reopen()]) {
        expect(each.readOps(1)).toEqual(record(1).ops);
        expect(each.readOps(2)).toBeUndefined();
      }
    });

    behaviour("replay gives the operations after a record, in order, across epochs", ({ log, reopen }) => {
      log.openEpoch(1, 1);
      log.append(record(1));
      log.append(record(2));
      log.openEpoch(2, 3);
      log.append(record(3));
      for (const each of [log, reopen()]) {
        expect(replayed(each, 0)).toEqual([1, 2, 3].map((lsn) => [lsn, `ops ${lsn}`]));
        expect(replayed(each, 1)).toEqual([2, 3].map((lsn) => [lsn, `ops ${lsn}`]));
        expect(replayed(each, 2)).toEqual([[3, "ops 3"]]);
        expect(replayed(each, 3)).toEqual([]);
      }
    });

    behaviour("replay keeps numeric order past the ninth and the ninety-ninth record", ({ log }) => {
      log.openEpoch(9, 1);
      for (let lsn = 1; lsn <= 12; lsn++) log.append(record(lsn));
      log.openEpoch(10, 13);
      for (let lsn = 13; lsn <= 110; lsn++) log.append(record(lsn));
      expect(replayed(log, 0).map(([lsn]) => lsn)).toEqual(Array.from({ length: 110 }, (_, i) => i + 1));
    });

    behaviour("epochs are listed oldest first, each with its first record", ({ log, reopen }) => {
      log.openEpoch(9, 1);
      log.append(record(1));
      log.openEpoch(10, 2);
      log.openEpoch(11, 2);
      for (const each of [log, reopen()]) {
        expect(each.epochs().map(({ epoch, firstLsn }) => ({ epoch, firstLsn }))).toEqual([
          { epoch: 9, firstLsn: 1 },
          { epoch: 10, firstLsn: 2 },
          { epoch: 11, firstLsn: 2 },
        ]);
      }
    });

    behaviour("records go to the newest epoch", ({ log, reopen }) => {
      log.openEpoch(1, 1);
      log.append(record(1));
      log.openEpoch(2, 2);
      log.append(record(2));
      const later = reopen();
      later.append(record(3));
      later.dropEpoch(1);
      expect(plain(later.read(2))).toEqual(plain(record(2)));
      expect(plain(later.read(3))).toEqual(plain(record(3)));
    });

    behaviour("a dropped epoch takes its records with it and leaves the others", ({ log, reopen }) => {
      log.openEpoch(1, 1);
      log.append(record(1));
      log.openEpoch(2, 2);
      log.append(record(2));
      log.openEpoch(3, 3);
      log.append(record(3));
      log.dropEpoch(2);
      for (const each of [log, reopen()]) {
        expect(each.epochs().map(({ epoch }) => epoch)).toEqual([1, 3]);
        expect(plain(each.read(1))).toEqual(plain(record(1)));
        expect(each.read(2)).toBeUndefined();
        expect(plain(each.read(3))).toEqual(plain(record(3)));
        expect(replayed(each, 0).map(([lsn]) => lsn)).toEqual([1, 3]);
      }
    });

    behaviour(
      "the numbering outlives the records: an empty epoch knows where it starts",
      ({ log, reopen }) => {
        log.openEpoch(1, 1);
        log.append(record(1));
        log.append(record(2));
        log.openEpoch(2, 3);
        log.dropEpoch(1);
        const later = reopen();
        expect(later.epochs().map(({ epoch, firstLsn }) => [epoch, firstLsn])).toEqual([[2, 3]]);
        later.append(record(3));
        expect(plain(later.read(3))).toEqual(plain(record(3)));
      },
    );

    behaviour("a replay may be left early, and its table dropped before it is collected", ({ log }) => {
      log.openEpoch(1, 1);
      log.append(record(1));
      log.append(record(2));
      log.openEpoch(2, 3);
      log.append(record(3));
      for (const { lsn } of log.replay(0)) {
        expect(lsn).toBe(1);
        break;
      }
      log.append(record(4));
      log.dropEpoch(1);
      expect(replayed(log, 0).map(([lsn]) => lsn)).toEqual([3, 4]);
    });

    behaviour("other records are read and written while a replay is under way", ({ log }) => {
      log.openEpoch(1, 1);
      log.append(record(1));
      log.append(record(2));
      const seen: unknown[] = [];
      for (const { lsn } of log.replay(0)) {
        if (lsn === 1) log.append(record(3));
        if (lsn <= 2) seen.push(plain(log.read(lsn)));
      }
      expect(seen).toEqual([plain(record(1)), plain(record(2))]);
      expect(plain(log.read(3))).toEqual(plain(record(3)));
    });

    behaviour("the newest snapshot is loaded, however many were saved", ({ log, reopen }) => {
      log.openEpoch(1, 1);
      for (let lsn = 1; lsn <= 12; lsn++) {
        log.append(record(lsn));
        log.saveSnapshot({ lsn, data: bytes(`state ${lsn}`) });
        expect(log.loadSnapshot()).toMatchObject({ lsn });
      }
      const loaded = reopen().loadSnapshot();
      expect(loaded?.lsn).toBe(12);
      expect([...(loaded?.data ?? [])]).toEqual([...bytes("state 12")]);
    });

    behaviour("a snapshot taken again at the same record replaces the first", ({ log, reopen }) => {
      log.openEpoch(1, 1);
      log.append(record(1));
      log.saveSnapshot({ lsn: 1, data: bytes("first, and longer") });
      log.saveSnapshot({ lsn: 1, data: bytes("second") });
      expect([...(reopen().loadSnapshot()?.data ?? [])]).toEqual([...bytes("second")]);
      log.saveSnapshot({ lsn: 1, data: bytes("third") });
      expect([...(reopen().loadSnapshot()?.data ?? [])]).toEqual([...bytes("third")]);
    });

    behaviour("a snapshot may be larger than a row", ({ log, reopen }) => {
      log.openEpoch(1, 1);
      for (const [i, length] of [1_900_000, 1_900_001, 4_321_987, 10].entries()) {
        const lsn = i + 1;
        log.append(record(lsn));
        const data = new Uint8Array(length);
        for (let at = 0; at < length; at += 997) data[at] = at % 251;
        log.saveSnapshot({ lsn, data });
        const loaded = reopen().loadSnapshot()?.data ?? new Uint8Array();
        expect(loaded.length).toBe(length);
        expect(loaded.every((byte, at) => byte === (at % 997 === 0 ? at % 251 : 0))).toBe(true);
      }
    });

    behaviour("snapshots do not depend on the epochs they summarize", ({ log, reopen }) => {
      log.openEpoch(1, 1);
      log.append(record(1));
      log.saveSnapshot({ lsn: 1, data: bytes("state") });
      log.openEpoch(2, 2);
      log.dropEpoch(1);
      expect(reopen().loadSnapshot()?.lsn).toBe(1);
    });

    behaviour("clearing removes everything, and the log can start again", ({ log, reopen }) => {
      log.openEpoch(1, 1);
      log.append(record(1));
      log.saveSnapshot({ lsn: 1, data: bytes("state") });
      log.openEpoch(2, 2);
      log.append(record(2));
      log.clear();
      for (const each of [log, reopen()]) {
        expect(each.epochs()).toEqual([]);
        expect(each.loadSnapshot()).toBeUndefined();
        expect([...each.replay(0)]).toEqual([]);
        expect(each.read(1)).toBeUndefined();
      }
      log.openEpoch(1, 1);
      log.append({ lsn: 1, ops: bytes("anew"), bodies: bytes("") });
      expect(replayed(reopen(), 0)).toEqual([[1, "anew"]]);
    });
  });
}

function record(lsn: number): StoredRecord {
  return { lsn, ops: bytes(`ops ${lsn}`), bodies: bytes(`bodies ${lsn}`) };
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Comparable whatever kind of buffer the bytes stand in. */
function plain(stored: StoredRecord | undefined): unknown {
  return stored && { lsn: stored.lsn, ops: [...stored.ops], bodies: [...stored.bodies] };
}

function replayed(log: Log, afterLsn: number): (readonly [lsn: number, ops: string])[] {
  return [...log.replay(afterLsn)].map(({ lsn, ops }) => [lsn, new TextDecoder().decode(ops)]);
}
