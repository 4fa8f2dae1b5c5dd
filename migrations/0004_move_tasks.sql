-- Move tasks that may be running, for the bound of active ones per account. What a task has done is known to its
-- source queue's shard alone; a row stays until the next task of that queue, or until the account reaches the bound.
CREATE TABLE move_tasks (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  source TEXT NOT NULL,          -- name of the dead-letter queue: only one task runs on a queue at a time
  task_id TEXT NOT NULL,
  started_at INTEGER NOT NULL,   -- milliseconds since 1970
  PRIMARY KEY (account, region, source)
) STRICT, WITHOUT ROWID;
