import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import type { RequestContext } from "../action.ts";
import { bindPrincipals } from "../queues-for-services.ts";
import { invalidParameter } from "./errors.ts";

/**
 * Which unique id each user and role has that a topic's policy names: one that is deleted and made again under the
 * same name is not meant.
 *
 * @param policy with nothing against its text
 */
export async function bindTopicPrincipals(
  policy: string | undefined,
  context: Pick<RequestContext, "catalog" | "rootAccount">,
): Promise<Result<Readonly<Record<string, string>>, ServiceError>> {
  if (policy === undefined) return ok({});
  const bound = await bindPrincipals(new Map([["Policy", policy]]), context);
  return bound.ok ? bound : err(invalidParameter("Policy Error: PrincipalNotFound"));
}
