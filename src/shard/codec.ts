import { crc32 } from "node:zlib";
import { ByteReader, ByteWriter } from "../lib/byte-stream.ts";
import type {
  DeadLetter,
  FreshLease,
  MoveStatus,
  Op,
  RelocatedMessage,
  SendOp,
  SentMessage,
} from "../queue/ops.ts";
import type { Position } from "../queue/position.ts";
import type { QueueSettings } from "../queue/settings.ts";

/**
 * The bytes of a record's `ops`. docs/storage.md describes them field by field; a change of layout is a new
 * version here, and `test/shard/codec.test.ts` keeps one record of every version ever written.
 *
 *     crc32 of all that follows, u32 little-endian
 *     version · queue slot · shard · epoch · freshBefore · sentUntilMs      (unsigned varints)
 *     ops, each: tag byte, fields
 */
export const RECORD_VERSION = 1;

export interface RecordHeader {
  /** Which queue of the shard the ops are for; 0 while a shard serves one queue. */
  readonly slot: number;
  readonly shard: number;
  readonly epoch: number;
  /** Messages that had entered the backlog before this record. */
  readonly freshBefore: number;
  /** When the last message up to and with this record was sent. */
  readonly sentUntilMs: number;
}

const tags = {
  send: 1,
  lease: 2,
  visibility: 3,
  ack: 4,
  purge: 5,
  relocate: 6,
  settings: 7,
  groupLease: 8,
  repeat: 9,
  deadLetterOut: 10,
  deadLetterDone: 11,
  deadLetterBack: 12,
  deadLetterIn: 13,
  moveStart: 14,
  moveOut: 15,
  moveEnd: 16,
  moveIn: 17,
  rejoin: 18,
  /** Before the tag of an operation whose messages have fields that releases before it did not know: they stop here. */
  extended: 19,
} as const;

/** Writes one record's ops as they happen. */
export class RecordEncoder {
  readonly #ops = new ByteWriter(512);

  get length(): number {
    return this.#ops.length;
  }

  add(op: Op): void {
    writeOp(this.#ops, op);
  }

  finish(header: RecordHeader): Uint8Array {
    const body = new ByteWriter(this.#ops.length + 48);
    body.u32(0).u8(RECORD_VERSION).uint(header.slot).uint(header.shard).uint(header.epoch);
    body.uint(header.freshBefore).uint(header.sentUntilMs).raw(this.#ops.finish());
    const bytes = body.finish();
    new DataView(bytes.buffer).setUint32(0, crc32(bytes.subarray(4)), true);
    return bytes;
  }
}

/** Thrown for bytes that this release cannot read. The shard stops: skipping a record would lose messages. */
export class UnreadableRecord extends Error {
  constructor(lsn: number, cause: string) {
    super(`record ${lsn} cannot be read: ${cause}`);
  }
}

export function decodeHeader(lsn: number, ops: Uint8Array): RecordHeader {
  return openRecord(lsn, ops).header;
}

export function decodeRecord(lsn: number, bytes: Uint8Array): { header: RecordHeader; ops: Op[] } {
  const { header, reader } = openRecord(lsn, bytes);
  const expected = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (crc32(bytes.subarray(4)) !== expected) throw new UnreadableRecord(lsn, "its checksum does not match");
  const ops: Op[] = [];
  while (!reader.done) ops.push(readOp(lsn, reader));
  return { header, ops };
}

function openRecord(lsn: number, bytes: Uint8Array): { header: RecordHeader; reader: ByteReader } {
  if (bytes.length < 5) throw new UnreadableRecord(lsn, "it is cut off");
  const reader = new ByteReader(bytes);
  reader.u32();
  const version = reader.u8();
  if (version !== RECORD_VERSION) throw new UnreadableRecord(lsn, `its version is ${version}`);
  const header = {
    slot: reader.uint(),
    shard: reader.uint(),
    epoch: reader.uint(),
    freshBefore: reader.uint(),
    sentUntilMs: reader.uint(),
  };
  return { header, reader };
}

function writeOp(to: ByteWriter, op: Op): void {
  if ("messages" in op && op.messages.some(isExtended)) to.u8(tags.extended);
  to.u8(tags[op.kind]);
  switch (op.kind) {
    case "send":
      writeSend(to, op);
      return;
    case "lease":
      to.uint(op.atMs)
        .uint(op.visibleAtMs - op.atMs)
        .u32(op.nonce);
      writePositions(to, op.returned);
      writeFirstLeases(to, op.woken);
      writeFirstLeases(to, op.fresh);
      to.uint(op.freshConsumed);
      return;
    case "groupLease":
      to.uint(op.atMs)
        .uint(op.visibleAtMs - op.atMs)
        .u32(op.nonce)
        .text(op.attempt ?? "");
      writePositions(to, op.returned);
      to.uint(op.fresh.length);
      for (const { position, sentAtMs, index, groupId, receivedBefore, firstReceivedAtMs } of op.fresh) {
        to.uint(position).uint(sentAtMs).uint(index);
        to.text(groupId ?? "")
          .uint(receivedBefore)
          .uint(firstReceivedAtMs);
      }
      return;
    case "repeat":
      to.uint(op.atMs)
        .uint(op.visibleAtMs - op.atMs)
        .text(op.attempt);
      return;
    case "visibility":
      to.uint(op.atMs).uint(op.changes.length);
      for (const { position, visibleAtMs } of op.changes) to.uint(position).uint(visibleAtMs - op.atMs);
      return;
    case "ack":
      writePositions(to, op.positions);
      return;
    case "purge":
      to.uint(op.atMs);
      return;
    case "relocate":
    case "rejoin":
      to.uint(op.messages.length);
      for (const message of op.messages) {
        to.u8(messageFlags(message)).uint(message.bodyBytes).uint(message.position);
        to.latin1(message.batch).uint(message.batchIndex).uint(message.sentAtMs);
        writeIds(to, message);
      }
      return;
    case "deadLetterOut":
      writePositions(to, op.positions);
      return;
    case "deadLetterDone":
      to.uint(op.upTo);
      return;
    case "deadLetterBack":
      to.uint(op.atMs);
      return;
    case "deadLetterIn":
      to.text(op.source).text(op.sourceArn).uint(op.upTo).uint(op.atMs).uint(op.messages.length);
      for (const message of op.messages) {
        to.u8(messageFlags(message)).latin1(message.id).uint(message.bodyBytes).uint(message.sentAtMs);
        to.uint(message.receiveCount).uint(message.firstReceivedAtMs);
        writeIds(to, message);
      }
      return;
    case "moveStart":
      to.text(op.taskId)
        .uint(op.atMs)
        .text(op.targetArn ?? "")
        .uint(op.rate ?? 0)
        .uint(op.toMove);
      return;
    case "moveOut":
      to.text(op.targetArn);
      writePositions(to, op.positions);
      return;
    case "moveEnd":
      to.text(op.status).text(op.reason ?? "");
      return;
    case "moveIn":
      to.text(op.source).uint(op.upTo);
      writeSend(to, op);
      return;
    case "settings":
      to.uint(op.atMs).text(JSON.stringify(op.settings));
  }
}

/** Only what a move task has brought, and what becomes of it. */
function isExtended(message: object): boolean {
  return "sealedAs" in message && message.sealedAs !== undefined;
}

function readOp(lsn: number, from: ByteReader): Op {
  const tag = from.u8();
  switch (tag) {
    case tags.extended:
      return readOp(lsn, from);
    case tags.send:
      return { kind: "send", ...readSend(from) };
    case tags.lease: {
      const atMs = from.uint();
      return {
        kind: "lease",
        atMs,
        visibleAtMs: atMs + from.uint(),
        nonce: from.u32(),
        returned: readPositions(from),
        woken: readFirstLeases(from),
        fresh: readFirstLeases(from),
        freshConsumed: from.uint(),
      };
    }
    case tags.groupLease: {
      const atMs = from.uint();
      return {
        kind: "groupLease",
        atMs,
        visibleAtMs: atMs + from.uint(),
        nonce: from.u32(),
        attempt: from.text() || undefined,
        returned: readPositions(from),
        fresh: readMany(from, () => ({
          position: from.uint(),
          sentAtMs: from.uint(),
          index: from.uint(),
          groupId: from.text() || undefined,
          receivedBefore: from.uint(),
          firstReceivedAtMs: from.uint(),
        })),
      };
    }
    case tags.repeat: {
      const atMs = from.uint();
      return { kind: "repeat", atMs, visibleAtMs: atMs + from.uint(), attempt: from.text() };
    }
    case tags.visibility: {
      const atMs = from.uint();
      const changes = readMany(from, () => ({ position: from.uint(), visibleAtMs: atMs + from.uint() }));
      return { kind: "visibility", atMs, changes };
    }
    case tags.ack:
      return { kind: "ack", positions: readPositions(from) };
    case tags.purge:
      return { kind: "purge", atMs: from.uint() };
    case tags.relocate:
    case tags.rejoin: {
      const messages = readMany(from, (): RelocatedMessage => {
        const flag = from.u8();
        return {
          bodyBytes: from.uint(),
          position: from.uint(),
          batch: from.latin1(16),
          batchIndex: from.uint(),
          sentAtMs: from.uint(),
          ...readIds(from, flag),
        };
      });
      return { kind: tag === tags.relocate ? "relocate" : "rejoin", messages };
    }
    case tags.deadLetterOut:
      return { kind: "deadLetterOut", positions: readPositions(from) };
    case tags.deadLetterDone:
      return { kind: "deadLetterDone", upTo: from.uint() };
    case tags.deadLetterBack:
      return { kind: "deadLetterBack", atMs: from.uint() };
    case tags.deadLetterIn: {
      const [source, sourceArn, upTo, atMs] = [from.text(), from.text(), from.uint(), from.uint()];
      const messages = readMany(from, (): DeadLetter => {
        const flag = from.u8();
        return {
          id: from.latin1(16),
          bodyBytes: from.uint(),
          sentAtMs: from.uint(),
          receiveCount: from.uint(),
          firstReceivedAtMs: from.uint(),
          ...readIds(from, flag),
        };
      });
      return { kind: "deadLetterIn", source, sourceArn, upTo, atMs, messages };
    }
    case tags.moveStart:
      return {
        kind: "moveStart",
        taskId: from.text(),
        atMs: from.uint(),
        targetArn: from.text() || undefined,
        rate: from.uint() || undefined,
        toMove: from.uint(),
      };
    case tags.moveOut:
      return { kind: "moveOut", targetArn: from.text(), positions: readPositions(from) };
    case tags.moveEnd:
      return { kind: "moveEnd", status: from.text() as MoveStatus, reason: from.text() || undefined };
    case tags.moveIn:
      return { kind: "moveIn", source: from.text(), upTo: from.uint(), ...readSend(from) };
    case tags.settings:
      return { kind: "settings", atMs: from.uint(), settings: JSON.parse(from.text()) as QueueSettings };
    default:
      throw new UnreadableRecord(lsn, `it holds an operation of kind ${tag}`);
  }
}

type SendFields = Omit<SendOp, "kind">;

function writeSend(to: ByteWriter, op: SendFields): void {
  to.latin1(op.batch).uint(op.sentAtMs).uint(op.messages.length);
  for (const message of op.messages) {
    to.u8(messageFlags(message) | (message.delayMs > 0 ? flags.delay : 0)).uint(message.bodyBytes);
    if (message.delayMs > 0) to.uint(message.delayMs);
    writeIds(to, message);
  }
}

function readSend(from: ByteReader): SendFields {
  const batch = from.latin1(16);
  const sentAtMs = from.uint();
  const messages = readMany(from, (): SentMessage => {
    const flag = from.u8();
    const bodyBytes = from.uint();
    const delayMs = flag & flags.delay ? from.uint() : 0;
    return { bodyBytes, delayMs, ...readIds(from, flag) };
  });
  return { batch, sentAtMs, messages };
}

const flags = { delay: 1, group: 2, dedup: 4, source: 8, place: 16, sealedAs: 32 } as const;

interface Ids {
  readonly groupId?: string;
  readonly dedupId?: string;
  readonly sourceArn?: string;
  readonly place?: number;
  readonly sealedAs?: string;
}

function messageFlags(ids: Ids): number {
  return (
    (ids.groupId === undefined ? 0 : flags.group) |
    (ids.dedupId === undefined ? 0 : flags.dedup) |
    (ids.sourceArn === undefined ? 0 : flags.source) |
    (ids.place === undefined ? 0 : flags.place) |
    (ids.sealedAs === undefined ? 0 : flags.sealedAs)
  );
}

function writeIds(to: ByteWriter, ids: Ids): void {
  if (ids.groupId !== undefined) to.text(ids.groupId);
  if (ids.dedupId !== undefined) to.text(ids.dedupId);
  if (ids.sourceArn !== undefined) to.text(ids.sourceArn);
  if (ids.place !== undefined) to.uint(ids.place);
  if (ids.sealedAs !== undefined) to.latin1(ids.sealedAs);
}

function readIds(from: ByteReader, flag: number): Ids {
  return {
    ...(flag & flags.group ? { groupId: from.text() } : undefined),
    ...(flag & flags.dedup ? { dedupId: from.text() } : undefined),
    ...(flag & flags.source ? { sourceArn: from.text() } : undefined),
    ...(flag & flags.place ? { place: from.uint() } : undefined),
    ...(flag & flags.sealedAs ? { sealedAs: from.latin1(16) } : undefined),
  };
}

/** Each as its distance from the one before: neighbours cost a byte. */
function writePositions(to: ByteWriter, positions: readonly Position[]): void {
  to.uint(positions.length);
  let before = 0;
  for (const position of positions) {
    to.int(position - before);
    before = position;
  }
}

function readPositions(from: ByteReader): Position[] {
  let before = 0;
  return readMany(from, () => {
    before += from.int();
    return before;
  });
}

function writeFirstLeases(to: ByteWriter, leases: readonly FreshLease[]): void {
  to.uint(leases.length);
  let before: FreshLease = { position: 0, sentAtMs: 0 };
  for (const lease of leases) {
    to.int(lease.position - before.position).int(lease.sentAtMs - before.sentAtMs);
    before = lease;
  }
}

function readFirstLeases(from: ByteReader): FreshLease[] {
  let before: FreshLease = { position: 0, sentAtMs: 0 };
  return readMany(from, () => {
    before = { position: before.position + from.int(), sentAtMs: before.sentAtMs + from.int() };
    return before;
  });
}

function readMany<T>(from: ByteReader, read: () => T): T[] {
  const count = from.uint();
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(read());
  return items;
}
