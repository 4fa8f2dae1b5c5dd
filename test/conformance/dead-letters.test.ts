import { describe, expect, test } from "vitest";
import { ShardCore } from "../../src/shard/shard-core.ts";
import { shardLimits } from "../../src/shard/shard-limits.ts";
import { decodeSnapshot } from "../../src/shard/snapshot.ts";
import { checkHistory, divergence } from "./check-history.ts";
import { brokenPairs } from "./dead-letter-broken-cores.ts";
import { type DeadLetterHistory, deadLetterHistoryFrom, type Step } from "./dead-letter-histories.ts";
import { type RecoverBoth, runDeadLetters } from "./dead-letter-run.ts";
import type { Recover, RunOptions } from "./shard-run.ts";

const HISTORIES = Number(process.env["HISTORIES"] ?? 500);
const SWEPT = Math.ceil(HISTORIES / 5);
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

    test.each([false, true])("when hundreds have been received too often at once (FIFO: %s)", (isFifo) => {
      check(withUsualLimits(isFifo, [...sends(25, 10), ...receives(25), ...receives(30)]));
    });

    test("when they are so large that each needs a record of its own", () => {
      const large = [1_000_000, 690_000, 20_000, 700_000, 1, 1];
      const batches = large.map((bodyBytes, batch) => send(batch, [bodyBytes]));
      check(withUsualLimits(false, [...batches, ...receives(6), ...receives(3)]), { sweep: true });
    });

    test.each([false, true])(
      "when nobody has taken them for longer than the source keeps messages (FIFO: %s)",
      (isFifo) => {
        const steps: Step[] = [
          send(0, [10, 10]),
          ...receives(2),
          { kind: "handOver", outcome: "lost" },
          ...Array.from({ length: 6 }, (_, i) => [
            { kind: "wait", ms: 40_000 } as const,
            send(i + 1, [10]),
            { kind: "commit", at: "source" } as const,
            { kind: "housekeep", at: "source", slices: 5 } as const,
            { kind: "evict", at: "source" } as const,
          ]).flat(),
          { kind: "handOver", outcome: "stored" },
        ];
        const limits = { ...shardLimits, epochBytes: 10, epochMinMs: 0, snapshotRecords: 3 };
        const history = withUsualLimits(isFifo, steps);
        const source = { ...history.source, retentionSeconds: 60 };
        check({ ...history, limits, source, targetRetentionSeconds: 345_600 }, { sweep: true });
      },
    );
  },
);

describe.skipIf(SEED !== undefined)("the histories of dead letters are worth telling", () => {
  test.each(brokenPairs)(
    "they find a pair that $fault",
    ({ recover }) => {
      const seeds = Array.from({ length: 500 }, (_, seed) => seed);
      const isFound = (seed: number) => divergenceWith(recover, deadLetterHistoryFrom(seed)) !== undefined;
      expect(seeds.some(isFound)).toBe(true);
    },
    AN_HOUR_MS,
  );

  test(
    "they reach every way that a dead letter can take",
    () => {
      const times = new Map<string, number>();
      const saw = (what: string) => times.set(what, (times.get(what) ?? 0) + 1);
      for (let seed = 0; seed < 600; seed++)
        divergenceWith(witnessed(saw), deadLetterHistoryFrom(seed), { trace: witness(saw) });

      expect([...times].filter(([, count]) => count >= 20).map(([what]) => what)).toEqual(
        expect.arrayContaining([
          "a receive that sends off and gives nothing",
          "a receive that sends off and gives others",
          "a parcel that is new",
          "a parcel that is known in part",
          "a parcel that is known",
          "a parcel that comes back",
          "a source with a snapshot",
          "a source with letters in a snapshot",
          "a target with a snapshot",
          "a target that knows parcels from a snapshot",
        ]),
      );
    },
    AN_HOUR_MS,
  );
});

/** @throws with the fewest steps that show where the shards and the model part */
function check(history: DeadLetterHistory, options: RunOptions = {}): void {
  checkHistory(history, runWith(recoverShard), recoverShard, {
    ...options,
    again: "conformance/dead-letters",
  });
}

function divergenceWith(recover: RecoverBoth, history: DeadLetterHistory, options: RunOptions = {}) {
  return divergence(history, runWith(recover), recoverShard, options);
}

function runWith(recover: RecoverBoth) {
  return (history: DeadLetterHistory, _: Recover, options: RunOptions) =>
    runDeadLetters(history, recover, options);
}

function sends(batches: number, messages: number): Step[] {
  return Array.from({ length: batches }, (_, batch) => send(batch, new Array<number>(messages).fill(5)));
}

function send(batch: number, sizes: readonly number[]): Step {
  const messages = sizes.map((bodyBytes, i) => ({ bodyBytes, delayMs: 0, groupId: `group ${i}` }));
  return { kind: "send", at: "source", batch, messages };
}

function receives(count: number): Step[] {
  return Array.from({ length: count }, () => ({
    kind: "receive",
    at: "source",
    max: 10,
    visibilityMs: 0,
  }));
}

function withUsualLimits(isFifo: boolean, steps: readonly Step[]): DeadLetterHistory {
  const source = { retentionSeconds: 345_600, maxReceiveCount: 1 };
  return {
    seed: undefined,
    limits: shardLimits,
    isFifo,
    source,
    targetRetentionSeconds: 345_600,
    isWatched: true,
    steps,
  };
}

/** What a run says that it did. */
function witness(saw: (what: string) => void): (line: string) => void {
  return (line) => {
    const [, given, moved] = /^ {2}(\d+) given: .*; (\d+) moved/.exec(line) ?? [];
    if (Number(moved) > 0) saw(`a receive that sends off and gives ${given === "0" ? "nothing" : "others"}`);
    const [, letters, fresh] = /^ {2}of (\d+) letters (\d+) are new/.exec(line) ?? [];
    if (letters !== undefined) {
      const known = letters === fresh ? "new" : fresh === "0" ? "known" : "known in part";
      saw(`a parcel that is ${known}`);
    }
    if (line.endsWith("letters come back")) saw("a parcel that comes back");
  };
}

/** Our shards, with a witness of what they come back from. */
function witnessed(saw: (what: string) => void): RecoverBoth {
  return (log, { limits }, place) => {
    const snapshot = log.loadSnapshot();
    if (snapshot !== undefined) {
      const { outbox, inbox } = decodeSnapshot(snapshot.data).state;
      saw(`a ${place} with a snapshot`);
      if (outbox.size > 0) saw(`a ${place} with letters in a snapshot`);
      if (inbox.size > 0) saw(`a ${place} that knows parcels from a snapshot`);
    }
    return new ShardCore(log, limits);
  };
}
