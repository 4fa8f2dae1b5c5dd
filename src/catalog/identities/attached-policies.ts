import { limits } from "../../queue/limits.ts";
import type { Owner, PageRequest, PathPageRequest } from "./owner.ts";

/** A policy that is to be attached. */
export interface Attachable {
  readonly arn: string;
  /** Of a policy of the account: its row must still be there. Undefined for one of AWS. */
  readonly stored: { readonly name: string; readonly id: string } | undefined;
}

/**
 * Changes nothing if it is attached already, the owner or the policy is gone, or the owner has as many as it may.
 * Indexes: the primary keys of attached_policies and policies, users_by_id, roles_by_id.
 */
export function insertAttachment(
  db: D1Database,
  { kind, account, name, id }: Owner,
  policy: Attachable & { readonly attachedAtSeconds: number },
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO attached_policies (account, owner_kind, owner_name, policy_arn, attached_at)
       SELECT ?1, ?2, ?3, ?4, ?5
       WHERE (EXISTS (SELECT 1 FROM users WHERE user_id = ?6) OR EXISTS (SELECT 1 FROM roles WHERE role_id = ?6))
         AND (?7 IS NULL
           OR EXISTS (SELECT 1 FROM policies WHERE account = ?1 AND policy_name = ?7 AND policy_id = ?8))
         AND (SELECT count(*) FROM attached_policies
              WHERE account = ?1 AND owner_kind = ?2 AND owner_name = ?3) < ?9
       ON CONFLICT (account, owner_kind, owner_name, policy_arn) DO NOTHING`,
    )
    .bind(
      ...[account, kind, name, policy.arn, policy.attachedAtSeconds, id],
      ...[policy.stored?.name ?? null, policy.stored?.id ?? null],
      limits.attachedPolicies,
    );
}

/** Whether it is attached by now, and if not, what was missing. */
export interface AttachmentState {
  readonly attached: number;
  readonly owner: number;
  readonly policy: number;
}

/** Indexes: as for `insertAttachment`. */
export function selectAttachmentState(
  db: D1Database,
  { kind, account, name, id }: Owner,
  policy: Attachable,
): D1PreparedStatement {
  return db
    .prepare(
      `SELECT
         EXISTS (SELECT 1 FROM attached_policies
           WHERE account = ?1 AND owner_kind = ?2 AND owner_name = ?3 AND policy_arn = ?4) AS attached,
         EXISTS (SELECT 1 FROM users WHERE user_id = ?5) OR EXISTS (SELECT 1 FROM roles WHERE role_id = ?5) AS owner,
         ?6 IS NULL
           OR EXISTS (SELECT 1 FROM policies WHERE account = ?1 AND policy_name = ?6 AND policy_id = ?7) AS policy`,
    )
    .bind(
      ...[account, kind, name, policy.arn, id],
      ...[policy.stored?.name ?? null, policy.stored?.id ?? null],
    );
}

/** Indexes: primary key, users_by_id, roles_by_id. */
export function deleteAttachment(
  db: D1Database,
  { kind, account, name, id }: Owner,
  policyArn: string,
): D1PreparedStatement {
  return db
    .prepare(
      `DELETE FROM attached_policies
       WHERE account = ?1 AND owner_kind = ?2 AND owner_name = ?3 AND policy_arn = ?4
         AND (EXISTS (SELECT 1 FROM users WHERE user_id = ?5) OR EXISTS (SELECT 1 FROM roles WHERE role_id = ?5))
       RETURNING policy_arn`,
    )
    .bind(account, kind, name, policyArn, id);
}

/** ARNs, in their order. The path of a policy follows `:policy` in its ARN. Index: primary key. */
export function selectAttachments(
  db: D1Database,
  { kind, account, name }: Owner,
  page: PathPageRequest,
): D1PreparedStatement {
  return db
    .prepare(
      `SELECT policy_arn FROM attached_policies
       WHERE account = ?1 AND owner_kind = ?2 AND owner_name = ?3 AND policy_arn > ?4
         AND substr(policy_arn, instr(policy_arn, ':policy') + 7, length(?5)) = ?5
       ORDER BY policy_arn LIMIT ?6`,
    )
    .bind(account, kind, name, page.after, page.pathPrefix, page.limit);
}

/** Who has a policy. */
export interface EntityRow {
  readonly owner_kind: "user" | "role";
  readonly owner_name: string;
  readonly owner_id: string;
}

/** `after` is the kind and name of an entity with a slash between. */
export interface EntityPageRequest extends PageRequest {
  /** Of the users and roles. */
  readonly pathPrefix: string;
  readonly kind: "user" | "role" | undefined;
}

/**
 * Roles before users, each in the order of names. Indexes: attached_policies_by_policy, the primary keys of users and
 * roles.
 */
export function selectEntities(
  db: D1Database,
  policy: { readonly arn: string; readonly account: string },
  page: EntityPageRequest,
): D1PreparedStatement {
  const slash = page.after.indexOf("/");
  return db
    .prepare(
      `SELECT owner_kind, owner_name, COALESCE(user_id, role_id) AS owner_id
       FROM attached_policies
       LEFT JOIN users
         ON owner_kind = 'user' AND users.account = attached_policies.account AND user_name = owner_name
       LEFT JOIN roles
         ON owner_kind = 'role' AND roles.account = attached_policies.account AND role_name = owner_name
       WHERE policy_arn = ?1 AND attached_policies.account = ?2
         AND (?3 IS NULL OR owner_kind = ?3)
         AND (owner_kind > ?4 OR (owner_kind = ?4 AND owner_name > ?5))
         AND substr(COALESCE(users.path, roles.path), 1, length(?6)) = ?6
       ORDER BY owner_kind, owner_name LIMIT ?7`,
    )
    .bind(
      ...[policy.arn, policy.account, page.kind ?? null],
      ...[page.after.slice(0, Math.max(slash, 0)), page.after.slice(slash + 1), page.pathPrefix, page.limit],
    );
}

/** A row for each ARN. Index: attached_policies_by_policy. */
export function countAttachments(
  db: D1Database,
  account: string,
  arns: readonly string[],
): D1PreparedStatement {
  return db
    .prepare(
      `SELECT value AS policy_arn, (
         SELECT count(*) FROM attached_policies WHERE policy_arn = value AND account = ?1
       ) AS attachments
       FROM json_each(?2)`,
    )
    .bind(account, JSON.stringify(arns));
}
