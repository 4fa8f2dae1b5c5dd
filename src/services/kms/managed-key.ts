import { randomUUID } from "node:crypto";
import type { AliasId, KmsAlias } from "../../catalog/kms/aliases.ts";
import type { KmsKeyStore } from "../../catalog/kms/key-store.ts";
import type { KmsKey } from "../../catalog/kms/keys.ts";
import { limits } from "../../queue/limits.ts";
import type { Home } from "./key-arn.ts";
import { sqsKeyPolicy } from "./key-policy.ts";
import { rotationFrom } from "./rotation.ts";

/** The alias of the key that every account has for SQS without asking for it. */
export const sqsAlias = "alias/aws/sqs";

/** Of the aliases that AWS keeps for itself. */
export function isReservedAlias(name: string): boolean {
  return name.startsWith("alias/aws/");
}

/** Makes the account's key for SQS in that region, unless it is there. */
export async function ensureSqsKey(keys: KmsKeyStore, id: AliasId, nowMs: number): Promise<KmsAlias> {
  return await keys.ensureManagedKey(sqsKey(id, nowMs), id.name);
}

/** It rotates every year, as all keys that AWS keeps. */
function sqsKey({ account, region }: Home, nowMs: number): KmsKey {
  return {
    keyId: randomUUID(),
    account,
    region,
    manager: "AWS",
    state: "Enabled",
    description: "Default key that protects my SQS messages when no other key is defined",
    policy: sqsKeyPolicy({ account, region }),
    policyIds: {},
    tags: {},
    aliases: [],
    createdAtMs: nowMs,
    deletionAtMs: undefined,
    materialVersion: 1,
    rotation: rotationFrom(nowMs, limits.kmsRotationDays.default),
    onDemandRotations: 0,
    revision: 1,
  };
}
