import { parsePolicy } from "../../auth/policy/document.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import type { NamedPrincipal } from "../../catalog/policy-principals.ts";
import { isJsonObject } from "../../lib/json.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { AttributeChanges } from "../../queue/attributes.ts";
import type { SqsError } from "../../queue/errors.ts";
import { awsPrincipals, invalidPolicy } from "../../queue/policy-document.ts";
import type { QueueAttributes } from "../../queue/settings.ts";

type PolicyIds = Readonly<Record<string, string>>;

/**
 * Looks up whom a policy that is about to be set names. A user or role is bound to its unique id: one that is deleted
 * and made again under the same name is not meant. Accounts that are not of this deployment cannot be looked into;
 * nobody calls from them.
 *
 * @returns SQS's error for a user or role that does not exist, or for a policy that could never be decided by
 */
export async function bindPrincipals(
  changes: AttributeChanges,
  { catalog, rootAccount }: { readonly catalog: Catalog; readonly rootAccount: string },
): Promise<Result<PolicyIds, SqsError>> {
  const text = changes.get("Policy");
  if (!text) return ok({});
  if (!parsePolicy(text, "resource").ok) return err(invalidPolicy);
  const named = awsPrincipals(text).flatMap((arn) => namedPrincipal(arn) ?? []);
  if (named.length === 0) return ok({});
  const { ids, accounts } = await catalog.principalIds(named);
  const isHere = (account: string) => account === rootAccount || accounts.has(account);
  if (named.some(({ arn, account }) => isHere(account) && !ids.has(arn))) return err(invalidPolicy);
  return ok(Object.fromEntries(ids));
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

function namedPrincipal(arn: string): NamedPrincipal | undefined {
  const [, service, account, kind, path, name] =
    /^arn:[^:]+:(iam|sts)::(\d{12}):(user|role|assumed-role)(\/(?:.*\/)?)([^/]+)$/.exec(arn) ?? [];
  if (account === undefined || path === undefined || name === undefined) return undefined;
  if (service === "sts") return { arn, account, kind: "role", path: undefined, name: path.slice(1, -1) };
  return { arn, account, kind: kind === "user" ? "user" : "role", path, name };
}
