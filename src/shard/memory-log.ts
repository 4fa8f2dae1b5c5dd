import { assert } from "../lib/result.ts";
import type { EpochInfo, Log, Snapshot, StoredRecord } from "./log.ts";
import { shardLimits } from "./shard-limits.ts";

const SNAPSHOTS_KEPT = 2;

/**
 * The log in memory, for tests. It is stricter than storage needs to be, and it remembers how it came to
 * be, so that a test can ask what a crash at any record would have left.
 */
export class MemoryLog implements Log {
  #epochs: Epoch[] = [];
  #snapshots: Snapshot[] = [];
  #nextLsn: number | undefined;
  /** Every change since the log was made, in order. */
  #journal: Change[] = [];

  /** The number of the newest record ever appended, or 0. */
  get lastLsn(): number {
    return (this.#nextLsn ?? 1) - 1;
  }

  epochs(): readonly EpochInfo[] {
    return this.#epochs.map(({ epoch, firstLsn }) => ({ epoch, firstLsn }));
  }

  openEpoch(epoch: number, firstLsn: number): void {
    this.#change({ kind: "openEpoch", epoch, firstLsn });
  }

  dropEpoch(epoch: number): void {
    this.#change({ kind: "dropEpoch", epoch });
  }

  append(record: StoredRecord): void {
    this.#change({
      kind: "append",
      record: { lsn: record.lsn, ops: record.ops.slice(), bodies: record.bodies.slice() },
    });
  }

  read(lsn: number): StoredRecord | undefined {
    const epoch = this.#epochs.findLast(({ firstLsn }) => firstLsn <= lsn);
    const record = epoch?.records[lsn - epoch.firstLsn];
    return record && { lsn, ops: record.ops.slice(), bodies: record.bodies.slice() };
  }

  readOps(lsn: number): Uint8Array | undefined {
    return this.read(lsn)?.ops;
  }

  *replay(afterLsn: number): Iterable<{ readonly lsn: number; readonly ops: Uint8Array }> {
    for (const epoch of this.#epochs) {
      for (const { lsn, ops } of epoch.records) if (lsn > afterLsn) yield { lsn, ops: ops.slice() };
    }
  }

  loadSnapshot(): Snapshot | undefined {
    const newest = this.#snapshots.at(-1);
    return newest && { lsn: newest.lsn, data: newest.data.slice() };
  }

  saveSnapshot(snapshot: Snapshot): void {
    this.#change({ kind: "saveSnapshot", snapshot: { lsn: snapshot.lsn, data: snapshot.data.slice() } });
  }

  clear(): void {
    this.#change({ kind: "clear" });
  }

  /** A log of its own with the same content and the same past. */
  clone(): MemoryLog {
    const copy = new MemoryLog();
    copy.#restore(this.#journal);
    return copy;
  }

  /**
   * Goes back to the instant after record `lsn` was appended, as a crash would: later records, and the
   * snapshots, openings and drops that followed it, have not happened. 0 goes back to the empty log.
   */
  truncateAfter(lsn: number): void {
    const cleared = this.#journal.findLastIndex((change) => change.kind === "clear");
    const last = this.#journal.findLastIndex(
      (change) => change.kind === "append" && change.record.lsn <= lsn,
    );
    this.#restore(this.#journal.slice(0, last > cleared ? last + 1 : cleared + 1));
  }

  #restore(journal: readonly Change[]): void {
    this.#forget();
    this.#journal = [];
    for (const change of journal) this.#change(change);
  }

  #change(change: Change): void {
    switch (change.kind) {
      case "openEpoch":
        this.#openEpoch(change);
        break;
      case "dropEpoch":
        this.#dropEpoch(change.epoch);
        break;
      case "append":
        this.#append(change.record);
        break;
      case "saveSnapshot":
        this.#saveSnapshot(change.snapshot);
        break;
      case "clear":
        this.#forget();
        break;
    }
    this.#journal.push(change);
  }

  #openEpoch({ epoch, firstLsn }: EpochInfo): void {
    const newest = this.#epochs.at(-1);
    assert(newest === undefined || epoch > newest.epoch, `epoch ${epoch} is not newer than the last`);
    assert(
      this.#nextLsn === undefined || firstLsn === this.#nextLsn,
      `epoch ${epoch} must start at the next record`,
    );
    this.#epochs.push({ epoch, firstLsn, records: [] });
    this.#nextLsn = firstLsn;
  }

  #dropEpoch(epoch: number): void {
    const index = this.#epochs.findIndex((each) => each.epoch === epoch);
    assert(index >= 0, `epoch ${epoch} does not exist`);
    assert(index < this.#epochs.length - 1, `epoch ${epoch} is the one that records go to`);
    this.#epochs = this.#epochs.toSpliced(index, 1);
  }

  #append(record: StoredRecord): void {
    const open = this.#epochs.at(-1);
    assert(open !== undefined && this.#nextLsn !== undefined, "no epoch is open");
    assert(record.lsn === this.#nextLsn, `record ${record.lsn} is not the next, ${this.#nextLsn}`);
    const bytes = record.ops.length + record.bodies.length;
    assert(bytes <= shardLimits.recordBytes, `record ${record.lsn} has ${bytes} bytes`);
    open.records.push(record);
    this.#nextLsn++;
  }

  #saveSnapshot(snapshot: Snapshot): void {
    assert(snapshot.lsn <= this.lastLsn, `snapshot ${snapshot.lsn} is ahead of the log`);
    const newest = this.#snapshots.at(-1);
    assert(
      newest === undefined || snapshot.lsn >= newest.lsn,
      `snapshot ${snapshot.lsn} is older than the last`,
    );
    this.#snapshots = [...this.#snapshots, snapshot].slice(-SNAPSHOTS_KEPT);
  }

  #forget(): void {
    this.#epochs = [];
    this.#snapshots = [];
    this.#nextLsn = undefined;
  }
}

interface Epoch extends EpochInfo {
  readonly records: StoredRecord[];
}

type Change =
  | ({ readonly kind: "openEpoch" } & EpochInfo)
  | { readonly kind: "dropEpoch"; readonly epoch: number }
  | { readonly kind: "append"; readonly record: StoredRecord }
  | { readonly kind: "saveSnapshot"; readonly snapshot: Snapshot }
  | { readonly kind: "clear" };
