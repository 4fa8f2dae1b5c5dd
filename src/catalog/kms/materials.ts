import type { KmsMaterialName } from "../../encryption/kms-material.ts";

/** The table of what KMS keys encrypt with, one function per statement. */

export type RotationType = "AUTOMATIC" | "ON_DEMAND";

export interface NewMaterial extends KmsMaterialName {
  /** Sealed under the root key for `kmsMaterialOwner`. */
  readonly sealed: string;
  readonly createdAtMs: number;
}

/** The first material of a key that the same batch has just made; nothing if it made none. Index: primary keys. */
export function insertFirstMaterial(db: D1Database, material: NewMaterial): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO kms_materials (key_id, version, sealed_material, created_at)
       SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM kms_keys WHERE key_id = ?1)`,
    )
    .bind(material.keyId, material.version, material.sealed, material.createdAtMs);
}

/** Nothing if the key was changed since it was read. Index: primary keys. */
export function insertRotatedMaterial(
  db: D1Database,
  material: NewMaterial,
  { rotation, revision }: { readonly rotation: RotationType; readonly revision: number },
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO kms_materials (key_id, version, sealed_material, created_at, rotation)
       SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM kms_keys WHERE key_id = ?1 AND revision = ?6)`,
    )
    .bind(material.keyId, material.version, material.sealed, material.createdAtMs, rotation, revision);
}

/** Index: primary key. */
export function selectMaterial(db: D1Database, { keyId, version }: KmsMaterialName): D1PreparedStatement {
  return db
    .prepare("SELECT sealed_material FROM kms_materials WHERE key_id = ?1 AND version = ?2")
    .bind(keyId, version);
}

export interface MaterialPage {
  readonly keyId: string;
  /** Version; 0 for the first page. */
  readonly after: number;
  readonly limit: number;
}

/** Index: primary key. */
export function selectMaterials(db: D1Database, { keyId, after, limit }: MaterialPage): D1PreparedStatement {
  return db
    .prepare(
      `SELECT version, created_at, rotation FROM kms_materials
       WHERE key_id = ?1 AND version > ?2 ORDER BY version LIMIT ?3`,
    )
    .bind(keyId, after, limit);
}

/** When a key was given which material, and by what. */
export interface MaterialEntry {
  readonly version: number;
  readonly createdAtMs: number;
  /** Undefined for the first: it came with the key. */
  readonly rotation: RotationType | undefined;
}

/** A row of `kms_materials` without its secret. */
export interface MaterialRow {
  readonly version: number;
  readonly created_at: number;
  readonly rotation: RotationType | null;
}

export function materialEntryOf({ version, created_at, rotation }: MaterialRow): MaterialEntry {
  return { version, createdAtMs: created_at, rotation: rotation ?? undefined };
}
