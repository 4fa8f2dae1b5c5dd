-- The keys that messages are sealed under: one per queue, and a new one now and then. Older ones stay, to open with.
CREATE TABLE data_keys (
  key_id TEXT NOT NULL PRIMARY KEY,  -- UUID; each sealed message names it
  queue_uid TEXT NOT NULL,
  -- 32 bytes in base64, sealed under the root key for `data-key/{key_id}/{queue_uid}`.
  sealed_key TEXT NOT NULL,
  created_at INTEGER NOT NULL,       -- seconds since 1970
  replaced_at INTEGER,               -- seconds: when its queue was given another; null: it seals
  retired_at INTEGER                 -- seconds: when its queue was deleted; null while it lives
) STRICT, WITHOUT ROWID;

-- Retires the keys of a queue.
CREATE INDEX data_keys_by_queue ON data_keys (queue_uid);
-- Finds the keys that have sealed for long enough.
CREATE INDEX data_keys_in_use ON data_keys (created_at) WHERE replaced_at IS NULL AND retired_at IS NULL;
-- Finds the keys that nothing can need any more.
CREATE INDEX data_keys_retired ON data_keys (retired_at) WHERE retired_at IS NOT NULL;
-- Finds what is sealed under an old root key, whose id are these 8 characters of a sealed secret.
CREATE INDEX data_keys_by_root_key ON data_keys (substr(sealed_key, 4, 8));
CREATE INDEX access_keys_by_root_key ON access_keys (substr(sealed_secret, 4, 8));

-- The data key that a queue seals under; null for one from before there were any, until it needs one.
ALTER TABLE queues ADD COLUMN data_key_id TEXT;

-- Random secrets that a deployment makes for itself, once.
CREATE TABLE deployment_secrets (
  name TEXT NOT NULL PRIMARY KEY,
  sealed TEXT NOT NULL  -- 32 bytes in base64, sealed under the root key for `deployment-secret/{name}`
) STRICT, WITHOUT ROWID;
