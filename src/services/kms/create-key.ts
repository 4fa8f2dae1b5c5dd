import { randomUUID } from "node:crypto";
import type { KmsKey } from "../../catalog/kms/keys.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { boolean, optional, required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { authorizeInAccount } from "./authorize-key.ts";
import { check, hasLength } from "./constraints.ts";
import { kmsError, unsupported } from "./errors.ts";
import { checkKeyPolicy, defaultKeyPolicy } from "./key-policy.ts";
import { keyMetadata, metadataOf, symmetric, tagList } from "./shapes.ts";
import { addTags, requestTagsOf, tagViolations } from "./tags.ts";

/**
 * Makes a symmetric key for encryption, the only kind there is here.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
 */
export const createKey = accountAction({
  name: "CreateKey",
  permission: "kms:CreateKey",
  concerns: "askedInRun",
  outlivesClient: true,
  input: {
    Policy: optional(string),
    Description: optional(string),
    KeyUsage: optional(string),
    CustomerMasterKeySpec: optional(string),
    KeySpec: optional(string),
    Origin: optional(string),
    CustomKeyStoreId: optional(string),
    XksKeyId: optional(string),
    BypassPolicyLockoutSafetyCheck: optional(boolean),
    Tags: optional(tagList),
    MultiRegion: optional(boolean),
  },
  output: { KeyMetadata: required(keyMetadata) },
  run: async (context) => {
    const { input, caller, facts, region, nowMs, kms } = context;
    const { Policy: text, Description: description = "", Tags: given = [] } = input;
    const bypassLockoutCheck = input.BypassPolicyLockoutSafetyCheck ?? false;
    const valid = check(
      hasLength("description", description, { min: 0, max: limits.kmsDescriptionLength }),
      hasLength("policy", text, { min: 1, max: Number.MAX_SAFE_INTEGER }),
      ...tagViolations(given),
    );
    if (!valid.ok) return valid;
    const { account } = caller;
    const access = {
      arn: "*",
      account,
      requestTags: requestTagsOf(given),
      more: conditions(bypassLockoutCheck),
    };
    for (const permission of given.length > 0 ? ["kms:CreateKey", "kms:TagResource"] : ["kms:CreateKey"]) {
      const allowed = authorizeInAccount(caller, { permission, ...access }, facts);
      if (!allowed.ok) return allowed;
    }
    const supported = checkKind(input);
    if (!supported.ok) return supported;
    const tags = addTags({}, given);
    if (!tags.ok) return tags;
    const key: KmsKey = {
      ...{ keyId: randomUUID(), account, region, manager: "CUSTOMER", state: "Enabled", description },
      ...{ policy: defaultKeyPolicy(account), policyIds: {}, tags: tags.value, aliases: [] },
      ...{ createdAtMs: nowMs, deletionAtMs: undefined, materialVersion: 1, rotation: undefined },
      ...{ onDemandRotations: 0, revision: 1 },
    };
    const policy =
      text === undefined ? ok({}) : await checkKeyPolicy(text, { key, bypassLockoutCheck }, context);
    if (!policy.ok) return policy;
    const created = { ...key, ...policy.value };
    return (await kms.keys.createKey(created))
      ? ok({ KeyMetadata: metadataOf(created) })
      : err(kmsError("LimitExceededException", `You have reached the limit of ${limits.kmsKeys} keys.`));
  },
});

function conditions(bypass: boolean): ReadonlyMap<string, string> {
  return new Map([
    ["kms:bypasspolicylockoutsafetycheck", String(bypass)],
    ["kms:keyspec", symmetric],
    ["kms:customermasterkeyspec", symmetric],
    ["kms:keyusage", "ENCRYPT_DECRYPT"],
    ["kms:customermasterkeyusage", "ENCRYPT_DECRYPT"],
    ["kms:keyorigin", "AWS_KMS"],
    ["kms:multiregion", "false"],
  ]);
}

interface Kind {
  readonly KeyUsage?: string | undefined;
  readonly CustomerMasterKeySpec?: string | undefined;
  readonly KeySpec?: string | undefined;
  readonly Origin?: string | undefined;
  readonly CustomKeyStoreId?: string | undefined;
  readonly XksKeyId?: string | undefined;
  readonly MultiRegion?: boolean | undefined;
}

/** @returns `UnsupportedOperationException` for all other kinds of KMS keys */
function checkKind(kind: Kind): Result<void, ServiceError> {
  const { KeyUsage, CustomerMasterKeySpec, KeySpec, Origin, CustomKeyStoreId, XksKeyId, MultiRegion } = kind;
  if (KeySpec !== undefined && CustomerMasterKeySpec !== undefined && KeySpec !== CustomerMasterKeySpec) {
    return err(
      kmsError("ValidationException", "You can specify KeySpec or CustomerMasterKeySpec, but not both."),
    );
  }
  const spec = KeySpec ?? CustomerMasterKeySpec ?? symmetric;
  if (spec !== symmetric) return err(unsupported(`KeySpec ${spec}`));
  if (KeyUsage !== undefined && KeyUsage !== "ENCRYPT_DECRYPT")
    return err(unsupported(`KeyUsage ${KeyUsage}`));
  if (Origin !== undefined && Origin !== "AWS_KMS") return err(unsupported(`Origin ${Origin}`));
  if (CustomKeyStoreId !== undefined || XksKeyId !== undefined) return err(unsupported("A custom key store"));
  return MultiRegion ? err(unsupported("A multi-Region key")) : ok(undefined);
}
