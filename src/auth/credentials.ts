import type { OwnPolicies, Principals } from "../catalog/principals.ts";
import type { RootKeys } from "../encryption/secrets.ts";
import { limits } from "../queue/limits.ts";
import { setBounded } from "./bounded-map.ts";
import { rootCaller } from "./caller.ts";
import { isSessionKey, parseIamArn } from "./identity.ts";
import { createLookups } from "./lookups.ts";
import { managedPolicy } from "./managed-policies.ts";
import { type Policy, policyOf } from "./policy/document.ts";
import {
  type KnownRole,
  knownRole,
  type OpenedSession,
  openKey,
  roleSessionCaller,
  userSessionCaller,
} from "./principal-callers.ts";
import { openSession, type SessionKeys, type SessionLimits } from "./session-token.ts";
import type { Credential, FoundKey } from "./sigv4.ts";

/** The deployment's own credential: it needs no database. */
export interface RootCredential {
  readonly rootAccountId: string;
  readonly rootAccessKeyId: string;
  readonly rootSecretAccessKey: string;
}

export interface Credentials {
  /**
   * Who a key stands for, and its secret. Undefined for a key that is unknown or inactive, or whose user is gone;
   * for temporary credentials whose token does not belong to them, or whose user, role or issuing key is gone; and
   * for a long-lived key with a session token.
   *
   * Answers at once, without a promise, from what the isolate remembers: an answer at most 60 s old, or older while
   * the database is away. Throws what the database throws about a principal that the isolate does not remember.
   */
  find(accessKeyId: string, sessionToken: string | undefined, nowMs: number): FoundKey | Promise<FoundKey>;
  /** To be called after a write: this isolate sees it at once. */
  forget(accessKeyId: string): void;
  /** Likewise, after a change of any user, role, policy or key of an account. */
  forgetAccount(account: string): void;
}

export interface CredentialKeys {
  /** They open the secrets of long-lived keys. */
  readonly rootKeys: RootKeys;
  readonly sessionKeys: SessionKeys;
}

export function createCredentials(
  root: RootCredential,
  principals: Principals,
  { rootKeys, sessionKeys }: CredentialKeys,
): Credentials {
  const ofRoot: Credential = {
    secretAccessKey: root.rootSecretAccessKey,
    caller: rootCaller(root.rootAccountId, root.rootAccessKeyId),
  };
  const keys = createLookups<Credential>({
    what: "access key",
    async find(accessKeyId) {
      const key = await principals.findPrincipalOfKey(accessKeyId);
      if (key?.status !== "Active") return undefined;
      return { value: openKey(key, rootKeys), account: key.account, size: sizeOf(key) };
    },
  });
  const roles = createLookups<KnownRole>({
    what: "role",
    async find(id) {
      const [account = "", roleName = "", roleId] = id.split("/");
      const role = await principals.findRole(account, roleName);
      if (role?.roleId !== roleId) return undefined;
      return role && { value: knownRole(role), account, size: sizeOf(role) };
    },
  });
  const policies = createLookups<Policy>({
    what: "policy",
    async find(arn) {
      const { account = "", name = "" } = parseIamArn(arn, "policy") ?? {};
      const policy = await principals.findPolicy(account, name);
      if (policy?.arn !== arn) return undefined;
      return { value: policyOf(policy.document, "identity"), account, size: policy.document.length };
    },
  });

  /** Only what opened, so that made-up ones push out nothing. */
  const openedTokens = new Map<string, OpenedSession>();

  function findLongLived(accessKeyId: string, nowMs: number): Later<Credential | undefined> {
    if (accessKeyId === root.rootAccessKeyId) return ofRoot;
    // What cannot be a key is neither asked for nor remembered.
    if (isSessionKey(accessKeyId) || !/^\w{16,128}$/.test(accessKeyId)) return undefined;
    return keys.get(accessKeyId, nowMs);
  }

  function open(accessKeyId: string, token: string): OpenedSession | undefined {
    const known = openedTokens.get(token);
    if (known?.accessKeyId === accessKeyId) return known;
    const session = isSessionKey(accessKeyId) ? openSession(sessionKeys, accessKeyId, token) : undefined;
    if (session === undefined) return undefined;
    const opened = { accessKeyId, session };
    setBounded(openedTokens, token, opened, limits.openedTokens);
    return opened;
  }

  /** Its token has told everything but what its principal may do, and whether there still is one. */
  function findSession(opened: OpenedSession, nowMs: number): Later<Credential | undefined> {
    const { holder, issuingKeyId, secretAccessKey, limits: limiting } = opened.session;
    const issuer = findLongLived(issuingKeyId, nowMs);
    if (holder.kind === "user") {
      return whenAll([issuer], (user) => {
        const caller = userSessionCaller(opened, user?.caller);
        // As with AWS: IAM takes such a session only with a second factor, and of those there are none.
        return caller && { secretAccessKey, caller, notFor: ["iam"] };
      });
    }
    // A role that was created again is another one, and known apart from the one before it.
    const role = roles.get(`${holder.account}/${holder.roleName}/${holder.roleId}`, nowMs);
    return whenAll([issuer, role, sessionPolicies(limiting, nowMs)], (began, knownRole, limitedTo) => {
      const caller = began && roleSessionCaller(opened, knownRole, limitedTo);
      return caller && { secretAccessKey, caller };
    });
  }

  /** Undefined for a session without any. */
  function sessionPolicies(
    limiting: SessionLimits | undefined,
    nowMs: number,
  ): Later<readonly Policy[] | undefined> {
    if (limiting === undefined) return undefined;
    const { policy: inline, policyArns = [] } = limiting;
    const managed = policyArns.map((arn) => {
      const document = managedPolicy(arn);
      return document === undefined ? policies.get(arn, nowMs) : policyOf(document, "identity");
    });
    return whenAll(managed, (...found) => {
      const there = found.filter((policy) => policy !== undefined);
      // One that is gone may have denied what the others allow.
      if (there.length < found.length) return [];
      return inline === undefined ? there : [policyOf(inline, "identity"), ...there];
    });
  }

  return {
    find(accessKeyId, sessionToken, nowMs) {
      if (sessionToken === undefined) return findLongLived(accessKeyId, nowMs);
      // Before anything is looked up: a made-up token costs no more than this.
      const opened = open(accessKeyId, sessionToken);
      if (opened === undefined) return undefined;
      return nowMs < opened.session.expiresAtSeconds * 1000 ? findSession(opened, nowMs) : "expired";
    },
    forget: (accessKeyId) => keys.forget(accessKeyId),
    forgetAccount(account) {
      for (const lookups of [keys, roles, policies]) lookups.forgetAccount(account);
    },
  };
}

type Later<T> = T | Promise<T>;

/** At once if all are at hand, else when they are. */
function whenAll<const P extends readonly unknown[], R>(
  parts: P,
  use: (...settled: { -readonly [K in keyof P]: Awaited<P[K]> }) => R,
): Later<R> {
  type Settled = { -readonly [K in keyof P]: Awaited<P[K]> };
  return parts.some((part) => part instanceof Promise)
    ? Promise.all(parts).then((settled) => use(...(settled as Settled)))
    : use(...(parts as unknown as Settled));
}

/** Of what stays in memory: AWS's own policies are there once for all. */
function sizeOf({ policies }: OwnPolicies): number {
  return policies.reduce((sum, { length }) => sum + length, ENTRY_SIZE);
}

/** Of a principal without policies. */
const ENTRY_SIZE = 1000;
