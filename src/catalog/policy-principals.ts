/** Users and roles as policies name them, and the unique ids behind their names. */

/** A user or role of an account that a policy names. */
export interface NamedPrincipal {
  /** As the policy has it: `arn:aws:iam::…:user/…`, `…:role/…` or `arn:aws:sts::…:assumed-role/…`. */
  readonly arn: string;
  readonly account: string;
  readonly kind: "user" | "role";
  /** `/` or `/division/`; undefined where the ARN does not say it, which is that of a role's session. */
  readonly path: string | undefined;
  readonly name: string;
}

/** By primary key, once for each principal. Names are told apart by case here, as ARNs are when they are compared. */
export function selectPrincipalIds(
  db: D1Database,
  principals: readonly NamedPrincipal[],
): D1PreparedStatement {
  return db
    .prepare(
      `WITH named AS (
         SELECT value ->> 'arn' AS arn, value ->> 'account' AS account, value ->> 'kind' AS kind,
                value ->> 'path' AS path, value ->> 'name' AS name
         FROM json_each(?1))
       SELECT arn, user_id AS id FROM named JOIN users USING (account)
       WHERE kind = 'user' AND user_name = name AND user_name = name COLLATE BINARY AND users.path = named.path
       UNION ALL
       SELECT arn, role_id AS id FROM named JOIN roles USING (account)
       WHERE kind = 'role' AND role_name = name AND role_name = name COLLATE BINARY
         AND (named.path IS NULL OR roles.path = named.path)`,
    )
    .bind(JSON.stringify(principals));
}

/** Those of the accounts that exist, besides the root account of the deployment. By primary key. */
export function selectAccounts(db: D1Database, accounts: readonly string[]): D1PreparedStatement {
  return db
    .prepare("SELECT account_id FROM accounts WHERE account_id IN (SELECT value FROM json_each(?1))")
    .bind(JSON.stringify(accounts));
}

/** Those of the unique ids whose user or role still exists. Indexes: users_by_id, roles_by_id. */
export function selectLivingIds(db: D1Database, ids: readonly string[]): D1PreparedStatement {
  return db
    .prepare(
      `SELECT user_id AS id FROM users WHERE user_id IN (SELECT value FROM json_each(?1))
       UNION ALL
       SELECT role_id AS id FROM roles WHERE role_id IN (SELECT value FROM json_each(?1))`,
    )
    .bind(JSON.stringify(ids));
}
