import { limits } from "../../queue/limits.ts";
import type { PageRequest } from "./owner.ts";

/** One access key of a user or root as it is shown: its secret is not read here. */
export interface UserKey {
  readonly accessKeyId: string;
  /** Empty: of the account's root. */
  readonly userName: string;
  readonly status: KeyStatus;
  readonly createdAtSeconds: number;
}

export type KeyStatus = "Active" | "Inactive";

/** A row of `access_keys`, as far as it is read. */
export interface UserKeyRow {
  readonly access_key_id: string;
  readonly user_name: string;
  readonly status: KeyStatus;
  readonly created_at: number;
}

export function userKeyOf(row: UserKeyRow): UserKey {
  return {
    accessKeyId: row.access_key_id,
    userName: row.user_name,
    status: row.status,
    createdAtSeconds: row.created_at,
  };
}

/** Whose keys: a user's, or with an empty name those of the account's root. */
export interface KeyOwner {
  readonly account: string;
  /** Spelled as the user's own row spells it. */
  readonly userName: string;
  /** `AIDA…`; of the root the account. */
  readonly userId: string;
}

export interface NewUserKey {
  readonly accessKeyId: string;
  readonly sealedSecret: string;
  readonly createdAtSeconds: number;
}

/** Returns no row if the user is gone or has as many as it may. Indexes: users_by_id, access_keys_by_user. */
export function insertUserKey(db: D1Database, owner: KeyOwner, key: NewUserKey): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO access_keys (access_key_id, account, user_name, user_id, sealed_secret, status, created_at)
       SELECT ?1, account, user_name, user_id, ?3, 'Active', ?4
       FROM users
       WHERE user_id = ?2 AND (
         SELECT count(*) FROM access_keys
         WHERE access_keys.account = users.account AND access_keys.user_name = users.user_name) < ?5
       RETURNING access_key_id, user_name, status, created_at`,
    )
    .bind(key.accessKeyId, owner.userId, key.sealedSecret, key.createdAtSeconds, limits.accessKeysPerUser);
}

/** Returns no row if the root has as many as it may. Index: access_keys_by_user. */
export function insertRootKey(db: D1Database, account: string, key: NewUserKey): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO access_keys (access_key_id, account, user_name, user_id, sealed_secret, status, created_at)
       SELECT ?1, ?2, '', ?2, ?3, 'Active', ?4
       WHERE (SELECT count(*) FROM access_keys WHERE account = ?2 AND user_name = '') < ?5
       RETURNING access_key_id, user_name, status, created_at`,
    )
    .bind(key.accessKeyId, account, key.sealedSecret, key.createdAtSeconds, limits.accessKeysPerUser);
}

/** In the order of ids. Index: access_keys_by_user. */
export function selectUserKeys(db: D1Database, owner: KeyOwner, page: PageRequest): D1PreparedStatement {
  return db
    .prepare(
      `SELECT access_key_id, user_name, status, created_at FROM access_keys
       WHERE account = ?1 AND user_name = ?2 AND access_key_id > ?3
       ORDER BY access_key_id LIMIT ?4`,
    )
    .bind(owner.account, owner.userName, page.after, page.limit);
}

/** Returns no row if the owner has no such key. Index: primary key. */
export function updateUserKey(
  db: D1Database,
  owner: KeyOwner,
  key: { readonly accessKeyId: string; readonly status: KeyStatus },
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE access_keys SET status = ?5
       WHERE access_key_id = ?1 AND account = ?2 AND user_name = ?3 AND user_id = ?4
       RETURNING access_key_id`,
    )
    .bind(key.accessKeyId, owner.account, owner.userName, owner.userId, key.status);
}

/** Returns no row if the owner has no such key. Index: primary key. */
export function deleteUserKey(db: D1Database, owner: KeyOwner, accessKeyId: string): D1PreparedStatement {
  return db
    .prepare(
      `DELETE FROM access_keys
       WHERE access_key_id = ?1 AND account = ?2 AND user_name = ?3 AND user_id = ?4
       RETURNING access_key_id`,
    )
    .bind(accessKeyId, owner.account, owner.userName, owner.userId);
}
