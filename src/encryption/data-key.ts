import type { QueueSettings } from "../queue/settings.ts";

/** A key that messages of one queue are sealed under, opened. */
export interface DataKey {
  /** UUID. */
  readonly id: string;
  /** The queue that it was made for, which a message may have left since: what it seals is bound to that one. */
  readonly queueUid: string;
  /** 32. */
  readonly bytes: Uint8Array;
}

/** Where data keys come from. What is at hand is answered without a promise. */
export interface DataKeySource {
  /** The key that this queue seals under now; undefined if the queue is gone. */
  current(settings: QueueSettings): DataKey | undefined | Promise<DataKey | undefined>;
  /** Undefined if there is no such key, or no longer. Throws for one that does not open. */
  find(keyId: string): DataKey | undefined | Promise<DataKey | undefined>;
}

/** What a data key is sealed for, under the root key. */
export function dataKeyOwner(key: Pick<DataKey, "id" | "queueUid">): string {
  return `data-key/${key.id}/${key.queueUid}`;
}
