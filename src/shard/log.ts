/**
 * A shard's log: numbered records in epoch tables, and snapshots of the state that replay ends in. Every
 * method is synchronous, as SQLite in a Durable Object is; what has been written is durable once the object's
 * output gate opens.
 */
export interface Log {
  /** Oldest first; at least one after the first `openEpoch`. */
  epochs(): readonly EpochInfo[];
  /** Starts the table that later records go to. `firstLsn` is the next record's number. */
  openEpoch(epoch: number, firstLsn: number): void;
  /** Drops a table with all its records: free, where deleting rows is billed. */
  dropEpoch(epoch: number): void;
  append(record: StoredRecord): void;
  /** One record with its bodies, or undefined if its epoch was dropped. */
  read(lsn: number): StoredRecord | undefined;
  /** Its operations alone: a read of its first pages. */
  readOps(lsn: number): Uint8Array | undefined;
  /** Operations of the records after `lsn`, in order, without reading their bodies. */
  replay(afterLsn: number): Iterable<{ readonly lsn: number; readonly ops: Uint8Array }>;
  /** The newest complete snapshot. */
  loadSnapshot(): Snapshot | undefined;
  /** Replaces the older of the two kept. Split into parts of at most 1.9 MB by the implementation. */
  saveSnapshot(snapshot: Snapshot): void;
  /** Removes everything, epochs and snapshots. */
  clear(): void;
}

export interface StoredRecord {
  readonly lsn: number;
  readonly ops: Uint8Array;
  readonly bodies: Uint8Array;
}

export interface EpochInfo {
  readonly epoch: number;
  readonly firstLsn: number;
}

export interface Snapshot {
  /** The last record whose effect is in it. */
  readonly lsn: number;
  readonly data: Uint8Array;
}
