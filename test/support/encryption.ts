import { randomBytes, randomUUID } from "node:crypto";
import { createBlinding } from "../../src/encryption/blinding.ts";
import { type Bodies, createBodies } from "../../src/encryption/bodies.ts";
import type { DataKey, DataKeySource } from "../../src/encryption/data-key.ts";
import type { QueueKms } from "../../src/encryption/queue-kms.ts";
import { rootKeys } from "../../src/encryption/secrets.ts";
import type { QueueSettings } from "../../src/queue/settings.ts";

/** Data keys in memory. A queue gets its first when it is asked for. */
export class DataKeysInHand implements DataKeySource {
  readonly #keys = new Map<string, DataKey>();
  readonly #current = new Map<string, DataKey>();

  current({ uid }: Pick<QueueSettings, "uid">): DataKey {
    return this.#current.get(uid) ?? this.rotate(uid);
  }

  find(keyId: string): DataKey | undefined {
    return this.#keys.get(keyId);
  }

  /** Gives a queue another key. */
  rotate(uid: string): DataKey {
    const key = { id: randomUUID(), queueUid: uid, bytes: new Uint8Array(randomBytes(32)) };
    this.#keys.set(key.id, key);
    this.#current.set(uid, key);
    return key;
  }
}

export const testRootKeys = rootKeys("ZWRnZS1zcXMgbG9jYWwgcm9vdCBrZXksIG5vdCBzZWM=");

function neverAsked(): never {
  throw new Error("KMS was asked for a queue that has none of its keys");
}

/** Of those who use no KMS. */
export const noKms: QueueKms = {
  principal: "nobody",
  maySeal: neverAsked,
  mayOpen: neverAsked,
  mayDecrypt: neverAsked,
  generateDataKey: neverAsked,
  decryptDataKey: neverAsked,
};

/** What the actions under test seal with, and so what tests open with. */
export const testBodies = createBodies(new DataKeysInHand());

export const testBlinding = createBlinding(() => new Uint8Array(32).fill(7));

/** As the shard is told ids of the account that tests use. */
export const blinded = await testBlinding.of("000000000000");

/** Seals as a send does. */
export async function sealed(settings: QueueSettings, bytes: Uint8Array, messageId: string) {
  const seal = await testBodies.forSealing(settings, noKms);
  if (!seal.ok) throw new Error(seal.error.kind);
  return seal.value(bytes, messageId);
}

/** Opens as a receive does. */
export async function opened(settings: QueueSettings, bytes: Uint8Array, sealedAs: string) {
  return await openedBy(testBodies, settings, { bytes, sealedAs, kms: noKms });
}

/** As one who may. */
export async function openedBy(
  bodies: Bodies,
  settings: QueueSettings,
  sealed: { readonly bytes: Uint8Array; readonly sealedAs: string; readonly kms: QueueKms },
): Promise<Uint8Array> {
  const open = await bodies.forOpening(settings, sealed.kms);
  if (!open.ok) throw new Error(open.error.kind);
  const bytes = await open.value(sealed.bytes, sealed.sealedAs);
  if (!bytes.ok) throw new Error(bytes.error.kind);
  return bytes.value;
}
