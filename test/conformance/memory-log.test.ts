import { describe, expect, test } from "vitest";
import { MemoryLog } from "../../src/shard/memory-log.ts";
import { describeLog } from "./log.test-suite.ts";

describeLog("the log in memory", (use) => {
  const log = new MemoryLog();
  use({ log, reopen: () => log });
});

describe("the log in memory is strict", () => {
  test("only the next number is taken", () => {
    const log = withRecords(2);
    expect(() => log.append(record(4))).toThrow("record 4 is not the next, 3");
    expect(() => log.append(record(2))).toThrow("record 2 is not the next, 3");
    log.append(record(3));
    expect(log.lastLsn).toBe(3);
  });

  test("a record of 1.9 MB is taken, and one byte more is refused", () => {
    const log = withRecords(0);
    const half = new Uint8Array(950_000);
    expect(() => log.append({ lsn: 1, ops: half, bodies: new Uint8Array(950_001) })).toThrow("1900001 bytes");
    log.append({ lsn: 1, ops: half, bodies: half });
    expect(log.lastLsn).toBe(1);
  });

  test("a record needs an open epoch", () => {
    expect(() => new MemoryLog().append(record(1))).toThrow("no epoch is open");
  });

  test("an epoch is newer than the last and starts at the next record", () => {
    const log = withRecords(2);
    expect(() => log.openEpoch(1, 3)).toThrow("epoch 1 is not newer");
    expect(() => log.openEpoch(2, 2)).toThrow("must start at the next record");
    expect(() => log.openEpoch(2, 4)).toThrow("must start at the next record");
    log.openEpoch(2, 3);
    expect(log.epochs()).toHaveLength(2);
  });

  test("the epoch that records go to cannot be dropped, nor one that is not there", () => {
    const log = withRecords(1);
    expect(() => log.dropEpoch(1)).toThrow("the one that records go to");
    log.openEpoch(2, 2);
    log.dropEpoch(1);
    expect(() => log.dropEpoch(1)).toThrow("does not exist");
  });

  test("a snapshot is neither ahead of the log nor older than the last", () => {
    const log = withRecords(3);
    expect(() => log.saveSnapshot({ lsn: 4, data: new Uint8Array() })).toThrow("ahead of the log");
    log.saveSnapshot({ lsn: 3, data: new Uint8Array() });
    expect(() => log.saveSnapshot({ lsn: 2, data: new Uint8Array() })).toThrow("older than the last");
  });
});

describe("the log in memory goes back in time", () => {
  test("later records, snapshots, openings and drops have not happened", () => {
    const log = withRecords(2);
    log.saveSnapshot({ lsn: 2, data: Uint8Array.of(2) });
    log.openEpoch(2, 3);
    log.append(record(3));
    log.saveSnapshot({ lsn: 3, data: Uint8Array.of(3) });
    log.dropEpoch(1);
    log.append(record(4));

    log.truncateAfter(3);
    expect(lsns(log)).toEqual([1, 2, 3]);
    expect(log.epochs().map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(log.loadSnapshot()?.lsn).toBe(2);
    expect(log.lastLsn).toBe(3);

    log.truncateAfter(2);
    expect(lsns(log)).toEqual([1, 2]);
    expect(log.epochs().map(({ epoch }) => epoch)).toEqual([1]);
    expect(log.loadSnapshot()).toBeUndefined();

    log.append(record(3));
    expect(lsns(log)).toEqual([1, 2, 3]);
  });

  test("back to 0 it is empty, or as it was cleared", () => {
    const log = withRecords(2);
    log.truncateAfter(0);
    expect(log.epochs()).toEqual([]);
    const cleared = withRecords(2);
    cleared.clear();
    cleared.openEpoch(1, 1);
    cleared.append(record(1));
    cleared.truncateAfter(0);
    expect(cleared.epochs()).toEqual([]);
    expect(lsns(cleared)).toEqual([]);
  });

  test("a clone and its original go their own ways", () => {
    const log = withRecords(2);
    const copy = log.clone();
    copy.append(record(3));
    log.truncateAfter(1);
    expect(lsns(copy)).toEqual([1, 2, 3]);
    expect(lsns(log)).toEqual([1]);
    copy.truncateAfter(2);
    expect(lsns(copy)).toEqual([1, 2]);
  });
});

function withRecords(count: number): MemoryLog {
  const log = new MemoryLog();
  log.openEpoch(1, 1);
  for (let lsn = 1; lsn <= count; lsn++) log.append(record(lsn));
  return log;
}

function record(lsn: number) {
  return { lsn, ops: Uint8Array.of(lsn), bodies: Uint8Array.of(lsn, lsn) };
}

function lsns(log: MemoryLog): number[] {
  return [...log.replay(0)].map(({ lsn }) => lsn);
}
