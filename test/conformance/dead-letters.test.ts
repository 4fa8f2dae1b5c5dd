import { describe, test } from "vitest";
import { ShardCore } from "../../src/shard/shard-core.ts";
import { checkHistory } from "./check-history.ts";
import { type DeadLetterHistory, deadLetterHistoryFrom } from "./dead-letter-histories.ts";
import { type RecoverBoth, runDeadLetters } from "./dead-letter-run.ts";
import type { Recover, RunOptions } from "./shard-run.ts";

const HISTORIES = Number(process.env["HISTORIES"] ?? 3000);
const SWEPT = Math.ceil(HISTORIES / 10);
const SEED = process.env["SEED"];
const AN_HOUR_MS = 3_600_000;

const recoverShard = ((log, { limits }) => new ShardCore(log, limits)) satisfies RecoverBoth & Recover;

describe.skipIf(SEED === undefined)(
  "a queue and its dead-letter queue lose no message and double none",
  () => {
    test(`in history ${SEED}`, () => check(deadLetterHistoryFrom(Number(SEED)), { sweep: true }), AN_HOUR_MS);
  },
);

describe.skipIf(SEED !== undefined)(
  "a queue and its dead-letter queue lose no message and double none",
  () => {
    test(
      `in ${HISTORIES} histories with evictions and crashes`,
      () => {
        for (let seed = 0; seed < HISTORIES; seed++) check(deadLetterHistoryFrom(seed));
      },
      AN_HOUR_MS,
    );

    test(
      `in ${SWEPT} histories with a crash at every record boundary of either log`,
      () => {
        for (let seed = 0; seed < SWEPT; seed++) check(deadLetterHistoryFrom(seed), { sweep: true });
      },
      AN_HOUR_MS,
    );
  },
);

/** @throws with the fewest steps that show where the shards and the model part */
function check(history: DeadLetterHistory, options: RunOptions = {}): void {
  const run = (each: DeadLetterHistory, _: Recover, how: RunOptions) =>
    runDeadLetters(each, recoverShard, how);
  checkHistory(history, run, recoverShard, { ...options, again: "conformance/dead-letters" });
}
