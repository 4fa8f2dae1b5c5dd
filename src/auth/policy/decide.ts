import type { Policy } from "./document.ts";
import { howMeant, isSpared, type Meant, meant } from "./principals.ts";
import type { AccessQuestion } from "./question.ts";
import { conditionsHold, isAbout, type Statement } from "./statement.ts";

export type { AccessQuestion, ConditionContext, Principal } from "./question.ts";

export interface ApplyingPolicies {
  readonly identity: readonly Policy[];
  /** Absent: the caller is no limited session. One of them must allow, and an empty list allows nothing. */
  readonly session?: readonly Policy[];
  /** Of the queue, topic or key, or what a role trusts. */
  readonly resource?: Policy;
  /** The unique ids that the resource policy's ARNs had when it was set. */
  readonly boundIds?: ReadonlyMap<string, string>;
}

export type Verdict =
  | { readonly kind: "allow" }
  | {
      readonly kind: "deny";
      readonly reason: "explicit" | "implicit";
      /** Whose policies deny, or would have had to allow. */
      readonly by: "identity" | "session" | "resource";
    };

/**
 * AWS's evaluation: what any policy denies is denied; else one of the owning account's policies must allow, and
 * for another account's caller those of both accounts.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
 */
export function decide(question: AccessQuestion, policies: ApplyingPolicies): Verdict {
  const { principal, resource } = question;
  const action = question.action.toLowerCase();

  const identity = identityOpinion(policies.identity, action, question);
  if (identity === "deny") return denied.byIdentity;
  const session = policies.session ? identityOpinion(policies.session, action, question) : "allow";
  if (session === "deny") return denied.bySession;
  const granted = grantOf(policies, action, question);
  if (granted === "deny") return denied.byResource;

  if (principal.account === "" || principal.kind === "service" || principal.kind === "anonymous") {
    return granted >= meant.byRole ? allowed : lacking.resource;
  }
  const identityAllows = identity === "allow" || principal.kind === "root";
  const sessionAllows = session === "allow";
  if (principal.account !== resource.account) {
    if (granted === meant.none) return lacking.resource;
  } else {
    if (granted === meant.itself) return allowed;
    if (granted === meant.byRole) return sessionAllows ? allowed : lacking.session;
    if (granted === meant.none && trustsNobody(action, policies.resource)) return lacking.resource;
  }
  if (!identityAllows) return lacking.identity;
  return sessionAllows ? allowed : lacking.session;
}

const allowed: Verdict = { kind: "allow" };

const denied = {
  byIdentity: { kind: "deny", reason: "explicit", by: "identity" },
  bySession: { kind: "deny", reason: "explicit", by: "session" },
  byResource: { kind: "deny", reason: "explicit", by: "resource" },
} as const satisfies Record<string, Verdict>;

/** Nothing denies, but these would have had to allow. */
const lacking = {
  identity: { kind: "deny", reason: "implicit", by: "identity" },
  session: { kind: "deny", reason: "implicit", by: "session" },
  resource: { kind: "deny", reason: "implicit", by: "resource" },
} as const satisfies Record<string, Verdict>;

/**
 * A role and a key do not even trust the account that they are in: its policies, and its root, count only as far
 * as theirs names the account.
 *
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
 */
function trustsNobody(action: string, resource: Policy | undefined): boolean {
  return resource !== undefined && (resource.kind === "trust" || action.startsWith("kms:"));
}

/** Of policies that belong to the caller; several are one set, in which any may allow. */
function identityOpinion(
  policies: readonly Policy[],
  action: string,
  question: AccessQuestion,
): "allow" | "deny" | "silent" {
  let opinion: "allow" | "silent" = "silent";
  for (const { statements } of policies) {
    for (const statement of statements) {
      if (opinion === "allow" && statement.effect === "Allow") continue;
      if (!isAbout(statement, action, question) || !conditionsHold(statement, question)) continue;
      if (statement.effect === "Deny") return "deny";
      opinion = "allow";
    }
  }
  return opinion;
}

/** How far the resource's policy allows. */
function grantOf(
  { resource, boundIds }: ApplyingPolicies,
  action: string,
  question: AccessQuestion,
): Meant | "deny" {
  let granted: Meant = meant.none;
  if (resource === undefined) return granted;
  for (const statement of resource.statements) {
    if (!isAbout(statement, action, question)) continue;
    const how = meantBy(statement, question, boundIds);
    if (how === meant.none || (statement.effect === "Allow" && how <= granted)) continue;
    if (!conditionsHold(statement, question)) continue;
    if (statement.effect === "Deny") return "deny";
    granted = how;
  }
  return granted;
}

function meantBy(
  { principals, effect }: Statement,
  { principal }: AccessQuestion,
  boundIds: ReadonlyMap<string, string> | undefined,
): Meant {
  // What cannot be read means everybody, and denies.
  if (principals === undefined) return effect === "Deny" ? meant.itself : meant.none;
  if (!principals.isNot) return howMeant(principals.listed, principal, boundIds);
  // Not to be listed is not to be named: it lifts no session's limits.
  return isSpared(principals.listed, principal, boundIds) ? meant.none : meant.byRole;
}
