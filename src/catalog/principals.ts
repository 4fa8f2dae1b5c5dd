import type { AccessKeyRow, AccessKeyStatus } from "./access-keys.ts";

/** Who may be behind a request, with everything that decides what they may do: one round trip to D1 each. */
export interface Principals {
  /** Undefined for a key that does not exist, or whose user does not (any more). */
  findPrincipalOfKey(accessKeyId: string): Promise<KeyPrincipal | undefined>;
  /** Names of roles have no case. */
  findRole(account: string, roleName: string): Promise<RolePrincipal | undefined>;
  /** A managed policy of an account. */
  findPolicy(account: string, policyName: string): Promise<ManagedPolicy | undefined>;
}

/** An access key and its user; of a root's key, which has no user, path, tags and policies are empty. */
export interface KeyPrincipal extends OwnPolicies {
  readonly accessKeyId: string;
  readonly account: string;
  /** As the user is spelled; empty: the root of the account. */
  readonly userName: string;
  /** `AIDA…`; the account itself for its root. */
  readonly userId: string;
  readonly path: string;
  readonly tags: PrincipalTags;
  readonly sealedSecret: string;
  readonly status: AccessKeyStatus;
}

export interface RolePrincipal extends OwnPolicies {
  readonly account: string;
  /** As the role is spelled. */
  readonly roleName: string;
  /** `AROA…`: another one for a role that was deleted and created again. */
  readonly roleId: string;
  readonly path: string;
  readonly tags: PrincipalTags;
  readonly trustPolicy: string;
  readonly maxSessionSeconds: number;
}

/** The policies of a user or role, inline and attached. */
export interface OwnPolicies {
  readonly policies: readonly string[];
  /** Attached ones that no table holds: AWS's own. */
  readonly awsPolicyArns: readonly string[];
}

export interface ManagedPolicy {
  readonly arn: string;
  readonly document: string;
}

export type PrincipalTags = Readonly<Record<string, string>>;

export function principalsIn(db: D1Database): Principals {
  return {
    findPrincipalOfKey: (accessKeyId) => findPrincipalOfKey(db, accessKeyId),
    findRole: (account, roleName) => findRole(db, account, roleName),
    findPolicy: (account, policyName) => findPolicy(db, account, policyName),
  };
}

export async function findPrincipalOfKey(
  db: D1Database,
  accessKeyId: string,
): Promise<KeyPrincipal | undefined> {
  const [found, inline, attached] = await db.batch<KeyRow & DocumentRow>(
    [sql.key, sql.inlineOfKey, sql.attachedToKey].map((each) => db.prepare(each).bind(accessKeyId)),
  );
  const row = found?.results[0];
  if (row === undefined) return undefined;
  const isRoot = row.user_name === "";
  if (!isRoot && row.path === null) return undefined;
  return {
    accessKeyId: row.access_key_id,
    account: row.account,
    userName: row.user_name,
    userId: row.user_id,
    path: row.path ?? "/",
    tags: JSON.parse(row.tags ?? "{}") as PrincipalTags,
    sealedSecret: row.sealed_secret,
    status: row.status,
    ...policiesOf(inline, attached),
  };
}

export async function findRole(
  db: D1Database,
  account: string,
  roleName: string,
): Promise<RolePrincipal | undefined> {
  const [found, inline, attached] = await db.batch<RoleRow & DocumentRow>(
    [sql.role, sql.inlineOfRole, sql.attachedToRole].map((each) => db.prepare(each).bind(account, roleName)),
  );
  const row = found?.results[0];
  return (
    row && {
      account,
      roleName: row.role_name,
      roleId: row.role_id,
      path: row.path,
      tags: JSON.parse(row.tags) as PrincipalTags,
      trustPolicy: row.trust_policy,
      maxSessionSeconds: row.max_session_seconds,
      ...policiesOf(inline, attached),
    }
  );
}

export async function findPolicy(
  db: D1Database,
  account: string,
  policyName: string,
): Promise<ManagedPolicy | undefined> {
  const row = await db.prepare(sql.policy).bind(account, policyName).first<ManagedPolicy>();
  return row ?? undefined;
}

/**
 * An ARN ends in the policy's name, which is how an attached policy is found by its primary key: what is cut off
 * at the end of the ARN is all that is no slash. The whole ARN is compared as well, so that of AWS's policies
 * none is taken for one of the account.
 */
const policyOfArn = `p.account = a.account
    AND p.policy_name = substr(a.policy_arn, length(rtrim(a.policy_arn, replace(a.policy_arn, '/', ''))) + 1)
    AND a.policy_arn = 'arn:aws:iam::' || p.account || ':policy' || p.path || p.policy_name`;

const sql = {
  /**
   * By the primary keys of both. A user of another id is not the key's, though of the same name. The user's columns
   * stand first in each comparison, for theirs is the collation without case.
   */
  key: `SELECT k.*, u.path, u.tags FROM access_keys k
    LEFT JOIN users u ON u.account = k.account AND u.user_name = k.user_name AND u.user_id = k.user_id
    WHERE k.access_key_id = ?1`,
  /** By the primary keys of both. */
  inlineOfKey: `SELECT i.document FROM access_keys k
    JOIN inline_policies i ON i.account = k.account AND i.owner_kind = 'user' AND i.owner_name = k.user_name
    WHERE k.access_key_id = ?1`,
  /** By the primary keys of all three. */
  attachedToKey: `SELECT a.policy_arn, p.document FROM access_keys k
    JOIN attached_policies a ON a.account = k.account AND a.owner_kind = 'user' AND a.owner_name = k.user_name
    LEFT JOIN policies p ON ${policyOfArn}
    WHERE k.access_key_id = ?1`,
  /** By primary key. */
  role: "SELECT * FROM roles WHERE account = ?1 AND role_name = ?2",
  /** By primary key. */
  inlineOfRole:
    "SELECT document FROM inline_policies WHERE account = ?1 AND owner_kind = 'role' AND owner_name = ?2",
  /** By the primary keys of both. */
  attachedToRole: `SELECT a.policy_arn, p.document FROM attached_policies a
    LEFT JOIN policies p ON ${policyOfArn}
    WHERE a.account = ?1 AND a.owner_kind = 'role' AND a.owner_name = ?2`,
  /** By primary key. */
  policy: `SELECT 'arn:aws:iam::' || account || ':policy' || path || policy_name AS arn, document FROM policies
    WHERE account = ?1 AND policy_name = ?2`,
} as const;

interface KeyRow extends AccessKeyRow {
  /** Null without a user. */
  readonly path: string | null;
  readonly tags: string | null;
}

interface RoleRow {
  readonly role_name: string;
  readonly role_id: string;
  readonly path: string;
  readonly tags: string;
  readonly trust_policy: string;
  readonly max_session_seconds: number;
}

interface DocumentRow {
  /** Of an attached policy. */
  readonly policy_arn: string;
  /** Null for one that is not in the account's table. */
  readonly document: string | null;
}

type Documents = Pick<D1Result<DocumentRow>, "results"> | undefined;

function policiesOf(inline: Documents, attached: Documents): OwnPolicies {
  const rows = [...(inline?.results ?? []), ...(attached?.results ?? [])];
  return {
    policies: rows.flatMap(({ document }) => document ?? []),
    awsPolicyArns: rows.flatMap(({ document, policy_arn }) => (document === null ? policy_arn : [])),
  };
}
