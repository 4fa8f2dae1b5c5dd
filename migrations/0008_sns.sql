-- Topics of our own SNS, and who listens to them.
CREATE TABLE topics (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,            -- with its .fifo
  -- JSON object, SNS's attribute name to text. Only what was set: without a Policy SNS's default one holds.
  attributes TEXT NOT NULL,
  -- JSON object: which unique id each user and role that the Policy names had when it was set.
  policy_ids TEXT NOT NULL,
  tags TEXT NOT NULL,            -- JSON object, key to value
  sequence INTEGER NOT NULL,     -- of a FIFO topic: how many messages were given a number
  created_at INTEGER NOT NULL,   -- seconds since 1970
  PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;

-- A queue that listens to a topic. Deleting the topic deletes these in the same transaction.
CREATE TABLE subscriptions (
  topic_account TEXT NOT NULL,
  topic_region TEXT NOT NULL,
  topic_name TEXT NOT NULL,
  subscription_id TEXT NOT NULL,  -- UUID, the last part of its ARN
  owner TEXT NOT NULL,            -- the account that subscribed
  principal TEXT NOT NULL,        -- ARN of who subscribed
  endpoint TEXT NOT NULL,         -- ARN of the queue
  attributes TEXT NOT NULL,       -- JSON object, SNS's attribute name to text; only what was set
  pending INTEGER NOT NULL,       -- 1 until the queue's account has confirmed
  token_hash TEXT,                -- SHA-256 of the confirmation's token, in hexadecimal; null if none was needed
  token_expires_at INTEGER,       -- milliseconds since 1970
  created_at INTEGER NOT NULL,    -- seconds since 1970
  PRIMARY KEY (topic_account, topic_region, topic_name, subscription_id)
) STRICT, WITHOUT ROWID;

-- A queue listens to a topic once.
CREATE UNIQUE INDEX subscriptions_by_endpoint ON subscriptions (topic_account, topic_region, topic_name, endpoint);

CREATE INDEX subscriptions_by_owner ON subscriptions (owner, topic_region, topic_account, topic_name, subscription_id);

-- Deliveries of Amazon's own SNS over HTTP that have been stored, for as long as it may repeat them.
CREATE TABLE sns_receipts (
  queue_uid TEXT NOT NULL,
  message_id TEXT NOT NULL,      -- SNS's, the same for every delivery of a message
  stored_at INTEGER NOT NULL,    -- milliseconds since 1970
  PRIMARY KEY (queue_uid, message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX sns_receipts_by_time ON sns_receipts (stored_at);
