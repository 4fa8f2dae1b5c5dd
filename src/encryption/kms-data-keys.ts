import { Buffer } from "node:buffer";
import { createSecretKey, type KeyObject } from "node:crypto";
import { assert, ok, type Result } from "../lib/result.ts";
import type { SqsError } from "../queue/errors.ts";
import { limits } from "../queue/limits.ts";
import { queueArn } from "../queue/queue-arn.ts";
import type { QueueSettings } from "../queue/settings.ts";
import { KeyCache } from "./key-cache.ts";
import { kmsHeader } from "./kms-envelope.ts";
import type { QueueKms, StoredDataKey } from "./queue-kms.ts";

/** What an isolate seals with now, for one queue, KMS key and caller. */
export interface KmsSealingKey {
  readonly header: Uint8Array;
  readonly key: KeyObject;
  /** What is sealed under it counts down. Calls under way together may go below 0, by a batch each. */
  messagesLeft: number;
}

/** Settings of a queue whose messages are sealed under a KMS key. */
export type KmsQueue = QueueSettings & { readonly attributes: { readonly kmsMasterKeyId: string } };

/**
 * The data keys of KMS that an isolate has opened, those to seal with and those to open with apart.
 *
 * Whether the caller may use them is asked for each call again, of what this isolate knows of the KMS key; so a key that
 * is disabled stops all, whatever is kept here. What KmsDataKeyReusePeriodSeconds saves are calls to a KMS elsewhere,
 * which knows more than we can look up, and which may be away meanwhile.
 */
export class KmsDataKeys {
  readonly #form: number;
  readonly #clock: () => number;
  readonly #messagesPerKey: number;
  readonly #sealing = new KeyCache<Kept<KmsSealingKey> & { readonly keyArn: string }>(limits.kmsDataKeys);
  readonly #opening = new KeyCache<Kept<{ readonly key: KeyObject }>>(limits.kmsDataKeys);
  /** When a KMS elsewhere was last seen to open what is under a queue's key. */
  readonly #proofs = new KeyCache<Kept<{ readonly keyArn: string }>>(limits.kmsDataKeys);
  #sweepAtMs = 0;

  /** @param form the first byte of what is sealed @param clock milliseconds; ages the keys */
  constructor(
    form: number,
    clock: () => number = Date.now,
    messagesPerKey: number = limits.messagesPerKmsDataKey,
  ) {
    this.#form = form;
    this.#clock = clock;
    this.#messagesPerKey = messagesPerKey;
  }

  /** What to seal a call's messages with, if the caller may. */
  async sealingKey(queue: KmsQueue, kms: QueueKms): Promise<Result<KmsSealingKey, SqsError>> {
    const allowed = await kms.maySeal(keyOf(queue));
    if (!allowed.ok) return allowed;
    const known = this.#sealing.get(ofQueue(queue, kms));
    const isOfThisKey = allowed.value === undefined || allowed.value === known?.keyArn;
    if (known && isOfThisKey && known.messagesLeft > 0 && this.#isFresh(known, queue)) return ok(known);
    return await this.#newSealingKey(queue, kms);
  }

  /**
   * May the caller open messages that are sealed under the queue's key by now? Asked before a message is leased. Of a key
   * elsewhere a use within the reuse period says so; else one is tried.
   */
  async mayOpen(queue: KmsQueue, kms: QueueKms): Promise<Result<void, SqsError>> {
    const allowed = await kms.mayOpen(keyOf(queue));
    if (!allowed.ok) return allowed;
    if (allowed.value !== undefined) return ok(undefined);
    const proof = this.#proofs.get(ofQueue(queue, kms));
    if (proof && this.#isFresh(proof, queue)) return ok(undefined);
    const tried = await this.#newSealingKey(queue, kms);
    return tried.ok ? ok(undefined) : tried;
  }

  /**
   * What a message is opened with, if the caller may: the data key that it names, whichever KMS key that is under.
   *
   * @param queue the one that the message is received from
   */
  async openingKey(
    dataKey: StoredDataKey,
    queue: QueueSettings,
    kms: QueueKms,
  ): Promise<Result<KeyObject, SqsError>> {
    const allowed = await kms.mayDecrypt(dataKey);
    if (!allowed.ok) return allowed;
    const id = ofBlob(dataKey, kms);
    const known = this.#opening.get(id);
    if (known && this.#isFresh(known, queue)) return ok(known.key);

    const proofId = ofQueue(queue, kms);
    const proof = this.#proofs.get(proofId);
    // Until it has opened, the next receive tries the queue's key before it leases anything.
    this.#proofs.delete(proofId);
    const plaintext = await kms.decryptDataKey(dataKey);
    if (!plaintext.ok) return plaintext;
    const kept = this.#kept(queue, { key: secretKey(plaintext.value) });
    this.#opening.put(id, kept);
    // What another key opens proves nothing of the queue's.
    const isProof = proof?.keyArn === allowed.value;
    if (proof) this.#proofs.put(proofId, isProof ? this.#kept(queue, { keyArn: allowed.value }) : proof);
    return ok(kept.key);
  }

  async #newSealingKey(queue: KmsQueue, kms: QueueKms): Promise<Result<KmsSealingKey, SqsError>> {
    const made = await kms.generateDataKey(keyOf(queue));
    if (!made.ok) return made;
    const { plaintext, blob, keyArn } = made.value;
    // What would not open again must not be stored: so SQS asks its senders for kms:Decrypt, too.
    const opened = await kms.decryptDataKey({ blob, queue });
    if (!opened.ok) return opened;
    assert(Buffer.compare(opened.value, plaintext) === 0, "KMS opens the data key that it made");
    opened.value.fill(0);
    const header = kmsHeader(this.#form, { blob, queue });
    const key = secretKey(plaintext);
    const kept = this.#kept(queue, { header, key, keyArn, messagesLeft: this.#messagesPerKey });
    this.#sealing.put(ofQueue(queue, kms), kept);
    this.#proofs.put(ofQueue(queue, kms), kept);
    return ok(kept);
  }

  #isFresh({ sinceMs }: Kept<object>, queue: QueueSettings): boolean {
    return this.#clock() < sinceMs + reuseMs(queue);
  }

  /** Now and then lets go of keys whose time is over, though nobody asks for them again. */
  #kept<T>(queue: QueueSettings, key: T): Kept<T> {
    const nowMs = this.#clock();
    if (nowMs >= this.#sweepAtMs) {
      for (const cache of [this.#sealing, this.#opening, this.#proofs]) {
        cache.drop(({ overAtMs }) => nowMs >= overAtMs);
      }
      this.#sweepAtMs = nowMs + limits.kmsSweepMs;
    }
    return { ...key, sinceMs: nowMs, overAtMs: nowMs + reuseMs(queue) };
  }
}

type Kept<T> = T & {
  readonly sinceMs: number;
  /** As the queue was set then. */
  readonly overAtMs: number;
};

function keyOf(queue: KmsQueue) {
  return { keyName: queue.attributes.kmsMasterKeyId, queue };
}

function reuseMs({ attributes }: QueueSettings): number {
  return (attributes.kmsDataKeyReuseSeconds ?? limits.kmsDataKeyReuseSeconds.default) * 1000;
}

/** A queue that was deleted and made again has another uid; the names of keys have no line feed. */
function ofQueue({ uid, attributes }: QueueSettings, { principal }: QueueKms): string {
  return `${uid}\n${attributes.kmsMasterKeyId}\n${principal}`;
}

/** The ARN belongs to it: what opened for one queue has not opened for another. */
function ofBlob({ blob, queue }: StoredDataKey, { principal }: QueueKms): string {
  return `${Buffer.from(blob).toString("latin1")}\n${queueArn(queue)}\n${principal}`;
}

/** The bytes are copied, and not left lying about. */
function secretKey(plaintext: Uint8Array): KeyObject {
  assert(plaintext.length === DATA_KEY_BYTES, "a data key has 32 bytes");
  const key = createSecretKey(plaintext);
  plaintext.fill(0);
  return key;
}

const DATA_KEY_BYTES = 32;
