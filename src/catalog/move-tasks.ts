import type { QueueId, QueueSettings } from "../queue/settings.ts";
import { type QueueRow, settingsOf } from "./queues.ts";

/** The table of move tasks, one function per statement. */

export interface NewMoveTask {
  readonly taskId: string;
  readonly source: QueueId;
  readonly startedAtMs: number;
}

/** A task that was running when it was last heard of. */
export interface KnownMoveTask {
  readonly taskId: string;
  /** Its source queue; undefined if that was deleted. */
  readonly source: QueueSettings | undefined;
}

/**
 * Takes the place of an earlier task of the same queue. Inserts nothing, and returns no row, if the account has
 * `bound` tasks on other queues. Index: primary key.
 */
export function insertMoveTask(
  db: D1Database,
  { taskId, source, startedAtMs }: NewMoveTask,
  bound: number,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO move_tasks (account, region, source, task_id, started_at)
       SELECT ?1, ?2, ?3, ?4, ?5
       WHERE ?6 > (
         SELECT count(*) FROM move_tasks WHERE account = ?1 AND NOT (region = ?2 AND source = ?3))
       ON CONFLICT (account, region, source)
         DO UPDATE SET task_id = excluded.task_id, started_at = excluded.started_at
       RETURNING task_id`,
    )
    .bind(source.account, source.region, source.name, taskId, startedAtMs, bound);
}

export interface MoveTaskRow extends QueueRow {
  readonly task_id: string;
}

/** With the settings of each source queue, which are null if it is gone. Indexes: primary key, queues_by_name. */
export function selectMoveTasks(db: D1Database, account: string): D1PreparedStatement {
  return db
    .prepare(
      `SELECT task_id, uid, queues.account, queues.region, name, version, handle_key, created_at, modified_at, attributes
       FROM move_tasks LEFT JOIN queues
         ON queues.account = move_tasks.account AND queues.region = move_tasks.region AND name = source
       WHERE move_tasks.account = ?1`,
    )
    .bind(account);
}

export function moveTaskOf(
  row: MoveTaskRow | (Record<keyof QueueRow, null> & { task_id: string }),
): KnownMoveTask {
  return { taskId: row.task_id, source: row.uid === null ? undefined : settingsOf(row) };
}

/** @param taskIds a row whose queue has begun another task since is left alone. Index: primary key. */
export function deleteMoveTasks(
  db: D1Database,
  account: string,
  taskIds: readonly string[],
): D1PreparedStatement {
  return db
    .prepare("DELETE FROM move_tasks WHERE account = ?1 AND task_id IN (SELECT value FROM json_each(?2))")
    .bind(account, JSON.stringify(taskIds));
}
