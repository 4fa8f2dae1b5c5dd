import { err, ok, type Result } from "../lib/result.ts";
import { queueDoesNotExist, type SqsError } from "../queue/errors.ts";
import type { QueueSettings } from "../queue/settings.ts";
import type { DataKeySource } from "./data-key.ts";
import { dataKeyIdOf, Envelopes } from "./envelope.ts";

/*
 * How a message's bytes are kept. The first byte names the form, so that messages of every form stay readable
 * whatever their queue is set to by now, and after its keys have changed:
 *
 *   0  plain: the bytes follow. For queues that were told so: SqsManagedSseEnabled is false
 *   1  sealed under the data key of its queue (SSE-SQS); envelope.ts has the bytes
 *
 * Another form is another case in `forSealing`, `forOpening` and `open` below.
 */
export const PLAIN = 0;
export const QUEUE_KEY = 1;

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
 * @returns a view into `sealed` where that is possible.
 * @throws for bytes that were not sealed by us, or not for this message: that is corruption, never the client's
 *   doing.
 */
export type OpenBody = (sealed: Uint8Array, sealedAs: string) => Uint8Array | Promise<Uint8Array>;

/** What a call of a client needs before the shard is asked: then a refusal has stored and leased nothing. */
export interface Bodies {
  /** Asked once a call that sends. A refusal is the answer to the whole call. */
  forSealing(settings: QueueSettings): Promise<Result<SealBody, SqsError>>;
  /** Asked once a call that receives from this queue. A refusal is the answer to the whole call. */
  forOpening(settings: QueueSettings): Promise<Result<OpenBody, SqsError>>;
}

export function createBodies(dataKeys: DataKeySource, envelopes: Envelopes = new Envelopes()): Bodies {
  async function open(sealed: Uint8Array, sealedAs: string): Promise<Uint8Array> {
    const form = sealed[0];
    switch (form) {
      case PLAIN:
        return sealed.subarray(1);
      case QUEUE_KEY: {
        const keyId = dataKeyIdOf(sealed);
        const dataKey = await dataKeys.find(keyId);
        if (dataKey === undefined) throw new Error(`there is no data key ${keyId}`);
        return envelopes.open(dataKey, sealed, sealedAs);
      }
      default:
        throw new Error(`sealed message has unknown form ${form}`);
    }
  }

  return {
    async forSealing(settings) {
      if (isPlain(settings)) return ok(sealPlain);
      const dataKey = await dataKeys.current(settings);
      if (dataKey === undefined) return err(queueDoesNotExist);
      return ok((bytes, messageId) => envelopes.seal(dataKey, bytes, { form: QUEUE_KEY, messageId }));
    },
    async forOpening(settings) {
      // If the database is away and the key not at hand, this fails before a message is leased for nothing.
      const { dataKeyId } = settings;
      if (dataKeyId !== undefined && !isPlain(settings)) await dataKeys.find(dataKeyId);
      return ok(open);
    },
  };
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
