-- Which queues exist. Each creation has its own uid, so a queue that is deleted and created again is another one.
CREATE TABLE queues (
  uid TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,      -- from 1, one more with every change of attributes
  handle_key TEXT NOT NULL,      -- signs receipt handles: 16 bytes in base64url
  created_at INTEGER NOT NULL,   -- seconds since 1970
  modified_at INTEGER NOT NULL,  -- seconds since 1970
  attributes TEXT NOT NULL,      -- JSON of QueueAttributes
  tags TEXT NOT NULL             -- JSON object, key to value
) WITHOUT ROWID;

CREATE UNIQUE INDEX queues_by_name ON queues (account, region, name);

-- Deleted queues whose shards still hold messages.
CREATE TABLE deleted_queues (
  uid TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  handle_key TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  modified_at INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  deleted_at INTEGER NOT NULL,   -- milliseconds since 1970
  tried_at INTEGER NOT NULL      -- milliseconds: when emptying was last begun
) WITHOUT ROWID;

CREATE INDEX deleted_queues_by_try ON deleted_queues (tried_at);

-- When a name was last deleted, kept for the minute in which strict timing refuses it.
CREATE TABLE deleted_names (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  deleted_at INTEGER NOT NULL,   -- milliseconds since 1970
  PRIMARY KEY (account, region, name)
) WITHOUT ROWID;

CREATE INDEX deleted_names_by_time ON deleted_names (deleted_at);
