import { limits } from "../queue/limits.ts";
import type { QueueId } from "../queue/settings.ts";
import type { Tags } from "../queue/tags.ts";
import { queueColumns } from "./queues.ts";

/**
 * A queue's tags: one JSON object in its row, so that a change and its bound are one statement. A change makes a new
 * version of the queue's settings, because policies may ask for tags. Each returns the queue's row.
 */

/** Changes nothing, and returns no row, if there would be more than 50. Index: queues_by_name. */
export function mergeTags(db: D1Database, id: QueueId, tags: Tags): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE queues SET tags = json_patch(tags, ?4), version = version + 1
       WHERE account = ?1 AND region = ?2 AND name = ?3
         AND (SELECT count(*) FROM json_each(json_patch(tags, ?4))) <= ?5
       RETURNING ${queueColumns}`,
    )
    .bind(id.account, id.region, id.name, JSON.stringify(Object.fromEntries(tags)), limits.tags);
}

/** In a JSON merge patch null removes. Index: queues_by_name. */
export function removeTags(db: D1Database, id: QueueId, keys: readonly string[]): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE queues SET tags = json_patch(tags, ?4), version = version + 1
       WHERE account = ?1 AND region = ?2 AND name = ?3
       RETURNING ${queueColumns}`,
    )
    .bind(id.account, id.region, id.name, JSON.stringify(Object.fromEntries(keys.map((key) => [key, null]))));
}
