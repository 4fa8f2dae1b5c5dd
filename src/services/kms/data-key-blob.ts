import { KMS_CIPHERTEXT } from "../../encryption/kms-ciphertext.ts";
import { fromUtf8Strict, utf8 } from "../../lib/bytes.ts";
import { assert } from "../../lib/result.ts";

/*
 * A queue's data key as it is stored: what KMS encrypted, and whose it is. The first byte tells which KMS.
 *
 *   1  a ciphertext of our own, which names its key itself; encryption/kms-ciphertext.ts has the bytes
 *   2  of a KMS elsewhere: u16 length of the key's ARN, big-endian · the ARN · its ciphertext
 */
const EXTERNAL = 2;
const ARN_AT = 3;

export type DataKeyBlob =
  | { readonly kind: "own"; readonly ciphertext: Uint8Array }
  | { readonly kind: "external"; readonly keyArn: string; readonly ciphertext: Uint8Array };

/** A ciphertext of our own is its own blob. */
export function externalBlob(keyArn: string, ciphertext: Uint8Array): Uint8Array {
  const arn = utf8(keyArn);
  assert(arn.length <= 0xffff, "an ARN fits its length");
  const blob = new Uint8Array(ARN_AT + arn.length + ciphertext.length);
  blob[0] = EXTERNAL;
  new DataView(blob.buffer).setUint16(1, arn.length);
  blob.set(arn, ARN_AT);
  blob.set(ciphertext, ARN_AT + arn.length);
  return blob;
}

/** Undefined for what is no blob. Nothing is authenticated here: the KMS that it names does that. */
export function readDataKeyBlob(blob: Uint8Array): DataKeyBlob | undefined {
  if (blob[0] === KMS_CIPHERTEXT) return { kind: "own", ciphertext: blob };
  if (blob[0] !== EXTERNAL || blob.length < ARN_AT) return undefined;
  const cipherAt = ARN_AT + new DataView(blob.buffer, blob.byteOffset).getUint16(1);
  const keyArn = fromUtf8Strict(blob.subarray(ARN_AT, cipherAt));
  if (cipherAt >= blob.length || keyArn === undefined) return undefined;
  return { kind: "external", keyArn, ciphertext: blob.subarray(cipherAt) };
}
