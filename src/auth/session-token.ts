import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { openBehind, sealBehind } from "../encryption/aead.ts";
import type { RootKey, RootKeys } from "../encryption/secrets.ts";
import {
  fromBase64,
  fromBase64Url,
  fromUtf8,
  toBase64,
  toBase64Url,
  utf8,
  utf8Length,
} from "../lib/bytes.ts";
import { assert } from "../lib/result.ts";
import { limits } from "../queue/limits.ts";

/*
 * A session token in base64:
 *
 *   u8   version
 *   6    id of the root key
 *   12   nonce
 *   …    ciphertext: JSON
 *   16   tag
 *
 * It holds all that is to be known of temporary credentials, their secret too, so that nothing is stored for them. Each
 * is sealed under a key of its own: HMAC-SHA256 of its access key id, under a key that is derived from the root key.
 * So a token opens beside its own access key id only, and random nonces cannot meet under one key however many
 * sessions there are.
 */
const VERSION = 1;
const KEY_ID_BYTES = 6;
const HEADER_BYTES = 1 + KEY_ID_BYTES;

/** What temporary credentials are: found in their token alone. */
export interface Session {
  readonly secretAccessKey: string;
  /** The long-lived key at the beginning, through however many sessions: this one ends with it. */
  readonly issuingKeyId: string;
  readonly issuedAtSeconds: number;
  /** The first second in which it is no more. */
  readonly expiresAtSeconds: number;
  readonly holder: SessionHolder;
  readonly limits?: SessionLimits;
  /** Session tags, those inherited among them. */
  readonly tags?: readonly (readonly [key: string, value: string])[];
  /** Keys of those tags that the next session of a chain inherits. */
  readonly transitiveTagKeys?: readonly string[];
  readonly sourceIdentity?: string;
}

/** For whom the session stands: the user, or the root, of the issuing key, or a role. */
export type SessionHolder =
  /** `userId` is the account for its root. */
  | { readonly kind: "user"; readonly userId: string }
  | {
      readonly kind: "role";
      readonly account: string;
      readonly roleName: string;
      readonly roleId: string;
      readonly sessionName: string;
    };

/** Session policies: the session may do only what they allow as well. */
export interface SessionLimits {
  readonly policy?: string;
  /** Of managed policies. */
  readonly policyArns?: readonly string[];
}

/** The keys that tokens are sealed under, by the id of the root key that each was derived from. */
export interface SessionKeys {
  readonly current: RootKey;
  find(rootKeyId: string): Uint8Array | undefined;
}

export function sessionKeys(roots: RootKeys): SessionKeys {
  const derived = new Map(
    [...roots.previous, roots.current].map(({ id, bytes }) => [
      id,
      createHmac("sha256", bytes).update("edge-sqs session tokens").digest(),
    ]),
  );
  return { current: roots.current, find: (id) => derived.get(id) };
}

/** @returns the token, under the current root key */
export function sealSession(keys: SessionKeys, accessKeyId: string, session: Session): string {
  const id = fromBase64Url(keys.current.id);
  const derived = keys.find(keys.current.id);
  assert(id?.length === KEY_ID_BYTES && derived, "the current root key has an id and a derived key");
  const header = new Uint8Array(HEADER_BYTES);
  header[0] = VERSION;
  header.set(id, 1);
  const bytes = utf8(JSON.stringify(pack(session)));
  return toBase64(sealBehind(header, keyOf(derived, accessKeyId), { bytes, boundTo: nothing }));
}

/**
 * Undefined for a token that is not ours, was changed, belongs to another access key, or was sealed under a root key
 * that is gone. Whether it has expired is not asked here.
 */
export function openSession(keys: SessionKeys, accessKeyId: string, token: string): Session | undefined {
  if (token.length > limits.sessionTokenLength) return undefined;
  const sealed = fromBase64(token);
  if (sealed === undefined || sealed.length < HEADER_BYTES || sealed[0] !== VERSION) return undefined;
  const derived = keys.find(toBase64Url(sealed.subarray(1, HEADER_BYTES)));
  if (derived === undefined) return undefined;
  const bytes = openBehind(HEADER_BYTES, keyOf(derived, accessKeyId), { sealed, boundTo: nothing });
  return bytes && unpack(JSON.parse(fromUtf8(bytes)) as Packed);
}

/** How much of `limits.packedPolicyBytes` a session's policies and tags take. */
export function packedPolicyBytes({ limits: limiting, tags }: Pick<Session, "limits" | "tags">): number {
  const parts = [limiting?.policy, limiting?.policyArns, tags].filter((part) => part !== undefined);
  return parts.reduce((sum, part) => sum + utf8Length(JSON.stringify(part)), 0);
}

/** A token is bound to its access key id by its key. */
const nothing = new Uint8Array(0);

function keyOf(derived: Uint8Array, accessKeyId: string): KeyObject {
  return createSecretKey(createHmac("sha256", derived).update(accessKeyId).digest());
}

/** The JSON in a token. Members are only ever added; what changes otherwise is another version. */
interface Packed {
  readonly s: string;
  readonly k: string;
  /** Issued, and for how long: seconds. */
  readonly t: readonly [number, number];
  /** Of a user. */
  readonly u?: string;
  /** Of a role: account, name, id, session. */
  readonly r?: readonly [string, string, string, string];
  readonly p?: string | undefined;
  readonly a?: readonly string[] | undefined;
  readonly g?: Session["tags"];
  readonly v?: readonly string[] | undefined;
  readonly i?: string | undefined;
}

function pack(session: Session): Packed {
  const { holder, issuedAtSeconds, expiresAtSeconds } = session;
  return {
    s: session.secretAccessKey,
    k: session.issuingKeyId,
    t: [issuedAtSeconds, expiresAtSeconds - issuedAtSeconds],
    ...(holder.kind === "user"
      ? { u: holder.userId }
      : { r: [holder.account, holder.roleName, holder.roleId, holder.sessionName] }),
    p: session.limits?.policy,
    a: session.limits?.policyArns,
    ...(session.tags && { g: session.tags }),
    v: session.transitiveTagKeys,
    i: session.sourceIdentity,
  };
}

function unpack({ s, k, t: [issuedAtSeconds, lifeSeconds], u, r, p, a, g, v, i }: Packed): Session {
  return {
    secretAccessKey: s,
    issuingKeyId: k,
    issuedAtSeconds,
    expiresAtSeconds: issuedAtSeconds + lifeSeconds,
    holder: r
      ? { kind: "role", account: r[0], roleName: r[1], roleId: r[2], sessionName: r[3] }
      : { kind: "user", userId: u ?? "" },
    ...((p !== undefined || a) && {
      limits: { ...(p !== undefined && { policy: p }), ...(a && { policyArns: a }) },
    }),
    ...(g && { tags: g }),
    ...(v && { transitiveTagKeys: v }),
    ...(i !== undefined && { sourceIdentity: i }),
  };
}
