import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { toHex, utf8 } from "../../src/lib/bytes.ts";
import type { Op, RelocatedMessage, SentMessage } from "../../src/queue/ops.ts";
import { positionOf } from "../../src/queue/position.ts";
import {
  decodeHeader,
  decodeRecord,
  RECORD_VERSION,
  RecordEncoder,
  type RecordHeader,
  UnreadableRecord,
} from "../../src/shard/codec.ts";
import { testSettings } from "../support/fake-queue.ts";
import { fromHex, plainHex } from "../support/hex.ts";
import { type Random, randomFrom } from "../support/random.ts";

const AT_MS = 1_700_000_000_000;
/** 16 characters, one of them above 127. */
const BATCH = "\xff123456789abcdef";
const BATCH_HEX = "ff313233343536373839616263646566";
/** 16 characters of all kinds, among them a zero. */
const SEALED_AS = "\x00\x01\x7f\x80\xfe89abcdef012";
const SEALED_AS_HEX = "00017f80fe3839616263646566303132";
/** AT_MS as a varint. */
const AT_HEX = "80d095ffbc31";

const header: RecordHeader = { slot: 0, shard: 0, epoch: 3, freshBefore: 300, sentUntilMs: AT_MS };
const HEADER_HEX = `01 00 00 03 ac02 ${AT_HEX}`;

/**
 * The bytes of every operation of version 1, field by field. They are on disks: if this test fails, it is the
 * code that must change, or the version.
 */
const golden: [what: string, op: Op, hex: string][] = [
  [
    "a send of one message without a body",
    { kind: "send", batch: BATCH, sentAtMs: AT_MS, messages: [{ bodyBytes: 0, delayMs: 0 }] },
    `01 ${BATCH_HEX} ${AT_HEX} 01 · 00 00`,
  ],
  [
    "a send with each flag and with all",
    {
      kind: "send",
      batch: BATCH,
      sentAtMs: AT_MS,
      messages: [
        { bodyBytes: 127, delayMs: 1 },
        { bodyBytes: 128, delayMs: 0, groupId: "g" },
        { bodyBytes: 1_048_576, delayMs: 0, dedupId: "é" },
        { bodyBytes: 2, delayMs: 900_000, groupId: "", dedupId: "dd" },
      ],
    },
    `01 ${BATCH_HEX} ${AT_HEX} 04 · 01 7f 01 · 02 8001 01 67 · 04 808040 02 c3a9 · 07 02 a0f736 00 02 6464`,
  ],
  [
    "a lease of returned, woken and fresh messages",
    {
      kind: "lease",
      atMs: AT_MS,
      visibleAtMs: AT_MS + 30_000,
      nonce: 0xdeadbeef,
      returned: [positionOf(2, 1), positionOf(1, 0)],
      woken: [{ position: positionOf(1, 3), sentAtMs: AT_MS - 1 }],
      fresh: [
        { position: positionOf(3, 0), sentAtMs: AT_MS },
        { position: positionOf(3, 1), sentAtMs: AT_MS },
      ],
      freshConsumed: 129,
    },
    `02 ${AT_HEX} b0ea01 efbeadde · 02 828001 8140 · 01 8640 fe9fabfef962 · 02 80c001 80a0abfef962 02 00 · 8101`,
  ],
  [
    "a lease of nothing fresh",
    {
      kind: "lease",
      atMs: AT_MS,
      visibleAtMs: AT_MS,
      nonce: 0,
      returned: [positionOf(1, 0)],
      woken: [],
      fresh: [],
      freshConsumed: 0,
    },
    `02 ${AT_HEX} 00 00000000 · 01 8040 · 00 · 00 · 00`,
  ],
  [
    "a change of visibility",
    {
      kind: "visibility",
      atMs: AT_MS,
      changes: [
        { position: positionOf(1, 0), visibleAtMs: AT_MS },
        { position: positionOf(1, 1), visibleAtMs: AT_MS + 43_200_000 },
      ],
    },
    `03 ${AT_HEX} 02 · 8020 00 · 8120 80dccc14`,
  ],
  [
    "an ack",
    { kind: "ack", positions: [positionOf(5, 9), positionOf(5, 8), positionOf(6, 8)] },
    "04 03 92c002 01 8040",
  ],
  ["a purge", { kind: "purge", atMs: AT_MS }, `05 ${AT_HEX}`],
  [
    "a relocation with and without ids",
    {
      kind: "relocate",
      messages: [
        { position: positionOf(1, 2), batch: BATCH, batchIndex: 9, sentAtMs: AT_MS, bodyBytes: 5 },
        {
          position: positionOf(1, 3),
          batch: BATCH,
          batchIndex: 0,
          sentAtMs: AT_MS,
          bodyBytes: 6,
          groupId: "g",
          dedupId: "d",
        },
      ],
    },
    `06 02 · 00 05 8220 ${BATCH_HEX} 09 ${AT_HEX} · 06 06 8320 ${BATCH_HEX} 00 ${AT_HEX} 01 67 01 64`,
  ],
  [
    "a send of a message whose duplicates were left out before it",
    {
      kind: "send",
      batch: BATCH,
      sentAtMs: AT_MS,
      messages: [{ bodyBytes: 1, delayMs: 0, groupId: "g", dedupId: "d", place: 200 }],
    },
    `01 ${BATCH_HEX} ${AT_HEX} 01 · 16 01 01 67 01 64 c801`,
  ],
  [
    "a relocation of a dead letter",
    {
      kind: "relocate",
      messages: [
        {
          position: positionOf(1, 2),
          batch: BATCH,
          batchIndex: 0,
          sentAtMs: AT_MS,
          bodyBytes: 5,
          sourceArn: "arn",
        },
      ],
    },
    `06 01 · 08 05 8220 ${BATCH_HEX} 00 ${AT_HEX} 03 61726e`,
  ],
  [
    "a lease by groups, of a receive with a name",
    {
      kind: "groupLease",
      atMs: AT_MS,
      visibleAtMs: AT_MS + 30_000,
      nonce: 0xdeadbeef,
      attempt: "try",
      returned: [positionOf(1, 0)],
      fresh: [
        {
          position: positionOf(3, 0),
          sentAtMs: AT_MS,
          index: 128,
          groupId: "g",
          receivedBefore: 3,
          firstReceivedAtMs: AT_MS,
        },
        {
          position: positionOf(3, 1),
          sentAtMs: AT_MS,
          index: 0,
          groupId: undefined,
          receivedBefore: 0,
          firstReceivedAtMs: AT_MS,
        },
      ],
    },
    `08 ${AT_HEX} b0ea01 efbeadde 03 747279 · 01 8040 · 02 · 8060 ${AT_HEX} 8001 01 67 03 ${AT_HEX} · 8160 ${AT_HEX} 00 00 00 ${AT_HEX}`,
  ],
  [
    "a lease by groups, without a name",
    {
      kind: "groupLease",
      atMs: AT_MS,
      visibleAtMs: AT_MS,
      nonce: 0,
      attempt: undefined,
      returned: [],
      fresh: [],
    },
    `08 ${AT_HEX} 00 00000000 00 00 00`,
  ],
  [
    "a repeat",
    { kind: "repeat", atMs: AT_MS, visibleAtMs: AT_MS + 30_000, attempt: "try" },
    `09 ${AT_HEX} b0ea01 03 747279`,
  ],
  [
    "dead letters that leave",
    { kind: "deadLetterOut", positions: [positionOf(5, 9), positionOf(5, 8)] },
    "0a 02 92c002 01",
  ],
  ["dead letters that have arrived", { kind: "deadLetterDone", upTo: 300 }, "0b ac02"],
  ["dead letters that come back", { kind: "deadLetterBack", atMs: AT_MS }, `0c ${AT_HEX}`],
  [
    "dead letters that come in, with and without ids",
    {
      kind: "deadLetterIn",
      source: "src",
      sourceArn: "arn",
      upTo: 300,
      atMs: AT_MS,
      messages: [
        { id: BATCH, bodyBytes: 5, sentAtMs: AT_MS, receiveCount: 3, firstReceivedAtMs: AT_MS },
        {
          id: BATCH,
          bodyBytes: 0,
          sentAtMs: AT_MS,
          receiveCount: 128,
          firstReceivedAtMs: AT_MS,
          groupId: "g",
          dedupId: "d",
        },
      ],
    },
    `0d 03 737263 03 61726e ac02 ${AT_HEX} 02 · 00 ${BATCH_HEX} 05 ${AT_HEX} 03 ${AT_HEX} · 06 ${BATCH_HEX} 00 ${AT_HEX} 8001 ${AT_HEX} 01 67 01 64`,
  ],
  [
    "a move task that begins, with a target and a rate",
    { kind: "moveStart", taskId: "task", atMs: AT_MS, targetArn: "arn", rate: 500, toMove: 128 },
    `0e 04 7461736b ${AT_HEX} 03 61726e f403 8001`,
  ],
  [
    "a move task that begins, back to where the messages came from and as fast as it goes",
    { kind: "moveStart", taskId: "task", atMs: AT_MS, targetArn: undefined, rate: undefined, toMove: 0 },
    `0e 04 7461736b ${AT_HEX} 00 00 00`,
  ],
  [
    "messages that a move task takes",
    { kind: "moveOut", targetArn: "arn", positions: [positionOf(1, 0), positionOf(1, 1)] },
    "0f 03 61726e 02 8040 02",
  ],
  [
    "a move task that failed",
    { kind: "moveEnd", status: "FAILED", reason: "why" },
    "10 06 4641494c4544 03 776879",
  ],
  [
    "a move task that is over",
    { kind: "moveEnd", status: "COMPLETED", reason: undefined },
    "10 09 434f4d504c45544544 00",
  ],
  [
    "messages that a move task brings",
    {
      kind: "moveIn",
      source: "src",
      upTo: 300,
      batch: BATCH,
      sentAtMs: AT_MS,
      messages: [{ bodyBytes: 2, delayMs: 1, groupId: "g" }],
    },
    `11 03 737263 ac02 ${BATCH_HEX} ${AT_HEX} 01 · 03 02 01 01 67`,
  ],
  [
    "woken messages that join the backlog again",
    {
      kind: "rejoin",
      messages: [
        {
          position: positionOf(1, 2),
          batch: BATCH,
          batchIndex: 9,
          sentAtMs: AT_MS,
          bodyBytes: 5,
          groupId: "g",
        },
      ],
    },
    `12 01 · 02 05 8220 ${BATCH_HEX} 09 ${AT_HEX} 01 67`,
  ],
  [
    "messages that a move task brings, sealed under the ids that they had",
    {
      kind: "moveIn",
      source: "src",
      upTo: 300,
      batch: BATCH,
      sentAtMs: AT_MS,
      messages: [
        { bodyBytes: 2, delayMs: 0, sealedAs: SEALED_AS },
        { bodyBytes: 3, delayMs: 0, groupId: "g", dedupId: "d", sealedAs: BATCH },
      ],
    },
    `13 11 03 737263 ac02 ${BATCH_HEX} ${AT_HEX} 02 · 20 02 ${SEALED_AS_HEX} · 26 03 01 67 01 64 ${BATCH_HEX}`,
  ],
  [
    "a relocation of such a message, beside another",
    {
      kind: "relocate",
      messages: [
        { position: positionOf(1, 2), batch: BATCH, batchIndex: 9, sentAtMs: AT_MS, bodyBytes: 5 },
        {
          position: positionOf(1, 3),
          batch: BATCH,
          batchIndex: 0,
          sentAtMs: AT_MS,
          bodyBytes: 6,
          sourceArn: "arn",
          sealedAs: SEALED_AS,
        },
      ],
    },
    `13 06 02 · 00 05 8220 ${BATCH_HEX} 09 ${AT_HEX} · 28 06 8320 ${BATCH_HEX} 00 ${AT_HEX} 03 61726e ${SEALED_AS_HEX}`,
  ],
  [
    "a rejoin of such a message",
    {
      kind: "rejoin",
      messages: [
        {
          position: positionOf(1, 2),
          batch: BATCH,
          batchIndex: 9,
          sentAtMs: AT_MS,
          bodyBytes: 5,
          sealedAs: SEALED_AS,
        },
      ],
    },
    `13 12 01 · 20 05 8220 ${BATCH_HEX} 09 ${AT_HEX} ${SEALED_AS_HEX}`,
  ],
  [
    "a dead letter that was moved before",
    {
      kind: "deadLetterIn",
      source: "src",
      sourceArn: "arn",
      upTo: 300,
      atMs: AT_MS,
      messages: [
        {
          id: BATCH,
          bodyBytes: 5,
          sentAtMs: AT_MS,
          receiveCount: 3,
          firstReceivedAtMs: AT_MS,
          sealedAs: SEALED_AS,
        },
      ],
    },
    `13 0d 03 737263 03 61726e ac02 ${AT_HEX} 01 · 20 ${BATCH_HEX} 05 ${AT_HEX} 03 ${AT_HEX} ${SEALED_AS_HEX}`,
  ],
];

describe("a record of version 1", () => {
  test.each(golden)("has fixed bytes for %s", (_what, op, hex) => {
    const bytes = recordOf(op);
    expect(toHex(bytes.subarray(4))).toBe(plainHex(HEADER_HEX + hex));
    expect(decodeRecord(7, bytes)).toEqual({ header, ops: [op] });
  });

  test("has fixed bytes for settings: their JSON behind its length", () => {
    const op: Op = { kind: "settings", atMs: AT_MS, settings: testSettings({ policy: "{é}" }) };
    const json = utf8(JSON.stringify(op.settings));
    expect(json.length).toBe(382);
    const bytes = recordOf(op);
    expect(toHex(bytes.subarray(4))).toBe(plainHex(`${HEADER_HEX} 07 ${AT_HEX} fe02 ${toHex(json)}`));
    expect(decodeRecord(7, bytes)).toEqual({ header, ops: [op] });
  });

  test("begins with the CRC-32 of all that follows, lowest byte first", () => {
    const bytes = recordOf({ kind: "purge", atMs: AT_MS });
    expect(toHex(bytes)).toBe(plainHex(`e924c8fc ${HEADER_HEX} 05 ${AT_HEX}`));
  });

  test("holds its operations one after another", () => {
    const ops = golden.map(([, op]) => op);
    const hex = golden.map(([, , each]) => each).join("");
    const bytes = recordOf(...ops);
    expect(toHex(bytes.subarray(4))).toBe(plainHex(HEADER_HEX + hex));
    expect(decodeRecord(7, bytes).ops).toEqual(ops);
  });

  test("has a header that is read without its operations", () => {
    const wide = { slot: 127, shard: 128, epoch: 2 ** 32, freshBefore: 2 ** 40, sentUntilMs: 2 ** 53 - 1 };
    const bytes = new RecordEncoder().finish(wide);
    expect(decodeHeader(7, bytes)).toEqual(wide);
    expect(decodeRecord(7, bytes)).toEqual({ header: wide, ops: [] });
  });

  test("comes back whatever its operations hold", () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = randomFrom(seed);
      const ops = Array.from({ length: random.between(0, 8) }, () => opFrom(random));
      expect(decodeRecord(7, recordOf(...ops)), `seed ${seed}`).toEqual({ header, ops });
    }
  });

  test("is read from the middle of a larger buffer", () => {
    const bytes = recordOf(...golden.map(([, op]) => op));
    const whole = new Uint8Array(bytes.length + 9);
    whole.set(bytes, 4);
    expect(decodeRecord(7, whole.subarray(4, 4 + bytes.length))).toEqual(decodeRecord(7, bytes));
  });

  test("tells how long its operations are, before it is finished", () => {
    const encoder = new RecordEncoder();
    expect(encoder.length).toBe(0);
    encoder.add({ kind: "purge", atMs: AT_MS });
    expect(encoder.length).toBe(7);
  });
});

describe("a record that cannot be read stops the shard, and is never skipped", () => {
  test("when any bit of it has changed", () => {
    const bytes = recordOf(...golden.map(([, op]) => op));
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 1; bit < 256; bit *= 2) {
        const changed = bytes.slice();
        changed[at] = (bytes[at] ?? 0) ^ bit;
        expect(() => decodeRecord(7, changed), `bit ${bit} of byte ${at}`).toThrow(UnreadableRecord);
      }
    }
  });

  test("when it is cut off anywhere", () => {
    const bytes = recordOf({ kind: "purge", atMs: AT_MS });
    for (let length = 0; length < 5; length++) {
      expect(() => decodeRecord(7, bytes.subarray(0, length))).toThrow(
        "record 7 cannot be read: it is cut off",
      );
    }
    for (let length = 5; length < bytes.length; length++) {
      expect(() => decodeRecord(7, bytes.subarray(0, length)), `${length} bytes`).toThrow();
    }
  });

  test.each([0, 2, 255])("when its version is %d", (version) => {
    const bytes = sealed(fromHex(`${version.toString(16).padStart(2, "0")} 00 00 03 00 00`));
    for (const read of [decodeRecord, decodeHeader]) {
      expect(() => read(7, bytes)).toThrow(UnreadableRecord);
      expect(() => read(7, bytes)).toThrow(`record 7 cannot be read: its version is ${version}`);
    }
  });

  test.each([0, 20, 255])("when it holds an operation of kind %d, wherever that stands", (tag) => {
    const unknown = tag.toString(16).padStart(2, "0");
    for (const ops of [unknown, `05 ${AT_HEX} ${unknown}`, `${unknown} 05 ${AT_HEX}`, `13 ${unknown}`]) {
      const bytes = sealed(fromHex(`${HEADER_HEX} ${ops}`));
      expect(() => decodeRecord(7, bytes)).toThrow(UnreadableRecord);
      expect(() => decodeRecord(7, bytes)).toThrow(`it holds an operation of kind ${tag}`);
    }
  });

  test("when its last operation ends too soon though its checksum is right", () => {
    expect(() => decodeRecord(7, sealed(fromHex(`${HEADER_HEX} 05 80d095ff`)))).toThrow();
  });

  test("and the version is the one that is kept under test/shard/records", () => {
    expect(RECORD_VERSION).toBe(1);
  });
});

function recordOf(...ops: Op[]): Uint8Array {
  const encoder = new RecordEncoder();
  for (const op of ops) encoder.add(op);
  return encoder.finish(header);
}

/** With the right checksum before them: what only another release could have written. */
function sealed(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(4 + bytes.length);
  whole.set(bytes, 4);
  new DataView(whole.buffer).setUint32(0, crc32(bytes), true);
  return whole;
}

const KINDS = [
  "send",
  "lease",
  "visibility",
  "ack",
  "purge",
  "relocate",
  "settings",
  "groupLease",
  "repeat",
  "deadLetterOut",
  "deadLetterDone",
  "deadLetterBack",
  "deadLetterIn",
  "moveStart",
  "moveOut",
  "moveEnd",
  "moveIn",
  "rejoin",
] as const satisfies Op["kind"][];

function opFrom(random: Random): Op {
  const atMs = random.between(0, 2 ** 42);
  switch (random.pick(KINDS)) {
    case "send":
      return {
        kind: "send",
        batch: batchFrom(random),
        sentAtMs: atMs,
        messages: some(random, () => messageFrom(random)),
      };
    case "lease":
      return {
        kind: "lease",
        atMs,
        visibleAtMs: atMs + random.between(0, 43_200_000),
        nonce: random.between(0, 2 ** 32 - 1),
        returned: some(random, () => positionFrom(random)),
        woken: some(random, () => ({ position: positionFrom(random), sentAtMs: random.between(0, 2 ** 42) })),
        fresh: some(random, () => ({ position: positionFrom(random), sentAtMs: random.between(0, 2 ** 42) })),
        freshConsumed: random.between(0, 2 ** 45),
      };
    case "visibility":
      return {
        kind: "visibility",
        atMs,
        changes: some(random, () => ({
          position: positionFrom(random),
          visibleAtMs: atMs + random.between(0, 43_200_000),
        })),
      };
    case "ack":
      return { kind: "ack", positions: some(random, () => positionFrom(random)) };
    case "purge":
      return { kind: "purge", atMs };
    case "relocate":
      return { kind: "relocate", messages: some(random, () => relocatedFrom(random, atMs)) };
    case "rejoin":
      return { kind: "rejoin", messages: some(random, () => relocatedFrom(random, atMs)) };
    case "groupLease":
      return {
        kind: "groupLease",
        atMs,
        visibleAtMs: atMs + random.between(0, 43_200_000),
        nonce: random.between(0, 2 ** 32 - 1),
        attempt: random.chance(0.5) ? undefined : "a".repeat(random.between(1, 128)),
        returned: some(random, () => positionFrom(random)),
        fresh: some(random, () => ({
          position: positionFrom(random),
          sentAtMs: random.between(0, 2 ** 42),
          index: random.between(0, 2 ** 45),
          groupId: random.chance(0.5) ? undefined : "€".repeat(random.between(1, 128)),
          receivedBefore: random.between(0, 1000),
          firstReceivedAtMs: random.between(0, 2 ** 42),
        })),
      };
    case "repeat":
      return {
        kind: "repeat",
        atMs,
        visibleAtMs: atMs + random.between(0, 43_200_000),
        attempt: textFrom(random),
      };
    case "deadLetterOut":
      return { kind: "deadLetterOut", positions: some(random, () => positionFrom(random)) };
    case "deadLetterDone":
      return { kind: "deadLetterDone", upTo: random.between(0, 2 ** 45) };
    case "deadLetterBack":
      return { kind: "deadLetterBack", atMs };
    case "deadLetterIn":
      return {
        kind: "deadLetterIn",
        source: textFrom(random),
        sourceArn: textFrom(random),
        upTo: random.between(0, 2 ** 45),
        atMs,
        messages: some(random, () => ({
          id: batchFrom(random),
          bodyBytes: random.between(0, 2 ** 21),
          sentAtMs: random.between(0, 2 ** 42),
          receiveCount: random.between(0, 2000),
          firstReceivedAtMs: random.between(0, 2 ** 42),
          ...idsFrom(random),
        })),
      };
    case "moveStart":
      return {
        kind: "moveStart",
        taskId: textFrom(random),
        atMs,
        targetArn: random.chance(0.5) ? undefined : `arn:${textFrom(random)}`,
        rate: random.chance(0.5) ? undefined : random.between(1, 500),
        toMove: random.between(0, 2 ** 45),
      };
    case "moveOut":
      return {
        kind: "moveOut",
        targetArn: textFrom(random),
        positions: some(random, () => positionFrom(random)),
      };
    case "moveEnd":
      return {
        kind: "moveEnd",
        status: random.pick(["RUNNING", "COMPLETED", "CANCELLING", "CANCELLED", "FAILED"] as const),
        reason: random.chance(0.5) ? undefined : `because ${textFrom(random)}`,
      };
    case "moveIn":
      return {
        kind: "moveIn",
        source: textFrom(random),
        upTo: random.between(0, 2 ** 45),
        batch: batchFrom(random),
        sentAtMs: atMs,
        messages: some(random, () => messageFrom(random)),
      };
    case "settings":
      return {
        kind: "settings",
        atMs,
        settings: testSettings({ retentionSeconds: random.between(60, 1_209_600) }),
      };
  }
}

function messageFrom(random: Random): SentMessage {
  const delayMs = random.chance(0.5) ? 0 : random.between(1, 900_000);
  const place = random.chance(0.5) ? {} : { place: random.between(0, 9) };
  return { bodyBytes: random.between(0, 2 ** 21), delayMs, ...idsFrom(random), ...place };
}

function relocatedFrom(random: Random, sentAtMs: number): RelocatedMessage {
  return {
    position: positionFrom(random),
    batch: batchFrom(random),
    batchIndex: random.between(0, 255),
    sentAtMs,
    bodyBytes: random.between(0, 2 ** 21),
    ...idsFrom(random),
    ...(random.chance(0.5) ? {} : { sourceArn: textFrom(random) }),
  };
}

function textFrom(random: Random): string {
  return "é".repeat(random.between(0, 100));
}

function idsFrom(random: Random): { groupId?: string; dedupId?: string; sealedAs?: string } {
  return {
    ...(random.chance(0.3) ? { sealedAs: batchFrom(random) } : {}),
    ...(random.chance(0.5) ? { groupId: "g".repeat(random.between(0, 128)) } : {}),
    ...(random.chance(0.5) ? { dedupId: "€".repeat(random.between(0, 128)) } : {}),
  };
}

/** Anywhere up to the last position that is a safe integer's half: they are written as signed distances. */
function positionFrom(random: Random): number {
  return positionOf(random.between(1, 2 ** 39), random.between(0, 4095));
}

function batchFrom(random: Random): string {
  return String.fromCharCode(...Array.from({ length: 16 }, () => random.between(0, 255)));
}

function some<T>(random: Random, make: () => T): T[] {
  return Array.from({ length: random.between(0, 12) }, make);
}
