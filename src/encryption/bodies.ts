import { Buffer } from "node:buffer";
import { err, ok, type Result } from "../lib/result.ts";
import { queueDoesNotExist, type SqsError } from "../queue/errors.ts";
import type { QueueSettings } from "../queue/settings.ts";
import type { DataKeySource } from "./data-key.ts";
import { dataKeyIdOf, Envelopes } from "./envelope.ts";
import { KmsDataKeys, type KmsQueue } from "./kms-data-keys.ts";
import { openUnderDataKey, readKmsHeader, sealUnderDataKey } from "./kms-envelope.ts";
import type { QueueKms } from "./queue-kms.ts";

/*
 * How a message's bytes are kept. The first byte names the form, so that messages of every form stay readable
 * whatever their queue is set to by now, and after its keys have changed:
 *
 *   0  plain: the bytes follow. For queues that were told so: SqsManagedSseEnabled is false
 *   1  sealed under the data key of its queue (SSE-SQS); envelope.ts has the bytes
 *   2  sealed under a data key that KMS opens (SSE-KMS); kms-envelope.ts has the bytes
 *
 * Another form is another case in `forSealing` and `forOpening` below.
 */
export const PLAIN = 0;
export const QUEUE_KEY = 1;
export const KMS_KEY = 2;

/**
 * Closes a message's bytes for the shard.
 *
 * @param messageId UUID; binds the sealed bytes to their message, so that nobody can swap two in storage
 * @returns bytes that own their whole buffer: they cross to another object, and a view would take all of the
 *   buffer that it looks into along.
 */
export type SealBody = (bytes: Uint8Array, messageId: string) => Uint8Array;

/**
 * Opens what `SealBody` closed, for whichever queue that was.
 *
 * @param sealedAs the id that the message had then
 * @returns a view into `sealed` where that is possible. A refusal is KMS's: the message is sealed under a key that its
 *   queue is not set to, or not any more.
 * @throws for bytes that were not sealed by us, or not for this message: that is corruption, never the client's
 *   doing.
 */
export type OpenBody = (sealed: Uint8Array, sealedAs: string) => Promise<Result<Uint8Array, SqsError>>;

/**
 * What a call of a client needs before the shard is asked: then a refusal has stored and leased nothing. `kms` acts for
 * whoever sends or receives, which need not be whoever made the request.
 */
export interface Bodies {
  /** Asked once a call that sends. A refusal is the answer to the whole call. */
  forSealing(settings: QueueSettings, kms: QueueKms): Promise<Result<SealBody, SqsError>>;
  /**
   * Asked once a call that receives from this queue, and again when that has waited. A refusal is the answer to the
   * whole call.
   */
  forOpening(settings: QueueSettings, kms: QueueKms): Promise<Result<OpenBody, SqsError>>;
}

export function createBodies(
  dataKeys: DataKeySource,
  {
    envelopes = new Envelopes(),
    kmsDataKeys = new KmsDataKeys(KMS_KEY),
  }: { readonly envelopes?: Envelopes; readonly kmsDataKeys?: KmsDataKeys } = {},
): Bodies {
  async function openUnderQueueKey(sealed: Uint8Array, sealedAs: string): Promise<Uint8Array> {
    const keyId = dataKeyIdOf(sealed);
    const dataKey = await dataKeys.find(keyId);
    if (dataKey === undefined) throw new Error(`there is no data key ${keyId}`);
    return envelopes.open(dataKey, sealed, sealedAs);
  }

  /** KMS is asked once a call for each data key: a batch mostly has one. */
  function openerUnderKms(settings: QueueSettings, kms: QueueKms): OpenBody {
    const asked = new Map<string, ReturnType<KmsDataKeys["openingKey"]>>();
    return async (sealed, sealedAs) => {
      const { headerBytes, ...dataKey } = readKmsHeader(sealed);
      const header = Buffer.from(sealed.subarray(0, headerBytes)).toString("latin1");
      const asking = asked.get(header) ?? kmsDataKeys.openingKey(dataKey, settings, kms);
      asked.set(header, asking);
      const key = await asking;
      return key.ok ? ok(openUnderDataKey({ headerBytes, key: key.value }, sealed, sealedAs)) : key;
    };
  }

  return {
    async forSealing(settings, kms) {
      if (isUnderKms(settings)) {
        const key = await kmsDataKeys.sealingKey(settings, kms);
        if (!key.ok) return key;
        return ok((bytes, messageId) => {
          key.value.messagesLeft--;
          return sealUnderDataKey(key.value, bytes, messageId);
        });
      }
      if (isPlain(settings)) return ok(sealPlain);
      const dataKey = await dataKeys.current(settings);
      if (dataKey === undefined) return err(queueDoesNotExist);
      return ok((bytes, messageId) => envelopes.seal(dataKey, bytes, { form: QUEUE_KEY, messageId }));
    },

    async forOpening(settings, kms) {
      if (isUnderKms(settings)) {
        const allowed = await kmsDataKeys.mayOpen(settings, kms);
        if (!allowed.ok) return allowed;
      }
      // If the database is away and the key not at hand, this fails before a message is leased for nothing.
      const { dataKeyId } = settings;
      if (dataKeyId !== undefined && !isPlain(settings)) await dataKeys.find(dataKeyId);
      const openUnderKms = openerUnderKms(settings, kms);
      return ok(async (sealed, sealedAs) => {
        const form = sealed[0];
        switch (form) {
          case PLAIN:
            return ok(sealed.subarray(1));
          case QUEUE_KEY:
            return ok(await openUnderQueueKey(sealed, sealedAs));
          case KMS_KEY:
            return await openUnderKms(sealed, sealedAs);
          default:
            throw new Error(`sealed message has unknown form ${form}`);
        }
      });
    },
  };
}

function isUnderKms(settings: QueueSettings): settings is KmsQueue {
  return settings.attributes.kmsMasterKeyId !== undefined;
}

/** A queue with a KMS key is not one of them. */
function isPlain({ attributes }: QueueSettings): boolean {
  return !attributes.sqsManagedSse && attributes.kmsMasterKeyId === undefined;
}

const sealPlain: SealBody = (bytes) => {
  const sealed = new Uint8Array(1 + bytes.length);
  sealed[0] = PLAIN;
  sealed.set(bytes, 1);
  return sealed;
};
