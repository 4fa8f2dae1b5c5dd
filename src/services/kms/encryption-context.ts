import type { EncryptionContext } from "../../encryption/kms-ciphertext.ts";
import { utf8Length } from "../../lib/bytes.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { kmsError } from "./errors.ts";

/**
 * A context's size, and that no two of its keys differ by case alone: conditions of policies tell keys apart by no
 * case, so the second could hide the first from a policy that denies.
 *
 * @returns `ValidationException`
 */
export function checkContext(context: EncryptionContext = new Map()): Result<void, ServiceError> {
  let bytes = 0;
  const names = new Set<string>();
  for (const [key, value] of context) {
    bytes += utf8Length(key) + utf8Length(value);
    names.add(key.toLowerCase());
  }
  if (bytes > limits.kmsContextBytes) {
    return invalid(`An encryption context must not be longer than ${limits.kmsContextBytes} bytes.`);
  }
  return names.size < context.size
    ? invalid("The keys of an encryption context must differ by more than case.")
    : ok(undefined);
}

function invalid(message: string): Result<never, ServiceError> {
  return err(kmsError("ValidationException", message));
}
