import { isJsonObject, parseJsonObject } from "../../lib/json.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import type { RequestContext } from "../action.ts";
import { lookUpPrincipals } from "../named-principals.ts";
import { iamErrors } from "./errors.ts";
import { keptPolicy, policyProblem, policySize } from "./policy-text.ts";

type Context = Pick<RequestContext, "catalog" | "identities" | "rootAccount">;

/**
 * A trust policy as it is stored: the users and roles that it names are replaced by their unique ids, so that nobody
 * gets at a role by being created under the name of somebody deleted.
 */
export async function storedTrust(document: string, context: Context): Promise<Result<string, ServiceError>> {
  const problem = policyProblem(document, "trust");
  if (problem) return err(problem);
  if (policySize(document) > limits.trustPolicyCharacters) {
    return err(iamErrors.quota("ACLSizePerRole", limits.trustPolicyCharacters));
  }
  const ids = await lookUpPrincipals(principalsIn(document).filter(isUserOrRole), context);
  return ids.ok
    ? ok(withPrincipals(keptPolicy(document), ids.value))
    : err(iamErrors.malformedPolicy(`Invalid principal in policy: "AWS":"${ids.error}"`));
}

/** Trust policies as they are read: with the ARNs of who still exists, and the unique ids of who does not. */
export async function shownTrusts(
  stored: readonly string[],
  { identities }: Pick<Context, "identities">,
): Promise<(document: string) => string> {
  const ids = stored.flatMap(principalsIn).filter((principal) => uniqueId.test(principal));
  if (ids.length === 0) return (document) => document;
  const arns = await identities.arnsOf([...new Set(ids)]);
  return (document) => withPrincipals(document, arns);
}

const uniqueId = /^A(?:IDA|ROA)[A-Z2-7]{17}$/;

/** A session has no unique id before it begins: it is named by its ARN, and ends with its role. */
function isUserOrRole(arn: string): boolean {
  return /^arn:aws[a-z-]*:iam::/.test(arn);
}

function principalsIn(document: string): string[] {
  const found: string[] = [];
  mapPrincipals(document, (principal) => {
    found.push(principal);
    return principal;
  });
  return found;
}

/** The very text that was given, if nothing in it is replaced. */
function withPrincipals(document: string, names: ReadonlyMap<string, string>): string {
  return mapPrincipals(document, (principal) => names.get(principal) ?? principal) ?? document;
}

/**
 * Applies `change` to all that is allowed or denied under `Principal` and `AWS`.
 *
 * @returns the document, or undefined if nothing was changed
 */
function mapPrincipals(document: string, change: (principal: string) => string): string | undefined {
  const policy = parseJsonObject(document);
  const statement = policy?.["Statement"];
  let changed = false;
  const changeOne = (principal: unknown): unknown => {
    if (typeof principal !== "string") return principal;
    const other = change(principal);
    changed ||= other !== principal;
    return other;
  };
  const changeStatement = (each: unknown): unknown => {
    if (!isJsonObject(each) || !isJsonObject(each["Principal"])) return each;
    const { AWS: aws } = each["Principal"];
    if (aws === undefined) return each;
    const AWS = Array.isArray(aws) ? aws.map(changeOne) : changeOne(aws);
    return { ...each, Principal: { ...each["Principal"], AWS } };
  };
  const Statement = Array.isArray(statement) ? statement.map(changeStatement) : changeStatement(statement);
  return changed ? JSON.stringify({ ...policy, Statement }) : undefined;
}
