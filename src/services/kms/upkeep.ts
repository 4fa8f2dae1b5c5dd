import type { KmsKey } from "../../catalog/kms/keys.ts";
import { err, ok } from "../../lib/result.ts";
import type { Kms } from "./kms.ts";
import { rotationFrom } from "./rotation.ts";

/** What KMS keys need as time passes: a slice of each, to be called now and then. */
export async function keepKmsKeys(kms: Kms, nowMs: number): Promise<void> {
  await eraseDueKeys(kms, nowMs);
  await rotateDueKeys(kms, nowMs);
}

/**
 * Erases keys whose deletion is due, with their material and aliases. They were gone from that instant already.
 *
 * @returns how many
 */
export async function eraseDueKeys({ keys }: Kms, nowMs: number): Promise<number> {
  const erased = await keys.eraseDueKeys(nowMs);
  for (const keyId of erased) console.log(`KMS key ${keyId} was erased, as it was scheduled`);
  return erased.length;
}

/**
 * Gives new material to keys whose rotation is due. A key that is disabled waits until it is enabled.
 *
 * @returns how many
 */
export async function rotateDueKeys({ keys }: Kms, nowMs: number): Promise<number> {
  let rotated = 0;
  for (const key of await keys.keysToRotate(nowMs)) {
    const result = await keys.rotateKey(key, { type: "AUTOMATIC", nowMs }, (current) =>
      rotate(current, nowMs),
    );
    if (result?.ok) rotated++;
  }
  return rotated;
}

/** Asked again of a key that was changed meanwhile, which may have been disabled, or rotated by another run. */
function rotate(key: KmsKey, nowMs: number) {
  const { state, rotation } = key;
  if (state !== "Enabled" || !rotation || rotation.nextAtMs > nowMs) return err("notDue" as const);
  return ok({ ...key, rotation: rotationFrom(nowMs, rotation.days) });
}
