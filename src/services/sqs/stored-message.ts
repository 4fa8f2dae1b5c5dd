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
  /** Undefined in a message of version 1, whose ids its shard knows. */
  readonly ids: MessageIds | undefined;
}

/** As the client wrote them: the shard has them blinded. */
export interface MessageIds {
  readonly groupId?: string;
  /** Of a FIFO queue: the client's own, or made of the body. */
  readonly dedupId?: string;
}

/*
 * Layout of version 2, in the terms of `ByteWriter` (a text is UTF-8 behind its length, lengths are varints):
 *
 *   u8    version = 2
 *   16    MD5 of the body
 *   text  body
 *   text  SenderId
 *   text  AWSTraceHeader, empty if there is none
 *   u8    1: it has a group, 2: a deduplication id, 3: both, 0: neither; version 1 has not this nor the two texts
 *   text  MessageGroupId, if it has one
 *   text  MessageDeduplicationId, if it has one
 *   uint  number of attributes, and for each:
 *           text  name
 *           text  type, with its label
 *           u8    1: a text follows; 2: a length and bytes follow
 *           …     value
 *
 * Messages live for up to 14 days and move between queues, so every version ever written stays readable.
 */
const VERSION = 2;
const GROUP = 1;
const DEDUP = 2;
const MD5_BYTES = 16;
const TEXT = 1;
const BYTES = 2;

/** More than all lengths and fixed fields of a message without attributes, or of one attribute, can take. */
const OVERHEAD = 64;

/** @returns a view into a larger buffer, to be sealed at once: sealing copies it. */
export function encodeStoredMessage(message: StoredMessage & { readonly ids: MessageIds }): Uint8Array {
  const { body, bodyMd5, senderId, attributes, ids } = message;
  assert(bodyMd5.length === MD5_BYTES, "an MD5 has 16 bytes");
  const writer = new ByteWriter(capacityFor(message))
    .u8(VERSION)
    .raw(bodyMd5)
    .text(body)
    .text(senderId)
    .text(message.traceHeader ?? "")
    .u8((ids.groupId === undefined ? 0 : GROUP) | (ids.dedupId === undefined ? 0 : DEDUP));
  if (ids.groupId !== undefined) writer.text(ids.groupId);
  if (ids.dedupId !== undefined) writer.text(ids.dedupId);
  writer.uint(attributes.length);
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
  if (version < 1 || version > VERSION) throw new Error(`stored message has unknown version ${version}`);
  const bodyMd5 = reader.raw(MD5_BYTES);
  const body = reader.text();
  const senderId = reader.text();
  const traceHeader = reader.text() || undefined;
  const ids = version === 1 ? undefined : readIds(reader);
  const attributes: MessageAttribute[] = [];
  for (let left = reader.uint(); left > 0; left--) {
    attributes.push({ name: reader.text(), dataType: reader.text(), value: readValue(reader) });
  }
  if (!reader.done) throw new Error("stored message has bytes behind its end");
  return { body, bodyMd5, senderId, traceHeader, attributes, ids };
}

function readIds(reader: ByteReader): MessageIds {
  const has = reader.u8();
  return {
    ...(has & GROUP ? { groupId: reader.text() } : undefined),
    ...(has & DEDUP ? { dedupId: reader.text() } : undefined),
  };
}

function readValue(reader: ByteReader): string | Uint8Array {
  const field = reader.u8();
  if (field === TEXT) return reader.text();
  if (field === BYTES) return reader.raw(reader.uint());
  throw new Error(`stored message has an attribute of unknown field ${field}`);
}

/** Enough for one allocation; a writer that is handed too little grows, and copies. */
function capacityFor({ body, senderId, traceHeader, attributes, ids }: StoredMessage): number {
  let bytes = OVERHEAD + utf8Length(body) + utf8Length(senderId) + utf8Length(traceHeader ?? "");
  bytes += utf8Length(ids?.groupId ?? "") + utf8Length(ids?.dedupId ?? "");
  for (const { name, dataType, value } of attributes) {
    const valueBytes = typeof value === "string" ? utf8Length(value) : value.length;
    bytes += OVERHEAD + utf8Length(name) + utf8Length(dataType) + valueBytes;
  }
  return bytes;
}
