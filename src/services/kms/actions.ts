import type { Action } from "../action.ts";
import { cancelKeyDeletion } from "./cancel-key-deletion.ts";
import { createAlias } from "./create-alias.ts";
import { createKey } from "./create-key.ts";
import { decrypt } from "./decrypt.ts";
import { deleteAlias } from "./delete-alias.ts";
import { describeKey } from "./describe-key.ts";
import { disableKey } from "./disable-key.ts";
import { disableKeyRotation } from "./disable-key-rotation.ts";
import { enableKey } from "./enable-key.ts";
import { enableKeyRotation } from "./enable-key-rotation.ts";
import { encrypt } from "./encrypt.ts";
import { generateDataKey, generateDataKeyWithoutPlaintext } from "./generate-data-key.ts";
import { generateRandom } from "./generate-random.ts";
import { getKeyPolicy } from "./get-key-policy.ts";
import { getKeyRotationStatus } from "./get-key-rotation-status.ts";
import { listAliases } from "./list-aliases.ts";
import { listKeyPolicies } from "./list-key-policies.ts";
import { listKeyRotations } from "./list-key-rotations.ts";
import { listKeys } from "./list-keys.ts";
import { listResourceTags } from "./list-resource-tags.ts";
import { putKeyPolicy } from "./put-key-policy.ts";
import { reEncrypt } from "./re-encrypt.ts";
import { rotateKeyOnDemand } from "./rotate-key-on-demand.ts";
import { scheduleKeyDeletion } from "./schedule-key-deletion.ts";
import { tagResource } from "./tag-resource.ts";
import { unsupportedActions } from "./unsupported.ts";
import { untagResource } from "./untag-resource.ts";
import { updateAlias } from "./update-alias.ts";
import { updateKeyDescription } from "./update-key-description.ts";

/** What clients can ask of KMS, by name. */
export const kmsActions: ReadonlyMap<string, Action> = new Map(
  [
    createKey,
    describeKey,
    listKeys,
    updateKeyDescription,
    enableKey,
    disableKey,
    scheduleKeyDeletion,
    cancelKeyDeletion,
    createAlias,
    updateAlias,
    deleteAlias,
    listAliases,
    encrypt,
    decrypt,
    reEncrypt,
    generateDataKey,
    generateDataKeyWithoutPlaintext,
    generateRandom,
    getKeyPolicy,
    putKeyPolicy,
    listKeyPolicies,
    enableKeyRotation,
    disableKeyRotation,
    getKeyRotationStatus,
    rotateKeyOnDemand,
    listKeyRotations,
    tagResource,
    untagResource,
    listResourceTags,
    ...unsupportedActions,
  ].map((action) => [action.name, action]),
);
