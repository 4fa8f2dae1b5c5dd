-- Who may sign, besides the root credential of the deployment: one row per access key.
CREATE TABLE access_keys (
  access_key_id TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL,
  user_name TEXT NOT NULL,
  -- AIDA…: the same for all keys of a user, and what SenderId shows.
  user_id TEXT NOT NULL,
  -- Sealed under the root key for this access key id; src/encryption/secrets.ts has the format.
  sealed_secret TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('Active', 'Inactive')),
  created_at INTEGER NOT NULL  -- seconds since 1970
) STRICT, WITHOUT ROWID;

-- Lists the keys of an account or of a user, and finds a user's id.
CREATE INDEX access_keys_by_user ON access_keys (account, user_name, access_key_id);
