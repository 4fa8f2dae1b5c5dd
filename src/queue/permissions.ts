import { isJsonObject, type JsonObject, parseJsonObject } from "../lib/json.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { invalidParameter, missingParameter, type SqsError, sqsError } from "./errors.ts";
import { limits } from "./limits.ts";
import { grantableActions, ownerOnlyActions, policyProblem } from "./policy-document.ts";
import { queueArn } from "./queue-arn.ts";
import { isAccountId } from "./queue-url.ts";
import type { QueueId } from "./settings.ts";

/** A grant as AddPermission names it. */
export interface Grant {
  readonly label: string;
  readonly accounts: readonly string[];
  /** Without a prefix; `*` is everything that can be granted. */
  readonly actions: readonly string[];
}

/**
 * What SQS has against a grant by itself.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html
 */
export function grantProblem({ label, accounts, actions }: Grant): SqsError | undefined {
  const badLabel = labelProblem(label);
  if (badLabel) return badLabel;
  if (accounts.length === 0) return missingParameter("PrincipalId");
  if (actions.length === 0) return missingParameter("ActionName");
  const stranger = accounts.find((account) => !isAccountId(account));
  if (stranger !== undefined) {
    return invalidParameter(
      `Value [${stranger}] for parameter PrincipalId is invalid. Reason: Unable to verify principal.`,
    );
  }
  for (const action of actions) {
    const problem = actionProblem(action);
    if (problem) return problem;
  }
  if (actions.length <= limits.policyActions) return undefined;
  return sqsError(
    "OverLimit",
    `${actions.length} Actions were found, maximum allowed is ${limits.policyActions}.`,
  );
}

/**
 * A queue's policy with one more statement.
 *
 * @param policy as it is; undefined: the queue has none, and gets SQS's default frame
 */
export function withGrant(
  policy: string | undefined,
  grant: Grant,
  queue: QueueId,
): Result<string, SqsError> {
  const arn = queueArn(queue);
  const document =
    policy === undefined ? { Version: "2008-10-17", Id: `${arn}/SQSDefaultPolicy` } : read(policy);
  const statements = statementsOf(document);
  if (statements.some(({ Sid }) => Sid === grant.label)) {
    return err(invalidLabel(grant.label, "Already exists."));
  }
  const count = statements.length + 1;
  if (count > limits.policyStatements) {
    return err(
      sqsError("OverLimit", `${count} Statements were found, maximum allowed is ${limits.policyStatements}.`),
    );
  }
  const statement = {
    Sid: grant.label,
    Effect: "Allow",
    Principal: { AWS: oneOrAll(grant.accounts.map((account) => `arn:aws:iam::${account}:root`)) },
    Action: oneOrAll(grant.actions.map((action) => `SQS:${action}`)),
    Resource: arn,
  };
  const next = JSON.stringify({ ...document, Statement: [...statements, statement] });
  const problem = policyProblem(next, queue);
  return problem ? err(problem) : ok(next);
}

/** A queue's policy without the statements of a label; undefined if none is left. */
export function withoutGrant(
  policy: string | undefined,
  label: string,
): Result<string | undefined, SqsError> {
  const document = policy === undefined ? {} : read(policy);
  const statements = statementsOf(document);
  const rest = statements.filter(({ Sid }) => Sid !== label);
  if (rest.length === statements.length) return err(invalidLabel(label, "can't find label."));
  return ok(rest.length === 0 ? undefined : JSON.stringify({ ...document, Statement: rest }));
}

function labelProblem(label: string): SqsError | undefined {
  return /^[\w-]{1,80}$/.test(label)
    ? undefined
    : invalidLabel(
        label,
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
      );
}

/** What a queue has was checked when it was set. */
function read(policy: string): JsonObject {
  return parseJsonObject(policy) ?? {};
}

function statementsOf({ Statement: statement }: JsonObject): readonly JsonObject[] {
  const statements: readonly unknown[] = Array.isArray(statement) ? statement : [statement];
  return statements.filter(isJsonObject);
}

function actionProblem(action: string): SqsError | undefined {
  if (action === "*" || grantableActions.includes(action)) return undefined;
  const reason = ownerOnlyActions.includes(action)
    ? "Only the queue owner is allowed to invoke this action."
    : "Please refer to the appropriate WSDL for a list of valid actions.";
  return invalidParameter(`Value SQS:${action} for parameter ActionName is invalid. Reason: ${reason}`);
}

function invalidLabel(label: string, reason: string): SqsError {
  return invalidParameter(`Value ${label} for parameter Label is invalid. Reason: ${reason}`);
}

/** SQS writes one as a text and several as a list. */
function oneOrAll(texts: readonly string[]): string | readonly string[] {
  const [only] = texts;
  return texts.length === 1 && only !== undefined ? only : texts;
}
