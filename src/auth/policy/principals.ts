import { isJsonObject } from "../../lib/json.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { setOf } from "./pattern.ts";
import type { Principal } from "./question.ts";

/** A statement's Principal or NotPrincipal. */
export interface Principals {
  readonly everyone: boolean;
  readonly accounts: ReadonlySet<string>;
  /** Of users, roles and sessions, as they call here, and as the policy spells each. */
  readonly arns: ReadonlyMap<string, string>;
  /** `AIDA…` and `AROA…`: what the ARN of a deleted user or role turns into. */
  readonly uniqueIds: ReadonlySet<string>;
  readonly services: ReadonlySet<string>;
  readonly federated: ReadonlySet<string>;
}

/**
 * How a caller is meant: not at all, as one of its account, by its role, or itself. What is given to an account
 * is its own to hand on; what is given to a role, its session policies still limit; what is given to a caller
 * itself, nothing limits.
 */
export type Meant = typeof meant.none | typeof meant.byAccount | typeof meant.byRole | typeof meant.itself;

export const meant = { none: 0, byAccount: 1, byRole: 2, itself: 3 } as const;

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html */
export function readPrincipals(element: unknown): Result<Principals, string> {
  if (element === "*") return ok({ ...nobody, everyone: true });
  if (!isJsonObject(element)) return err("Syntax errors in policy.");
  const accounts: string[] = [];
  const arns = new Map<string, string>();
  const uniqueIds: string[] = [];
  const services: string[] = [];
  const federated: string[] = [];
  let everyone = false;
  const kinds = Object.entries(element);
  if (kinds.length === 0) return err("Missing required field Principal cannot be empty!");
  for (const [kind, given] of kinds) {
    const texts: readonly unknown[] = Array.isArray(given) ? given : [given];
    if (texts.length === 0) return err("Missing required field Principal cannot be empty!");
    for (const text of texts) {
      if (typeof text !== "string" || text === "") return err("Syntax errors in policy.");
      const account = /^\d{12}$/.test(text) ? text : rootArn.exec(text)?.[1];
      if (kind === "Service") services.push(text);
      else if (kind === "Federated") federated.push(text);
      else if (kind !== "AWS") return err("Syntax errors in policy.");
      else if (text === "*") everyone = true;
      else if (account !== undefined) accounts.push(account);
      else if (callerArn.test(text)) arns.set(text.replace(partition, "arn:aws:"), text);
      else if (uniqueId.test(text)) uniqueIds.push(text);
      // A wildcard within an ARN is refused like any other misspelling.
      else return err(`Invalid principal in policy: "AWS":"${text}"`);
    }
  }
  return ok({
    everyone,
    accounts: setOf(accounts),
    arns: arns.size === 0 ? noArns : arns,
    uniqueIds: setOf(uniqueIds),
    services: setOf(services),
    federated: setOf(federated),
  });
}

/**
 * @param boundIds which unique id an ARN had when the policy was set: a user deleted and created again under
 *   its name is somebody else
 */
export function howMeant(
  principals: Principals,
  principal: Principal,
  boundIds: ReadonlyMap<string, string> | undefined,
): Meant {
  if (principals.everyone) return meant.itself;
  if (principal.kind === "anonymous") return meant.none;
  if (principal.kind === "service") {
    const isNamed = principal.service !== undefined && principals.services.has(principal.service);
    return isNamed ? meant.itself : meant.none;
  }
  if (principal.kind === "federated" && principals.federated.has(principal.arn)) return meant.itself;
  if (names(principals, principal.arn, principal, boundIds)) return meant.itself;
  const isUniqueId = principals.uniqueIds.size > 0 && principals.uniqueIds.has(uniqueIdOf(principal));
  if (isUniqueId && principal.kind === "user") return meant.itself;
  const { roleArn } = principal;
  if (isUniqueId || (roleArn !== undefined && names(principals, roleArn, principal, boundIds))) {
    return meant.byRole;
  }
  return principals.accounts.has(principal.account) ? meant.byAccount : meant.none;
}

/**
 * Whether a NotPrincipal leaves the caller out. An account in it stands for everybody of the account, unless the
 * list also names some of them: AWS wants both an account and its user listed to spare the user, so a list of
 * both means the user only.
 */
export function isSpared(
  principals: Principals,
  principal: Principal,
  boundIds: ReadonlyMap<string, string> | undefined,
): boolean {
  const how = howMeant(principals, principal, boundIds);
  if (how !== meant.byAccount || principal.kind === "root") return how !== meant.none;
  if (principals.uniqueIds.size > 0) return false;
  return !Array.from(principals.arns.keys()).some((arn) => arn.split(":")[4] === principal.account);
}

const noArns: Principals["arns"] = new Map();

const nobody: Principals = {
  everyone: false,
  accounts: setOf([]),
  arns: noArns,
  uniqueIds: setOf([]),
  services: setOf([]),
  federated: setOf([]),
};

const rootArn = /^arn:aws[a-z-]*:iam::(\d{12}):root$/;

/** Callers here are all of one, whatever the region: a Deny in a policy that was written for China denies them. */
const partition = /^arn:aws[a-z-]*:/;

const callerArn =
  /^arn:aws[a-z-]*:(?:iam::\d{12}:(?:user|role)\/[\w+=,.@/-]+|sts::\d{12}:(?:assumed-role\/[\w+=,.@-]+|federated-user)\/[\w+=,.@-]+)$/;

const uniqueId = /^A(?:IDA|ROA|GPA|NPA)[A-Z0-9]{12,124}$/;

function names(
  { arns }: Principals,
  arn: string,
  principal: Principal,
  boundIds: ReadonlyMap<string, string> | undefined,
): boolean {
  const spelled = arns.get(arn);
  if (spelled === undefined) return false;
  const bound = boundIds?.get(spelled);
  return bound === undefined || bound === principal.userId || bound === uniqueIdOf(principal);
}

/** Of a session it is that of its role. */
function uniqueIdOf({ userId }: Principal): string {
  const colon = userId.indexOf(":");
  return colon === -1 ? userId : userId.slice(0, colon);
}
