import { describe, expect, test } from "vitest";
import { messageIdOf } from "../../src/queue/message-id.ts";
import type { Received, SendCall, Sent } from "../../src/shard/calls.ts";
import { ShardCore } from "../../src/shard/shard-core.ts";
import { shardLimits } from "../../src/shard/shard-limits.ts";
import { checkHistory, divergence } from "./check-history.ts";
import { delegatingCore } from "./delegates.ts";
import { fifoBrokenCores } from "./fifo-broken-cores.ts";
import { type FifoHistory, type FifoStep, fifoHistoryFrom } from "./fifo-histories.ts";
import { FIVE_MINUTES_MS } from "./fifo-model.ts";
import { runFifoHistory } from "./fifo-run.ts";
import type { Recover, RunOptions } from "./shard-run.ts";
import { type Saw, tally, witnessedLog } from "./witness.ts";

const HISTORIES = Number(process.env["HISTORIES"] ?? 1000);
const SWEPT = Math.ceil(HISTORIES / 5);
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

  test("when a table is dropped that the next delivery was to come from, and older ones stay", () => {
    const twelveHoursMs = 43_200_000;
    check({
      seed: undefined,
      // Every record gets a table of its own, which stays as long as a message in it lives.
      limits: { ...shardLimits, epochBytes: 1, stragglers: 0, idleBytes: 0, cacheBytes: 0 },
      scope: "queue",
      retentionSeconds: 86_400,
      delaySeconds: 0,
      isWatched: true,
      steps: [
        ...sendAlone("held"),
        ...receiveOne(twelveHoursMs),
        ...sendAlone("gone"),
        ...receiveOne(1000),
        ...deleteLatest,
        ...["next", "second", "third"].flatMap(sendAlone),
        { kind: "wait", ms: FIVE_MINUTES_MS },
        // The first table to go is `gone`'s, and the snapshot for it the last one.
        { kind: "housekeep", slices: 20 },
        ...receiveOne(1000),
        ...deleteLatest,
        { kind: "housekeep", slices: 20 },
        { kind: "evict" },
        { kind: "receive", max: 10, visibilityMs: 1000 },
      ],
    });
  });
});

describe.skipIf(SEED !== undefined)("the histories of FIFO queues are worth telling", () => {
  test.each(fifoBrokenCores)("they find a shard that $fault", ({ recover }) => {
    const seeds = Array.from({ length: 500 }, (_, seed) => seed);
    expect(
      seeds.some((seed) => divergence(fifoHistoryFrom(seed), runFifoHistory, recover) !== undefined),
    ).toBe(true);
  });

  test("they reach every kind of answer and of housekeeping", () => {
    const { saw, often } = tally();
    for (let seed = 0; seed < 300; seed++) divergence(fifoHistoryFrom(seed), runFifoHistory, witnessed(saw));
    expect(often(10)).toEqual(
      expect.arrayContaining([
        "a message stored",
        "a duplicate in one batch",
        "a duplicate of another batch",
        "a duplicate's batch, stored in part",
        "a message received 4 times",
        "messages of several groups in one receive",
        "ten messages in one receive",
        "nothing to receive though messages are visible",
        "a receive repeated",
        "a receive repeated after a recovery",
        "a named receive not repeated",
        "a delete deleted",
        "a delete expired",
        "a visibility changed",
        "a visibility gone",
        "a visibility expired",
        "a visibility beyondLimit",
        "a purge accepted",
        "a purge refused",
        "a delayed message",
        "a table dropped",
        "a snapshot saved",
        "a message relocated",
        "a recovery with several tables",
        "a recovery with a snapshot",
      ]),
    );
  });
});

/** @throws with the fewest steps that show where shard and model part */
function check(history: FifoHistory, options: RunOptions = {}): void {
  checkHistory(history, runFifoHistory, recoverShard, { ...options, again: "conformance/fifo" });
}

const commit: FifoStep = { kind: "commit" };
const deleteLatest: readonly FifoStep[] = [{ kind: "delete", handles: [0] }, commit];

function receiveOne(visibilityMs: number): readonly FifoStep[] {
  return [{ kind: "receive", max: 1, visibilityMs }, commit];
}

/** A message that is a group and a record of its own. */
function sendAlone(name: string): readonly FifoStep[] {
  return [{ kind: "send", batch: 0, messages: [{ bodyBytes: 0, groupId: name, dedupId: name }] }, commit];
}

/** Our shard, with a witness of what it answers and what it does to its log. */
function witnessed(saw: Saw): Recover {
  const names = new Set<string>();
  return (log, { limits }) => {
    const core = new ShardCore(witnessedLog(log, saw), limits);
    const noncesHere = new Set<number>();
    return delegatingCore(core, {
      execute: (call, nowMs, nonce) => {
        const reply = core.execute(call, nowMs, nonce);
        if (reply.kind === "counted" && reply.delayed > 0) saw("a delayed message");
        if (reply.kind === "purged") saw(`a purge ${reply.accepted ? "accepted" : "refused"}`);
        if (reply.kind === "done") for (const each of reply.outcomes ?? []) saw(`a delete ${each}`);
        if (reply.kind === "visibilityChanged") {
          for (const each of reply.outcomes) saw(`a visibility ${each}`);
        }
        if (call.kind === "send" && reply.kind === "sent") witnessSend(call, reply, saw);
        if (call.kind === "receive" && reply.kind === "received") {
          const [first] = reply.messages;
          if (first === undefined) {
            const counted = core.execute({ kind: "count" }, nowMs, 0);
            if (counted.visible > 0) saw("nothing to receive though messages are visible");
            return reply;
          }
          if (first.nonce !== nonce) {
            saw(noncesHere.has(first.nonce) ? "a receive repeated" : "a receive repeated after a recovery");
          } else if (call.attempt !== undefined) {
            if (names.has(call.attempt)) saw("a named receive not repeated");
            names.add(call.attempt);
          }
          noncesHere.add(nonce);
          witnessReceive(reply, saw);
        }
        return reply;
      },
    });
  };
}

function witnessSend(call: SendCall, { messageIds = [] }: Sent, saw: Saw): void {
  const own = call.messages.map((_, index) => messageIdOf(call.batchId, index));
  const stored = own.filter((id) => messageIds.includes(id));
  for (const [i, id] of messageIds.entries()) {
    if (id === own[i]) saw("a message stored");
    else saw(`a duplicate ${own.includes(id) ? "in one batch" : "of another batch"}`);
  }
  if (stored.length > 0 && stored.length < own.length) saw("a duplicate's batch, stored in part");
}

function witnessReceive({ messages }: Received, saw: Saw): void {
  if (messages.length === 10) saw("ten messages in one receive");
  if (new Set(messages.map(({ groupId }) => groupId)).size > 1) {
    saw("messages of several groups in one receive");
  }
  for (const { receiveCount } of messages) if (receiveCount === 4) saw("a message received 4 times");
}
