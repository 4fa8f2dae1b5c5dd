import type { KmsKey } from "../../catalog/kms/keys.ts";
import { err, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import type { RequestContext } from "../action.ts";
import { authorizeInAccount } from "./authorize-key.ts";
import { check, isKeyId } from "./constraints.ts";
import { kmsError, notFound } from "./errors.ts";
import { keyRequest } from "./key-action.ts";
import { aliasArn } from "./key-arn.ts";
import { checkState } from "./key-state.ts";
import { openKey } from "./open-key.ts";

/**
 * Whether the caller may do this to an alias, as far as the alias is concerned; its key's policy is asked as well.
 *
 * @param permission `kms:CreateAlias`
 */
export function authorizeAlias(
  permission: string,
  name: string,
  { caller, facts, region }: RequestContext,
): Result<void, ServiceError> {
  const { account } = caller;
  return authorizeInAccount(caller, { permission, arn: aliasArn({ account, region, name }), account }, facts);
}

/** The key that an alias is to stand for, if the caller may have it so. */
export async function openTarget(
  permission: string,
  targetKeyId: string,
  context: RequestContext,
): Promise<Result<KmsKey, ServiceError>> {
  const valid = check(isKeyId(targetKeyId, "targetKeyId"));
  if (!valid.ok) return valid;
  if (/^(?:arn:.*:)?alias\//.test(targetKeyId)) {
    return err(kmsError("ValidationException", "Aliases must refer to keys. Not aliases"));
  }
  const use = { permission, state: "notPendingDeletion", crossAccount: false, fromCopies: false } as const;
  return await openKey(keyRequest(context), { name: targetKeyId, aliases: false }, use);
}

/** Why a key was not given another alias. */
export async function refusalOf(key: KmsKey, { kms }: RequestContext): Promise<ServiceError> {
  const now = await kms.keys.readKey(key.keyId);
  if (!now) return notFound({ kind: "key", ...key });
  const inState = checkState(now, "notPendingDeletion");
  return inState.ok ? tooManyAliases : inState.error;
}

const tooManyAliases = kmsError(
  "LimitExceededException",
  `A key must not have more than ${limits.kmsAliasesPerKey} aliases.`,
);
