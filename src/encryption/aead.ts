import { createCipheriv, createDecipheriv, type KeyObject, randomFillSync } from "node:crypto";

/*
 * AES-256-GCM behind a header: header · 12 bytes of nonce · ciphertext · 16 bytes of tag. The header is
 * authenticated, and so is what the bytes are bound to, which is not stored with them.
 *
 * It is node:crypto's cipher for not being asynchronous: 10 µs for 1 KiB in workerd, where WebCrypto takes 7 and
 * a promise.
 */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What sealing adds behind the header. */
export const SEAL_BYTES = NONCE_BYTES + TAG_BYTES;

/**
 * Seals under a fresh random nonce: one key must not seal more than some 2^32 times.
 *
 * @returns bytes that own their whole buffer
 */
export function sealBehind(
  header: Uint8Array,
  key: KeyObject,
  { bytes, boundTo }: { readonly bytes: Uint8Array; readonly boundTo: Uint8Array },
): Uint8Array {
  const sealed = new Uint8Array(header.length + SEAL_BYTES + bytes.length);
  sealed.set(header);
  const nonce = sealed.subarray(header.length, header.length + NONCE_BYTES);
  randomFillSync(nonce);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(joined(header, boundTo));
  // A stream cipher: all of the text is out before `final`.
  sealed.set(cipher.update(bytes), header.length + NONCE_BYTES);
  cipher.final();
  sealed.set(cipher.getAuthTag(), sealed.length - TAG_BYTES);
  return sealed;
}

/** Undefined for bytes that are not what was sealed: changed, cut, under another key or bound to something else. */
export function openBehind(
  headerBytes: number,
  key: KeyObject,
  { sealed, boundTo }: { readonly sealed: Uint8Array; readonly boundTo: Uint8Array },
): Uint8Array | undefined {
  if (sealed.length < headerBytes + SEAL_BYTES) return undefined;
  const textAt = headerBytes + NONCE_BYTES;
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(headerBytes, textAt), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(joined(sealed.subarray(0, headerBytes), boundTo));
  decipher.setAuthTag(sealed.subarray(tagAt));
  const bytes = decipher.update(sealed.subarray(textAt, tagAt));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return bytes;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
