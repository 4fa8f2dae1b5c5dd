import { parsePolicy } from "../../auth/policy/document.ts";
import type { Topic, TopicId } from "../../catalog/topic-rows.ts";
import { utf8Length } from "../../lib/bytes.ts";
import { isJsonObject, type JsonObject, parseJsonObject } from "../../lib/json.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { isAccountId } from "../../queue/queue-url.ts";
import { invalidParameter } from "./errors.ts";
import { topicArn } from "./topic-arn.ts";

/** The policy that holds for a topic: what was set, else SNS's default. */
export function effectivePolicy(topic: Topic): string {
  return topic.attributes["Policy"] ?? defaultPolicy(topic);
}

/**
 * The topic's account may use it, and hand that on to its users and roles by their own policies.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
 */
export function defaultPolicy(topic: TopicId): string {
  return JSON.stringify({
    Version: "2008-10-17",
    Id: "__default_policy_ID",
    Statement: [
      {
        Sid: "__default_statement_ID",
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: grantable.map((name) => `SNS:${name}`),
        Resource: topicArn(topic),
        Condition: { StringEquals: { "AWS:SourceOwner": topic.account } },
      },
    ],
  });
}

/** What SNS has against a topic's policy, as far as its text tells. */
export function policyProblem(text: string): ServiceError | undefined {
  if (utf8Length(text) > limits.snsPolicyBytes) return invalidPolicy("Policy is too large");
  const policy = parsePolicy(text, "resource");
  if (!policy.ok) return invalidPolicy(policy.error);
  const actions = statementsOf(text).flatMap(({ Action, NotAction }) => [Action, NotAction].flat());
  return actions.every(isOfSns) ? undefined : outOfScope;
}

/** A grant as AddPermission names it. */
export interface Grant {
  readonly label: string;
  readonly accounts: readonly string[];
  /** Without a prefix. */
  readonly actions: readonly string[];
}

/** A topic's policy with one more statement. */
export function withGrant(topic: Topic, { label, accounts, actions }: Grant): Result<string, ServiceError> {
  if (label === "") return err(invalidParameter("Label"));
  if (accounts.length === 0 || !accounts.every(isAccountId)) return err(invalidParameter("AWSAccountId"));
  if (actions.length === 0) return err(invalidParameter("ActionName"));
  if (!actions.every((action) => grantable.includes(action))) return err(outOfScope);
  const text = effectivePolicy(topic);
  const statements = statementsOf(text);
  if (statements.some(({ Sid }) => Sid === label)) {
    return err(invalidParameter("Statement already exists"));
  }
  const statement = {
    Sid: label,
    Effect: "Allow",
    Principal: { AWS: oneOrAll(accounts.map((account) => `arn:aws:iam::${account}:root`)) },
    Action: oneOrAll(actions.map((action) => `SNS:${action}`)),
    Resource: topicArn(topic),
  };
  const next = JSON.stringify({ ...parseJsonObject(text), Statement: [...statements, statement] });
  const problem = policyProblem(next);
  return problem ? err(problem) : ok(next);
}

/** A topic's policy without the statements of a label; unchanged if it has none of it. */
export function withoutGrant(topic: Topic, label: string): Result<string, ServiceError> {
  const text = effectivePolicy(topic);
  const statements = statementsOf(text);
  const rest = statements.filter(({ Sid }) => Sid !== label);
  if (rest.length === statements.length) return ok(text);
  if (rest.length === 0) return err(invalidPolicy("A policy must have a statement"));
  return ok(JSON.stringify({ ...parseJsonObject(text), Statement: rest }));
}

/** What a policy of a topic can allow. */
const grantable: readonly string[] = [
  "GetTopicAttributes",
  "SetTopicAttributes",
  "AddPermission",
  "RemovePermission",
  "DeleteTopic",
  "Subscribe",
  "ListSubscriptionsByTopic",
  "Publish",
];

const outOfScope = invalidParameter("Policy statement action out of service scope!");

function invalidPolicy(why: string): ServiceError {
  return invalidParameter(`Policy Error: ${why}`);
}

function isOfSns(action: unknown): boolean {
  return action === undefined || action === "*" || (typeof action === "string" && /^sns:/i.test(action));
}

function statementsOf(text: string): readonly JsonObject[] {
  const statement = parseJsonObject(text)?.["Statement"];
  const statements: readonly unknown[] = Array.isArray(statement) ? statement : [statement];
  return statements.filter(isJsonObject);
}

/** SNS writes one as a text and several as a list. */
function oneOrAll(texts: readonly string[]): string | readonly string[] {
  const [only] = texts;
  return texts.length === 1 && only !== undefined ? only : texts;
}
