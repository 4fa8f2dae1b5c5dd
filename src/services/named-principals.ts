import type { NamedPrincipal } from "../catalog/policy-principals.ts";
import { err, ok, type Result } from "../lib/result.ts";
import type { RequestContext } from "./action.ts";

/**
 * Looks up whom a policy names that is about to be set, so that it can be bound to their unique ids: who is deleted and
 * made again under the same name is not meant. Accounts that are not of this deployment cannot be looked into; nobody
 * calls from them.
 *
 * @param arns of users, roles and their sessions; all others are passed over
 * @returns unique ids by ARN, or the ARN of somebody who does not exist
 */
export async function lookUpPrincipals(
  arns: readonly string[],
  { catalog, rootAccount }: Pick<RequestContext, "catalog" | "rootAccount">,
): Promise<Result<ReadonlyMap<string, string>, string>> {
  const named = arns.flatMap((arn) => namedPrincipal(arn) ?? []);
  if (named.length === 0) return ok(new Map());
  const { ids, accounts } = await catalog.principalIds(named);
  const isHere = (account: string) => account === rootAccount || accounts.has(account);
  const unknown = named.find(({ arn, account }) => isHere(account) && !ids.has(arn));
  return unknown ? err(unknown.arn) : ok(ids);
}

/** A session stands for its role. */
function namedPrincipal(arn: string): NamedPrincipal | undefined {
  const iam = /^arn:[^:]+:iam::(\d{12}):(user|role)(\/(?:.*\/)?)([^/]+)$/.exec(arn);
  const [, account, kind, path, name] = iam ?? [];
  if (account !== undefined && path !== undefined && name !== undefined) {
    return { arn, account, kind: kind === "user" ? "user" : "role", path, name };
  }
  const [, ofRole, role] = /^arn:[^:]+:sts::(\d{12}):assumed-role\/([^/]+)\/[^/]+$/.exec(arn) ?? [];
  if (ofRole === undefined || role === undefined) return undefined;
  return { arn, account: ofRole, kind: "role", path: undefined, name: role };
}
