-- Accounts besides the root account of the deployment, which needs no row here.
CREATE TABLE accounts (
  account_id TEXT NOT NULL PRIMARY KEY,  -- 12 digits
  name TEXT NOT NULL,                    -- for operators to tell accounts apart; empty if none was given
  created_at INTEGER NOT NULL            -- seconds since 1970
) STRICT, WITHOUT ROWID;

-- IAM users. Names keep the case they were made with, and are unique without regard to it, as all names here.
-- Who signs as the root of an account has no row: a key in access_keys whose user_name is empty and whose user_id
-- is the account's id.
CREATE TABLE users (
  account TEXT NOT NULL,
  user_name TEXT NOT NULL COLLATE NOCASE,
  user_id TEXT NOT NULL,        -- AIDA…, never given again: who creates a deleted user anew creates another one
  path TEXT NOT NULL,           -- '/' or '/division/team/'
  created_at INTEGER NOT NULL,  -- seconds since 1970
  tags TEXT NOT NULL,           -- JSON object, key to value
  PRIMARY KEY (account, user_name)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX users_by_id ON users (user_id);

CREATE TABLE roles (
  account TEXT NOT NULL,
  role_name TEXT NOT NULL COLLATE NOCASE,
  role_id TEXT NOT NULL,                 -- AROA…
  path TEXT NOT NULL,
  description TEXT NOT NULL,             -- empty if none was given
  trust_policy TEXT NOT NULL,            -- JSON as it was given: who may assume the role
  max_session_seconds INTEGER NOT NULL,  -- the longest session that AssumeRole may give
  created_at INTEGER NOT NULL,           -- seconds since 1970
  tags TEXT NOT NULL,                    -- JSON object, key to value
  PRIMARY KEY (account, role_name)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX roles_by_id ON roles (role_id);

-- Policies that belong to one user or role, and end with it.
CREATE TABLE inline_policies (
  account TEXT NOT NULL,
  owner_kind TEXT NOT NULL CHECK (owner_kind IN ('user', 'role')),
  owner_name TEXT NOT NULL COLLATE NOCASE,
  policy_name TEXT NOT NULL COLLATE NOCASE,
  document TEXT NOT NULL,  -- JSON as it was given
  PRIMARY KEY (account, owner_kind, owner_name, policy_name)
) STRICT, WITHOUT ROWID;

-- Managed policies of an account: they take effect where they are attached.
CREATE TABLE policies (
  account TEXT NOT NULL,
  policy_name TEXT NOT NULL COLLATE NOCASE,
  policy_id TEXT NOT NULL,      -- ANPA…
  path TEXT NOT NULL,
  description TEXT NOT NULL,    -- empty if none was given
  document TEXT NOT NULL,       -- JSON as it was given
  created_at INTEGER NOT NULL,  -- seconds since 1970
  tags TEXT NOT NULL,           -- JSON object, key to value
  PRIMARY KEY (account, policy_name)
) STRICT, WITHOUT ROWID;

-- Which managed policies a user or role has.
CREATE TABLE attached_policies (
  account TEXT NOT NULL,         -- of the user or role
  owner_kind TEXT NOT NULL CHECK (owner_kind IN ('user', 'role')),
  owner_name TEXT NOT NULL COLLATE NOCASE,
  policy_arn TEXT NOT NULL,      -- spelled as the policy itself is
  attached_at INTEGER NOT NULL,  -- seconds since 1970
  PRIMARY KEY (account, owner_kind, owner_name, policy_arn)
) STRICT, WITHOUT ROWID;

-- Counts where a policy is attached, and keeps it from being deleted while it is.
CREATE INDEX attached_policies_by_policy ON attached_policies (policy_arn, account);

-- What follows takes over the users that until now were known by their access keys alone. They could do everything
-- in their account, so each is allowed everything: nobody loses access by the upgrade.
INSERT INTO accounts (account_id, name, created_at)
SELECT account, '', MIN(created_at) FROM access_keys GROUP BY account;

-- Of users whose names differ in case alone the oldest key's is kept: beside MIN, SQLite takes the other columns
-- from the row that holds the minimum.
INSERT INTO users (account, user_name, user_id, path, created_at, tags)
SELECT account, user_name, user_id, '/', MIN(created_at), '{}'
FROM access_keys
GROUP BY account, user_name COLLATE NOCASE;

-- A key names its user the way the user is spelled.
UPDATE access_keys SET (user_name, user_id) = (
  SELECT users.user_name, users.user_id FROM users
  WHERE users.account = access_keys.account AND users.user_name = access_keys.user_name
);

INSERT INTO inline_policies (account, owner_kind, owner_name, policy_name, document)
SELECT account, 'user', user_name, 'FullAccess',
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
FROM users;
