import { limits } from "../queue/limits.ts";
import type { QueueId } from "../queue/settings.ts";
import { retireKeys } from "./data-keys.ts";

/** Deleted queues: first out of sight, then emptied. One function per batch or statement. */

/**
 * The statements that delete a queue, to be run as one batch; the last returns its row, or none if there was
 * no queue. Indexes: queues_by_name, deleted_names_by_time.
 */
export function moveToDeleted(db: D1Database, id: QueueId, nowMs: number): D1PreparedStatement[] {
  const { account, region, name } = id;
  return [
    db
      .prepare(
        `INSERT INTO deleted_queues
           (uid, account, region, name, version, handle_key, created_at, modified_at, attributes, deleted_at, tried_at)
         SELECT uid, account, region, name, version, handle_key, created_at, modified_at, attributes, ?4, ?4
         FROM queues WHERE account = ?1 AND region = ?2 AND name = ?3`,
      )
      .bind(account, region, name, nowMs),
    retireKeys(db, id, Math.floor(nowMs / 1000)),
    db
      .prepare(
        `INSERT INTO deleted_names (account, region, name, deleted_at)
         SELECT account, region, name, ?4
         FROM queues WHERE account = ?1 AND region = ?2 AND name = ?3
         ON CONFLICT (account, region, name) DO UPDATE SET deleted_at = excluded.deleted_at`,
      )
      .bind(account, region, name, nowMs),
    db.prepare("DELETE FROM deleted_names WHERE deleted_at < ?1").bind(nowMs - limits.strictWaitMs),
    db
      .prepare(
        `DELETE FROM queues WHERE account = ?1 AND region = ?2 AND name = ?3
         RETURNING uid, account, region, name, version, handle_key, created_at, modified_at, attributes`,
      )
      .bind(account, region, name),
  ];
}

/**
 * Takes the deletions that were tried longest ago, so that a shard that keeps failing does not hold up the
 * others, and no two callers get the same one. Index: deleted_queues_by_try.
 */
export function claimDeletions(db: D1Database, limit: number, nowMs: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE deleted_queues SET tried_at = ?2
       WHERE uid IN (SELECT uid FROM deleted_queues WHERE tried_at <= ?3 ORDER BY tried_at LIMIT ?1)
       RETURNING uid, account, region, name, version, handle_key, created_at, modified_at, attributes`,
    )
    .bind(limit, nowMs, nowMs - retryMs);
}

/** Index: primary key. */
export function eraseDeletion(db: D1Database, uid: string): D1PreparedStatement {
  return db.prepare("DELETE FROM deleted_queues WHERE uid = ?1").bind(uid);
}

/** Emptying a shard takes well below a minute; until then it is taken to be under way. */
const retryMs = 60_000;
