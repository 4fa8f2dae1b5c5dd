import { createHmac } from "node:crypto";
import { toBase64Url } from "../lib/bytes.ts";
import { limits } from "../queue/limits.ts";
import { KeyCache } from "./key-cache.ts";

/*
 * MessageGroupId, MessageDeduplicationId and ReceiveRequestAttemptId are a user's words, and a hash of a short
 * body tells the body. A shard only ever compares them, so it is given what compares alike and tells nothing: a
 * MAC under a key of the account. The key is the same for all queues of an account, because dead letters and move
 * tasks carry groups from one queue to another; no other account's ids look alike.
 */
export type IdKind = "group" | "deduplication" | "attempt";

/** @returns 22 characters of base64url: 128 bits, so that no two ids of an account ever meet */
export type BlindId = (kind: IdKind, id: string) => string;

export interface Blinding {
  /** @param account the queue's, whoever calls */
  of(account: string): Promise<BlindId>;
}

/** @param secret the deployment's, 32 bytes: ids stay the same as long as it does */
export function createBlinding(secret: () => Uint8Array | Promise<Uint8Array>): Blinding {
  const known = new KeyCache<BlindId>(limits.blindedAccounts);
  return {
    async of(account) {
      const before = known.get(account);
      if (before !== undefined) return before;
      const key = createHmac("sha256", await secret())
        .update(`edge-sqs ids of account ${account}`)
        .digest();
      const blind: BlindId = (kind, id) =>
        toBase64Url(createHmac("sha256", key).update(`${kind}\n${id}`).digest().subarray(0, BLIND_BYTES));
      known.put(account, blind);
      return blind;
    },
  };
}

const BLIND_BYTES = 16;
