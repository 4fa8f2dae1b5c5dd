-- Keys of KMS. What they encrypt with is in kms_materials.
CREATE TABLE kms_keys (
  key_id TEXT NOT NULL PRIMARY KEY,   -- UUID
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  manager TEXT NOT NULL CHECK (manager IN ('CUSTOMER', 'AWS')),
  state TEXT NOT NULL CHECK (state IN ('Enabled', 'Disabled', 'PendingDeletion')),
  description TEXT NOT NULL,          -- empty if none was given
  policy TEXT NOT NULL,               -- JSON as it was given
  policy_ids TEXT NOT NULL,           -- JSON object: unique ids that the policy's users and roles had when it was set
  tags TEXT NOT NULL,                 -- JSON object, key to value
  created_at INTEGER NOT NULL,        -- milliseconds since 1970, as all instants here
  deletion_at INTEGER,                -- from then on it is gone; null unless its deletion is pending
  material_version INTEGER NOT NULL,  -- of the material that it encrypts with now
  rotation_days INTEGER,              -- null: it does not rotate by itself
  rotation_at INTEGER,                -- when it does next; null likewise
  on_demand_rotations INTEGER NOT NULL,
  revision INTEGER NOT NULL           -- from 1, one more with each change
) STRICT, WITHOUT ROWID;

CREATE INDEX kms_keys_by_account ON kms_keys (account, region, key_id);
-- Finds the keys to erase.
CREATE INDEX kms_keys_by_deletion ON kms_keys (deletion_at) WHERE deletion_at IS NOT NULL;
-- Finds the keys to rotate.
CREATE INDEX kms_keys_by_rotation ON kms_keys (rotation_at) WHERE rotation_at IS NOT NULL AND state = 'Enabled';

-- What keys encrypt with, and what they did before their rotations, to decrypt with.
CREATE TABLE kms_materials (
  key_id TEXT NOT NULL,
  version INTEGER NOT NULL,        -- from 1
  sealed_material TEXT NOT NULL,   -- 32 bytes in base64, sealed under the root key for `kms-key/{key_id}/{version}`
  created_at INTEGER NOT NULL,
  rotation TEXT CHECK (rotation IN ('AUTOMATIC', 'ON_DEMAND')),  -- which brought it; null for the first
  PRIMARY KEY (key_id, version)
) STRICT, WITHOUT ROWID;

-- Finds what is sealed under an old root key, whose id are these 8 characters of a sealed secret.
CREATE INDEX kms_materials_by_root_key ON kms_materials (substr(sealed_material, 4, 8), key_id || '/' || version);

CREATE TABLE kms_aliases (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,           -- 'alias/orders'
  target_key_id TEXT NOT NULL,  -- of the same account and region
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX kms_aliases_by_key ON kms_aliases (target_key_id, name);
