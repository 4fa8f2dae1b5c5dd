import { limits } from "../../queue/limits.ts";
import type { PathPageRequest } from "./owner.ts";

export interface User {
  readonly account: string;
  readonly name: string;
  /** `AIDA…` */
  readonly id: string;
  readonly path: string;
  readonly createdAtSeconds: number;
  /** JSON object, key to value. */
  readonly tags: string;
}

/** A row of `users`. */
export interface UserRow {
  readonly account: string;
  readonly user_name: string;
  readonly user_id: string;
  readonly path: string;
  readonly created_at: number;
  readonly tags: string;
}

export function userOf(row: UserRow): User {
  return {
    account: row.account,
    name: row.user_name,
    id: row.user_id,
    path: row.path,
    createdAtSeconds: row.created_at,
    tags: row.tags,
  };
}

/** Returns no row if the name is taken or the account has as many users as it may. Index: primary key. */
export function insertUser(db: D1Database, user: User): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO users (account, user_name, user_id, path, created_at, tags)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6
       WHERE (SELECT count(*) FROM users WHERE account = ?1) < ?7
       ON CONFLICT (account, user_name) DO NOTHING
       RETURNING *`,
    )
    .bind(
      ...[user.account, user.name, user.id, user.path, user.createdAtSeconds, user.tags],
      limits.usersPerAccount,
    );
}

/** Index: primary key. */
export function selectUser(db: D1Database, account: string, name: string): D1PreparedStatement {
  return db.prepare("SELECT * FROM users WHERE account = ?1 AND user_name = ?2").bind(account, name);
}

/** In the order of names. Index: primary key. */
export function selectUsers(db: D1Database, account: string, page: PathPageRequest): D1PreparedStatement {
  return db
    .prepare(
      `SELECT * FROM users
       WHERE account = ?1 AND user_name > ?2 AND substr(path, 1, length(?3)) = ?3
       ORDER BY user_name LIMIT ?4`,
    )
    .bind(account, page.after, page.pathPrefix, page.limit);
}

/**
 * Returns no row if the user is gone, or has keys or policies. Indexes: users_by_id, access_keys_by_user, the primary
 * keys of inline_policies and attached_policies.
 */
export function deleteUser(db: D1Database, id: string): D1PreparedStatement {
  return db
    .prepare(
      `DELETE FROM users WHERE user_id = ?1
         AND NOT EXISTS (
           SELECT 1 FROM access_keys
           WHERE access_keys.account = users.account AND access_keys.user_name = users.user_name)
         AND NOT EXISTS (
           SELECT 1 FROM inline_policies
           WHERE inline_policies.account = users.account AND owner_kind = 'user' AND owner_name = users.user_name)
         AND NOT EXISTS (
           SELECT 1 FROM attached_policies
           WHERE attached_policies.account = users.account AND owner_kind = 'user' AND owner_name = users.user_name)
       RETURNING user_id`,
    )
    .bind(id);
}

/** Unless the tags have been changed meanwhile. Index: users_by_id. */
export function updateUserTags(db: D1Database, id: string, tags: TagsChange): D1PreparedStatement {
  return db
    .prepare("UPDATE users SET tags = ?3 WHERE user_id = ?1 AND tags = ?2 RETURNING user_id")
    .bind(id, tags.from, tags.to);
}

/** Both JSON objects, key to value; `from` as it was read. */
export interface TagsChange {
  readonly from: string;
  readonly to: string;
}

/** When an account was made, seconds. Index: primary key. */
export function selectAccount(db: D1Database, account: string): D1PreparedStatement {
  return db.prepare("SELECT created_at FROM accounts WHERE account_id = ?1").bind(account);
}
