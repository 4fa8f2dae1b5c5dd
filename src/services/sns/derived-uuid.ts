import { createHash } from "node:crypto";
import { unpackUuid } from "../../lib/uuid.ts";

/**
 * A UUID that is the same for the same parts, and for no others.
 *
 * @see https://datatracker.ietf.org/doc/html/rfc9562#section-5.8
 */
export function derivedUuid(...parts: readonly string[]): string {
  const bytes = createHash("sha256").update(JSON.stringify(parts)).digest().subarray(0, 16);
  bytes.writeUInt8(((bytes[6] ?? 0) & 0x0f) | 0x80, 6);
  bytes.writeUInt8(((bytes[8] ?? 0) & 0x3f) | 0x80, 8);
  return unpackUuid(bytes.toString("latin1"));
}
