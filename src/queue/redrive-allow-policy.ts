import { parseJsonObject } from "../lib/json.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { invalidParameter, type SqsError, sqsError } from "./errors.ts";
import { limits } from "./limits.ts";
import { parseQueueArn } from "./queue-arn.ts";

/** Which queues may name this one as their dead-letter queue. */
export interface RedriveAllowPolicy {
  readonly permission: "allowAll" | "denyAll" | "byQueue";
  /** ARNs, as the client wrote them. */
  readonly sources: readonly string[];
}

/**
 * Reads the RedriveAllowPolicy attribute.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
 */
export function parseRedriveAllowPolicy(text: string): Result<RedriveAllowPolicy, SqsError> {
  const policy = text.length <= limits.policyBytes ? parseJsonObject(text) : undefined;
  if (policy === undefined || Object.keys(policy).some((key) => !fields.has(key))) return err(unsupported);
  const permission = policy["redrivePermission"];
  const sources = policy["sourceQueueArns"] ?? [];
  if (!isPermission(permission) || !isArnList(sources)) return err(unsupported);
  if (permission === "byQueue") {
    if (sources.length === 0) {
      return refuse(
        text,
        "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values.",
      );
    }
    if (sources.length > limits.redriveAllowSources) {
      return refuse(text, "The maximum number of source queue ARNs you can specify is 10.");
    }
  } else if (sources.length > 0) {
    return refuse(
      text,
      "To specify one or more source queue ARNs, you must set redrivePermission to byQueue.",
    );
  }
  return ok({ permission, sources });
}

/** @param text a valid policy; a queue without one allows every source */
export function allowsSource(text: string | undefined, sourceArn: string): boolean {
  if (text === undefined) return true;
  const policy = parseRedriveAllowPolicy(text);
  if (!policy.ok || policy.value.permission === "denyAll") return false;
  return policy.value.permission === "allowAll" || policy.value.sources.includes(sourceArn);
}

const fields = new Set(["redrivePermission", "sourceQueueArns"]);

/** SQS's own text, whose second apostrophe is a typographic one. */
const unsupported = sqsError(
  "InvalidAttributeValue",
  "Invalid value for the parameter RedriveAllowPolicy. Reason: Amazon SQS can't create the redrive allow policy, as it’s in an unsupported format.",
);

function isPermission(value: unknown): value is RedriveAllowPolicy["permission"] {
  return value === "allowAll" || value === "denyAll" || value === "byQueue";
}

function isArnList(value: unknown): value is string[] {
  return (
    Array.isArray(value) && value.every((arn) => typeof arn === "string" && parseQueueArn(arn) !== undefined)
  );
}

function refuse(text: string, reason: string): Result<never, SqsError> {
  return err(
    invalidParameter(
      `Value ${text} for parameter RedriveAllowPolicy is invalid. Reason: Amazon SQS can't create the redrive allow policy. ${reason}`,
    ),
  );
}
