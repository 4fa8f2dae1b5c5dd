import { limits } from "../../queue/limits.ts";

/** The table of KMS keys, one function per statement. */

export type KmsKeyState = "Enabled" | "Disabled" | "PendingDeletion";

/** A KMS key without what it encrypts with. */
export interface KmsKey {
  /** UUID. */
  readonly keyId: string;
  readonly account: string;
  readonly region: string;
  /** `AWS` for the one that stands behind `alias/aws/sqs`. */
  readonly manager: "CUSTOMER" | "AWS";
  readonly state: KmsKeyState;
  readonly description: string;
  /** As it was given, checked. */
  readonly policy: string;
  /** Which unique id each user and role of the policy had when it was set, by ARN. */
  readonly policyIds: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Names, `alias/orders`, for the conditions of policies. They have a table of their own. */
  readonly aliases: readonly string[];
  readonly createdAtMs: number;
  /** From this instant the key is gone. Set while its deletion is pending, and only then. */
  readonly deletionAtMs: number | undefined;
  /** Of the material that it encrypts with now, from 1. */
  readonly materialVersion: number;
  readonly rotation: KmsRotation | undefined;
  readonly onDemandRotations: number;
  /** From 1, one more with each change. */
  readonly revision: number;
}

/** How a key rotates by itself. */
export interface KmsRotation {
  readonly days: number;
  readonly nextAtMs: number;
}

/** Whether the key is gone by now, erased or not. */
export function isGone({ deletionAtMs }: Pick<KmsKey, "deletionAtMs">, nowMs: number): boolean {
  return deletionAtMs !== undefined && nowMs >= deletionAtMs;
}

/** Inserts nothing, and returns no row, if the account has too many keys there. Index: kms_keys_by_account. */
export function insertKey(db: D1Database, key: KmsKey): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO kms_keys
         (key_id, account, region, manager, state, description, policy, policy_ids, tags, created_at, deletion_at,
          material_version, rotation_days, rotation_at, on_demand_rotations, revision)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16
       WHERE (SELECT count(*) FROM kms_keys WHERE account = ?2 AND region = ?3) < ?17
       RETURNING key_id`,
    )
    .bind(...valuesOf(key), limits.kmsKeys);
}

/** The key that AWS keeps behind an alias, if this batch has just made that alias for it. Index: primary keys. */
export function insertManagedKey(db: D1Database, key: KmsKey): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO kms_keys
         (key_id, account, region, manager, state, description, policy, policy_ids, tags, created_at, deletion_at,
          material_version, rotation_days, rotation_at, on_demand_rotations, revision)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16
       WHERE EXISTS (SELECT 1 FROM kms_aliases WHERE target_key_id = ?1)`,
    )
    .bind(...valuesOf(key));
}

/** Indexes: primary key, kms_aliases_by_key. */
export function selectKey(db: D1Database, keyId: string): D1PreparedStatement {
  return db
    .prepare(
      `SELECT *, (SELECT json_group_array(name) FROM kms_aliases WHERE target_key_id = key_id) AS aliases
       FROM kms_keys WHERE key_id = ?1`,
    )
    .bind(keyId);
}

/** Changes what a key can change in. Returns no row if it was changed since it was read. Index: primary key. */
export function updateKey(db: D1Database, key: KmsKey): D1PreparedStatement {
  const { keyId, state, description, policy, policyIds, tags, deletionAtMs, rotation, revision } = key;
  return db
    .prepare(
      `UPDATE kms_keys SET state = ?3, description = ?4, policy = ?5, policy_ids = ?6, tags = ?7, deletion_at = ?8,
         rotation_days = ?9, rotation_at = ?10, revision = revision + 1
       WHERE key_id = ?1 AND revision = ?2
       RETURNING key_id`,
    )
    .bind(
      ...[keyId, revision, state, description, policy, JSON.stringify(policyIds), JSON.stringify(tags)],
      ...[deletionAtMs ?? null, rotation?.days ?? null, rotation?.nextAtMs ?? null],
    );
}

/**
 * Makes the material that the same batch has stored the one to encrypt with. Returns no row if the key was changed
 * since it was read. Index: primary key.
 */
export function updateMaterialVersion(db: D1Database, key: KmsKey): D1PreparedStatement {
  const { keyId, materialVersion, rotation, onDemandRotations, revision } = key;
  return db
    .prepare(
      `UPDATE kms_keys
       SET material_version = ?3, rotation_at = ?4, on_demand_rotations = ?5, revision = revision + 1
       WHERE key_id = ?1 AND revision = ?2
       RETURNING key_id`,
    )
    .bind(keyId, revision, materialVersion, rotation?.nextAtMs ?? null, onDemandRotations);
}

export interface KeyPage {
  readonly account: string;
  readonly region: string;
  /** Empty for the first page. */
  readonly after: string;
  readonly limit: number;
  readonly nowMs: number;
}

/** By id, those that are not gone. Index: kms_keys_by_account. */
export function selectKeyIds(db: D1Database, { account, region, after, limit, nowMs }: KeyPage) {
  return db
    .prepare(
      `SELECT key_id FROM kms_keys
       WHERE account = ?1 AND region = ?2 AND key_id > ?3 AND (deletion_at IS NULL OR deletion_at > ?4)
       ORDER BY key_id LIMIT ?5`,
    )
    .bind(account, region, after, nowMs, limit);
}

/** Enabled keys whose rotation is due, the longest due first. Index: kms_keys_by_rotation. */
export function selectKeysToRotate(db: D1Database, nowMs: number): D1PreparedStatement {
  return db
    .prepare(
      `SELECT *, (SELECT json_group_array(name) FROM kms_aliases WHERE target_key_id = key_id) AS aliases
       FROM kms_keys WHERE rotation_at <= ?1 AND state = 'Enabled'
       ORDER BY rotation_at LIMIT ?2`,
    )
    .bind(nowMs, limits.rotatedKmsKeysAtOnce);
}

/**
 * The statements that erase the keys whose time has come, with material and aliases, some at a time; to be run as
 * one batch. The last returns their ids. Indexes: kms_keys_by_deletion, primary key, kms_aliases_by_key.
 */
export function eraseKeys(db: D1Database, nowMs: number): D1PreparedStatement[] {
  const statements = [
    `DELETE FROM kms_materials WHERE key_id IN (
       SELECT key_id FROM kms_keys WHERE deletion_at <= ?1 ORDER BY deletion_at, key_id LIMIT ?2)`,
    `DELETE FROM kms_aliases WHERE target_key_id IN (
       SELECT key_id FROM kms_keys WHERE deletion_at <= ?1 ORDER BY deletion_at, key_id LIMIT ?2)`,
    `DELETE FROM kms_keys WHERE key_id IN (
       SELECT key_id FROM kms_keys WHERE deletion_at <= ?1 ORDER BY deletion_at, key_id LIMIT ?2)
     RETURNING key_id`,
  ];
  return statements.map((sql) => db.prepare(sql).bind(nowMs, limits.erasedKmsKeysAtOnce));
}

/** A row of `kms_keys`, with the names of its aliases. */
export interface KeyRow {
  readonly key_id: string;
  readonly account: string;
  readonly region: string;
  readonly manager: KmsKey["manager"];
  readonly state: KmsKeyState;
  readonly description: string;
  readonly policy: string;
  readonly policy_ids: string;
  readonly tags: string;
  readonly created_at: number;
  readonly deletion_at: number | null;
  readonly material_version: number;
  readonly rotation_days: number | null;
  readonly rotation_at: number | null;
  readonly on_demand_rotations: number;
  readonly revision: number;
  /** JSON array. */
  readonly aliases: string;
}

export function keyOf(row: KeyRow): KmsKey {
  return {
    keyId: row.key_id,
    account: row.account,
    region: row.region,
    manager: row.manager,
    state: row.state,
    description: row.description,
    policy: row.policy,
    policyIds: JSON.parse(row.policy_ids) as Record<string, string>,
    tags: JSON.parse(row.tags) as Record<string, string>,
    aliases: JSON.parse(row.aliases) as string[],
    createdAtMs: row.created_at,
    deletionAtMs: row.deletion_at ?? undefined,
    materialVersion: row.material_version,
    rotation:
      row.rotation_days === null || row.rotation_at === null
        ? undefined
        : { days: row.rotation_days, nextAtMs: row.rotation_at },
    onDemandRotations: row.on_demand_rotations,
    revision: row.revision,
  };
}

/** In the order of the table's columns. */
function valuesOf(key: KmsKey): (string | number | null)[] {
  const { keyId, account, region, manager, state, description, policy, policyIds, tags } = key;
  const { createdAtMs, deletionAtMs, materialVersion, rotation, onDemandRotations, revision } = key;
  return [
    ...[keyId, account, region, manager, state, description, policy],
    ...[JSON.stringify(policyIds), JSON.stringify(tags), createdAtMs, deletionAtMs ?? null],
    ...[materialVersion, rotation?.days ?? null, rotation?.nextAtMs ?? null, onDemandRotations, revision],
  ];
}
