import { Buffer } from "node:buffer";
import { createHmac, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { packUuid, unpackUuid } from "../lib/uuid.ts";
import { limits } from "../queue/limits.ts";
import { openBehind, sealBehind } from "./aead.ts";
import type { DataKey } from "./data-key.ts";
import { KeyCache } from "./key-cache.ts";

/*
 * A message sealed under its queue's data key:
 *
 *   u8   form
 *   16   id of the data key
 *   16   salt
 *   12   nonce
 *   …    ciphertext
 *   16   tag
 *
 * The key of a message is HMAC-SHA256 of the salt under the data key. Each isolate draws a salt of its own for
 * each data key, and another after 2^20 messages: so many random nonces under one key meet with a probability of
 * 2^-57, and any number of isolates may seal for a queue without knowing of each other.
 *
 * Authenticated are form, key and salt, the queue that the data key was made for, and the id that the message was
 * sealed under. So nobody who writes to storage can give one message the body of another. A whole message, with its id,
 * opens in every queue of the deployment, as dead letters and moved messages have to.
 */
export interface SealedAs {
  /** UUID of the message: the id that it had when it was sealed. */
  readonly messageId: string;
  readonly form: number;
}

const ID_BYTES = 16;
const SALT_BYTES = 16;
const HEADER_BYTES = 1 + ID_BYTES + SALT_BYTES;

/** What an isolate seals under now, for one data key. */
interface Salted {
  readonly salt: Uint8Array;
  readonly key: KeyObject;
  messagesLeft: number;
}

export class Envelopes {
  readonly #messagesPerSalt: number;
  /** By id of the data key. */
  readonly #sealing = new KeyCache<Salted>(limits.dataKeys);
  /** By header: data key and salt. */
  readonly #opening = new KeyCache<KeyObject>(limits.messageKeys);

  constructor(messagesPerSalt: number = limits.messagesPerSalt) {
    this.#messagesPerSalt = messagesPerSalt;
  }

  /** @returns bytes that own their whole buffer */
  seal(dataKey: DataKey, bytes: Uint8Array, { form, messageId }: SealedAs): Uint8Array {
    const { salt, key } = this.#salted(dataKey);
    const header = new Uint8Array(HEADER_BYTES);
    header[0] = form;
    header.set(uuidBytes(dataKey.id), 1);
    header.set(salt, 1 + ID_BYTES);
    return sealBehind(header, key, { bytes, boundTo: boundTo(dataKey, messageId) });
  }

  /** @throws for what does not open: that is corruption or an attack, never the client's doing */
  open(dataKey: DataKey, sealed: Uint8Array, messageId: string): Uint8Array {
    const header = Buffer.from(sealed.subarray(0, HEADER_BYTES)).toString("latin1");
    const salt = sealed.subarray(1 + ID_BYTES, HEADER_BYTES);
    const key = this.#opening.get(header) ?? messageKey(dataKey, salt);
    const bytes = openBehind(HEADER_BYTES, key, { sealed, boundTo: boundTo(dataKey, messageId) });
    if (bytes === undefined) throw new Error("a sealed message was changed, or is another's");
    this.#opening.put(header, key);
    return bytes;
  }

  #salted(dataKey: DataKey): Salted {
    let salted = this.#sealing.get(dataKey.id);
    if (salted === undefined || salted.messagesLeft === 0) {
      const salt = randomBytes(SALT_BYTES);
      salted = { salt, key: messageKey(dataKey, salt), messagesLeft: this.#messagesPerSalt };
      this.#sealing.put(dataKey.id, salted);
    }
    salted.messagesLeft--;
    return salted;
  }
}

/** The id of the data key that a message was sealed under. @throws for one that is cut short */
export function dataKeyIdOf(sealed: Uint8Array): string {
  if (sealed.length < HEADER_BYTES) throw new Error("a sealed message is cut short");
  return unpackUuid(Buffer.from(sealed.subarray(1, 1 + ID_BYTES)).toString("latin1"));
}

function messageKey(dataKey: DataKey, salt: Uint8Array): KeyObject {
  const hmac = createHmac("sha256", dataKey.bytes).update("edge-sqs message key\n").update(salt);
  return createSecretKey(hmac.digest());
}

function boundTo({ queueUid }: DataKey, messageId: string): Uint8Array {
  const bound = new Uint8Array(2 * ID_BYTES);
  bound.set(uuidBytes(queueUid));
  bound.set(uuidBytes(messageId), ID_BYTES);
  return bound;
}

function uuidBytes(uuid: string): Uint8Array {
  return Buffer.from(packUuid(uuid), "latin1");
}
