import { randomBytes, randomUUID } from "node:crypto";
import { createBlinding } from "../../src/encryption/blinding.ts";
import { createBodies } from "../../src/encryption/bodies.ts";
import type { DataKey, DataKeySource } from "../../src/encryption/data-key.ts";
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

/** What the actions under test seal with, and so what tests open with. */
export const testBodies = createBodies(new DataKeysInHand());

export const testBlinding = createBlinding(() => new Uint8Array(32).fill(7));

/** As the shard is told ids of the account that tests use. */
export const blinded = await testBlinding.of("000000000000");

/** Seals as a send does. */
export async function sealed(settings: QueueSettings, bytes: Uint8Array, messageId: string) {
  const seal = await testBodies.forSealing(settings);
  if (!seal.ok) throw new Error(seal.error.kind);
  return seal.value(bytes, messageId);
}

/** Opens as a receive does. */
export async function opened(settings: QueueSettings, bytes: Uint8Array, sealedAs: string) {
  const open = await testBodies.forOpening(settings);
  if (!open.ok) throw new Error(open.error.kind);
  return open.value(bytes, sealedAs);
}
