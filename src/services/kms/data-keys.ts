import { randomBytes, randomUUID } from "node:crypto";
import type { Caller } from "../../auth/caller.ts";
import type { RequestFacts } from "../../auth/request-facts.ts";
import { type EncryptionContext, materialOfCiphertext } from "../../encryption/kms-ciphertext.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError, SqsError } from "../../queue/errors.ts";
import { queueArn } from "../../queue/queue-arn.ts";
import type { QueueId } from "../../queue/settings.ts";
import { externalBlob, readDataKeyBlob } from "./data-key-blob.ts";
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

/** A new key to encrypt messages with. */
export interface QueueDataKey {
  /** 32 bytes. */
  readonly plaintext: Uint8Array;
  /** What `decryptDataKey` takes; it may be stored in clear. */
  readonly blob: Uint8Array;
  /** Of the KMS key, whatever the queue names it by. */
  readonly keyArn: string;
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
  { keyName, queue }: { readonly keyName: string; readonly queue: QueueId },
): Promise<Result<QueueDataKey, SqsError>> {
  const { external, keys } = request.kms;
  const context = contextOf(queue);
  if (external?.owns(keyName)) return await generateElsewhere(external, keyName, context);
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
  { blob, queue }: { readonly blob: Uint8Array; readonly queue: QueueId },
): Promise<Result<Uint8Array, SqsError>> {
  const context = contextOf(queue);
  const read = readDataKeyBlob(blob);
  if (read?.kind === "external") return await decryptElsewhere(request.kms.external, read, context);
  const named = read && materialOfCiphertext(read.ciphertext);
  if (!named) throw new Error("a queue's data key is none");
  const key = await openKeyOfCiphertext(
    keyRequest(request, queue),
    { keyId: named.keyId, name: undefined },
    useOf("kms:Decrypt", queue, context),
  );
  if (!key.ok) return err(refused(key.error));
  const decrypted = await decrypt(request.kms.keys, key.value, { ciphertext: read.ciphertext, context });
  if (!decrypted.ok) throw new Error(`a data key of ${queueArn(queue)} was changed, or is another queue's`);
  return ok(decrypted.value.plaintext);
}

const DATA_KEY_BYTES = 32;

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
): Promise<Result<QueueDataKey, SqsError>> {
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
