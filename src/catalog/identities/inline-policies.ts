import { limits } from "../../queue/limits.ts";
import type { Owner, PageRequest } from "./owner.ts";

export interface InlinePolicy {
  readonly name: string;
  /** JSON as it was given. */
  readonly document: string;
}

/** A row of `inline_policies`. */
export interface InlinePolicyRow {
  readonly policy_name: string;
  readonly document: string;
}

/**
 * Sets or replaces a policy. Returns no row if its owner is gone, or all the owner's would be larger than they may
 * be: characters that are not blanks, which in JSON are these four. Indexes: primary key, users_by_id, roles_by_id.
 *
 * @param size of the policy, counted likewise
 */
export function upsertInlinePolicy(
  db: D1Database,
  { kind, account, name, id }: Owner,
  policy: InlinePolicy & { readonly size: number },
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO inline_policies (account, owner_kind, owner_name, policy_name, document)
       SELECT ?1, ?2, ?3, ?4, ?5
       WHERE (EXISTS (SELECT 1 FROM users WHERE user_id = ?6) OR EXISTS (SELECT 1 FROM roles WHERE role_id = ?6))
         AND ?7 + COALESCE((
           SELECT sum(length(replace(replace(replace(replace(
             document, ' ', ''), char(9), ''), char(10), ''), char(13), '')))
           FROM inline_policies
           WHERE account = ?1 AND owner_kind = ?2 AND owner_name = ?3 AND policy_name <> ?4), 0) <= ?8
       ON CONFLICT (account, owner_kind, owner_name, policy_name) DO UPDATE SET document = excluded.document
       RETURNING policy_name`,
    )
    .bind(
      ...[account, kind, name, policy.name, policy.document, id, policy.size],
      limits.inlinePolicyCharacters[kind],
    );
}

/** Index: primary key. */
export function selectInlinePolicy(
  db: D1Database,
  { kind, account, name }: Owner,
  policyName: string,
): D1PreparedStatement {
  return db
    .prepare(
      `SELECT policy_name, document FROM inline_policies
       WHERE account = ?1 AND owner_kind = ?2 AND owner_name = ?3 AND policy_name = ?4`,
    )
    .bind(account, kind, name, policyName);
}

/** Names, in their order. Index: primary key. */
export function selectInlinePolicyNames(
  db: D1Database,
  { kind, account, name }: Owner,
  page: PageRequest,
): D1PreparedStatement {
  return db
    .prepare(
      `SELECT policy_name FROM inline_policies
       WHERE account = ?1 AND owner_kind = ?2 AND owner_name = ?3 AND policy_name > ?4
       ORDER BY policy_name LIMIT ?5`,
    )
    .bind(account, kind, name, page.after, page.limit);
}

/** Indexes: primary key, users_by_id, roles_by_id. */
export function deleteInlinePolicy(
  db: D1Database,
  { kind, account, name, id }: Owner,
  policyName: string,
): D1PreparedStatement {
  return db
    .prepare(
      `DELETE FROM inline_policies
       WHERE account = ?1 AND owner_kind = ?2 AND owner_name = ?3 AND policy_name = ?4
         AND (EXISTS (SELECT 1 FROM users WHERE user_id = ?5) OR EXISTS (SELECT 1 FROM roles WHERE role_id = ?5))
       RETURNING policy_name`,
    )
    .bind(account, kind, name, policyName, id);
}
