/** What operators ask of accounts and users; `src/catalog/access-keys.ts` has the statements on keys. */
export const identitySql = {
  /** Fails if there is one of this id. */
  createAccount: "INSERT INTO accounts (account_id, name, created_at) VALUES (?1, ?2, ?3)",
  /** By primary key of accounts. */
  ensureAccount: `INSERT INTO accounts (account_id, name, created_at) VALUES (?1, '', ?2)
ON CONFLICT (account_id) DO NOTHING`,
  /** By primary key. */
  listAccounts: "SELECT account_id, name, created_at FROM accounts ORDER BY account_id LIMIT ?1",
  /** Under the name as the user spells it. By primary keys of users and inline_policies. */
  putUserPolicy: `INSERT INTO inline_policies (account, owner_kind, owner_name, policy_name, document)
SELECT account, 'user', user_name, ?3, ?4 FROM users WHERE account = ?1 AND user_name = ?2
ON CONFLICT (account, owner_kind, owner_name, policy_name) DO UPDATE SET document = excluded.document`,
  /** By primary keys of inline_policies and attached_policies. */
  countUserPolicies: `SELECT
  (SELECT COUNT(*) FROM inline_policies WHERE account = ?1 AND owner_kind = 'user' AND owner_name = ?2) +
  (SELECT COUNT(*) FROM attached_policies WHERE account = ?1 AND owner_kind = 'user' AND owner_name = ?2) AS policies`,
} as const;

/** A row of `listAccounts`. */
export interface AccountRow {
  readonly account_id: string;
  readonly name: string;
  readonly created_at: number;
}
