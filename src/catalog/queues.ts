import { queueArn } from "../queue/queue-arn.ts";
import type { QueueAttributes, QueueId, QueueSettings } from "../queue/settings.ts";
import type { Tags } from "../queue/tags.ts";

/** The table of queues, one function per statement. */

/** A row of `queues` without its tags. */
export interface QueueRow {
  readonly uid: string;
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly version: number;
  readonly handle_key: string;
  readonly created_at: number;
  readonly modified_at: number;
  readonly attributes: string;
  /** Null for a queue without one; absent where it is not asked for, which is of deleted queues. */
  readonly data_key_id?: string | null;
  /** A JSON object; absent likewise. */
  readonly tags?: string;
}

/** What `settingsOf` reads. */
export const queueColumns =
  "uid, account, region, name, version, handle_key, created_at, modified_at, attributes, data_key_id, tags";

export function settingsOf(row: QueueRow): QueueSettings {
  return {
    uid: row.uid,
    account: row.account,
    region: row.region,
    name: row.name,
    version: row.version,
    handleKey: row.handle_key,
    createdAtSeconds: row.created_at,
    modifiedAtSeconds: row.modified_at,
    attributes: JSON.parse(row.attributes) as QueueAttributes,
    ...(row.data_key_id && { dataKeyId: row.data_key_id }),
    ...(row.tags && row.tags !== "{}" && { tags: JSON.parse(row.tags) as Record<string, string> }),
  };
}

/** Index: queues_by_name. */
export function selectQueue(db: D1Database, id: QueueId): D1PreparedStatement {
  return db
    .prepare(`SELECT ${queueColumns} FROM queues WHERE account = ?1 AND region = ?2 AND name = ?3`)
    .bind(id.account, id.region, id.name);
}

/**
 * Inserts nothing if the name is taken, or was given up after `deletedAfterMs`. Indexes: queues_by_name, and
 * the key of deleted_names.
 */
export function insertQueue(
  db: D1Database,
  settings: QueueSettings,
  tags: Tags,
  deletedAfterMs: number,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO queues
         (uid, account, region, name, version, handle_key, created_at, modified_at, attributes, tags, data_key_id)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?12
       WHERE NOT EXISTS (
         SELECT 1 FROM deleted_names
         WHERE account = ?2 AND region = ?3 AND name = ?4 AND deleted_at > ?11)
       ON CONFLICT (account, region, name) DO NOTHING`,
    )
    .bind(
      settings.uid,
      settings.account,
      settings.region,
      settings.name,
      settings.version,
      settings.handleKey,
      settings.createdAtSeconds,
      settings.modifiedAtSeconds,
      JSON.stringify(settings.attributes),
      JSON.stringify(Object.fromEntries(tags)),
      deletedAfterMs,
      settings.dataKeyId ?? null,
    );
}

/** Changes nothing, and returns no row, unless the queue is still at the version before. Index: primary key. */
export function updateQueue(db: D1Database, next: QueueSettings): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE queues SET version = ?2, attributes = ?3, modified_at = ?4
       WHERE uid = ?1 AND version = ?2 - 1 RETURNING uid`,
    )
    .bind(next.uid, next.version, JSON.stringify(next.attributes), next.modifiedAtSeconds);
}

export interface ListRequest {
  readonly account: string;
  readonly region: string;
  /** Case-sensitive and literal: a range of the index, not a LIKE. */
  readonly prefix?: string | undefined;
  readonly limit: number;
  /** The last name of the page before. */
  readonly afterName?: string | undefined;
}

/**
 * Names in lexical order, read from queues_by_name alone. The plus sign keeps SQLite from starting the range
 * at `afterName` when the prefix lies further on.
 */
export function selectNames(db: D1Database, request: ListRequest): D1PreparedStatement {
  const { account, region, prefix = "", limit, afterName = "" } = request;
  return db
    .prepare(
      `SELECT name FROM queues
       WHERE account = ?1 AND region = ?2 AND name >= max(?3, ?4) AND name < ?3 || ?5 AND +name > ?4
       ORDER BY name LIMIT ?6`,
    )
    .bind(account, region, prefix, afterName, "\u{10ffff}", limit);
}

/** Which page of the sources of a dead-letter queue. */
export interface SourcesRequest {
  readonly limit: number;
  /** The last name of the page before. */
  readonly afterName?: string | undefined;
}

/** Names of the queues whose dead letters `target` takes, in lexical order. Index: queues_by_dead_letter_target. */
export function selectSourceNames(
  db: D1Database,
  target: QueueId,
  { limit, afterName = "" }: SourcesRequest,
): D1PreparedStatement {
  return db
    .prepare("SELECT name FROM queues WHERE dead_letter_target = ?1 AND name > ?2 ORDER BY name LIMIT ?3")
    .bind(queueArn(target), afterName, limit);
}

/** The same queues with their settings. Index: queues_by_dead_letter_target. */
export function selectSources(
  db: D1Database,
  target: QueueId,
  { limit, afterName = "" }: SourcesRequest,
): D1PreparedStatement {
  return db
    .prepare(
      `SELECT ${queueColumns} FROM queues
       WHERE dead_letter_target = ?1 AND name > ?2 ORDER BY name LIMIT ?3`,
    )
    .bind(queueArn(target), afterName, limit);
}
