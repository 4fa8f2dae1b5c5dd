import { Buffer } from "node:buffer";
import { createHmac, createSecretKey, type KeyObject, randomFillSync } from "node:crypto";
import { utf8 } from "../lib/bytes.ts";
import { packUuid, unpackUuid } from "../lib/uuid.ts";
import { openBehind, SEAL_BYTES, sealBehind } from "./aead.ts";
import type { KmsMaterial, KmsMaterialName } from "./kms-material.ts";

/*
 * What Encrypt and GenerateDataKey hand out; it says itself which key opens it:
 *
 *   u8   1, the version of this form
 *   16   id of the KMS key
 *   u32  version of its material, big-endian
 *   16   salt
 *   12   nonce
 *   …    ciphertext
 *   16   tag
 *
 * The key of each ciphertext is its own: HMAC-SHA256 of the salt under the material. So the number of times that a
 * KMS key may be used has no practical bound: AES-GCM would come to an end after some 2^32 random nonces of one key,
 * and here two ciphertexts share key and nonce only if 224 random bits agree.
 *
 * Authenticated are all bytes before the nonce, and the encryption context, which is not stored.
 */
export const KMS_CIPHERTEXT = 1;

/** Case-sensitive pairs; their order means nothing. */
export type EncryptionContext = ReadonlyMap<string, string>;

const ID_AT = 1;
const VERSION_AT = 17;
const SALT_AT = 21;
const HEADER_BYTES = 37;

/** @returns bytes that own their whole buffer */
export function sealUnderKmsKey(
  material: KmsMaterial,
  { plaintext, context }: { readonly plaintext: Uint8Array; readonly context: EncryptionContext },
): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  header[0] = KMS_CIPHERTEXT;
  header.set(Buffer.from(packUuid(material.keyId), "latin1"), ID_AT);
  new DataView(header.buffer).setUint32(VERSION_AT, material.version);
  const salt = header.subarray(SALT_AT);
  randomFillSync(salt);
  return sealBehind(header, ciphertextKey(material, salt), { bytes: plaintext, boundTo: canonical(context) });
}

/** What a ciphertext says opens it, unchecked; undefined for what is none of ours. */
export function materialOfCiphertext(ciphertext: Uint8Array): KmsMaterialName | undefined {
  if (ciphertext.length < HEADER_BYTES + SEAL_BYTES || ciphertext[0] !== KMS_CIPHERTEXT) return undefined;
  const { buffer, byteOffset, length } = ciphertext;
  const keyId = unpackUuid(Buffer.from(buffer, byteOffset + ID_AT, VERSION_AT - ID_AT).toString("latin1"));
  return { keyId, version: new DataView(buffer, byteOffset, length).getUint32(VERSION_AT) };
}

/** @returns undefined for a ciphertext that was changed, is another key's, or was made in another context */
export function openUnderKmsKey(
  material: KmsMaterial,
  { ciphertext, context }: { readonly ciphertext: Uint8Array; readonly context: EncryptionContext },
): Uint8Array | undefined {
  const named = materialOfCiphertext(ciphertext);
  if (named?.keyId !== material.keyId || named.version !== material.version) return undefined;
  const key = ciphertextKey(material, ciphertext.subarray(SALT_AT, HEADER_BYTES));
  const plaintext = openBehind(HEADER_BYTES, key, { sealed: ciphertext, boundTo: canonical(context) });
  return plaintext && new Uint8Array(plaintext);
}

function ciphertextKey({ bytes }: KmsMaterial, salt: Uint8Array): KeyObject {
  return createSecretKey(
    createHmac("sha256", bytes).update("edge-sqs kms ciphertext key\n").update(salt).digest(),
  );
}

/** One spelling for all orders of the same pairs, and for no others. */
function canonical(context: EncryptionContext): Uint8Array {
  const pairs = Array.from(context).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return utf8(JSON.stringify(pairs));
}
