import { describe, test } from "vitest";
import { ShardCore } from "../../src/shard/shard-core.ts";
import { checkHistory } from "./check-history.ts";
import { type FifoHistory, fifoHistoryFrom } from "./fifo-histories.ts";
import { runFifoHistory } from "./fifo-run.ts";
import type { Recover, RunOptions } from "./shard-run.ts";

const HISTORIES = Number(process.env["HISTORIES"] ?? 3000);
const SWEPT = Math.ceil(HISTORIES / 10);
const SEED = process.env["SEED"];
const AN_HOUR_MS = 3_600_000;

const recoverShard: Recover = (log, { limits }) => new ShardCore(log, limits);

describe.skipIf(SEED === undefined)("a FIFO shard does what the reference model does", () => {
  test(`in history ${SEED}`, () => check(fifoHistoryFrom(Number(SEED)), { sweep: true }), AN_HOUR_MS);
});

describe.skipIf(SEED !== undefined)("a FIFO shard does what the reference model does", () => {
  test(
    `in ${HISTORIES} histories with evictions and crashes`,
    () => {
      for (let seed = 0; seed < HISTORIES; seed++) check(fifoHistoryFrom(seed));
    },
    AN_HOUR_MS,
  );

  test(
    `in ${SWEPT} histories with a crash at every record boundary`,
    () => {
      for (let seed = 0; seed < SWEPT; seed++) check(fifoHistoryFrom(seed), { sweep: true });
    },
    AN_HOUR_MS,
  );
});

/** @throws with the fewest steps that show where shard and model part */
function check(history: FifoHistory, options: RunOptions = {}): void {
  checkHistory(history, runFifoHistory, recoverShard, { ...options, again: "conformance/fifo" });
}
