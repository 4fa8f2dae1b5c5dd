import { limits } from "../../queue/limits.ts";
import type { PathPageRequest } from "./owner.ts";
import type { TagsChange } from "./users.ts";

export interface Role {
  readonly account: string;
  readonly name: string;
  /** `AROA…` */
  readonly id: string;
  readonly path: string;
  /** Empty if none was given. */
  readonly description: string;
  /** JSON as it was given. */
  readonly trustPolicy: string;
  readonly maxSessionSeconds: number;
  readonly createdAtSeconds: number;
  /** JSON object, key to value. */
  readonly tags: string;
}

/** A row of `roles`. */
export interface RoleRow {
  readonly account: string;
  readonly role_name: string;
  readonly role_id: string;
  readonly path: string;
  readonly description: string;
  readonly trust_policy: string;
  readonly max_session_seconds: number;
  readonly created_at: number;
  readonly tags: string;
}

export function roleOf(row: RoleRow): Role {
  return {
    account: row.account,
    name: row.role_name,
    id: row.role_id,
    path: row.path,
    description: row.description,
    trustPolicy: row.trust_policy,
    maxSessionSeconds: row.max_session_seconds,
    createdAtSeconds: row.created_at,
    tags: row.tags,
  };
}

/** Returns no row if the name is taken or the account has as many roles as it may. Index: primary key. */
export function insertRole(db: D1Database, role: Role): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO roles (account, role_name, role_id, path, description, trust_policy, max_session_seconds,
         created_at, tags)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
       WHERE (SELECT count(*) FROM roles WHERE account = ?1) < ?10
       ON CONFLICT (account, role_name) DO NOTHING
       RETURNING *`,
    )
    .bind(
      ...[role.account, role.name, role.id, role.path, role.description, role.trustPolicy],
      ...[role.maxSessionSeconds, role.createdAtSeconds, role.tags],
      limits.rolesPerAccount,
    );
}

/** Index: primary key. */
export function selectRole(db: D1Database, account: string, name: string): D1PreparedStatement {
  return db.prepare("SELECT * FROM roles WHERE account = ?1 AND role_name = ?2").bind(account, name);
}

/** In the order of names. Index: primary key. */
export function selectRoles(db: D1Database, account: string, page: PathPageRequest): D1PreparedStatement {
  return db
    .prepare(
      `SELECT * FROM roles
       WHERE account = ?1 AND role_name > ?2 AND substr(path, 1, length(?3)) = ?3
       ORDER BY role_name LIMIT ?4`,
    )
    .bind(account, page.after, page.pathPrefix, page.limit);
}

/**
 * Returns no row if the role is gone, or has policies. Indexes: roles_by_id, the primary keys of inline_policies and
 * attached_policies.
 */
export function deleteRole(db: D1Database, id: string): D1PreparedStatement {
  return db
    .prepare(
      `DELETE FROM roles WHERE role_id = ?1
         AND NOT EXISTS (
           SELECT 1 FROM inline_policies
           WHERE inline_policies.account = roles.account AND owner_kind = 'role' AND owner_name = roles.role_name)
         AND NOT EXISTS (
           SELECT 1 FROM attached_policies
           WHERE attached_policies.account = roles.account AND owner_kind = 'role' AND owner_name = roles.role_name)
       RETURNING role_id`,
    )
    .bind(id);
}

/** Index: roles_by_id. */
export function updateTrustPolicy(db: D1Database, id: string, trustPolicy: string): D1PreparedStatement {
  return db
    .prepare("UPDATE roles SET trust_policy = ?2 WHERE role_id = ?1 RETURNING role_id")
    .bind(id, trustPolicy);
}

/** What is not given stays as it is. */
export interface RoleChange {
  readonly description?: string | undefined;
  readonly maxSessionSeconds?: number | undefined;
}

/** Index: roles_by_id. */
export function updateRole(db: D1Database, id: string, change: RoleChange): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE roles
       SET description = COALESCE(?2, description), max_session_seconds = COALESCE(?3, max_session_seconds)
       WHERE role_id = ?1
       RETURNING *`,
    )
    .bind(id, change.description ?? null, change.maxSessionSeconds ?? null);
}

/** Unless the tags have been changed meanwhile. Index: roles_by_id. */
export function updateRoleTags(db: D1Database, id: string, tags: TagsChange): D1PreparedStatement {
  return db
    .prepare("UPDATE roles SET tags = ?3 WHERE role_id = ?1 AND tags = ?2 RETURNING role_id")
    .bind(id, tags.from, tags.to);
}
