import {
  type AccessQuestion,
  type ApplyingPolicies,
  type ConditionContext,
  decide,
  type Principal,
} from "../../../src/auth/policy/decide.ts";
import { type Policy, type PolicyKind, parsePolicy } from "../../../src/auth/policy/document.ts";

export const home = "111111111111";
export const away = "222222222222";
export const queue = { arn: `arn:aws:sqs:us-east-1:${home}:jobs`, account: home };

export const alice: Principal = {
  kind: "user",
  account: home,
  arn: `arn:aws:iam::${home}:user/team/alice`,
  userId: "AIDAALICEALICEALICE11",
};
export const bob: Principal = {
  kind: "user",
  account: away,
  arn: `arn:aws:iam::${away}:user/bob`,
  userId: "AIDABOBBOBBOBBOBBOB11",
};
export const workerRole = `arn:aws:iam::${home}:role/jobs/worker`;
/** A session of `workerRole`. */
export const worker: Principal = {
  kind: "role",
  account: home,
  arn: `arn:aws:sts::${home}:assumed-role/worker/one`,
  roleArn: workerRole,
  userId: "AROAWORKERWORKERWORKER1:one",
};
export const strangerRole = `arn:aws:iam::${away}:role/stranger`;
/** A session of `strangerRole`. */
export const stranger: Principal = {
  kind: "role",
  account: away,
  arn: `arn:aws:sts::${away}:assumed-role/stranger/two`,
  roleArn: strangerRole,
  userId: "AROASTRANGERSTRANGER11:two",
};
export const guest: Principal = {
  kind: "federated",
  account: home,
  arn: `arn:aws:sts::${home}:federated-user/guest`,
  userId: `${home}:guest`,
};
export const root = rootOf(home);
export const awayRoot = rootOf(away);
export const sns: Principal = {
  kind: "service",
  account: "",
  arn: "",
  service: "sns.amazonaws.com",
  userId: "",
};
export const nobody: Principal = { kind: "anonymous", account: "", arn: "", userId: "anonymous" };

export function rootOf(account: string): Principal {
  return { kind: "root", account, arn: `arn:aws:iam::${account}:root`, userId: account };
}

/** Elements of a statement; undefined leaves out what `policy` would add. */
export type Elements = Readonly<Record<string, unknown>>;

/** Of statements that allow everything on everything, unless they say otherwise. */
export function policy(kind: PolicyKind, ...statements: readonly Elements[]): Policy {
  const isTrust = kind === "trust";
  const Statement = statements.map((elements) => ({
    Effect: "Allow",
    ...(!("NotAction" in elements) && { Action: isTrust ? "sts:AssumeRole" : "*" }),
    ...(!isTrust && !("NotResource" in elements) && { Resource: "*" }),
    ...elements,
  }));
  return read({ Version: "2012-10-17", Statement }, kind);
}

export function read(document: object, kind: PolicyKind): Policy {
  const policy = parsePolicy(JSON.stringify(document), kind);
  if (!policy.ok) throw new Error(`${policy.error} ${JSON.stringify(document)}`);
  return policy.value;
}

/** Condition keys in any spelling; one value or several. */
export function contextOf(values: Readonly<Record<string, string | readonly string[]>>): ConditionContext {
  const known = new Map(Object.entries(values).map(([key, value]) => [key.toLowerCase(), [value].flat()]));
  return { get: (key) => known.get(key) };
}

/** `allow`, or `explicit by …` or `implicit by …`. Asked is alice's sending unless told otherwise. */
export function verdict(policies: Partial<ApplyingPolicies>, asked: Partial<AccessQuestion> = {}): string {
  const question = { principal: alice, action: "sqs:SendMessage", resource: queue, context: contextOf({}) };
  const decided = decide({ ...question, ...asked }, { identity: [], ...policies });
  return decided.kind === "allow" ? "allow" : `${decided.reason} by ${decided.by}`;
}

/** Whether a statement with these elements is about what is asked: it allows, or a Deny of it denies. */
export function matches(elements: Elements, asked: Partial<AccessQuestion> = {}): boolean {
  return verdict({ identity: [policy("identity", elements)] }, asked) !== "implicit by identity";
}

/** IAM writes its variables as templates do. */
export function variable(content: string): string {
  return `\${${content}}`;
}
