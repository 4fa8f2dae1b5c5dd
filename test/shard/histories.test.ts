import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Log } from "../../src/shard/log.ts";
import { MemoryLog } from "../../src/shard/memory-log.ts";
import { ShardCore } from "../../src/shard/shard-core.ts";
import { SqliteLog } from "../../src/shard/sqlite-log.ts";
import { delegatingLog } from "../conformance/delegates.ts";
import { historyFrom } from "../conformance/histories.ts";
import { runHistory } from "../conformance/history-run.ts";
import type { Recover } from "../conformance/shard-run.ts";

/** The rest of the seeds run over the log in memory, in `test/conformance`. */
const HISTORIES = 300;
const HISTORIES_PER_OBJECT = 20;

test(`over SQLite a shard does what the reference model does, in ${HISTORIES} histories with evictions and crashes`, async () => {
  let recoveries = 0;
  for (let first = 0; first < HISTORIES; first += HISTORIES_PER_OBJECT) {
    const stub = env.QUEUE_SHARD.get(env.QUEUE_SHARD.newUniqueId());
    await runInDurableObject(stub, (_, { storage: { sql } }) => {
      const recover: Recover = (memory, { limits }) => {
        recoveries++;
        return new ShardCore(mirrored(memory, sql), limits);
      };
      for (let seed = first; seed < first + HISTORIES_PER_OBJECT; seed++) {
        try {
          runHistory(historyFrom(seed), recover);
        } catch (cause) {
          throw new Error(`seed ${seed} parts from the model`, { cause });
        }
      }
    });
  }
  expect(recoveries).toBeGreaterThan(HISTORIES);
}, 60_000);

/**
 * The log in SQLite, read from disk, and written along with `memory`: that one knows how to go back to what a
 * crash would have left, and SQLite is then made to hold the same.
 */
function mirrored(memory: Log, sql: SqlStorage): Log {
  const log = new SqliteLog(sql);
  if (shapeOf(log) !== shapeOf(memory)) copy(memory, log);
  return delegatingLog(log, {
    openEpoch: (epoch, firstLsn) => {
      memory.openEpoch(epoch, firstLsn);
      log.openEpoch(epoch, firstLsn);
    },
    dropEpoch: (epoch) => {
      memory.dropEpoch(epoch);
      log.dropEpoch(epoch);
    },
    append: (record) => {
      memory.append(record);
      log.append(record);
    },
    saveSnapshot: (snapshot) => {
      memory.saveSnapshot(snapshot);
      log.saveSnapshot(snapshot);
    },
    clear: () => {
      memory.clear();
      log.clear();
    },
  });
}

function copy(from: Log, to: Log): void {
  to.clear();
  const epochs = from.epochs();
  for (const [i, { epoch, firstLsn }] of epochs.entries()) {
    to.openEpoch(epoch, firstLsn);
    const nextLsn = epochs[i + 1]?.firstLsn ?? Infinity;
    for (const { lsn } of from.replay(firstLsn - 1)) {
      const record = lsn < nextLsn ? from.read(lsn) : undefined;
      if (record) to.append(record);
    }
  }
  const snapshot = from.loadSnapshot();
  if (snapshot) to.saveSnapshot(snapshot);
}

/** Two logs of one history with the same shape hold the same. */
function shapeOf(log: Log): string {
  const lsns = [...log.replay(0)].map(({ lsn }) => lsn);
  return JSON.stringify([log.epochs(), lsns, log.loadSnapshot()?.lsn]);
}

test("the log in SQLite is then the same as the one in memory", async () => {
  const stub = env.QUEUE_SHARD.get(env.QUEUE_SHARD.newUniqueId());
  await runInDurableObject(stub, (_, { storage: { sql } }) => {
    const memory = new MemoryLog();
    const log = mirrored(memory, sql);
    log.openEpoch(1, 1);
    log.append({ lsn: 1, ops: Uint8Array.of(1), bodies: Uint8Array.of(2) });
    log.append({ lsn: 2, ops: Uint8Array.of(3), bodies: Uint8Array.of(4) });
    memory.truncateAfter(1);
    expect(shapeOf(new SqliteLog(sql))).not.toBe(shapeOf(memory));
    expect(shapeOf(mirrored(memory, sql))).toBe(shapeOf(memory));
    expect(shapeOf(new SqliteLog(sql))).toBe(shapeOf(memory));
  });
});
