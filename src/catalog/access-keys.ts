/** One access key as D1 keeps it. The secret is sealed; nothing here can open it. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly account: string;
  readonly userName: string;
  /** `AIDA…`, one per user of an account. */
  readonly userId: string;
  readonly sealedSecret: string;
  readonly status: AccessKeyStatus;
  readonly createdAtSeconds: number;
}

export type AccessKeyStatus = "Active" | "Inactive";

/** The statements, for whoever cannot bind parameters to them through a D1 binding as well. */
export const accessKeySql = {
  /** A user's further keys keep the id that the first one brought. Looks it up in access_keys_by_user. */
  create: `INSERT INTO access_keys
  (access_key_id, account, user_name, user_id, sealed_secret, status, created_at)
SELECT ?1, ?2, ?3,
  COALESCE((SELECT user_id FROM access_keys WHERE account = ?2 AND user_name = ?3 LIMIT 1), ?4),
  ?5, ?6, ?7
RETURNING *`,
  /** By primary key. */
  find: "SELECT * FROM access_keys WHERE access_key_id = ?1",
  /** By primary key; the account is asked for too, so that nobody changes another account's key. */
  setStatus:
    "UPDATE access_keys SET status = ?3 WHERE access_key_id = ?1 AND account = ?2 RETURNING access_key_id",
  /** By primary key, likewise. */
  delete: "DELETE FROM access_keys WHERE access_key_id = ?1 AND account = ?2 RETURNING access_key_id",
  /** By access_keys_by_user. */
  listOfUser:
    "SELECT * FROM access_keys WHERE account = ?1 AND user_name = ?2 ORDER BY access_key_id LIMIT ?3",
  /** By access_keys_by_user. */
  listOfAccount: "SELECT * FROM access_keys WHERE account = ?1 ORDER BY user_name, access_key_id LIMIT ?2",
} as const;

/**
 * Stores a new key and its user, if the user has none yet.
 *
 * @param key its `userId` is for a new user; a known one keeps the id it has.
 * @returns the key as stored. Throws if there is a key of this id.
 */
export async function createAccessKey(db: D1Database, key: AccessKey): Promise<AccessKey> {
  const row = await db
    .prepare(accessKeySql.create)
    .bind(...createParameters(key))
    .first<AccessKeyRow>();
  if (row === null) throw new Error(`access key ${key.accessKeyId} was not stored`);
  return fromRow(row);
}

/** In the order of `accessKeySql.create`. */
export function createParameters(key: AccessKey): (string | number)[] {
  const { accessKeyId, account, userName, userId, sealedSecret, status, createdAtSeconds } = key;
  return [accessKeyId, account, userName, userId, sealedSecret, status, createdAtSeconds];
}

export async function findAccessKey(db: D1Database, accessKeyId: string): Promise<AccessKey | undefined> {
  const row = await db.prepare(accessKeySql.find).bind(accessKeyId).first<AccessKeyRow>();
  return row === null ? undefined : fromRow(row);
}

/** @returns false if the account has no such key. */
export async function setAccessKeyStatus(
  db: D1Database,
  key: { readonly accessKeyId: string; readonly account: string; readonly status: AccessKeyStatus },
): Promise<boolean> {
  const row = await db.prepare(accessKeySql.setStatus).bind(key.accessKeyId, key.account, key.status).first();
  return row !== null;
}

/** @returns false if the account has no such key. */
export async function deleteAccessKey(
  db: D1Database,
  key: { readonly accessKeyId: string; readonly account: string },
): Promise<boolean> {
  const row = await db.prepare(accessKeySql.delete).bind(key.accessKeyId, key.account).first();
  return row !== null;
}

/** The first `max` keys of a user, by id. */
export async function listAccessKeysOfUser(
  db: D1Database,
  of: { readonly account: string; readonly userName: string; readonly max: number },
): Promise<AccessKey[]> {
  const { results } = await db
    .prepare(accessKeySql.listOfUser)
    .bind(of.account, of.userName, of.max)
    .all<AccessKeyRow>();
  return results.map(fromRow);
}

/** The first `max` keys of an account, by user and id. */
export async function listAccessKeysOfAccount(
  db: D1Database,
  of: { readonly account: string; readonly max: number },
): Promise<AccessKey[]> {
  const { results } = await db
    .prepare(accessKeySql.listOfAccount)
    .bind(of.account, of.max)
    .all<AccessKeyRow>();
  return results.map(fromRow);
}

/** A row of `access_keys`, its columns in the table's own spelling. */
export interface AccessKeyRow {
  readonly access_key_id: string;
  readonly account: string;
  readonly user_name: string;
  readonly user_id: string;
  readonly sealed_secret: string;
  readonly status: AccessKeyStatus;
  readonly created_at: number;
}

function fromRow(row: AccessKeyRow): AccessKey {
  return {
    accessKeyId: row.access_key_id,
    account: row.account,
    userName: row.user_name,
    userId: row.user_id,
    sealedSecret: row.sealed_secret,
    status: row.status,
    createdAtSeconds: row.created_at,
  };
}
