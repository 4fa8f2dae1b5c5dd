import { Buffer } from "node:buffer";
import type { KeyObject } from "node:crypto";
import { fromUtf8Strict, utf8 } from "../lib/bytes.ts";
import { assert } from "../lib/result.ts";
import { packUuid } from "../lib/uuid.ts";
import { parseQueueArn, queueArn } from "../queue/queue-arn.ts";
import type { QueueId } from "../queue/settings.ts";
import { openBehind, sealBehind } from "./aead.ts";
import type { StoredDataKey } from "./queue-kms.ts";

/*
 * A message sealed under a data key of KMS:
 *
 *   u8   form
 *   16   uid of the queue that the data key was made for
 *   u16  length of the data key's blob, big-endian
 *   …    the blob: the data key, encrypted by KMS
 *   u16  length of the queue's ARN, big-endian
 *   …    the ARN: what KMS encrypted the data key for, as `aws:sqs:arn`
 *   12   nonce
 *   …    ciphertext
 *   16   tag
 *
 * Authenticated are all bytes before the nonce, and the id that the message was sealed under. The data key is itself
 * what messages are sealed with: one isolate had it made, and no other seals with it, so that its random nonces do not
 * meet before it is done with.
 */
const UID_AT = 1;
const BLOB_LENGTH_AT = 17;
const BLOB_AT = 19;

/** @returns what all messages under one data key begin with */
export function kmsHeader(
  form: number,
  { blob, queue }: { readonly blob: Uint8Array; readonly queue: QueueId & { readonly uid: string } },
): Uint8Array {
  const arn = utf8(queueArn(queue));
  assert(blob.length <= 0xffff && arn.length <= 0xffff, "a data key and an ARN fit their lengths");
  const arnLengthAt = BLOB_AT + blob.length;
  const header = new Uint8Array(arnLengthAt + 2 + arn.length);
  const view = new DataView(header.buffer);
  header[0] = form;
  header.set(uuidBytes(queue.uid), UID_AT);
  view.setUint16(BLOB_LENGTH_AT, blob.length);
  header.set(blob, BLOB_AT);
  view.setUint16(arnLengthAt, arn.length);
  header.set(arn, arnLengthAt + 2);
  return header;
}

/** The data key that a message was sealed under, and how long its header is. @throws for what is no such message */
export function readKmsHeader(sealed: Uint8Array): StoredDataKey & { readonly headerBytes: number } {
  const view = new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const arnLengthAt = BLOB_AT + lengthAt(view, BLOB_LENGTH_AT);
  const arnAt = arnLengthAt + 2;
  const headerBytes = arnAt + lengthAt(view, arnLengthAt);
  if (sealed.length < headerBytes) throw new Error(CUT);
  const queue = parseQueueArn(fromUtf8Strict(sealed.subarray(arnAt, headerBytes)) ?? "");
  if (queue === undefined) throw new Error("a sealed message names no queue");
  return { blob: sealed.subarray(BLOB_AT, arnLengthAt), queue, headerBytes };
}

/** @returns bytes that own their whole buffer */
export function sealUnderDataKey(
  { header, key }: { readonly header: Uint8Array; readonly key: KeyObject },
  bytes: Uint8Array,
  messageId: string,
): Uint8Array {
  return sealBehind(header, key, { bytes, boundTo: uuidBytes(messageId) });
}

/** @throws for what does not open: that is corruption or an attack, never the client's doing */
export function openUnderDataKey(
  { headerBytes, key }: { readonly headerBytes: number; readonly key: KeyObject },
  sealed: Uint8Array,
  messageId: string,
): Uint8Array {
  const bytes = openBehind(headerBytes, key, { sealed, boundTo: uuidBytes(messageId) });
  if (bytes === undefined) throw new Error("a sealed message was changed, or is another's");
  return bytes;
}

const CUT = "a sealed message is cut short";

function lengthAt(view: DataView, at: number): number {
  if (view.byteLength < at + 2) throw new Error(CUT);
  return view.getUint16(at);
}

function uuidBytes(uuid: string): Uint8Array {
  return Buffer.from(packUuid(uuid), "latin1");
}
