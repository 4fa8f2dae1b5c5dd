import type { Result } from "../lib/result.ts";
import type { SqsError } from "../queue/errors.ts";
import type { QueueId } from "../queue/settings.ts";

/**
 * KMS on behalf of whoever sends or receives. A refusal is one of SQS's KMS errors. A KMS that is away is thrown, and so
 * is what is corrupt.
 */
export interface QueueKms {
  /** Data keys are kept for whom they were made or opened, and for nobody else. */
  readonly principal: string;
  /**
   * May the caller have data keys made, and opened again: sending takes both.
   *
   * @returns the ARN of the KMS key; undefined if it is elsewhere, where only its use can tell
   */
  maySeal(key: QueueKey): Promise<Result<string | undefined, SqsError>>;
  /** May the caller have data keys opened that are made under this key, likewise. */
  mayOpen(key: QueueKey): Promise<Result<string | undefined, SqsError>>;
  /** May the caller have this one opened. @returns the ARN of the KMS key that it is under, wherever that is */
  mayDecrypt(dataKey: StoredDataKey): Promise<Result<string, SqsError>>;
  generateDataKey(key: QueueKey): Promise<Result<NewDataKey, SqsError>>;
  /** @returns 32 bytes */
  decryptDataKey(dataKey: StoredDataKey): Promise<Result<Uint8Array, SqsError>>;
}

/** The KMS key that a queue is set to. */
export interface QueueKey {
  /** KmsMasterKeyId, as it was set. */
  readonly keyName: string;
  readonly queue: QueueId;
}

/** A data key as it is stored, with each message that is sealed under it. */
export interface StoredDataKey {
  /** What KMS encrypted: of those who have it, KMS opens it for whom it lets. */
  readonly blob: Uint8Array;
  /** The queue that it was made for, which its messages may have left since. */
  readonly queue: QueueId;
}

export interface NewDataKey {
  /** 32 bytes. */
  readonly plaintext: Uint8Array;
  readonly blob: Uint8Array;
  /** Of the KMS key, whatever the queue names it by. */
  readonly keyArn: string;
}
