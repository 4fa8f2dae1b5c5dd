import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { fromBase64, fromBase64Url, fromUtf8, toBase64Url, utf8 } from "../lib/bytes.ts";
import { assert, err, ok, type Result } from "../lib/result.ts";

/** The key that seals every other secret of a deployment. */
export interface RootKey {
  /** Tells which root key sealed a secret, and nothing else about it. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** The root keys of a deployment: after a rotation the older ones still open what they sealed. */
export interface RootKeys {
  /** Seals everything new. */
  readonly current: RootKey;
  /** `ROOT_KEY_PREVIOUS`: to open with, until `resealSecrets` has sealed all of it anew. */
  readonly previous: readonly RootKey[];
  find(id: string): RootKey | undefined;
}

export interface Secret {
  readonly text: string;
  /**
   * What the secret is of, such as `access-key/AKIA…`. It is bound to the seal, so that a sealed secret
   * copied to another row opens nothing.
   */
  readonly owner: string;
}

export type SealProblem =
  | "not a sealed secret"
  | "sealed under another root key"
  | "tampered with, or another's";

/** @param base64 32 bytes, as in `ROOT_KEY` */
export function rootKey(base64: string): RootKey {
  const bytes = fromBase64(base64);
  assert(bytes?.length === 32, "a root key is 32 bytes in base64");
  // A hash of the key with a prefix of its own: stable, and one-way.
  const id = createHash("sha256").update("edge-sqs root key id\n").update(bytes).digest().subarray(0, 6);
  return { id: toBase64Url(id), bytes };
}

/**
 * @param current 32 bytes in base64, as in `ROOT_KEY`
 * @param previous likewise; one that is the current key again is left out
 */
export function rootKeys(current: string, previous: readonly string[] = []): RootKeys {
  const key = rootKey(current);
  const older = previous.map(rootKey).filter(({ id }) => id !== key.id);
  const byId = new Map([...older, key].map((each) => [each.id, each]));
  return { current: key, previous: older, find: (id) => byId.get(id) };
}

/**
 * Seals with AES-256-GCM under a fresh nonce. Random nonces of 96 bits are safe for 2^32 secrets a root key.
 *
 * @param keys of several the current one seals
 * @returns `v1.{root key id}.{nonce}.{ciphertext and tag}`, each part in base64url: it says how to open it,
 *   so that root keys and formats can change while old secrets stay readable.
 */
export function sealSecret(keys: RootKey | RootKeys, { text, owner }: Secret): string {
  const key = "current" in keys ? keys.current : keys;
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key.bytes, nonce, { authTagLength: tagBytes });
  cipher.setAAD(boundTo(key, owner));
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `v1.${key.id}.${toBase64Url(nonce)}.${toBase64Url(sealed)}`;
}

/**
 * The text of a sealed secret, or why it does not open.
 *
 * @param keys of several the one opens it that it names
 */
export function openSecret(
  keys: RootKey | RootKeys,
  sealed: string,
  owner: string,
): Result<string, SealProblem> {
  const parts = sealed.split(".");
  const [version, keyId = "", nonceText = "", bodyText = ""] = parts;
  const nonce = fromBase64Url(nonceText);
  const body = fromBase64Url(bodyText);
  if (parts.length !== 4 || version !== "v1") return err("not a sealed secret");
  if (nonce?.length !== nonceBytes || body === undefined || body.length < tagBytes)
    return err("not a sealed secret");
  const key = "find" in keys ? keys.find(keyId) : keys;
  if (keyId !== key?.id) return err("sealed under another root key");

  const decipher = createDecipheriv("aes-256-gcm", key.bytes, nonce, { authTagLength: tagBytes });
  decipher.setAAD(boundTo(key, owner));
  decipher.setAuthTag(body.subarray(body.length - tagBytes));
  const text = decipher.update(body.subarray(0, body.length - tagBytes));
  try {
    decipher.final();
  } catch {
    return err("tampered with, or another's");
  }
  return ok(fromUtf8(text));
}

/** The id of the root key that a secret names; undefined for what is none. Nothing is checked. */
export function sealedUnder(sealed: string): string | undefined {
  return /^v1\.([\w-]+)\./.exec(sealed)?.[1];
}

const nonceBytes = 12;
const tagBytes = 16;

/** The format and the key belong to what is authenticated, so that neither can be exchanged. */
function boundTo(key: RootKey, owner: string): Uint8Array {
  return utf8(`v1.${key.id}.${owner}`);
}
