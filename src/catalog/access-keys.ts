/** One access key as D1 keeps it. The secret is sealed; nothing here can open it. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly account: string;
  /** Empty: a key of the account's root. */
  readonly userName: string;
  /** `AIDA…`, one per user of an account; the account itself for its root. */
  readonly userId: string;
  readonly sealedSecret: string;
  readonly status: AccessKeyStatus;
  readonly createdAtSeconds: number;
}

export type AccessKeyStatus = "Active" | "Inactive";

/** The statements, for whoever cannot bind parameters to them through a D1 binding as well. */
export const accessKeySql = {
  /** Makes a key's user, unless the account has one of that name. By primary key of users. */
  createUser: `INSERT INTO users (account, user_name, user_id, path, created_at, tags)
VALUES (?1, ?2, ?3, '/', ?4, '{}')
ON CONFLICT (account, user_name) DO NOTHING`,
  /** Only for a user that exists, under its own id and spelled as it is. By primary key of users. */
  create: `INSERT INTO access_keys
  (access_key_id, account, user_name, user_id, sealed_secret, status, created_at)
SELECT ?1, account, user_name, user_id, ?4, ?5, ?6
FROM users WHERE account = ?2 AND user_name = ?3
RETURNING *`,
  /** For the root of an account. */
  createRoot: `INSERT INTO access_keys
  (access_key_id, account, user_name, user_id, sealed_secret, status, created_at)
VALUES (?1, ?2, '', ?2, ?3, ?4, ?5)
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
 * Stores a new key, and its user if the account has none of that name.
 *
 * @param key its `userId` is for a new user; a known one keeps the id it has.
 * @returns the key as stored. Throws if there is a key of this id.
 */
export async function createAccessKey(db: D1Database, key: AccessKey): Promise<AccessKey> {
  const [, stored] = await db.batch<AccessKeyRow>([
    db.prepare(accessKeySql.createUser).bind(...createUserParameters(key)),
    db.prepare(accessKeySql.create).bind(...createParameters(key)),
  ]);
  const [row] = stored?.results ?? [];
  if (row === undefined) throw new Error(`access key ${key.accessKeyId} was not stored`);
  return fromRow(row);
}

/** A key of an account's root, which is no user. */
export type RootAccessKey = Omit<AccessKey, "userName" | "userId">;

/** In the order of `accessKeySql.createUser`. */
export function createUserParameters(
  user: Pick<AccessKey, "account" | "userName" | "userId" | "createdAtSeconds">,
): (string | number)[] {
  return [user.account, user.userName, user.userId, user.createdAtSeconds];
}

/** In the order of `accessKeySql.create`. */
export function createParameters(key: Omit<AccessKey, "userId">): (string | number)[] {
  const { accessKeyId, account, userName, sealedSecret, status, createdAtSeconds } = key;
  return [accessKeyId, account, userName, sealedSecret, status, createdAtSeconds];
}

/** In the order of `accessKeySql.createRoot`. */
export function createRootParameters(key: RootAccessKey): (string | number)[] {
  const { accessKeyId, account, sealedSecret, status, createdAtSeconds } = key;
  return [accessKeyId, account, sealedSecret, status, createdAtSeconds];
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
