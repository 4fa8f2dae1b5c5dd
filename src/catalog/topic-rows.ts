import { limits } from "../queue/limits.ts";
import type { Tags } from "../queue/tags.ts";

/** The table of topics, one function per statement. */

export interface TopicId {
  readonly account: string;
  readonly region: string;
  /** With its `.fifo`. */
  readonly name: string;
}

/** Attributes that were set, by SNS's names. */
export type AttributeTexts = Readonly<Record<string, string | undefined>>;

export interface Topic extends TopicId {
  readonly attributes: AttributeTexts;
  /** Which unique id each user and role that the policy names had when it was set, by ARN. */
  readonly policyIds: Readonly<Record<string, string>>;
  readonly tags: Tags;
}

/** A row of `topics`. */
export interface TopicRow {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly attributes: string;
  readonly policy_ids: string;
  readonly tags: string;
}

export function topicOf(row: TopicRow): Topic {
  return {
    account: row.account,
    region: row.region,
    name: row.name,
    attributes: JSON.parse(row.attributes) as AttributeTexts,
    policyIds: JSON.parse(row.policy_ids) as Record<string, string>,
    tags: new Map(Object.entries(JSON.parse(row.tags) as Record<string, string>)),
  };
}

/** By primary key. */
export function selectTopic(db: D1Database, { account, region, name }: TopicId): D1PreparedStatement {
  return db
    .prepare(
      `SELECT account, region, name, attributes, policy_ids, tags
       FROM topics WHERE account = ?1 AND region = ?2 AND name = ?3`,
    )
    .bind(account, region, name);
}

/** Inserts nothing, and returns no row, if the name is taken. By primary key. */
export function insertTopic(db: D1Database, topic: Topic, createdAtSeconds: number): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO topics (account, region, name, attributes, policy_ids, tags, sequence, created_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7)
       ON CONFLICT (account, region, name) DO NOTHING RETURNING name`,
    )
    .bind(
      topic.account,
      topic.region,
      topic.name,
      JSON.stringify(topic.attributes),
      JSON.stringify(topic.policyIds),
      JSON.stringify(Object.fromEntries(topic.tags)),
      createdAtSeconds,
    );
}

/** By primary key. */
export function deleteTopicRow(db: D1Database, { account, region, name }: TopicId): D1PreparedStatement {
  return db
    .prepare("DELETE FROM topics WHERE account = ?1 AND region = ?2 AND name = ?3")
    .bind(account, region, name);
}

export interface AttributeSetting {
  /** Letters only. */
  readonly name: string;
  /** Undefined takes the attribute away. */
  readonly value: string | undefined;
}

/** Changes one attribute and no other, whatever is changed at the same time. By primary key. */
export function updateTopicAttribute(
  db: D1Database,
  id: TopicId,
  { name, value }: AttributeSetting,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE topics SET attributes = json_patch(attributes, json_object(?4, ?5))
       WHERE account = ?1 AND region = ?2 AND name = ?3 RETURNING name`,
    )
    .bind(id.account, id.region, id.name, name, value ?? null);
}

export interface PolicySetting {
  readonly policy: string;
  readonly policyIds: Readonly<Record<string, string>>;
}

/** By primary key. */
export function updatePolicy(
  db: D1Database,
  id: TopicId,
  { policy, policyIds }: PolicySetting,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE topics SET attributes = json_set(attributes, '$.Policy', ?4), policy_ids = ?5
       WHERE account = ?1 AND region = ?2 AND name = ?3 RETURNING name`,
    )
    .bind(id.account, id.region, id.name, policy, JSON.stringify(policyIds));
}

/** Changes nothing, and returns no row, unless the policy still is the one before. By primary key. */
export function replacePolicy(
  db: D1Database,
  id: TopicId,
  { before, after }: { readonly before: string | undefined; readonly after: string },
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE topics SET attributes = json_set(attributes, '$.Policy', ?4)
       WHERE account = ?1 AND region = ?2 AND name = ?3 AND json_extract(attributes, '$.Policy') IS ?5
       RETURNING name`,
    )
    .bind(id.account, id.region, id.name, after, before ?? null);
}

/** Takes the next numbers of a topic; the row has the last of them. By primary key. */
export function takeSequenceNumbers(db: D1Database, id: TopicId, count: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE topics SET sequence = sequence + ?4
       WHERE account = ?1 AND region = ?2 AND name = ?3 RETURNING sequence`,
    )
    .bind(id.account, id.region, id.name, count);
}

/** Names in lexical order. By primary key. */
export function selectTopicNames(
  db: D1Database,
  { account, region }: Pick<TopicId, "account" | "region">,
  { afterName, limit }: { readonly afterName: string; readonly limit: number },
): D1PreparedStatement {
  return db
    .prepare(
      "SELECT name FROM topics WHERE account = ?1 AND region = ?2 AND name > ?3 ORDER BY name LIMIT ?4",
    )
    .bind(account, region, afterName, limit);
}

/** Changes nothing, and returns no row, if there would be more than 50. By primary key. */
export function mergeTopicTags(db: D1Database, id: TopicId, tags: Tags): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE topics SET tags = json_patch(tags, ?4)
       WHERE account = ?1 AND region = ?2 AND name = ?3
         AND (SELECT count(*) FROM json_each(json_patch(tags, ?4))) <= ?5
       RETURNING name`,
    )
    .bind(id.account, id.region, id.name, JSON.stringify(Object.fromEntries(tags)), limits.tags);
}

/** In a JSON merge patch null removes. By primary key. */
export function removeTopicTags(db: D1Database, id: TopicId, keys: readonly string[]): D1PreparedStatement {
  return db
    .prepare(
      "UPDATE topics SET tags = json_patch(tags, ?4) WHERE account = ?1 AND region = ?2 AND name = ?3 RETURNING name",
    )
    .bind(id.account, id.region, id.name, JSON.stringify(Object.fromEntries(keys.map((key) => [key, null]))));
}
