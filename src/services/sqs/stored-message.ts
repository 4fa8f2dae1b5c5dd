import { ByteReader, ByteWriter } from "../../lib/byte-stream.ts";
import { utf8Length } from "../../lib/bytes.ts";
import { assert } from "../../lib/result.ts";
import type { MessageAttribute } from "../../queue/message-attributes.ts";

/** What a client wrote, and what the Worker knew of it then. All that the shard keeps for it unread. */
export interface StoredMessage {
  readonly body: string;
  /** 16 bytes; kept, so that a receive need not compute it again. */
  readonly bodyMd5: Uint8Array;
  readonly senderId: string;
  readonly traceHeader: string | undefined;
  /** In the order of the request. */
  readonly attributes: readonly MessageAttribute[];
}

/*
 * Layout of version 1, in the terms of `ByteWriter` (a text is UTF-8 behind its length, lengths are varints):
 *
 *   u8    version = 1
 *   16    MD5 of the body
 *   text  body
 *   text  SenderId
 *   text  AWSTraceHeader, empty if there is none
 *   uint  number of attributes, and for each:
 *           text  name
 *           text  type, with its label
 *           u8    1: a text follows; 2: a length and bytes follow
 *           …     value
 *
 * Messages live for up to 14 days and move between queues, so every version ever written stays readable.
 */
const VERSION = 1;
const MD5_BYTES = 16;
const TEXT = 1;
const BYTES = 2;

/** More than all lengths and fixed fields of a message without attributes, or of one attribute, can take. */
const OVERHEAD = 64;

/** @returns a view into a larger buffer, to be sealed at once: sealing copies it. */
export function encodeStoredMessage(message: StoredMessage): Uint8Array {
  const { body, bodyMd5, senderId, attributes } = message;
  assert(bodyMd5.length === MD5_BYTES, "an MD5 has 16 bytes");
  const writer = new ByteWriter(capacityFor(message))
    .u8(VERSION)
    .raw(bodyMd5)
    .text(body)
    .text(senderId)
    .text(message.traceHeader ?? "")
    .uint(attributes.length);
  for (const { name, dataType, value } of attributes) {
    writer.text(name).text(dataType);
    if (typeof value === "string") writer.u8(TEXT).text(value);
    else writer.u8(BYTES).uint(value.length).raw(value);
  }
  return writer.written();
}

/** @throws for bytes that `encodeStoredMessage` did not write: they are ours, so that is corruption. */
export function decodeStoredMessage(bytes: Uint8Array): StoredMessage {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== VERSION) throw new Error(`stored message has unknown version ${version}`);
  const bodyMd5 = reader.raw(MD5_BYTES);
  const body = reader.text();
  const senderId = reader.text();
  const traceHeader = reader.text() || undefined;
  const attributes: MessageAttribute[] = [];
  for (let left = reader.uint(); left > 0; left--) {
    attributes.push({ name: reader.text(), dataType: reader.text(), value: readValue(reader) });
  }
  if (!reader.done) throw new Error("stored message has bytes behind its end");
  return { body, bodyMd5, senderId, traceHeader, attributes };
}

function readValue(reader: ByteReader): string | Uint8Array {
  const field = reader.u8();
  if (field === TEXT) return reader.text();
  if (field === BYTES) return reader.raw(reader.uint());
  throw new Error(`stored message has an attribute of unknown field ${field}`);
}

/** Enough for one allocation; a writer that is handed too little grows, and copies. */
function capacityFor({ body, senderId, traceHeader, attributes }: StoredMessage): number {
  let bytes = OVERHEAD + utf8Length(body) + utf8Length(senderId) + utf8Length(traceHeader ?? "");
  for (const { name, dataType, value } of attributes) {
    const valueBytes = typeof value === "string" ? utf8Length(value) : value.length;
    bytes += OVERHEAD + utf8Length(name) + utf8Length(dataType) + valueBytes;
  }
  return bytes;
}
