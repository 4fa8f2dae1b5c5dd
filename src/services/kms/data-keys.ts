import { randomBytes, randomUUID } from "node:crypto";
import { accessDenied } from "../../auth/authorize.ts";
import type { Caller } from "../../auth/caller.ts";
import type { RequestFacts } from "../../auth/request-facts.ts";
import type { KmsKey } from "../../catalog/kms/keys.ts";
import { type EncryptionContext, materialOfCiphertext } from "../../encryption/kms-ciphertext.ts";
import type { NewDataKey, QueueKey, StoredDataKey } from "../../encryption/queue-kms.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError, SqsError } from "../../queue/errors.ts";
import { queueArn } from "../../queue/queue-arn.ts";
import type { QueueId } from "../../queue/settings.ts";
import { type DataKeyBlob, externalBlob, readDataKeyBlob } from "./data-key-blob.ts";
import { kmsError } from "./errors.ts";
import type { ExternalKms, KmsRefusal } from "./external.ts";
import { keyArn } from "./key-arn.ts";
import type { Kms } from "./kms.ts";
import { type KeyRequest, type KeyUse, openKey, openKeyOfCiphertext } from "./open-key.ts";
import { sqsErrorOf } from "./sqs-errors.ts";
import { decrypt, encrypt } from "./use-key.ts";

/*
 * What SQS needs of KMS: the keys of queues with a KmsMasterKeyId. SQS acts for whoever sends or receives: it is the
 * caller whom the policies have to allow kms:GenerateDataKey or kms:Decrypt, through SQS and for this queue. With the
 * keys of a KMS elsewhere that KMS decides, of the credentials that this deployment has there; our own policies are
 * not asked.
 *
 * Nothing is kept here but what the key store keeps: how long a data key is used again is its queue's to say.
 */

/** Who sends or receives, and where KMS is. */
export interface QueueKeyRequest {
  readonly kms: Kms;
  readonly caller: Caller;
  readonly facts: RequestFacts;
  readonly nowMs: number;
}

/**
 * A new data key under the KMS key that a queue is set to.
 *
 * @param keyName KmsMasterKeyId: a key id, an alias, or the ARN of either. `alias/aws/sqs` is made on its first use.
 * @param queue its account and region are where names without an ARN are looked up
 * @returns KmsNotFound, KmsAccessDenied, KmsDisabled, KmsInvalidState, KmsInvalidKeyUsage, KmsThrottled or
 *   KmsOptInRequired, with KMS's text. Throws `KmsUnavailable` if a KMS elsewhere is away.
 */
export async function generateDataKey(
  request: QueueKeyRequest,
  { keyName, queue }: QueueKey,
): Promise<Result<NewDataKey, SqsError>> {
  const { external, keys } = request.kms;
  const context = contextOf(queue);
  if (external?.owns(keyName)) {
    const allowed = mayElsewhere(request, { permission: "kms:GenerateDataKey", arn: keyName });
    return allowed.ok ? await generateElsewhere(external, keyName, context) : allowed;
  }
  const key = await openKey(
    keyRequest(request, queue),
    { name: keyName, aliases: true },
    useOf("kms:GenerateDataKey", queue, context),
  );
  if (!key.ok) return err(refused(key.error));
  const plaintext = new Uint8Array(randomBytes(DATA_KEY_BYTES));
  const blob = await encrypt(keys, key.value, { plaintext, context });
  return ok({ plaintext, blob, keyArn: keyArn(key.value) });
}

/**
 * The key that `generateDataKey` made, if the caller may use it.
 *
 * @param queue the one that the key was made for, which what it encrypted may have left since
 * @returns likewise. Throws for a blob that was changed, or made for another queue: that is corruption or an attack,
 *   never the client's doing.
 */
export async function decryptDataKey(
  request: QueueKeyRequest,
  dataKey: StoredDataKey,
): Promise<Result<Uint8Array, SqsError>> {
  const { queue } = dataKey;
  const context = contextOf(queue);
  const found = await keyOfDataKey(request, dataKey);
  if (!found.ok) return found;
  const { read, key } = found.value;
  if (key === undefined) return await decryptElsewhere(request.kms.external, read, context);
  const { ciphertext } = read;
  const decrypted = await decrypt(request.kms.keys, key, { ciphertext, context });
  if (!decrypted.ok) throw new Error(`a data key of ${queueArn(queue)} was changed, or is another queue's`);
  return ok(decrypted.value.plaintext);
}

/**
 * May the caller have data keys made under the key that a queue is set to, and opened again? Both are needed to send.
 *
 * @returns the ARN of the key; undefined if it is in a KMS elsewhere, which only says so when it is used
 */
export async function maySeal(
  request: QueueKeyRequest,
  { keyName, queue }: QueueKey,
): Promise<Result<string | undefined, SqsError>> {
  if (request.kms.external?.owns(keyName)) {
    return mayElsewhere(request, { permission: "kms:GenerateDataKey", arn: keyName });
  }
  const context = contextOf(queue);
  const use = useOf("kms:GenerateDataKey", queue, context);
  const key = await openKey(keyRequest(request, queue), { name: keyName, aliases: true }, use);
  if (!key.ok) return err(refused(key.error));
  return await mayOpenHere(request, { keyName: keyArn(key.value), queue });
}

/** May the caller have data keys opened that are made under the key that a queue is set to? Returns likewise. */
export async function mayOpen(
  request: QueueKeyRequest,
  { keyName, queue }: QueueKey,
): Promise<Result<string | undefined, SqsError>> {
  return request.kms.external?.owns(keyName)
    ? mayElsewhere(request, { permission: "kms:Decrypt", arn: keyName })
    : await mayOpenHere(request, { keyName, queue });
}

/**
 * May the caller have this data key opened? Of a KMS elsewhere only `decryptDataKey` can tell.
 *
 * @returns the ARN of the KMS key that it is under
 */
export async function mayDecrypt(
  request: QueueKeyRequest,
  dataKey: StoredDataKey,
): Promise<Result<string, SqsError>> {
  const found = await keyOfDataKey(request, dataKey);
  if (!found.ok) return found;
  const { read, key } = found.value;
  return ok(key === undefined ? read.keyArn : keyArn(key));
}

const DATA_KEY_BYTES = 32;

type OwnDataKey = { readonly read: Extract<DataKeyBlob, { kind: "own" }>; readonly key: KmsKey };
type ExternalDataKey = {
  readonly read: Extract<DataKeyBlob, { kind: "external" }>;
  readonly key?: undefined;
};

async function mayOpenHere(
  request: QueueKeyRequest,
  { keyName, queue }: QueueKey,
): Promise<Result<string, SqsError>> {
  // A data key names its KMS key itself: by which alias the queue does, is no matter then.
  const use = { ...useOf("kms:Decrypt", queue, contextOf(queue)), hidesAlias: true };
  const key = await openKey(keyRequest(request, queue), { name: keyName, aliases: true }, use);
  return key.ok ? ok(keyArn(key.value)) : err(refused(key.error));
}

/** What a data key says it is, and the KMS key that opens it, if the caller may use that. */
async function keyOfDataKey(
  request: QueueKeyRequest,
  { blob, queue }: StoredDataKey,
): Promise<Result<OwnDataKey | ExternalDataKey, SqsError>> {
  const read = readDataKeyBlob(blob);
  if (read?.kind === "external") {
    const allowed = mayElsewhere(request, { permission: "kms:Decrypt", arn: read.keyArn });
    return allowed.ok ? ok({ read }) : allowed;
  }
  const named = read && materialOfCiphertext(read.ciphertext);
  if (!named) throw new Error("a queue's data key is none");
  const key = await openKeyOfCiphertext(
    keyRequest(request, queue),
    { keyId: named.keyId, name: undefined },
    useOf("kms:Decrypt", queue, contextOf(queue)),
  );
  return key.ok ? ok({ read, key: key.value }) : err(refused(key.error));
}

/** The other KMS does not know who asks here. Whoever does not sign is nobody to any KMS. */
function mayElsewhere(
  { caller }: QueueKeyRequest,
  { permission, arn }: { readonly permission: string; readonly arn: string },
): Result<undefined, SqsError> {
  if (caller.kind !== "anonymous") return ok(undefined);
  const resource = { arn, account: "" };
  const { message } = accessDenied(caller, { permission, resource }, { reason: "implicit", by: "resource" });
  return err(refused(kmsError("AccessDeniedException", message)));
}

/** What SQS was seen to put there. */
function contextOf(queue: QueueId): EncryptionContext {
  return new Map([["aws:sqs:arn", queueArn(queue)]]);
}

function keyRequest({ kms, caller, facts, nowMs }: QueueKeyRequest, queue: QueueId): KeyRequest {
  return { kms, caller, facts, nowMs, home: { account: queue.account, region: queue.region } };
}

function useOf(permission: string, { region }: QueueId, encryptionContext: EncryptionContext): KeyUse {
  const viaService = `sqs.${region}.amazonaws.com`;
  return {
    permission,
    state: "enabled",
    crossAccount: true,
    fromCopies: true,
    encryptionContext,
    viaService,
  };
}

async function generateElsewhere(
  external: ExternalKms,
  keyName: string,
  context: EncryptionContext,
): Promise<Result<NewDataKey, SqsError>> {
  const made = await external.generateDataKey(keyName, context);
  if (!made.ok) return err(refusedElsewhere(made.error));
  const { plaintext, ciphertext, keyArn } = made.value;
  return ok({ plaintext, blob: externalBlob(keyArn, ciphertext), keyArn });
}

async function decryptElsewhere(
  external: ExternalKms | undefined,
  { keyArn, ciphertext }: { readonly keyArn: string; readonly ciphertext: Uint8Array },
  context: EncryptionContext,
): Promise<Result<Uint8Array, SqsError>> {
  if (!external?.owns(keyArn)) throw new Error(`this deployment is not set to use the KMS of ${keyArn}`);
  const decrypted = await external.decrypt(keyArn, ciphertext, context);
  if (!decrypted.ok) return err(refusedElsewhere(decrypted.error));
  if (decrypted.value.length !== DATA_KEY_BYTES) throw new Error(`${keyArn} decrypted what is no data key`);
  return decrypted;
}

function refused({ code, message }: ServiceError): SqsError {
  return handedOn({ code, message, requestId: randomUUID() });
}

/** The log tells the operator what the client is not told. */
function refusedElsewhere(refusal: KmsRefusal): SqsError {
  console.warn("the external KMS refused", refusal);
  return handedOn(refusal);
}

function handedOn(refusal: KmsRefusal): SqsError {
  const error = sqsErrorOf(refusal);
  if (!error) throw new Error(`KMS refused with ${refusal.code}: ${refusal.message}`);
  return error;
}
