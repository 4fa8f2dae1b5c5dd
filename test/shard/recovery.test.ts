import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { fromUtf8 } from "../../src/lib/bytes.ts";
import { decodeRecord, RECORD_VERSION, UnreadableRecord } from "../../src/shard/codec.ts";
import { ShardCore } from "../../src/shard/shard-core.ts";
import { decodeSnapshot, SNAPSHOT_VERSION } from "../../src/shard/snapshot.ts";
import { SqliteLog } from "../../src/shard/sqlite-log.ts";
import { testSettings } from "../support/fake-queue.ts";
import { fromHex } from "../support/hex.ts";
import v1 from "./records/v1.json";
import v2 from "./records/v2.json";
import v3 from "./records/v3.json";

/** When the queue in the fixture was made; later instants count from here. */
const MADE_MS = 1_700_000_000_000;
const TWELVE_HOURS_MS = 43_200_000;

/**
 * A log as each version wrote it, with every kind of operation in it. A fixture is never written again: disks
 * hold such logs. A new version of records or snapshots adds one.
 */
const fixtures = [{ recordVersion: 1, snapshotVersion: 1, log: v1 }];
/** With snapshots of version 2 came operations of FIFO queues, dead letters, move tasks and rejoined messages. */
const fixtures2 = [{ recordVersion: 1, snapshotVersion: 2, log: v2 }];
/** The same versions, with messages that are sealed under another id than theirs: move tasks brought them. */
const fixtures3 = [{ recordVersion: 1, snapshotVersion: 2, log: v3 }];
const written = [...fixtures, ...fixtures2, ...fixtures3];

test("there is a fixture of every version ever written", () => {
  expect(new Set(written.map(({ recordVersion }) => recordVersion)).size).toBe(RECORD_VERSION);
  expect(new Set(written.map(({ snapshotVersion }) => snapshotVersion)).size).toBe(SNAPSHOT_VERSION);
});

describe.each(fixtures)(
  "a log of records $recordVersion and snapshots $snapshotVersion",
  ({ log: fixture }) => {
    const ways: [string, { readonly withSnapshot: boolean }][] = [
      ["from its records alone", { withSnapshot: false }],
      ["from its snapshot and the records behind it", { withSnapshot: true }],
    ];
    for (const [way, { withSnapshot }] of ways) {
      test(`is recovered ${way}`, async () => {
        await withLog((log) => {
          write(fixture, log, withSnapshot);
          const core = new ShardCore(log);
          expect(core.settings).toEqual({ ...testSettings({ retentionSeconds: 345_600 }), version: 2 });
          expect(countsAt(core, 44_999)).toEqual({ visible: 6, inFlight: 3, delayed: 1 });
          expect(countsAt(core, 45_000)).toEqual({ visible: 8, inFlight: 1, delayed: 1 });
          expect(receivedAt(core, 45_000)).toEqual([
            "plain: 00000002-80ff-4000-8000-000000000002, sent at 1000, receive 4, first at 3000, table 4",
            "of a group, once: 00000002-80ff-4000-8000-000000000000, sent at 1000, receive 3, first at 3000, table 4, g, d",
            "woken: 00000003-80ff-4000-8000-000000000003, sent at 2000, receive 2, first at 8000, table 4",
            "filler 4: 00000004-80ff-4000-8000-000000000004, sent at 9004, receive 2, first at 10000, table 2",
            "filler 7: 00000007-80ff-4000-8000-000000000007, sent at 9007, receive 2, first at 10000, table 3",
            "filler 8: 00000008-80ff-4000-8000-000000000008, sent at 9008, receive 2, first at 10000, table 4",
            "untouched: 00000009-80ff-4000-8000-000000000009, sent at 12000, receive 1, first at 45000, table 4",
            "untouched, of a group: 00000009-80ff-4000-8000-000000000008, sent at 12000, receive 1, first at 45000, table 4, h",
          ]);
          expect(receivedAt(core, 603_999)).toEqual([]);
          expect(receivedAt(core, 604_000)).toEqual([
            "of a group: 00000002-80ff-4000-8000-000000000003, sent at 1000, receive 2, first at 3000, table 4, g",
          ]);
          expect(receivedAt(core, 911_999)).toEqual([]);
          expect(receivedAt(core, 912_000)).toEqual([
            "delayed: 00000009-80ff-4000-8000-00000000000b, sent at 12000, receive 1, first at 912000, table 4",
          ]);
        });
      });

      test(`is recovered ${way} with its memory of batches`, async () => {
        await withLog((log) => {
          write(fixture, log, withSnapshot);
          const core = new ShardCore(log);
          const again = (ms: number, digit: number) => {
            const batchId = `0000000${digit}-80ff-4000-8000-00000000000${digit}`;
            const messages = [{ sealed: new Uint8Array(1), delayMs: 0 }];
            return core.execute({ kind: "send", batchId, messages }, MADE_MS + ms, 0).positions;
          };
          expect(again(31_999, 3)).toEqual([6 * 4096]);
          expect(again(32_000, 3)).toEqual([22 * 4096]);
          expect(again(41_999, 9)).toEqual([20 * 4096, 20 * 4096 + 1, 20 * 4096 + 2]);
        });
      });

      test(`goes on where it ended when it is recovered ${way}`, async () => {
        await withLog((log) => {
          write(fixture, log, withSnapshot);
          const core = new ShardCore(log);
          const messages = [{ sealed: new Uint8Array(1), delayMs: 0 }];
          core.execute({ kind: "send", batchId: crypto.randomUUID(), messages }, MADE_MS + 45_000, 0);
          core.commit(MADE_MS + 45_000);
          const later = new ShardCore(log);
          expect(countsAt(later, 45_000)).toEqual({ visible: 9, inFlight: 1, delayed: 1 });
          while (later.housekeep(MADE_MS + 345_700_000)) {
            // Until there is nothing left to do.
          }
          expect(log.epochs()).toHaveLength(1);
        });
      });
    }

    test("is not opened at all when a record of it is missing or cannot be read", async () => {
      const damages: [string | typeof UnreadableRecord, (sql: SqlStorage) => unknown][] = [
        ["record 10 is missing before 11", (sql) => sql.exec("DELETE FROM rec_2 WHERE lsn = 10")],
        [UnreadableRecord, (sql) => sql.exec("UPDATE rec_2 SET ops = zeroblob(length(ops)) WHERE lsn = 10")],
        [UnreadableRecord, (sql) => sql.exec("UPDATE rec_2 SET ops = zeroblob(0) WHERE lsn = 10")],
      ];
      for (const [problem, damage] of damages) {
        await withLog((log, sql) => {
          write(fixture, log, false);
          damage(sql);
          expect(() => new ShardCore(new SqliteLog(sql))).toThrow(problem);
        });
      }
    });
  },
);

const FIFO_OPS = [
  ...["send", "settings", "groupLease", "repeat", "deadLetterOut", "deadLetterDone", "deadLetterBack"],
  ...["deadLetterIn", "moveIn", "moveStart", "moveOut", "moveEnd"],
];

describe.each(fixtures2)(
  "a log of records $recordVersion and snapshots $snapshotVersion",
  ({ log: { fifo, standard }, snapshotVersion }) => {
    test("holds every kind of operation that is new", () => {
      expect(kindsIn(fifo)).toEqual(new Set(FIFO_OPS));
      expect(kindsIn(standard)).toContain("rejoin");
      for (const { snapshot } of [fifo, standard]) expect(fromHex(snapshot.data)[0]).toBe(snapshotVersion);
    });

    for (const withSnapshot of [false, true]) {
      const way = withSnapshot ? "from its snapshot and the records behind it" : "from its records alone";

      test(`of a FIFO queue is recovered ${way}`, async () => {
        await withLog((log) => {
          write(fifo, log, withSnapshot);
          const core = new ShardCore(log);
          expect(countsAt(core, 14_000)).toEqual({ visible: 7, inFlight: 4, delayed: 0 });
          expect(core.execute({ kind: "listMoves" }, MADE_MS + 14_000, 0).tasks).toEqual([
            {
              taskId: "00000070-80ff-4000-8000-000000000070",
              status: "CANCELLED",
              targetArn: "arn:aws:sqs:us-east-1:000000000000:elsewhere.fifo",
              rate: 1,
              startedAtMs: MADE_MS + 11_000,
              moved: 1,
              toMove: 7,
            },
          ]);
          expect(core.hasDeadLetters).toBe(false);
          // "letter 3" waits for the letters before it.
          expect(receivedAt(core, 14_000).map(nameOf)).toEqual(["p1", "p2", "p3", "q1", "q2", "last"]);
          expect(receivedAt(core, 70_399)).toEqual([]);
          expect(receivedAt(core, 70_400)).toEqual([
            "letter 3: 00000093-80ff-4000-8000-000000000093, sent at 10300, receive 2, first at -4000, table 1, l, 00000093-80ff-4000-8000-000000000093",
          ]);
          core.commit(MADE_MS + 70_400);
          const parcel = core.nextParcel("source");
          expect(parcel?.upTo).toBe(12);
          expect(
            parcel?.letters.map(({ number, sealed, receiveCount }) => [
              number,
              fromUtf8(sealed),
              receiveCount,
            ]),
          ).toEqual([
            [9, "b1", 3],
            [10, "c1", 3],
            [11, "letter 1", 5],
            [12, "letter 2", 5],
          ]);
        });
      });

      test(`of a FIFO queue is recovered ${way} with what it remembers of others`, async () => {
        await withLog((log) => {
          write(fifo, log, withSnapshot);
          const core = new ShardCore(log);
          const named = { kind: "receive", max: 10, visibilityMs: 60_000, attempt: "kept" } as const;
          const repeated = core.execute(named, MADE_MS + 14_000, 7).messages;
          expect(repeated.map(({ sealed, nonce }) => [fromUtf8(sealed), nonce])).toEqual([["b1", 12]]);

          const messages = [{ sealed: new Uint8Array(1), delayMs: 0, groupId: "c", dedupId: "c1" }];
          const send = { kind: "send", batchId: crypto.randomUUID(), messages } as const;
          const again = core.execute(send, MADE_MS + 14_000, 0);
          expect(again.messageIds).toEqual(["00000002-80ff-4000-8000-000000000003"]);

          const letter = { sealed: new Uint8Array(1), sentAtMs: 0, receiveCount: 1, firstReceivedAtMs: 0 };
          const letters = [1, 2, 3, 4].map((number) => {
            return { ...letter, number, messageId: crypto.randomUUID(), groupId: "new" };
          });
          const parcel = { source: "ssssssss", sourceArn: "arn", upTo: 4, letters };
          core.storeParcel(parcel, MADE_MS + 14_000, crypto.randomUUID());
          expect(countsAt(core, 14_000)).toEqual({ visible: 8, inFlight: 4, delayed: 0 });
        });
      });

      test(`of a queue with rejoined messages is recovered ${way}`, async () => {
        await withLog((log) => {
          write(standard, log, withSnapshot);
          const core = new ShardCore(log);
          expect(countsAt(core, 5000)).toEqual({ visible: 5, inFlight: 2, delayed: 0 });
          expect(receivedAt(core, 5000)).toEqual([
            "fresh: 00000001-80ff-4000-8000-000000000002, sent at 1000, receive 1, first at 5000, table 1, g",
            "d0: 00000001-80ff-4000-8000-000000000001, sent at 1000, receive 1, first at 5000, table 1",
            "d1: 00000001-80ff-4000-8000-000000000000, sent at 1000, receive 1, first at 5000, table 1",
            "e0: 00000002-80ff-4000-8000-000000000002, sent at 3500, receive 1, first at 5000, table 1",
            "e1: 00000002-80ff-4000-8000-000000000003, sent at 3500, receive 1, first at 5000, table 1",
          ]);
        });
      });
    }

    test("tells of the middle of a move task and of an outbox in its snapshot", () => {
      const { state } = decodeSnapshot(fromHex(fifo.snapshot.data));
      expect(state.moves.map(({ status }) => status)).toEqual(["RUNNING"]);
      expect([...state.outbox.keys()]).toEqual([8]);
      expect([...state.inbox]).toEqual([
        ["ssssssss", 3],
        ["t", 1],
      ]);
      expect([...state.attempts.keys()]).toEqual(["try", "other", "kept"]);
    });
  },
);

describe.each(fixtures3)("a log of messages that were moved", ({ log: fixture }) => {
  const extended = (kind: string) =>
    fixture.records
      .flatMap(({ lsn, ops }) => decodeRecord(lsn, fromHex(ops)).ops)
      .filter((op) => op.kind === kind && JSON.stringify(op).includes('"sealedAs"'));

  test("holds each operation that brings or keeps one", () => {
    for (const kind of ["moveIn", "deadLetterIn", "relocate"]) {
      expect(extended(kind).length, kind).toBeGreaterThan(0);
    }
  });

  for (const withSnapshot of [false, true]) {
    const way = withSnapshot ? "from its snapshot and the records behind it" : "from its records alone";
    test(`is recovered ${way}, and knows what each was sealed as`, async () => {
      await withLog((log) => {
        write(fixture, log, withSnapshot);
        const core = new ShardCore(log);
        expect(core.settings?.dataKeyId).toBe("00000010-80ff-4000-8000-000000000010");
        const letters = core.nextParcel("source")?.letters ?? [];
        expect(
          letters.map(({ sealed, messageId, sealedAs }) => [fromUtf8(sealed), messageId, sealedAs]),
        ).toEqual([
          ["moved once", "00000040-80ff-4000-8000-000000000040", "00000020-80ff-4000-8000-000000000020"],
          ["moved twice", "00000040-80ff-4000-8000-000000000041", "00000090-80ff-4000-8000-000000000090"],
          ["a dead letter", "00000050-80ff-4000-8000-000000000050", undefined],
          [
            "a dead letter that was moved before",
            "00000060-80ff-4000-8000-000000000060",
            "00000080-80ff-4000-8000-000000000080",
          ],
          ["sent here", "00000011-80ff-4000-8000-000000000011", undefined],
          ["filler ".repeat(20), "00000012-80ff-4000-8000-000000000012", undefined],
          ["filler ".repeat(20), "00000013-80ff-4000-8000-000000000013", undefined],
        ]);
        core.takeBackParcels(MADE_MS + 100_000);
        const call = { kind: "receive", max: 10, visibilityMs: 1000 } as const;
        const received = core.execute(call, MADE_MS + 100_000, 1).messages;
        expect(received.map(({ sealedAs }) => sealedAs?.slice(0, 8))).toEqual([
          "00000020",
          "00000090",
          undefined,
          "00000080",
          ...[undefined, undefined, undefined],
        ]);
      });
    });
  }
});

function kindsIn({ records }: Fixture): Set<string> {
  return new Set(
    records.flatMap(({ lsn, ops }) => decodeRecord(lsn, fromHex(ops)).ops.map(({ kind }) => kind)),
  );
}

function nameOf(message: string): string {
  return message.slice(0, message.indexOf(":"));
}

type Fixture = typeof v1;

function write(fixture: Fixture, log: SqliteLog, withSnapshot: boolean): void {
  for (const { epoch, firstLsn } of fixture.epochs) {
    log.openEpoch(epoch, firstLsn);
    const next = fixture.epochs.find((each) => each.epoch === epoch + 1)?.firstLsn ?? Infinity;
    for (const { lsn, ops, bodies } of fixture.records) {
      if (lsn >= firstLsn && lsn < next) log.append({ lsn, ops: fromHex(ops), bodies: fromHex(bodies) });
    }
  }
  if (withSnapshot) log.saveSnapshot({ lsn: fixture.snapshot.lsn, data: fromHex(fixture.snapshot.data) });
}

async function withLog(use: (log: SqliteLog, sql: SqlStorage) => void): Promise<void> {
  const stub = env.QUEUE_SHARD.get(env.QUEUE_SHARD.newUniqueId());
  await runInDurableObject(stub, (_, { storage }) => use(new SqliteLog(storage.sql), storage.sql));
}

function countsAt(core: ShardCore, ms: number) {
  const { kind: _, ...counts } = core.execute({ kind: "count" }, MADE_MS + ms, 0);
  return counts;
}

/** What there is to be received, each message in words; it is hidden for as long as SQS can. */
function receivedAt(core: ShardCore, ms: number): string[] {
  const call = { kind: "receive", max: 10, visibilityMs: TWELVE_HOURS_MS } as const;
  return core.execute(call, MADE_MS + ms, 1).messages.map((message) => {
    const { messageId, sentAtMs, receiveCount, firstReceivedAtMs, epoch, groupId, dedupId } = message;
    const body = fromUtf8(message.sealed).replace(/ x+$/, "");
    return [
      `${body}: ${messageId}`,
      `sent at ${sentAtMs - MADE_MS}`,
      `receive ${receiveCount}`,
      `first at ${firstReceivedAtMs - MADE_MS}`,
      `table ${epoch}`,
      ...[groupId, dedupId].filter((id) => id !== undefined),
    ].join(", ");
  });
}
