/**
 * Marks a shard whose queue was deleted, so that a Worker with an old cache entry cannot bring it back to life.
 * An hour later nobody has such an entry, and the object is emptied for good.
 */
export class Tombstone {
  readonly #sql: SqlStorage;
  stands: boolean;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const meta = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'meta'").toArray().length > 0;
    this.stands = meta && sql.exec("SELECT 1 FROM meta WHERE k = 'deleted'").toArray().length > 0;
  }

  /** @returns when the object should forget itself */
  erect(nowMs: number): number {
    this.#sql.exec("CREATE TABLE IF NOT EXISTS meta (k TEXT PRIMARY KEY, v BLOB) WITHOUT ROWID");
    this.#sql.exec("INSERT OR REPLACE INTO meta (k, v) VALUES ('deleted', ?)", nowMs);
    this.stands = true;
    return nowMs + STANDS_MS;
  }
}

const STANDS_MS = 3_600_000;
