import { utf8Length } from "../lib/bytes.ts";
import { isJsonObject, type JsonObject, parseJsonObject } from "../lib/json.ts";
import { type SqsError, sqsError } from "./errors.ts";
import { limits } from "./limits.ts";
import { queueArn } from "./queue-arn.ts";
import { isAccountId } from "./queue-url.ts";
import type { QueueId } from "./settings.ts";
import { matchesWildcard } from "./wildcard.ts";

/**
 * What SQS has against a Policy attribute, as far as its text alone tells: its grammar, and whether it is
 * about this queue and grants only what can be granted. Whether a principal exists is not looked up.
 *
 * A statement that could never apply is refused and not merely ignored: a misspelled `Conditions` would
 * otherwise open the queue to everyone.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export function policyProblem(text: string, queue: QueueId): SqsError | undefined {
  const document = utf8Length(text) <= limits.policyBytes ? parseJsonObject(text) : undefined;
  if (document === undefined || !hasOnly(document, documentKeys)) return invalidPolicy;
  const { Version: version, Id: id, Statement: statement } = document;
  if (version !== undefined && version !== "2012-10-17" && version !== "2008-10-17") return invalidPolicy;
  if (id !== undefined && typeof id !== "string") return invalidPolicy;
  const statements: readonly unknown[] = Array.isArray(statement) ? statement : [statement];
  if (statements.length === 0) return invalidPolicy;
  if (statements.length > limits.policyStatements) {
    return tooMany(statements.length, "statements", limits.policyStatements);
  }
  for (const each of statements) {
    const problem = statementProblem(each, queue);
    if (problem) return problem;
  }
  return undefined;
}

/** Whom a policy that has no problem names as AWS principals, each once. */
export function awsPrincipals(text: string): readonly string[] {
  const statement = parseJsonObject(text)?.["Statement"];
  const statements: readonly unknown[] = Array.isArray(statement) ? statement : [statement];
  const named = statements.filter(isJsonObject).flatMap((each) => {
    const principal = oneOf(each, "Principal", "NotPrincipal");
    return (isJsonObject(principal) ? textsOf(principal["AWS"]) : undefined) ?? [];
  });
  return [...new Set(named)];
}

/** What a queue policy can allow to other accounts. Batch calls are judged by the single action. */
export const grantableActions: readonly string[] = [
  "SendMessage",
  "ReceiveMessage",
  "DeleteMessage",
  "ChangeMessageVisibility",
  "GetQueueAttributes",
  "GetQueueUrl",
  "ListDeadLetterSourceQueues",
  "PurgeQueue",
];

/** What only identities of the queue's own account can be allowed. */
export const ownerOnlyActions: readonly string[] = [
  "AddPermission",
  "CancelMessageMoveTask",
  "CreateQueue",
  "DeleteQueue",
  "ListMessageMoveTasks",
  "ListQueues",
  "ListQueueTags",
  "RemovePermission",
  "SetQueueAttributes",
  "StartMessageMoveTask",
  "TagQueue",
  "UntagQueue",
];

export const invalidPolicy = sqsError("InvalidAttributeValue", "Invalid value for the parameter Policy.");

const documentKeys = new Set(["Version", "Id", "Statement"]);
const statementKeys = new Set([
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
const grantable = new Set(grantableActions.map((action) => action.toLowerCase()));
const ownerOnly = new Set(ownerOnlyActions.map((action) => action.toLowerCase()));

function statementProblem(value: unknown, queue: QueueId): SqsError | undefined {
  if (!isJsonObject(value) || !isStatement(value, queue)) return invalidPolicy;
  const { policyActions, policyPrincipals, policyConditions } = limits;
  const actions = textsOf(oneOf(value, "Action", "NotAction"))?.length ?? 0;
  if (actions > policyActions) return tooMany(actions, "actions", policyActions);
  const principals = principalsOf(oneOf(value, "Principal", "NotPrincipal"))?.length ?? 0;
  if (principals > policyPrincipals) return tooMany(principals, "principals", policyPrincipals);
  const conditions = Object.values(value["Condition"] ?? {}).flatMap(Object.keys).length;
  return conditions > policyConditions ? tooMany(conditions, "conditions", policyConditions) : undefined;
}

function tooMany(count: number, what: string, max: number): SqsError {
  return sqsError("OverLimit", `${count} ${what} were found in the submitted policy, max allowed is ${max}`);
}

function isStatement(value: JsonObject, queue: QueueId): boolean {
  if (!hasOnly(value, statementKeys)) return false;
  const { Sid: sid, Effect: effect, Condition: condition } = value;
  if (sid !== undefined && typeof sid !== "string") return false;
  if (effect !== "Allow" && effect !== "Deny") return false;
  const principals = principalsOf(oneOf(value, "Principal", "NotPrincipal"));
  const actions = textsOf(oneOf(value, "Action", "NotAction"))?.map(actionOf);
  const resources = textsOf(oneOf(value, "Resource", "NotResource"));
  if (principals === undefined || actions === undefined || resources === undefined) return false;
  if (actions.includes(undefined)) return false;
  if (value["Resource"] !== undefined) {
    const arn = queueArn(queue);
    if (!resources.every((pattern) => matchesWildcard(pattern, arn))) return false;
  }
  // Naming an owner's action to a stranger is refused; `sqs:*` is taken, and covers what can be granted.
  const grants = effect === "Allow" && value["Principal"] !== undefined && value["Action"] !== undefined;
  if (grants && actions.some((action) => ownerOnly.has(action ?? ""))) {
    if (principals.some((principal) => isForeign(principal, queue.account))) return false;
  }
  return condition === undefined || isCondition(condition);
}

/** The one of two elements that exclude each other; undefined if neither or both are there. */
function oneOf(statement: JsonObject, positive: string, negative: string): unknown {
  const [is, isNot] = [statement[positive], statement[negative]];
  return is === undefined ? isNot : isNot === undefined ? is : undefined;
}

/** A text or a list of texts as a list; undefined if it is neither, or empty. */
function textsOf(value: unknown): readonly string[] | undefined {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (texts.length === 0) return undefined;
  return texts.every((text) => typeof text === "string") ? texts : undefined;
}

/** All principals of every kind, those of AWS checked for form; undefined if any is malformed. */
function principalsOf(value: unknown): readonly string[] | undefined {
  if (value === "*") return ["*"];
  if (!isJsonObject(value)) return undefined;
  const principals: string[] = [];
  for (const [kind, given] of Object.entries(value)) {
    const texts = textsOf(given);
    if (texts === undefined || !principalKinds.has(kind)) return undefined;
    if (kind === "AWS" && !texts.every(isAwsPrincipal)) return undefined;
    principals.push(...texts);
  }
  return principals.length === 0 ? undefined : principals;
}

const principalKinds = new Set(["AWS", "Service", "Federated"]);

/** Wildcards are everything or nothing: within an ARN they are not allowed. */
function isAwsPrincipal(text: string): boolean {
  return text === "*" || isAccountId(text) || principalArn.test(text) || uniqueId.test(text);
}

const principalArn =
  /^arn:aws[a-z-]*:(?:iam::\d{12}:(?:root|(?:user|role)\/[\w+=,.@/-]+)|sts::\d{12}:(?:assumed-role\/[\w+=,.@-]+|federated-user)\/[\w+=,.@-]+)$/;

/** What the ARN of a deleted user or role turns into. */
const uniqueId = /^A(?:IDA|ROA|GPA|NPA)[A-Z0-9]{12,124}$/;

/** Principals whose account their text does not tell, services among them, are never foreign. */
function isForeign(principal: string, account: string): boolean {
  const named = isAccountId(principal) ? principal : /^arn:[^:]+:(?:iam|sts)::(\d{12}):/.exec(principal)?.[1];
  return named !== undefined && named !== account;
}

/** The name without its vendor, lower-cased; undefined if no action of SQS can be meant. */
function actionOf(text: string): string | undefined {
  if (text === "*") return text;
  const name = /^sqs:([a-z*?]+)$/i.exec(text)?.[1]?.toLowerCase();
  if (name === undefined || name.includes("*") || name.includes("?")) return name;
  return grantable.has(name) || ownerOnly.has(name) ? name : undefined;
}

function isCondition(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  return Object.entries(value).every(
    ([operator, keys]) =>
      conditionOperator.test(operator) && isJsonObject(keys) && Object.values(keys).every(isConditionValue),
  );
}

function isConditionValue(value: unknown): boolean {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.every((each) => ["string", "number", "boolean"].includes(typeof each));
}

const conditionOperator =
  /^(?:(?:ForAllValues:|ForAnyValue:)?(?:String(?:Not)?(?:Equals|EqualsIgnoreCase|Like)|(?:Numeric|Date)(?:Equals|NotEquals|LessThan|LessThanEquals|GreaterThan|GreaterThanEquals)|Bool|BinaryEquals|(?:Not)?IpAddress|Arn(?:Not)?(?:Equals|Like))(?:IfExists)?|Null)$/;

function hasOnly(object: JsonObject, keys: ReadonlySet<string>): boolean {
  return Object.keys(object).every((key) => keys.has(key));
}
