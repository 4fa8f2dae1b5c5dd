import { describe, expect, test } from "vitest";
import { ShardCore } from "../../src/shard/shard-core.ts";
import { shardLimits } from "../../src/shard/shard-limits.ts";
import { brokenCores } from "./broken-cores.ts";
import { checkHistory, divergence } from "./check-history.ts";
import { delegatingCore } from "./delegates.ts";
import { type History, historyFrom, type Step } from "./histories.ts";
import { runHistory } from "./history-run.ts";
import type { Recover, RunOptions } from "./shard-run.ts";
import { type Saw, tally, witnessedLog } from "./witness.ts";

const HISTORIES = Number(process.env["HISTORIES"] ?? 1500);
const SWEPT = Math.ceil(HISTORIES / 5);
const SEED = process.env["SEED"];
const AN_HOUR_MS = 3_600_000;

const recoverShard: Recover = (log, { limits }) => new ShardCore(log, limits);

describe.skipIf(SEED === undefined)("a shard does what the reference model does", () => {
  test(`in history ${SEED}`, () => check(historyFrom(Number(SEED)), { sweep: true }), AN_HOUR_MS);
});

describe.skipIf(SEED !== undefined)("a shard does what the reference model does", () => {
  test(
    `in ${HISTORIES} histories with evictions and crashes`,
    () => {
      for (let seed = 0; seed < HISTORIES; seed++) check(historyFrom(seed));
    },
    AN_HOUR_MS,
  );

  test(
    `in ${SWEPT} histories with a crash at every record boundary`,
    () => {
      for (let seed = 0; seed < SWEPT; seed++) check(historyFrom(seed), { sweep: true });
    },
    AN_HOUR_MS,
  );

  test("when calls that arrive together bring more bytes than a record may have", () => {
    const mebibyte = 1_048_576 - 40;
    const sizes = [mebibyte, mebibyte, 300_000, 300_000, 300_000, mebibyte, 1];
    check(withUsualLimits(sizes.flatMap((bodyBytes, batch) => [send(batch, [bodyBytes]), receive])));
  });

  test("when calls that arrive together bring more messages than a record may have", () => {
    const sends = Array.from({ length: 420 }, (_, batch) => send(batch, new Array<number>(10).fill(0)));
    check(withUsualLimits([...sends, receive, { kind: "crash", lostRecords: 0 }]));
  });
});

describe.skipIf(SEED !== undefined)("the histories are worth telling", () => {
  test.each(brokenCores)("they find a shard that $fault", ({ recover }) => {
    const seeds = Array.from({ length: 500 }, (_, seed) => seed);
    expect(seeds.some((seed) => divergence(historyFrom(seed), runHistory, recover) !== undefined)).toBe(true);
  });

  test("they reach every kind of answer and of housekeeping", () => {
    const { saw, often } = tally();
    for (let seed = 0; seed < 300; seed++) divergence(historyFrom(seed), runHistory, witnessed(saw));
    expect(often(20)).toEqual(
      expect.arrayContaining([
        "a message received at once",
        "a message received 4 times",
        "ten messages in one receive",
        "a receive over the limit",
        "a visibility changed",
        "a visibility gone",
        "a visibility beyondLimit",
        "a purge accepted",
        "a purge refused",
        "a table dropped",
        "a snapshot saved",
        "a message relocated",
        "a recovery with several tables",
        "a recovery with a snapshot",
      ]),
    );
  });
});

function check(history: History, options: RunOptions = {}): void {
  checkHistory(history, runHistory, recoverShard, { ...options, again: "shard-core" });
}

const receive: Step = { kind: "receive", max: 10, visibilityMs: 1000 };

function send(batch: number, sizes: readonly number[]): Step {
  const messages = sizes.map((bodyBytes) => ({ delayMs: 0, bodyBytes, groupId: undefined }));
  return { kind: "send", batch, messages };
}

function withUsualLimits(steps: readonly Step[]): History {
  return { seed: undefined, limits: shardLimits, retentionSeconds: 3600, steps };
}

/** Our shard, with a witness of what it answers and what it does to its log. */
function witnessed(saw: Saw): Recover {
  return (log, { limits }) => {
    const core = new ShardCore(witnessedLog(log, saw), limits);
    return delegatingCore(core, {
      execute: (call, nowMs, nonce) => {
        const reply = core.execute(call, nowMs, nonce);
        if (reply.kind === "visibilityChanged")
          for (const each of reply.outcomes) saw(`a visibility ${each}`);
        if (reply.kind === "purged") saw(`a purge ${reply.accepted ? "accepted" : "refused"}`);
        if (reply.kind === "received") {
          if (reply.overLimit) saw("a receive over the limit");
          if (reply.messages.length === 10) saw("ten messages in one receive");
          for (const { receiveCount, sentAtMs } of reply.messages) {
            if (receiveCount === 4) saw("a message received 4 times");
            if (receiveCount === 1 && sentAtMs === nowMs) saw("a message received at once");
          }
        }
        return reply;
      },
    });
  };
}
