import { randomBytes, randomUUID } from "node:crypto";
import { type DataKey, type DataKeySource, dataKeyOwner } from "../encryption/data-key.ts";
import { KeyCache } from "../encryption/key-cache.ts";
import { openSecret, type RootKeys, sealSecret } from "../encryption/secrets.ts";
import { fromBase64, toBase64 } from "../lib/bytes.ts";
import { assert } from "../lib/result.ts";
import { limits } from "../queue/limits.ts";
import type { QueueId, QueueSettings } from "../queue/settings.ts";
import { type QueueRow, queueColumns, selectQueue, settingsOf } from "./queues.ts";

/** A data key as D1 keeps it. */
export interface SealedDataKey {
  readonly id: string;
  readonly queueUid: string;
  readonly sealedKey: string;
  readonly createdAtSeconds: number;
}

/** The data keys of all queues: D1, and what this isolate has opened of it. A failure of D1 is thrown. */
export class DataKeys implements DataKeySource {
  readonly #db: D1Database;
  readonly #keys: RootKeys;
  readonly #remember: (settings: QueueSettings) => void;
  readonly #clock: () => number;
  /** A key never changes, so what was opened stays. Requests that miss together each ask: none waits for another's. */
  readonly #opened = new KeyCache<DataKey>(limits.dataKeys);

  /**
   * @param remember is told settings that are newer than those that were asked about
   * @param clock milliseconds; tells when a queue was given its first key late
   */
  constructor(
    db: D1Database,
    keys: RootKeys,
    { remember, clock = Date.now }: { remember: (settings: QueueSettings) => void; clock?: () => number },
  ) {
    this.#db = db;
    this.#keys = keys;
    this.#remember = remember;
    this.#clock = clock;
  }

  /** A new key for a queue, to be stored with it. */
  make(queueUid: string, nowMs: number): SealedDataKey {
    const id = randomUUID();
    const secret = { text: toBase64(randomBytes(KEY_BYTES)), owner: dataKeyOwner({ id, queueUid }) };
    const sealedKey = sealSecret(this.#keys, secret);
    return { id, queueUid, sealedKey, createdAtSeconds: Math.floor(nowMs / 1000) };
  }

  find(keyId: string): DataKey | undefined | Promise<DataKey | undefined> {
    return this.#opened.get(keyId) ?? this.#read(keyId);
  }

  async current(settings: QueueSettings): Promise<DataKey | undefined> {
    const { dataKeyId } =
      settings.dataKeyId === undefined ? ((await this.#ensure(settings)) ?? {}) : settings;
    if (dataKeyId === undefined) return undefined;
    const key = await this.find(dataKeyId);
    assert(key?.queueUid === settings.uid, `data key ${dataKeyId} is not there, or another queue's`);
    return key;
  }

  /**
   * Gives a new key to queues whose key has sealed for `maxDays`, some at a time. What the old one sealed stays
   * readable.
   *
   * @returns the queues' new settings, for their shards to be told
   */
  async rotate(maxDays: number, nowMs: number): Promise<readonly QueueSettings[]> {
    const nowSeconds = Math.floor(nowMs / 1000);
    const due = selectDueKeys(this.#db, nowSeconds - maxDays * SECONDS_PER_DAY);
    const { results } = await due.all<{ key_id: string; queue_uid: string }>();
    const rotated: QueueSettings[] = [];
    for (const { key_id, queue_uid } of results) {
      const settings = await this.#exchange(this.make(queue_uid, nowMs), key_id);
      if (settings !== undefined) rotated.push(settings);
      // A release from before there were keys deletes a queue without a word to them.
      else await retireOrphan(this.#db, key_id, nowSeconds).run();
    }
    return rotated;
  }

  /** Erases keys of queues that were deleted long ago, some at a time. @returns how many */
  async eraseRetired(nowMs: number): Promise<number> {
    const horizonSeconds = Math.floor(nowMs / 1000) - limits.retiredKeySeconds;
    const { results } = await deleteRetiredKeys(this.#db, horizonSeconds).all();
    return results.length;
  }

  /** Gives a queue its first key; of several at once one does, and all learn of that key. */
  async #ensure(settings: QueueSettings): Promise<QueueSettings | undefined> {
    const known = await this.#known(settings);
    if (known === undefined || known.dataKeyId !== undefined) return known;
    const key = this.make(settings.uid, this.#clock());
    return (await this.#exchange(key, null)) ?? (await this.#known(settings));
  }

  /** @returns undefined unless the queue is there and had just this key before */
  async #exchange(key: SealedDataKey, before: string | null): Promise<QueueSettings | undefined> {
    const results = await this.#db.batch<QueueRow>(exchangeKey(this.#db, key, before));
    const row = results.at(-1)?.results[0];
    if (row === undefined) return undefined;
    const settings = settingsOf(row);
    this.#remember(settings);
    return settings;
  }

  /** What the catalog has of this very queue, which somebody else has just given a key. */
  async #known(queue: QueueSettings): Promise<QueueSettings | undefined> {
    const row = await selectQueue(this.#db, queue).first<QueueRow>();
    if (row?.uid !== queue.uid) return undefined;
    const settings = settingsOf(row);
    this.#remember(settings);
    return settings;
  }

  async #read(keyId: string): Promise<DataKey | undefined> {
    const row = await selectKey(this.#db, keyId).first<{ queue_uid: string; sealed_key: string }>();
    if (row === null) return undefined;
    const identity = { id: keyId, queueUid: row.queue_uid };
    const text = openSecret(this.#keys, row.sealed_key, dataKeyOwner(identity));
    assert(text.ok, `data key ${keyId} does not open: ${text.ok ? "" : text.error}`);
    const bytes = fromBase64(text.value);
    assert(bytes?.length === KEY_BYTES, `data key ${keyId} is no key`);
    const key = { ...identity, bytes };
    this.#opened.put(keyId, key);
    return key;
  }
}

const KEY_BYTES = 32;
const SECONDS_PER_DAY = 86_400;

/** Stores the key of a queue that the same batch has just made; nothing if it made none. Index: primary key. */
export function insertFirstKey(db: D1Database, key: SealedDataKey): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO data_keys (key_id, queue_uid, sealed_key, created_at)
       SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM queues WHERE uid = ?2 AND data_key_id = ?1)`,
    )
    .bind(key.id, key.queueUid, key.sealedKey, key.createdAtSeconds);
}

/**
 * The statements that give a queue another key, to be run as one batch; the last returns its row. They do nothing
 * unless the queue is there and has the key `before`, null for none. Indexes: primary keys.
 */
function exchangeKey(db: D1Database, key: SealedDataKey, before: string | null): D1PreparedStatement[] {
  return [
    db
      .prepare(
        `INSERT INTO data_keys (key_id, queue_uid, sealed_key, created_at)
         SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM queues WHERE uid = ?2 AND data_key_id IS ?5)`,
      )
      .bind(key.id, key.queueUid, key.sealedKey, key.createdAtSeconds, before),
    db
      .prepare(
        `UPDATE data_keys SET replaced_at = ?3
         WHERE key_id = ?2 AND EXISTS (SELECT 1 FROM queues WHERE uid = ?1 AND data_key_id IS ?2)`,
      )
      .bind(key.queueUid, before, key.createdAtSeconds),
    db
      .prepare(
        `UPDATE queues SET data_key_id = ?2, version = version + 1
         WHERE uid = ?1 AND data_key_id IS ?3
         RETURNING ${queueColumns}`,
      )
      .bind(key.queueUid, key.id, before),
  ];
}

/** Index: primary key. */
function selectKey(db: D1Database, keyId: string): D1PreparedStatement {
  return db.prepare("SELECT queue_uid, sealed_key FROM data_keys WHERE key_id = ?1").bind(keyId);
}

/** Keys that seal since `dueAtSeconds` or before, the oldest first. Index: data_keys_in_use. */
function selectDueKeys(db: D1Database, dueAtSeconds: number): D1PreparedStatement {
  return db
    .prepare(
      `SELECT key_id, queue_uid FROM data_keys
       WHERE replaced_at IS NULL AND retired_at IS NULL AND created_at <= ?1
       ORDER BY created_at LIMIT ?2`,
    )
    .bind(dueAtSeconds, limits.rotatedAtOnce);
}

/** Notes that a queue is deleted; to be run while its row is there. Indexes: queues_by_name, data_keys_by_queue. */
export function retireKeys(db: D1Database, { account, region, name }: QueueId, nowSeconds: number) {
  return db
    .prepare(
      `UPDATE data_keys SET retired_at = ?4
       WHERE queue_uid = (SELECT uid FROM queues WHERE account = ?1 AND region = ?2 AND name = ?3)`,
    )
    .bind(account, region, name, nowSeconds);
}

/** Changes nothing if the key's queue is there. Index: primary keys. */
function retireOrphan(db: D1Database, keyId: string, nowSeconds: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE data_keys SET retired_at = ?2
       WHERE key_id = ?1 AND NOT EXISTS (SELECT 1 FROM queues WHERE uid = queue_uid)`,
    )
    .bind(keyId, nowSeconds);
}

/** Index: data_keys_retired. */
function deleteRetiredKeys(db: D1Database, horizonSeconds: number): D1PreparedStatement {
  return db
    .prepare(
      `DELETE FROM data_keys WHERE key_id IN (
         SELECT key_id FROM data_keys WHERE retired_at <= ?1 ORDER BY retired_at LIMIT ?2)
       RETURNING key_id`,
    )
    .bind(horizonSeconds, limits.erasedKeysAtOnce);
}
