import { assert } from "../lib/result.ts";
import type { EpochInfo, Log, Snapshot, StoredRecord } from "./log.ts";
import { shardLimits } from "./shard-limits.ts";

/**
 * The log in a Durable Object's SQLite (docs/storage.md). Nothing is created before the first write, so that a
 * call to a queue that never was leaves nothing behind.
 */
export class SqliteLog implements Log {
  readonly #sql: SqlStorage;
  readonly #epochs: EpochInfo[] = [];
  /** Rows written through this log, as Cloudflare bills them. */
  rowsWritten = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const tables = this.#sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'rec\\_%' ESCAPE '\\'",
      )
      .toArray();
    const numbers = tables.map(({ name }) => Number(name.slice("rec_".length))).sort((a, b) => a - b);
    for (const epoch of numbers) this.#epochs.push({ epoch, firstLsn: this.#firstLsn(epoch) });
  }

  epochs(): readonly EpochInfo[] {
    return this.#epochs;
  }

  openEpoch(epoch: number, firstLsn: number): void {
    // `ops` before `bodies`: replay reads a record's first pages only.
    this.#write(
      `CREATE TABLE rec_${epoch} (lsn INTEGER PRIMARY KEY CHECK (lsn >= ${firstLsn}), ops BLOB NOT NULL, bodies BLOB NOT NULL)`,
    );
    this.#epochs.push({ epoch, firstLsn });
  }

  dropEpoch(epoch: number): void {
    this.#write(`DROP TABLE rec_${epoch}`);
    this.#epochs.splice(
      this.#epochs.findIndex((each) => each.epoch === epoch),
      1,
    );
  }

  append({ lsn, ops, bodies }: StoredRecord): void {
    const epoch = this.#epochs[this.#epochs.length - 1];
    assert(epoch, "a record needs an open epoch");
    this.#write(`INSERT INTO rec_${epoch.epoch} (lsn, ops, bodies) VALUES (?, ?, ?)`, lsn, ops, bodies);
  }

  read(lsn: number): StoredRecord | undefined {
    const epoch = this.#epochOf(lsn);
    if (!epoch) return undefined;
    const row = this.#sql
      .exec<{ ops: ArrayBuffer; bodies: ArrayBuffer }>(
        `SELECT ops, bodies FROM rec_${epoch.epoch} WHERE lsn = ?`,
        lsn,
      )
      .toArray()[0];
    return row && { lsn, ops: new Uint8Array(row.ops), bodies: new Uint8Array(row.bodies) };
  }

  readOps(lsn: number): Uint8Array | undefined {
    const epoch = this.#epochOf(lsn);
    if (!epoch) return undefined;
    const row = this.#sql
      .exec<{ ops: ArrayBuffer }>(`SELECT ops FROM rec_${epoch.epoch} WHERE lsn = ?`, lsn)
      .toArray()[0];
    return row && new Uint8Array(row.ops);
  }

  *replay(afterLsn: number): Iterable<{ readonly lsn: number; readonly ops: Uint8Array }> {
    const from = this.#epochs.findLastIndex(({ firstLsn }) => firstLsn <= afterLsn + 1);
    for (const { epoch } of this.#epochs.slice(Math.max(from, 0))) {
      const rows = this.#sql.exec<{ lsn: number; ops: ArrayBuffer }>(
        `SELECT lsn, ops FROM rec_${epoch} WHERE lsn > ? ORDER BY lsn`,
        afterLsn,
      );
      // Read whole, some 8 MB at most: a cursor that is left open would keep the table from being dropped.
      for (const { lsn, ops } of rows.toArray()) yield { lsn, ops: new Uint8Array(ops) };
    }
  }

  loadSnapshot(): Snapshot | undefined {
    if (!this.#hasSnapshots()) return undefined;
    const parts = this.#sql
      .exec<{ lsn: number; data: ArrayBuffer }>(
        "SELECT lsn, data FROM snap WHERE lsn = (SELECT max(lsn) FROM snap) ORDER BY id",
      )
      .toArray();
    const [first] = parts;
    if (!first) return undefined;
    const data = new Uint8Array(parts.reduce((bytes, part) => bytes + part.data.byteLength, 0));
    let at = 0;
    for (const part of parts) {
      data.set(new Uint8Array(part.data), at);
      at += part.data.byteLength;
    }
    return { lsn: first.lsn, data };
  }

  saveSnapshot({ lsn, data }: Snapshot): void {
    this.#write(
      "CREATE TABLE IF NOT EXISTS snap (id INTEGER PRIMARY KEY, lsn INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL)",
    );
    const newest = this.#sql
      .exec<{ id: number; lsn: number }>("SELECT id, lsn FROM snap ORDER BY lsn DESC, id LIMIT 1")
      .toArray()[0];
    const newestSlot = newest && newest.id < PARTS_PER_SLOT ? 0 : 1;
    const slot = newest?.lsn === lsn ? newestSlot : 1 - newestSlot;
    const firstId = slot * PARTS_PER_SLOT;
    this.#write("DELETE FROM snap WHERE id >= ? AND id < ?", firstId, firstId + PARTS_PER_SLOT);
    for (let part = 0, at = 0; at < data.length; part++, at += shardLimits.recordBytes) {
      this.#write(
        "INSERT INTO snap (id, lsn, part, data) VALUES (?, ?, ?, ?)",
        firstId + part,
        lsn,
        part,
        data.slice(at, at + shardLimits.recordBytes),
      );
    }
  }

  clear(): void {
    for (const { epoch } of [...this.#epochs]) this.dropEpoch(epoch);
    this.#write("DROP TABLE IF EXISTS snap");
  }

  /** The table's first number stands in its definition: it holds while the table is empty, too. */
  #firstLsn(epoch: number): number {
    const { sql } = this.#sql
      .exec<{ sql: string }>("SELECT sql FROM sqlite_master WHERE name = ?", `rec_${epoch}`)
      .one();
    return Number(/lsn >= (\d+)/.exec(sql)?.[1]);
  }

  #epochOf(lsn: number): EpochInfo | undefined {
    return this.#epochs.findLast(({ firstLsn }) => firstLsn <= lsn);
  }

  #hasSnapshots(): boolean {
    return this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'snap'").toArray().length > 0;
  }

  #write(statement: string, ...bindings: SqlStorageValue[] | (number | Uint8Array)[]): void {
    this.rowsWritten += this.#sql.exec(statement, ...bindings).rowsWritten;
  }
}

/** Ids of a slot's parts: two slots are used in turn, so that the newest complete snapshot is never touched. */
const PARTS_PER_SLOT = 1000;
