import type { NamedPrincipal } from "../../catalog/policy-principals.ts";
import { awsPrincipals } from "../../queue/policy-document.ts";
import type { RequestContext } from "../action.ts";

/**
 * Looks up whom a key policy names, and binds each user and role to its unique id: one that is deleted and made again
 * under the same name is not meant. Accounts that are not of this deployment cannot be looked into; nobody calls from
 * them.
 *
 * @param policy checked
 * @returns unique ids by ARN; undefined if somebody does not exist
 */
export async function bindPrincipals(
  policy: string,
  { catalog, rootAccount }: Pick<RequestContext, "catalog" | "rootAccount">,
): Promise<Readonly<Record<string, string>> | undefined> {
  const named = awsPrincipals(policy).flatMap((arn) => principalOf(arn) ?? []);
  if (named.length === 0) return {};
  const { ids, accounts } = await catalog.principalIds(named);
  const isHere = (account: string) => account === rootAccount || accounts.has(account);
  if (named.some(({ arn, account }) => isHere(account) && !ids.has(arn))) return undefined;
  return Object.fromEntries(ids);
}

/** The user or role behind an ARN; a session stands for its role. Undefined for accounts, services and everybody. */
function principalOf(arn: string): NamedPrincipal | undefined {
  const iam = /^arn:[^:]+:iam::(\d{12}):(user|role)(\/(?:.*\/)?)([^/]+)$/.exec(arn);
  const [, account, kind, path, name] = iam ?? [];
  if (account !== undefined && path !== undefined && name !== undefined) {
    return { arn, account, kind: kind === "user" ? "user" : "role", path, name };
  }
  const [, ofRole, role] = /^arn:[^:]+:sts::(\d{12}):assumed-role\/([^/]+)\/[^/]+$/.exec(arn) ?? [];
  if (ofRole === undefined || role === undefined) return undefined;
  return { arn, account: ofRole, kind: "role", path: undefined, name: role };
}
