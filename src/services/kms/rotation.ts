import type { KmsKey, KmsRotation } from "../../catalog/kms/keys.ts";

/** When and whether a key rotates by itself. */

export const DAY_MS = 86_400_000;

export function rotationFrom(nowMs: number, days: number): KmsRotation {
  return { days, nextAtMs: nowMs + days * DAY_MS };
}

/** A key that is about to be deleted does not rotate, though it will again if that is taken back. */
export function rotationInForce({ state, rotation }: KmsKey): KmsRotation | undefined {
  return state === "PendingDeletion" ? undefined : rotation;
}
