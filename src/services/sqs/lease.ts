import { err, ok, type Result } from "../../lib/result.ts";
import { invalidParameter, missingParameter, type SqsError, sqsError } from "../../queue/errors.ts";
import { readHandle } from "../../queue/receipt-handle.ts";
import type { QueueSettings } from "../../queue/settings.ts";
import type { LeaseRef } from "../../shard/calls.ts";

/** The shard that keeps all messages of a queue. */
export const ONLY_SHARD = 0;

/**
 * The delivery that a receipt handle was given for.
 *
 * @param name of the parameter, as SQS prints it when it is empty.
 */
export function readLease(settings: QueueSettings, handle: string, name: string): Result<LeaseRef, SqsError> {
  if (handle === "") return err(missingParameter(name));
  const receipt = readHandle(settings, handle);
  if (receipt === undefined || receipt.shard !== ONLY_SHARD) {
    const message = `The input receipt handle "${handle}" is not a valid receipt handle.`;
    return err(sqsError("ReceiptHandleIsInvalid", message));
  }
  return ok({ position: receipt.position, nonce: receipt.nonce });
}

/** A FIFO queue takes the latest handle of a message only, and that only within its timeout. */
export function expiredHandle(handle: string): SqsError {
  return invalidParameter(
    `Value ${handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`,
  );
}
