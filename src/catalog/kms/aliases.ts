import { limits } from "../../queue/limits.ts";

/** The table of aliases, one function per statement. */

export interface AliasId {
  readonly account: string;
  readonly region: string;
  /** `alias/orders` */
  readonly name: string;
}

export interface KmsAlias extends AliasId {
  readonly targetKeyId: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** Index: primary key. */
export function selectAlias(db: D1Database, { account, region, name }: AliasId): D1PreparedStatement {
  return db
    .prepare("SELECT * FROM kms_aliases WHERE account = ?1 AND region = ?2 AND name = ?3")
    .bind(account, region, name);
}

/** Removes an alias whose key is gone, so that its name is free before the key is erased. Index: primary keys. */
export function deleteGoneAlias(db: D1Database, { account, region, name }: AliasId, nowMs: number) {
  return db
    .prepare(
      `DELETE FROM kms_aliases WHERE account = ?1 AND region = ?2 AND name = ?3
         AND EXISTS (SELECT 1 FROM kms_keys WHERE key_id = target_key_id AND deletion_at <= ?4)`,
    )
    .bind(account, region, name, nowMs);
}

/**
 * Inserts nothing, and returns no row, if the name is taken, the key has too many aliases, or is about to be
 * deleted. Indexes: primary keys, kms_aliases_by_key.
 */
export function insertAlias(db: D1Database, alias: KmsAlias): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO kms_aliases (account, region, name, target_key_id, created_at, updated_at)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6
       WHERE EXISTS (SELECT 1 FROM kms_keys WHERE key_id = ?4 AND deletion_at IS NULL)
         AND (SELECT count(*) FROM kms_aliases WHERE target_key_id = ?4) < ?7
       ON CONFLICT (account, region, name) DO NOTHING
       RETURNING name`,
    )
    .bind(...valuesOf(alias), limits.kmsAliasesPerKey);
}

/** The alias of a key that AWS keeps; nothing if it is there. Index: primary key. */
export function insertManagedAlias(db: D1Database, alias: KmsAlias): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO kms_aliases (account, region, name, target_key_id, created_at, updated_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (account, region, name) DO NOTHING`,
    )
    .bind(...valuesOf(alias));
}

/**
 * Changes nothing, and returns no row, if there is no such alias, its new key has too many, or is about to be
 * deleted. Indexes: primary keys, kms_aliases_by_key.
 */
export function updateAlias(
  db: D1Database,
  { account, region, name }: AliasId,
  { targetKeyId, nowMs }: { readonly targetKeyId: string; readonly nowMs: number },
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE kms_aliases SET target_key_id = ?4, updated_at = ?5
       WHERE account = ?1 AND region = ?2 AND name = ?3
         AND EXISTS (SELECT 1 FROM kms_keys WHERE key_id = ?4 AND deletion_at IS NULL)
         AND (SELECT count(*) FROM kms_aliases WHERE target_key_id = ?4 AND name <> ?3) < ?6
       RETURNING name`,
    )
    .bind(account, region, name, targetKeyId, nowMs, limits.kmsAliasesPerKey);
}

/** Index: primary key. */
export function deleteAlias(db: D1Database, { account, region, name }: AliasId): D1PreparedStatement {
  return db
    .prepare("DELETE FROM kms_aliases WHERE account = ?1 AND region = ?2 AND name = ?3 RETURNING name")
    .bind(account, region, name);
}

export interface AliasPage {
  readonly account: string;
  readonly region: string;
  /** Of one key; undefined: all of the account and region. */
  readonly targetKeyId: string | undefined;
  /** Empty for the first page. */
  readonly after: string;
  readonly limit: number;
  readonly nowMs: number;
}

/** By name, those whose key is not gone. Indexes: primary keys. */
export function selectAliases(db: D1Database, { account, region, after, limit, nowMs }: AliasPage) {
  return db
    .prepare(
      `SELECT kms_aliases.* FROM kms_aliases JOIN kms_keys ON key_id = target_key_id
       WHERE kms_aliases.account = ?1 AND kms_aliases.region = ?2 AND name > ?3
         AND (deletion_at IS NULL OR deletion_at > ?4)
       ORDER BY name LIMIT ?5`,
    )
    .bind(account, region, after, nowMs, limit);
}

/** Likewise, of one key, which is there. Index: kms_aliases_by_key. */
export function selectAliasesOfKey(
  db: D1Database,
  { targetKeyId, after, limit }: Pick<AliasPage, "after" | "limit"> & { readonly targetKeyId: string },
): D1PreparedStatement {
  return db
    .prepare("SELECT * FROM kms_aliases WHERE target_key_id = ?1 AND name > ?2 ORDER BY name LIMIT ?3")
    .bind(targetKeyId, after, limit);
}

/** A row of `kms_aliases`. */
export interface AliasRow {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly target_key_id: string;
  readonly created_at: number;
  readonly updated_at: number;
}

export function aliasOf(row: AliasRow): KmsAlias {
  return {
    account: row.account,
    region: row.region,
    name: row.name,
    targetKeyId: row.target_key_id,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
  };
}

/** In the order of the table's columns. */
function valuesOf(alias: KmsAlias): (string | number)[] {
  const { account, region, name, targetKeyId, createdAtMs, updatedAtMs } = alias;
  return [account, region, name, targetKeyId, createdAtMs, updatedAtMs];
}
