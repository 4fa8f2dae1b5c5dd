import { dataKeyOwner } from "../encryption/data-key.ts";
import { openSecret, type RootKey, type RootKeys, sealSecret } from "../encryption/secrets.ts";
import { limits } from "../queue/limits.ts";
import { deploymentSecretOwner } from "./deployment-secrets.ts";

/** A row with a secret that is sealed under an old root key. */
interface SealedRow {
  readonly id: string;
  readonly sealed: string;
  /** Of a data key. */
  readonly queue_uid?: string;
}

interface SealedTable {
  /** Table and column. */
  readonly place: string;
  /** What a row's secret is sealed for. */
  readonly owner: (row: SealedRow) => string;
  /** ?1: the root key's id; ?2: the last id of the slice before; ?3: how many. */
  readonly select: string;
  /** ?1: the row's id; ?2: the secret as it was read; ?3: sealed anew. Nothing if it was changed meanwhile. */
  readonly update: string;
}

/** Every place where something is sealed under a root key. One that is missing here is lost with the old key. */
export const sealedTables: readonly SealedTable[] = [
  {
    place: "access_keys.sealed_secret",
    owner: ({ id }) => `access-key/${id}`,
    // Index: access_keys_by_root_key.
    select: `SELECT access_key_id AS id, sealed_secret AS sealed FROM access_keys
      WHERE substr(sealed_secret, 4, 8) = ?1 AND access_key_id > ?2 ORDER BY access_key_id LIMIT ?3`,
    // Index: primary key.
    update: "UPDATE access_keys SET sealed_secret = ?3 WHERE access_key_id = ?1 AND sealed_secret = ?2",
  },
  {
    place: "data_keys.sealed_key",
    owner: ({ id, queue_uid = "" }) => dataKeyOwner({ id, queueUid: queue_uid }),
    // Index: data_keys_by_root_key.
    select: `SELECT key_id AS id, sealed_key AS sealed, queue_uid FROM data_keys
      WHERE substr(sealed_key, 4, 8) = ?1 AND key_id > ?2 ORDER BY key_id LIMIT ?3`,
    // Index: primary key.
    update: "UPDATE data_keys SET sealed_key = ?3 WHERE key_id = ?1 AND sealed_key = ?2",
  },
  {
    place: "kms_materials.sealed_material",
    // Which is `kmsMaterialOwner`.
    owner: ({ id }) => `kms-key/${id}`,
    // Index: kms_materials_by_root_key.
    select: `SELECT key_id || '/' || version AS id, sealed_material AS sealed FROM kms_materials
      WHERE substr(sealed_material, 4, 8) = ?1 AND key_id || '/' || version > ?2
      ORDER BY key_id || '/' || version LIMIT ?3`,
    // Index: primary key. A key id has 36 characters.
    update: `UPDATE kms_materials SET sealed_material = ?3
      WHERE key_id = substr(?1, 1, 36) AND version = CAST(substr(?1, 38) AS INTEGER) AND sealed_material = ?2`,
  },
  {
    place: "deployment_secrets.sealed",
    owner: ({ id }) => deploymentSecretOwner(id),
    // The table has a handful of rows.
    select: `SELECT name AS id, sealed FROM deployment_secrets
      WHERE substr(sealed, 4, 8) = ?1 AND name > ?2 ORDER BY name LIMIT ?3`,
    // Index: primary key.
    update: "UPDATE deployment_secrets SET sealed = ?3 WHERE name = ?1 AND sealed = ?2",
  },
];

/**
 * Seals anew, under the current root key, what is sealed under an older one: a slice of each table. No message is
 * touched. When nothing is left under a key, the log says that it is not needed any more.
 *
 * @returns how many secrets
 */
export async function resealSecrets(db: D1Database, keys: RootKeys): Promise<number> {
  let resealed = 0;
  for (const old of keys.previous) {
    let found = 0;
    for (const table of sealedTables) {
      const slice = await resealSlice(db, { table, old, keys });
      found += slice.found;
      resealed += slice.resealed;
    }
    if (found === 0)
      console.log(
        `root key ${old.id} seals nothing in the catalog any more: when sessions made under it have run out, 36 hours at most, it may leave ROOT_KEY_PREVIOUS`,
      );
  }
  if (resealed > 0) console.log(`secrets sealed anew under root key ${keys.current.id}: ${resealed}`);
  return resealed;
}

interface Slice {
  readonly table: SealedTable;
  readonly old: RootKey;
  readonly keys: RootKeys;
}

/** What does not open is passed over, and must not hold up what comes after it. */
async function resealSlice(
  db: D1Database,
  { table, old, keys }: Slice,
): Promise<{ readonly found: number; readonly resealed: number }> {
  let found = 0;
  for (let afterId = ""; ; ) {
    const select = db.prepare(table.select).bind(old.id, afterId, limits.resealedAtOnce);
    const { results } = await select.all<SealedRow>();
    found += results.length;
    const updates = results.flatMap((row) => {
      const sealed = resealed(row, table, keys);
      return sealed === undefined ? [] : [db.prepare(table.update).bind(row.id, row.sealed, sealed)];
    });
    if (updates.length > 0) await db.batch(updates);
    const last = results.at(-1);
    if (updates.length > 0 || last === undefined) return { found, resealed: updates.length };
    afterId = last.id;
  }
}

function resealed(row: SealedRow, { place, owner }: SealedTable, keys: RootKeys): string | undefined {
  const text = openSecret(keys, row.sealed, owner(row));
  if (text.ok) return sealSecret(keys, { text: text.value, owner: owner(row) });
  console.error(`the secret of ${row.id} in ${place} cannot be sealed anew: ${text.error}`);
  return undefined;
}
