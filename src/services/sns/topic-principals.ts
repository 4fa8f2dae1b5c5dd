import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { awsPrincipals } from "../../queue/policy-document.ts";
import type { RequestContext } from "../action.ts";
import { lookUpPrincipals } from "../named-principals.ts";
import { invalidParameter } from "./errors.ts";

/**
 * The unique ids of the users and roles that a topic's policy names.
 *
 * @param policy with nothing against its text
 */
export async function bindTopicPrincipals(
  policy: string | undefined,
  context: Pick<RequestContext, "catalog" | "rootAccount">,
): Promise<Result<Readonly<Record<string, string>>, ServiceError>> {
  if (policy === undefined) return ok({});
  const ids = await lookUpPrincipals(awsPrincipals(policy), context);
  return ids.ok
    ? ok(Object.fromEntries(ids.value))
    : err(invalidParameter("Policy Error: PrincipalNotFound"));
}
