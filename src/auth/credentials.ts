import { openSecret, type RootKey } from "../encryption/secrets.ts";
import { assert } from "../lib/result.ts";
import { limits } from "../queue/limits.ts";
import { setBounded } from "./bounded-map.ts";
import { accessKeyOwner, rootArn, userArn } from "./identity.ts";
import type { Credential } from "./sigv4.ts";

/** The deployment's own credential: it needs no database. */
export interface RootCredential {
  readonly rootAccountId: string;
  readonly rootAccessKeyId: string;
  readonly rootSecretAccessKey: string;
}

/** Where all other keys are kept. */
export interface AccessKeys {
  findAccessKey(accessKeyId: string): Promise<StoredAccessKey | undefined>;
}

export interface StoredAccessKey {
  readonly accessKeyId: string;
  readonly account: string;
  readonly userName: string;
  /** `AIDA…` */
  readonly userId: string;
  /** Sealed under the root key for `accessKeyOwner(accessKeyId)`. */
  readonly sealedSecret: string;
  readonly status: "Active" | "Inactive";
}

export interface Credentials {
  /**
   * Undefined for a key that is unknown or inactive. Answers at once, without a promise, from what the
   * isolate remembers: an answer at most 60 s old, or older while the database is away.
   *
   * Throws what the database throws about a key that the isolate does not remember.
   */
  find(accessKeyId: string, nowMs: number): Credential | undefined | Promise<Credential | undefined>;
  /** To be called after a write: this isolate sees it at once. */
  forget(accessKeyId: string): void;
}

export function createCredentials(root: RootCredential, keys: AccessKeys, rootKey: RootKey): Credentials {
  const ofRoot: Credential = {
    secretAccessKey: root.rootSecretAccessKey,
    caller: {
      account: root.rootAccountId,
      arn: rootArn(root.rootAccountId),
      principalId: root.rootAccountId,
      accessKeyId: root.rootAccessKeyId,
    },
  };
  const known = new Map<string, Remembered>();
  /** Until when a key need not be asked for again. Kept apart so that made-up keys never push out real ones. */
  const unknown = new Map<string, number>();
  /** Rises with every write, so that a look-up begun before it is not remembered after it. */
  let writes = 0;

  async function lookUp(accessKeyId: string, nowMs: number): Promise<Credential | undefined> {
    const writesBefore = writes;
    const remembered = known.get(accessKeyId);
    let stored: StoredAccessKey | undefined;
    try {
      stored = await keys.findAccessKey(accessKeyId);
    } catch (error) {
      // The database is away: a key already trusted stays in use.
      if (remembered === undefined) throw error;
      console.warn(`credentials: D1 failed, access key ${accessKeyId} stays in use unchecked`, error);
      return remembered.credential;
    }
    const credential = stored?.status === "Active" ? openCredential(stored, rootKey) : undefined;
    if (writes === writesBefore) remember(accessKeyId, credential, nowMs);
    return credential;
  }

  function remember(accessKeyId: string, credential: Credential | undefined, nowMs: number): void {
    known.delete(accessKeyId);
    unknown.delete(accessKeyId);
    if (credential === undefined) {
      setBounded(unknown, accessKeyId, nowMs + limits.unknownKeyMs, limits.unknownKeys);
    } else {
      setBounded(
        known,
        accessKeyId,
        { credential, refreshAtMs: nowMs + limits.credentialRefreshMs },
        limits.credentials,
      );
    }
  }

  return {
    find(accessKeyId, nowMs) {
      if (accessKeyId === root.rootAccessKeyId) return ofRoot;
      const remembered = known.get(accessKeyId);
      if (remembered !== undefined) {
        if (nowMs < remembered.refreshAtMs) return remembered.credential;
        // This request alone asks; the others go on with what is remembered until it has the answer. They do
        // not share its promise: that dies with its request when the client hangs up.
        remembered.refreshAtMs = nowMs + limits.credentialRetryMs;
      } else {
        if (nowMs < (unknown.get(accessKeyId) ?? 0)) return undefined;
        // What cannot be a key is neither asked for nor remembered.
        if (!/^\w{16,128}$/.test(accessKeyId)) return undefined;
      }
      return lookUp(accessKeyId, nowMs);
    },
    forget(accessKeyId) {
      writes++;
      known.delete(accessKeyId);
      unknown.delete(accessKeyId);
    },
  };
}

interface Remembered {
  readonly credential: Credential;
  refreshAtMs: number;
}

function openCredential(stored: StoredAccessKey, rootKey: RootKey): Credential {
  const { accessKeyId, account, userName, userId } = stored;
  const secret = openSecret(rootKey, stored.sealedSecret, accessKeyOwner(accessKeyId));
  assert(
    secret.ok,
    `the secret of access key ${accessKeyId} does not open: ${secret.ok ? "" : secret.error}`,
  );
  return {
    secretAccessKey: secret.value,
    caller: { account, arn: userArn(account, userName), principalId: userId, accessKeyId },
  };
}
