import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { utf8Length } from "../lib/bytes.ts";
import type { MessageAttribute } from "./message-attributes.ts";

/** 16 bytes. Of a text: of its UTF-8. SDKs compare it with their own; it secures nothing. */
export function md5(data: string | Uint8Array): Uint8Array {
  return createHash("md5").update(data).digest();
}

const TEXT = 1;
const BYTES = 2;

/**
 * MD5OfMessageAttributes, lower-case hex: over name, type and value of each attribute, sorted by the bytes of
 * the name, each behind its length and the value behind the kind of its field.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
 */
export function attributeDigest(attributes: readonly MessageAttribute[]): string {
  const input = Buffer.allocUnsafe(attributes.reduce((sum, attribute) => sum + digestedBytes(attribute), 0));
  let at = 0;
  const put = (part: string | Uint8Array): void => {
    const length = typeof part === "string" ? input.write(part, at + 4, "utf8") : part.length;
    if (typeof part !== "string") input.set(part, at + 4);
    input.writeUInt32BE(length, at);
    at += 4 + length;
  };
  for (const { name, dataType, value } of sortedByName(attributes)) {
    put(name);
    put(dataType);
    input[at++] = typeof value === "string" ? TEXT : BYTES;
    put(value);
  }
  return createHash("md5").update(input).digest("hex");
}

function digestedBytes({ name, dataType, value }: MessageAttribute): number {
  const valueBytes = typeof value === "string" ? utf8Length(value) : value.length;
  return 4 + utf8Length(name) + 4 + utf8Length(dataType) + 1 + 4 + valueBytes;
}

/** By UTF-8 bytes: JavaScript's own order differs where names hold characters beyond U+FFFF. */
function sortedByName(attributes: readonly MessageAttribute[]): readonly MessageAttribute[] {
  if (attributes.length < 2) return attributes;
  return attributes
    .map((attribute) => ({ attribute, key: Buffer.from(attribute.name, "utf8") }))
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ attribute }) => attribute);
}
