import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { allHold, type Condition, readConditions } from "./conditions.ts";
import { matchesAny, type Patterns, readPatterns, variablesOf } from "./pattern.ts";
import { type Principals, readPrincipals } from "./principals.ts";
import type { AccessQuestion, Effect } from "./question.ts";

export type PolicyKind = "identity" | "resource" | "trust";

/** One statement of a policy, read and ready to be matched. */
export interface Statement {
  readonly effect: Effect;
  /** Undefined in a policy that belongs to an identity. */
  readonly principals: Unless<Principals> | undefined;
  /** In lower case. */
  readonly actions: Unless<Patterns>;
  /** Undefined where the policy's own resource is meant. */
  readonly resources: Unless<Patterns> | undefined;
  readonly conditions: readonly Condition[];
  /** Condition keys that it reads, in lower case. */
  readonly keys: readonly string[];
}

/** An element, or its opposite: `Action` or `NotAction`. */
export interface Unless<T> {
  readonly isNot: boolean;
  readonly listed: T;
}

/** @param variables whether `${…}` means anything in this policy's version */
export function readStatement(
  given: unknown,
  kind: PolicyKind,
  variables: boolean,
): Result<Statement, string> {
  if (!isJsonObject(given) || !Object.keys(given).every((key) => elements.has(key))) return syntaxError;
  const { Sid: sid, Effect: effect, Condition: condition = {} } = given;
  if (sid !== undefined && typeof sid !== "string") return syntaxError;
  if (effect !== "Allow" && effect !== "Deny") return syntaxError;
  const principals = readPrincipalElement(given, kind, effect);
  if (!principals.ok) return principals;
  const actions = readActions(given, kind);
  if (!actions.ok) return actions;
  const resources = readResources(given, kind, variables);
  if (!resources.ok) return resources;
  const conditions = readConditions(condition, variables);
  if (!conditions.ok) return conditions;
  const resourceVariables = variables ? (textsOf(given, "Resource", "NotResource") ?? []) : [];
  return ok({
    effect,
    principals: principals.value,
    actions: actions.value,
    resources: resources.value,
    conditions: conditions.value,
    keys: [
      ...resourceVariables.flatMap(variablesOf),
      ...conditions.value.flatMap(({ key, variables }) => [key, ...variables]),
    ],
  });
}

/**
 * Whether the statement is about what is asked, whoever asks.
 *
 * @param action in lower case
 */
export function isAbout(
  statement: Statement,
  action: string,
  { resource, context }: AccessQuestion,
): boolean {
  const { actions, resources } = statement;
  if (matchesAny(actions.listed, action, context) === actions.isNot) return false;
  return resources === undefined || matchesAny(resources.listed, resource.arn, context) !== resources.isNot;
}

export function conditionsHold({ conditions, effect }: Statement, { context }: AccessQuestion): boolean {
  return conditions.length === 0 || allHold(conditions, context, effect);
}

const elements = new Set([
  "Sid",
  "Effect",
  "Principal",
  "NotPrincipal",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
]);

const syntaxError = err("Syntax errors in policy.");

function readPrincipalElement(
  given: JsonObject,
  kind: PolicyKind,
  effect: Effect,
): Result<Unless<Principals> | undefined, string> {
  const { Principal: principal, NotPrincipal: notPrincipal } = given;
  if (kind === "identity") {
    const names = principal !== undefined || notPrincipal !== undefined;
    return names ? err("Policy document should not specify a principal.") : ok(undefined);
  }
  if (kind === "trust" && notPrincipal !== undefined) {
    return err(
      effect === "Allow"
        ? "Allow with NotPrincipal is not allowed."
        : "AssumeRole policy must not contain NotPrincipal field.",
    );
  }
  if (principal === undefined && notPrincipal === undefined) return err("Missing required field Principal");
  if (principal !== undefined && notPrincipal !== undefined) return syntaxError;
  const read = readPrincipals(principal ?? notPrincipal);
  return read.ok ? ok({ isNot: principal === undefined, listed: read.value }) : read;
}

function readActions(given: JsonObject, kind: PolicyKind): Result<Unless<Patterns>, string> {
  const texts = textsOf(given, "Action", "NotAction");
  if (texts === undefined) return syntaxError;
  if (texts.length === 0) {
    return err(kind === "trust" ? "Missing required field Action" : "Policy statement must contain actions.");
  }
  for (const text of texts) {
    const problem = actionProblem(text);
    if (problem !== undefined) return err(problem);
    if (kind === "trust" && !/^sts:/i.test(text)) {
      return err("AssumeRole policy may only specify STS AssumeRole actions.");
    }
  }
  const listed = readPatterns(texts, { wildcards: true, variables: false, ignoreCase: true });
  return ok({ isNot: given["Action"] === undefined, listed });
}

function actionProblem(text: string): string | undefined {
  if (text === "*") return undefined;
  const [vendor = "", name, ...more] = text.split(":");
  if (name === undefined) {
    return "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
  }
  if (more.length > 0) return "Actions/Condition can contain only one colon.";
  if (vendor !== "*" && !/^[a-zA-Z0-9.-]+$/.test(vendor)) return `Vendor ${vendor} is not valid`;
  // A name with a blank would never match: a Deny of it would look like one and be none.
  return /^[\w*?-]+$/.test(name) ? undefined : "Syntax errors in policy.";
}

function readResources(
  given: JsonObject,
  kind: PolicyKind,
  variables: boolean,
): Result<Unless<Patterns> | undefined, string> {
  if (kind === "trust") {
    if (given["Resource"] !== undefined) return err("Has prohibited field Resource");
    if (given["NotResource"] !== undefined) return err("AssumeRole policy must not contain resources.");
    return ok(undefined);
  }
  const texts = textsOf(given, "Resource", "NotResource");
  if (texts === undefined) return syntaxError;
  if (texts.length === 0) return err("Policy statement must contain resources.");
  const notArn = texts.find((text) => text !== "*" && !text.startsWith("arn:"));
  // A resource's own policy need not spell out what it is about; its service judges that.
  if (notArn !== undefined && kind === "identity") {
    return err(`Resource ${notArn} must be in ARN format or "*".`);
  }
  const patterns = kind === "identity" ? texts.map(completeArn) : texts;
  const listed = readPatterns(patterns, { wildcards: true, variables });
  return ok({ isNot: given["Resource"] === undefined, listed });
}

/**
 * In an identity's policy `arn:aws:sqs` is `arn:aws:sqs:*:*:*`.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
 */
function completeArn(text: string): string {
  const missing = 6 - text.split(":").length;
  return text === "*" || missing <= 0 ? text : text + ":*".repeat(missing);
}

/**
 * The texts of an element or of its opposite: none if neither is there, undefined if both are or one is no text
 * or list of texts.
 */
function textsOf(given: JsonObject, name: string, opposite: string): readonly string[] | undefined {
  if (given[name] !== undefined && given[opposite] !== undefined) return undefined;
  const element = given[name] ?? given[opposite] ?? [];
  const texts: readonly unknown[] = Array.isArray(element) ? element : [element];
  return texts.every((text) => typeof text === "string") ? texts : undefined;
}
