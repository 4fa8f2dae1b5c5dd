import { limits } from "../queue/limits.ts";
import type { AttributeSetting, AttributeTexts, TopicId } from "./topic-rows.ts";

/** The table of subscriptions, one function per statement. */

export interface SubscriptionId {
  readonly topic: TopicId;
  /** UUID. */
  readonly id: string;
}

export interface Subscription extends SubscriptionId {
  /** The account that subscribed. */
  readonly owner: string;
  /** ARN of who subscribed. */
  readonly principal: string;
  /** ARN of the queue. */
  readonly endpoint: string;
  readonly attributes: AttributeTexts;
  /** Until the queue's account has confirmed, nothing is delivered. */
  readonly pending: boolean;
}

/** What a confirmation has to bring. */
export interface ConfirmationToken {
  /** SHA-256 in hexadecimal: whoever reads the catalog cannot confirm. */
  readonly hash: string;
  readonly expiresAtMs: number;
}

export interface SubscriptionRow {
  readonly topic_account: string;
  readonly topic_region: string;
  readonly topic_name: string;
  readonly subscription_id: string;
  readonly owner: string;
  readonly principal: string;
  readonly endpoint: string;
  readonly attributes: string;
  readonly pending: number;
}

export function subscriptionOf(row: SubscriptionRow): Subscription {
  return {
    topic: { account: row.topic_account, region: row.topic_region, name: row.topic_name },
    id: row.subscription_id,
    owner: row.owner,
    principal: row.principal,
    endpoint: row.endpoint,
    attributes: JSON.parse(row.attributes) as AttributeTexts,
    pending: row.pending !== 0,
  };
}

const COLUMNS =
  "topic_account, topic_region, topic_name, subscription_id, owner, principal, endpoint, attributes, pending";

/** By primary key. */
export function selectSubscription(db: D1Database, { topic, id }: SubscriptionId): D1PreparedStatement {
  return db
    .prepare(
      `SELECT ${COLUMNS} FROM subscriptions
       WHERE topic_account = ?1 AND topic_region = ?2 AND topic_name = ?3 AND subscription_id = ?4`,
    )
    .bind(topic.account, topic.region, topic.name, id);
}

/** Index: subscriptions_by_endpoint. */
export function selectByEndpoint(db: D1Database, topic: TopicId, endpoint: string): D1PreparedStatement {
  return db
    .prepare(
      `SELECT ${COLUMNS} FROM subscriptions
       WHERE topic_account = ?1 AND topic_region = ?2 AND topic_name = ?3 AND endpoint = ?4`,
    )
    .bind(topic.account, topic.region, topic.name, endpoint);
}

/** Everybody who is to get what is published to a topic. By primary key. */
export function selectConfirmed(db: D1Database, topic: TopicId): D1PreparedStatement {
  return db
    .prepare(
      `SELECT ${COLUMNS} FROM subscriptions
       WHERE topic_account = ?1 AND topic_region = ?2 AND topic_name = ?3 AND pending = 0`,
    )
    .bind(topic.account, topic.region, topic.name);
}

export interface SubscriptionCounts {
  readonly confirmed: number;
  readonly pending: number;
  /** Those with a filter policy. */
  readonly filtered: number;
}

/** By primary key. */
export function countSubscriptions(db: D1Database, topic: TopicId): D1PreparedStatement {
  return db
    .prepare(
      `SELECT count(*) FILTER (WHERE pending = 0) AS confirmed, count(*) FILTER (WHERE pending = 1) AS pending,
         count(*) FILTER (WHERE json_extract(attributes, '$.FilterPolicy') IS NOT NULL) AS filtered
       FROM subscriptions WHERE topic_account = ?1 AND topic_region = ?2 AND topic_name = ?3`,
    )
    .bind(topic.account, topic.region, topic.name);
}

/**
 * Inserts nothing, and returns no row, if the topic is not there, has as many subscriptions or filter policies as it
 * may, or has the queue already. Keys: those of topics and subscriptions.
 */
export function insertSubscription(
  db: D1Database,
  subscription: Subscription,
  token: ConfirmationToken | undefined,
  createdAtSeconds: number,
): D1PreparedStatement {
  const { topic } = subscription;
  return db
    .prepare(
      `INSERT INTO subscriptions (${COLUMNS}, token_hash, token_expires_at, created_at)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12
       WHERE EXISTS (SELECT 1 FROM topics WHERE account = ?1 AND region = ?2 AND name = ?3)
         AND (SELECT count(*) FROM subscriptions
              WHERE topic_account = ?1 AND topic_region = ?2 AND topic_name = ?3) < ?13
         AND (json_extract(?8, '$.FilterPolicy') IS NULL
              OR (SELECT count(*) FROM subscriptions
                  WHERE topic_account = ?1 AND topic_region = ?2 AND topic_name = ?3
                    AND json_extract(attributes, '$.FilterPolicy') IS NOT NULL) < ?14)
       ON CONFLICT DO NOTHING RETURNING subscription_id`,
    )
    .bind(
      topic.account,
      topic.region,
      topic.name,
      subscription.id,
      subscription.owner,
      subscription.principal,
      subscription.endpoint,
      JSON.stringify(subscription.attributes),
      subscription.pending ? 1 : 0,
      token?.hash ?? null,
      token?.expiresAtMs ?? null,
      createdAtSeconds,
      limits.snsSubscriptionsPerTopic,
      limits.snsFilterPoliciesPerTopic,
    );
}

/**
 * Changes one attribute and no other. Changes nothing, and returns no row, if the subscription is not there, or the
 * topic would have more filter policies than it may. By primary key.
 */
export function updateSubscriptionAttribute(
  db: D1Database,
  { topic, id }: SubscriptionId,
  { name, value }: AttributeSetting,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE subscriptions SET attributes = json_patch(attributes, json_object(?5, ?6))
       WHERE topic_account = ?1 AND topic_region = ?2 AND topic_name = ?3 AND subscription_id = ?4
         AND (?5 <> 'FilterPolicy' OR ?6 IS NULL
              OR (SELECT count(*) FROM subscriptions AS other
                  WHERE other.topic_account = ?1 AND other.topic_region = ?2 AND other.topic_name = ?3
                    AND other.subscription_id <> ?4
                    AND json_extract(other.attributes, '$.FilterPolicy') IS NOT NULL) < ?7)
       RETURNING subscription_id`,
    )
    .bind(topic.account, topic.region, topic.name, id, name, value ?? null, limits.snsFilterPoliciesPerTopic);
}

/** Gives a subscription that waits for its confirmation another token. By primary key. */
export function renewToken(
  db: D1Database,
  { topic, id }: SubscriptionId,
  token: ConfirmationToken,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE subscriptions SET token_hash = ?5, token_expires_at = ?6
       WHERE topic_account = ?1 AND topic_region = ?2 AND topic_name = ?3 AND subscription_id = ?4 AND pending = 1`,
    )
    .bind(topic.account, topic.region, topic.name, id, token.hash, token.expiresAtMs);
}

/** Returns a row for a token that was used before, too. By primary key. */
export function confirmByToken(
  db: D1Database,
  topic: TopicId,
  { hash, nowMs }: { readonly hash: string; readonly nowMs: number },
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE subscriptions SET pending = 0
       WHERE topic_account = ?1 AND topic_region = ?2 AND topic_name = ?3
         AND token_hash = ?4 AND token_expires_at > ?5
       RETURNING subscription_id`,
    )
    .bind(topic.account, topic.region, topic.name, hash, nowMs);
}

/** By primary key. */
export function deleteSubscriptionRow(db: D1Database, { topic, id }: SubscriptionId): D1PreparedStatement {
  return db
    .prepare(
      `DELETE FROM subscriptions
       WHERE topic_account = ?1 AND topic_region = ?2 AND topic_name = ?3 AND subscription_id = ?4`,
    )
    .bind(topic.account, topic.region, topic.name, id);
}

/** By primary key. */
export function deleteSubscriptionsOf(db: D1Database, topic: TopicId): D1PreparedStatement {
  return db
    .prepare("DELETE FROM subscriptions WHERE topic_account = ?1 AND topic_region = ?2 AND topic_name = ?3")
    .bind(topic.account, topic.region, topic.name);
}

/** In the order of their ids. By primary key. */
export function selectPageOfTopic(
  db: D1Database,
  topic: TopicId,
  { afterId, limit }: { readonly afterId: string; readonly limit: number },
): D1PreparedStatement {
  return db
    .prepare(
      `SELECT ${COLUMNS} FROM subscriptions
       WHERE topic_account = ?1 AND topic_region = ?2 AND topic_name = ?3 AND subscription_id > ?4
       ORDER BY subscription_id LIMIT ?5`,
    )
    .bind(topic.account, topic.region, topic.name, afterId, limit);
}

/** In the order of topics and ids. Index: subscriptions_by_owner. */
export function selectPageOfOwner(
  db: D1Database,
  { owner, region }: { readonly owner: string; readonly region: string },
  { after, limit }: { readonly after: SubscriptionId | undefined; readonly limit: number },
): D1PreparedStatement {
  return db
    .prepare(
      `SELECT ${COLUMNS} FROM subscriptions
       WHERE owner = ?1 AND topic_region = ?2
         AND (topic_account, topic_name, subscription_id) > (?3, ?4, ?5)
       ORDER BY topic_account, topic_name, subscription_id LIMIT ?6`,
    )
    .bind(owner, region, after?.topic.account ?? "", after?.topic.name ?? "", after?.id ?? "", limit);
}
