import { accessDenied } from "../../auth/authorize.ts";
import type { Caller } from "../../auth/caller.ts";
import type { RequestFacts } from "../../auth/request-facts.ts";
import { isGone, type KmsKey } from "../../catalog/kms/keys.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { authorizeKey, type KeyAccess } from "./authorize-key.ts";
import { incorrectKey, kmsError, notFound, unknownCiphertextKey } from "./errors.ts";
import { arnOf, type Home, type KeyRef } from "./key-arn.ts";
import { defaultKeyPolicy } from "./key-policy.ts";
import { parseKeyRef, parseKeyRefWithoutAlias } from "./key-ref.ts";
import { checkState, type NeededState } from "./key-state.ts";
import type { Kms } from "./kms.ts";
import { ensureSqsKey, sqsAlias } from "./managed-key.ts";

/** Who asks, and what is needed to answer. */
export interface KeyRequest {
  readonly kms: Kms;
  readonly caller: Caller;
  readonly facts: RequestFacts;
  readonly nowMs: number;
  /** Where names without an ARN are looked up; `alias/aws/sqs` is made there and nowhere else. */
  readonly home: Home;
}

/** What is to be done with the key. */
export interface KeyUse extends Omit<KeyAccess, "key" | "shownAs" | "requestAlias"> {
  readonly state: NeededState;
  /** Other accounts may, if the key's policy lets them. */
  readonly crossAccount: boolean;
  /** It may go by what this isolate remembers. */
  readonly fromCopies: boolean;
  /** The key's name only leads to it, and is no part of the use: policies do not see `kms:RequestAlias`. */
  readonly hidesAlias?: boolean;
}

/**
 * The key that a client names, if the caller may use it so: first it is found, then the policies are asked, then its
 * state.
 *
 * @returns `NotFoundException`, `AccessDeniedException`, `DisabledException` or `KMSInvalidStateException`. Other
 *   accounts are told the same of a key that is not there and of one that is not for them.
 */
export async function openKey(
  request: KeyRequest,
  { name, aliases }: { readonly name: string; readonly aliases: boolean },
  use: KeyUse,
): Promise<Result<KmsKey, ServiceError>> {
  const parse = aliases ? parseKeyRef : parseKeyRefWithoutAlias;
  const ref = parse(name, request.home);
  if (!ref.ok) return ref;
  const admitted = admit(request, ref.value, await findKey(request, ref.value, use.fromCopies), use);
  // A copy may deny what was allowed a moment ago.
  if (admitted.ok || !use.fromCopies) return admitted;
  return admit(request, ref.value, await findKey(request, ref.value, false), use);
}

/**
 * The key that a ciphertext names, likewise.
 *
 * @param name the key that the client says it is, if it does
 * @returns `AccessDeniedException` also where there is no such key, `IncorrectKeyException` if it is another one
 */
export async function openKeyOfCiphertext(
  request: KeyRequest,
  { keyId, name }: { readonly keyId: string; readonly name: string | undefined },
  use: KeyUse,
): Promise<Result<KmsKey, ServiceError>> {
  if (name !== undefined) {
    const key = await openKey(request, { name, aliases: true }, use);
    return key.ok && key.value.keyId !== keyId ? err(incorrectKey) : key;
  }
  const { keys } = request.kms;
  const admitted = admitUnnamed(request, await keys.findKey(keyId), use);
  if (admitted.ok || !use.fromCopies) return admitted;
  return admitUnnamed(request, await keys.readKey(keyId), use);
}

async function findKey(
  { kms: { keys }, home, nowMs }: KeyRequest,
  ref: KeyRef,
  fromCopies: boolean,
): Promise<KmsKey | undefined> {
  let keyId: string | undefined;
  if (ref.kind === "key") keyId = ref.keyId;
  else {
    const alias = fromCopies ? await keys.findAlias(ref) : await keys.readAlias(ref);
    const isOwn = ref.name === sqsAlias && ref.account === home.account;
    keyId = (alias ?? (isOwn ? await ensureSqsKey(keys, ref, nowMs) : undefined))?.targetKeyId;
  }
  if (keyId === undefined) return undefined;
  const key = fromCopies ? await keys.findKey(keyId) : await keys.readKey(keyId);
  const isMeant = key?.account === ref.account && key.region === ref.region;
  return isMeant && !isGone(key, nowMs) ? key : undefined;
}

function admit(
  { caller, facts }: KeyRequest,
  ref: KeyRef,
  key: KmsKey | undefined,
  use: KeyUse,
): Result<KmsKey, ServiceError> {
  const isForeign = ref.account !== caller.account;
  if (!key && !isForeign) return err(notFound(ref));
  const requestAlias = ref.kind === "alias" && !use.hidesAlias ? ref.name : undefined;
  const shownAs = isForeign ? arnOf(ref) : undefined;
  if (isForeign && !use.crossAccount) {
    const { permission } = use;
    const shown = { permission, resource: { arn: arnOf(ref), account: ref.account } };
    const { message } = accessDenied(caller, shown, { reason: "implicit", by: "resource" });
    return err(kmsError("AccessDeniedException", message));
  }
  const allowed = authorizeKey(caller, { ...use, key: key ?? absent(ref), requestAlias, shownAs }, facts);
  if (!allowed.ok) return allowed;
  return key ? inState(key, use) : err(notFound(ref));
}

function admitUnnamed(
  { caller, facts, home, nowMs }: KeyRequest,
  key: KmsKey | undefined,
  use: KeyUse,
): Result<KmsKey, ServiceError> {
  if (!key || key.region !== home.region || isGone(key, nowMs)) return err(unknownCiphertextKey);
  const allowed = authorizeKey(caller, { ...use, key }, facts);
  if (allowed.ok) return inState(key, use);
  return key.account === caller.account ? allowed : err(unknownCiphertextKey);
}

function inState(key: KmsKey, { state }: KeyUse): Result<KmsKey, ServiceError> {
  const inState = checkState(key, state);
  return inState.ok ? ok(key) : inState;
}

/** In place of a key that is not there: it is for nobody but its own account, as most are. */
function absent(ref: KeyRef): KeyAccess["key"] {
  const { account, region } = ref;
  const keyId = ref.kind === "key" ? ref.keyId : "00000000-0000-0000-0000-000000000000";
  return { account, region, keyId, policy: defaultKeyPolicy(account), policyIds: {}, tags: {}, aliases: [] };
}
