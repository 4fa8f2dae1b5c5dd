import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";
import { assert } from "../lib/result.ts";
import { sipHash } from "../lib/siphash.ts";
import { indexOf, lsnOf, type Position, positionOf } from "./position.ts";
import type { QueueSettings } from "./settings.ts";

/** What a receipt handle says: which delivery of which message, and where that message is kept. */
export interface Receipt {
  readonly shard: number;
  /** The epoch that the message was read from. */
  readonly epoch: number;
  readonly position: Position;
  /** Which delivery of the message it was given for, so that a stale handle is known from a fresh one. */
  readonly nonce: number;
}

type HandleSettings = Pick<QueueSettings, "uid" | "handleKey">;

/*
 * Layout, big-endian, then base64url:
 *
 *   version u8 = 1 | shard u16 | epoch u32 | lsn u48 | index u16 | nonce u32 | MAC 8 bytes
 *
 * The MAC is SipHash-2-4 of what stands before it and the queue's uid, under the queue's own key: 64 bits
 * cannot be guessed over a network, and handles stay short. 27 bytes make 36 characters and no padding.
 */
const VERSION = 1;
const AT = { version: 0, shard: 1, epoch: 3, lsn: 7, index: 13, nonce: 15, mac: 19 } as const;
const MAC_BYTES = 8;
const BYTES = AT.mac + MAC_BYTES;
const CHARACTERS = (BYTES / 3) * 4;
const U48_BYTES = 6;

/** The text that a consumer gets with a message. */
export function issueHandle(settings: HandleSettings, receipt: Receipt): string {
  const bytes = Buffer.allocUnsafe(BYTES);
  bytes.writeUInt8(VERSION, AT.version);
  bytes.writeUInt16BE(receipt.shard, AT.shard);
  bytes.writeUInt32BE(receipt.epoch, AT.epoch);
  bytes.writeUIntBE(lsnOf(receipt.position), AT.lsn, U48_BYTES);
  bytes.writeUInt16BE(indexOf(receipt.position), AT.index);
  bytes.writeUInt32BE(receipt.nonce, AT.nonce);
  bytes.set(macOf(settings, bytes), AT.mac);
  return bytes.toString("base64url");
}

/**
 * Reads a handle back; never throws.
 *
 * @returns undefined for anything that this queue did not issue, another spelling of a real handle included.
 */
export function readHandle(settings: HandleSettings, text: string): Receipt | undefined {
  if (text.length !== CHARACTERS) return undefined;
  const bytes = Buffer.from(text, "base64url");
  if (bytes.toString("base64url") !== text || bytes[AT.version] !== VERSION) return undefined;
  if (!timingSafeEqual(macOf(settings, bytes), bytes.subarray(AT.mac))) return undefined;
  const position = positionOf(bytes.readUIntBE(AT.lsn, U48_BYTES), bytes.readUInt16BE(AT.index));
  assert(Number.isSafeInteger(position), "only real positions are signed");
  return {
    shard: bytes.readUInt16BE(AT.shard),
    epoch: bytes.readUInt32BE(AT.epoch),
    position,
    nonce: bytes.readUInt32BE(AT.nonce),
  };
}

function macOf(settings: HandleSettings, bytes: Buffer): Uint8Array {
  const signed = Buffer.allocUnsafe(AT.mac + settings.uid.length);
  bytes.copy(signed, 0, 0, AT.mac);
  signed.write(settings.uid, AT.mac, "latin1");
  return sipHash(Buffer.from(settings.handleKey, "base64url"), signed);
}
