import type { AliasId, KmsAlias } from "../../catalog/kms/aliases.ts";
import { isGone } from "../../catalog/kms/keys.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import type { RequestContext } from "../action.ts";
import { checkAliasName } from "./alias-name.ts";
import { authorizeAlias } from "./alias-target.ts";
import { authorizeKey } from "./authorize-key.ts";
import { notFound } from "./errors.ts";

/**
 * An alias of the caller's account and region that is about to be changed or deleted, if both the caller's policies
 * and the policy of its key allow that. The key may be in any state.
 *
 * @param permission `kms:DeleteAlias`
 */
export async function openAlias(
  permission: string,
  name: string,
  context: RequestContext,
): Promise<Result<KmsAlias, ServiceError>> {
  const valid = checkAliasName(name);
  if (!valid.ok) return valid;
  const allowed = authorizeAlias(permission, name, context);
  if (!allowed.ok) return allowed;
  const { caller, facts, region, nowMs, kms } = context;
  const id: AliasId = { account: caller.account, region, name };
  const alias = await kms.keys.readAlias(id);
  const key = alias && (await kms.keys.readKey(alias.targetKeyId));
  if (!key || isGone(key, nowMs)) return err(notFound({ kind: "alias", ...id }));
  const allowedByKey = authorizeKey(caller, { permission, key }, facts);
  return allowedByKey.ok ? ok(alias) : allowedByKey;
}
