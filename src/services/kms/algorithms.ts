import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { isOneOf, type Violation } from "./constraints.ts";
import { kmsError } from "./errors.ts";
import { symmetric } from "./shapes.ts";

/** Algorithms that KMS knows, whichever keys they are for. */
const known = [symmetric, "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE"];

export function algorithmViolation(at: string, algorithm: string | undefined): Violation {
  return isOneOf(at, algorithm, known);
}

/** Whether an algorithm is that of our keys. @returns `InvalidKeyUsageException` */
export function checkAlgorithm(algorithm: string = symmetric): Result<void, ServiceError> {
  if (algorithm === symmetric) return ok(undefined);
  const message = `Algorithm ${algorithm} is incompatible with key spec ${symmetric}.`;
  return err(kmsError("InvalidKeyUsageException", message));
}

/** As policies see it. */
export const algorithmCondition: ReadonlyMap<string, string> = new Map([
  ["kms:encryptionalgorithm", symmetric],
]);
