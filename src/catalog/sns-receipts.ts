import { limits } from "../queue/limits.ts";

/** A message that Amazon's SNS delivers, possibly more than once, and the queue that it is for. */
export interface Delivery {
  readonly queueUid: string;
  /** SNS's MessageId. */
  readonly messageId: string;
}

/**
 * Which deliveries of Amazon's SNS have been stored. The shard knows a batch for half a minute; SNS repeats a
 * delivery for up to an hour.
 */
export class SnsReceipts {
  readonly #db: D1Database;

  constructor(db: D1Database) {
    this.#db = db;
  }

  /** By primary key. */
  async has({ queueUid, messageId }: Delivery): Promise<boolean> {
    const found = this.#db
      .prepare("SELECT 1 AS found FROM sns_receipts WHERE queue_uid = ?1 AND message_id = ?2")
      .bind(queueUid, messageId);
    return (await found.first()) !== null;
  }

  /**
   * Notes a delivery and forgets some that SNS cannot repeat any more: more than one for each new one, so that the
   * table never grows beyond the deliveries of that time. By primary key; index: sns_receipts_by_time.
   */
  async add({ queueUid, messageId }: Delivery, nowMs: number): Promise<void> {
    await this.#db.batch([
      this.#db
        .prepare(
          `INSERT INTO sns_receipts (queue_uid, message_id, stored_at) VALUES (?1, ?2, ?3)
           ON CONFLICT (queue_uid, message_id) DO NOTHING`,
        )
        .bind(queueUid, messageId, nowMs),
      this.#db
        .prepare(
          `DELETE FROM sns_receipts WHERE (queue_uid, message_id) IN (
             SELECT queue_uid, message_id FROM sns_receipts WHERE stored_at < ?1 ORDER BY stored_at LIMIT ?2)`,
        )
        .bind(nowMs - limits.snsReceiptMs, limits.snsReceiptsErasedAtOnce),
    ]);
  }
}
