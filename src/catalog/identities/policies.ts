import { limits } from "../../queue/limits.ts";
import type { PathPageRequest } from "./owner.ts";
import type { TagsChange } from "./users.ts";

/** A managed policy of an account. */
export interface StoredPolicy {
  readonly account: string;
  readonly name: string;
  /** `ANPA…` */
  readonly id: string;
  readonly path: string;
  /** Empty if none was given. */
  readonly description: string;
  /** JSON as it was given. */
  readonly document: string;
  readonly createdAtSeconds: number;
  /** JSON object, key to value. */
  readonly tags: string;
}

export interface CountedPolicy extends StoredPolicy {
  /** Users and roles that have it. */
  readonly attachments: number;
}

/** A row of `policies`, counted. */
export interface PolicyRow {
  readonly account: string;
  readonly policy_name: string;
  readonly policy_id: string;
  readonly path: string;
  readonly description: string;
  readonly document: string;
  readonly created_at: number;
  readonly tags: string;
  readonly attachments: number;
}

export function policyOfRow(row: PolicyRow): CountedPolicy {
  return {
    account: row.account,
    name: row.policy_name,
    id: row.policy_id,
    path: row.path,
    description: row.description,
    document: row.document,
    createdAtSeconds: row.created_at,
    tags: row.tags,
    attachments: row.attachments,
  };
}

/** Returns no row if the name is taken or the account has as many policies as it may. Index: primary key. */
export function insertPolicy(db: D1Database, policy: StoredPolicy): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO policies (account, policy_name, policy_id, path, description, document, created_at, tags)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
       WHERE (SELECT count(*) FROM policies WHERE account = ?1) < ?9
       ON CONFLICT (account, policy_name) DO NOTHING
       RETURNING *, 0 AS attachments`,
    )
    .bind(
      ...[policy.account, policy.name, policy.id, policy.path, policy.description, policy.document],
      ...[policy.createdAtSeconds, policy.tags],
      limits.policiesPerAccount,
    );
}

/** Indexes: primary key, attached_policies_by_policy. */
export function selectPolicy(db: D1Database, account: string, name: string): D1PreparedStatement {
  return db
    .prepare(
      `SELECT *, (
         SELECT count(*) FROM attached_policies
         WHERE policy_arn = 'arn:aws:iam::' || policies.account || ':policy' || policies.path || policies.policy_name
           AND attached_policies.account = policies.account
       ) AS attachments
       FROM policies WHERE account = ?1 AND policy_name = ?2`,
    )
    .bind(account, name);
}

export interface PolicyPageRequest extends PathPageRequest {
  readonly onlyAttached: boolean;
}

/** In the order of names. Indexes: primary key, attached_policies_by_policy. */
export function selectPolicies(
  db: D1Database,
  account: string,
  page: PolicyPageRequest,
): D1PreparedStatement {
  return db
    .prepare(
      `SELECT *, (
         SELECT count(*) FROM attached_policies
         WHERE policy_arn = 'arn:aws:iam::' || policies.account || ':policy' || policies.path || policies.policy_name
           AND attached_policies.account = policies.account
       ) AS attachments
       FROM policies
       WHERE account = ?1 AND policy_name > ?2 AND substr(path, 1, length(?3)) = ?3 AND attachments >= ?5
       ORDER BY policy_name LIMIT ?4`,
    )
    .bind(account, page.after, page.pathPrefix, page.limit, page.onlyAttached ? 1 : 0);
}

/**
 * Returns no row if the policy is gone, another one of its name, or attached. Indexes: primary key,
 * attached_policies_by_policy.
 */
export function deletePolicy(
  db: D1Database,
  policy: Pick<StoredPolicy, "account" | "name" | "id">,
): D1PreparedStatement {
  return db
    .prepare(
      `DELETE FROM policies
       WHERE account = ?1 AND policy_name = ?2 AND policy_id = ?3 AND NOT EXISTS (
         SELECT 1 FROM attached_policies
         WHERE policy_arn = 'arn:aws:iam::' || policies.account || ':policy' || policies.path || policies.policy_name
           AND attached_policies.account = policies.account)
       RETURNING policy_id`,
    )
    .bind(policy.account, policy.name, policy.id);
}

/** Unless the tags have been changed meanwhile. Index: primary key. */
export function updatePolicyTags(
  db: D1Database,
  policy: Pick<StoredPolicy, "account" | "name" | "id">,
  tags: TagsChange,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE policies SET tags = ?5
       WHERE account = ?1 AND policy_name = ?2 AND policy_id = ?3 AND tags = ?4
       RETURNING policy_id`,
    )
    .bind(policy.account, policy.name, policy.id, tags.from, tags.to);
}
