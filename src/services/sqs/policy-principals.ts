import { parsePolicy } from "../../auth/policy/document.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import { isJsonObject } from "../../lib/json.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { AttributeChanges } from "../../queue/attributes.ts";
import type { SqsError } from "../../queue/errors.ts";
import { awsPrincipals, invalidPolicy } from "../../queue/policy-document.ts";
import type { QueueAttributes } from "../../queue/settings.ts";
import type { RequestContext } from "../action.ts";
import { lookUpPrincipals } from "../named-principals.ts";

type PolicyIds = Readonly<Record<string, string>>;

/**
 * The unique ids of the users and roles that a policy names, if one is about to be set.
 *
 * @returns SQS's error for a user or role that does not exist, or for a policy that could never be decided by
 */
export async function bindPrincipals(
  changes: AttributeChanges,
  context: Pick<RequestContext, "catalog" | "rootAccount">,
): Promise<Result<PolicyIds, SqsError>> {
  const text = changes.get("Policy");
  if (!text) return ok({});
  if (!parsePolicy(text, "resource").ok) return err(invalidPolicy);
  const ids = await lookUpPrincipals(awsPrincipals(text), context);
  return ids.ok ? ok(Object.fromEntries(ids.value)) : err(invalidPolicy);
}

/** The attributes with what `bindPrincipals` found for their policy, if this change set one. */
export function withPolicyIds(
  attributes: QueueAttributes,
  changes: AttributeChanges,
  policyIds: PolicyIds,
): QueueAttributes {
  if (!changes.has("Policy")) return attributes;
  const { policyIds: _former, ...others } = attributes;
  return Object.keys(policyIds).length === 0 ? others : { ...others, policyIds };
}

/** A queue's policy as it is shown: who was deleted since it was set is named by the unique id alone. */
export async function shownAttributes(
  attributes: QueueAttributes,
  catalog: Catalog,
): Promise<QueueAttributes> {
  const { policy, policyIds } = attributes;
  if (policy === undefined || policyIds === undefined) return attributes;
  const living = await catalog.livingIds(Object.values(policyIds));
  const gone = Object.entries(policyIds).filter(([, id]) => !living.has(id));
  if (gone.length === 0) return attributes;
  const ids = new Map(gone);
  const shown = JSON.stringify(JSON.parse(policy), (key, value: unknown) =>
    key === "Principal" || key === "NotPrincipal" ? renamed(value, ids) : value,
  );
  return { ...attributes, policy: shown };
}

function renamed(principal: unknown, ids: ReadonlyMap<string, string>): unknown {
  if (!isJsonObject(principal)) return principal;
  const rename = (arn: unknown) => (typeof arn === "string" ? (ids.get(arn) ?? arn) : arn);
  const aws = principal["AWS"];
  return { ...principal, AWS: Array.isArray(aws) ? aws.map(rename) : rename(aws) };
}
