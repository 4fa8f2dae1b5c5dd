import type { KmsKey } from "../../catalog/kms/keys.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { disabled, notPendingDeletion, pendingDeletion } from "./errors.ts";

/**
 * What an operation asks of its key's state.
 *
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
 */
export type NeededState = "enabled" | "notPendingDeletion" | "pendingDeletion" | "any";

export function checkState(key: KmsKey, needed: NeededState): Result<void, ServiceError> {
  const isPending = key.state === "PendingDeletion";
  switch (needed) {
    case "any":
      return ok(undefined);
    case "pendingDeletion":
      return isPending ? ok(undefined) : err(notPendingDeletion(key));
    case "notPendingDeletion":
      return isPending ? err(pendingDeletion(key)) : ok(undefined);
    case "enabled":
      if (isPending) return err(pendingDeletion(key));
      return key.state === "Enabled" ? ok(undefined) : err(disabled(key));
  }
}
