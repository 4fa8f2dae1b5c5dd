import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { brokenText } from "../constraint-text.ts";
import { constraintError, iamErrors } from "./errors.ts";

/** What IAM asks of a value by itself. */
export interface Constraint {
  /** Of a text its length, of a number itself. */
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
  /** How a value that does not fit the pattern is refused: in IAM's own words, or in those of its framework. */
  readonly says?: string | { readonly pattern: string };
  readonly oneOf?: readonly string[];
}

/** A member as error texts name it, its value, and what is asked of it. What is absent is not checked. */
export type Check = readonly [member: string, value: string | number | undefined, constraint: Constraint];

/** All that breaks a bound is told at once; only then a text that has other characters than it may. */
export function violated(checks: readonly Check[]): ServiceError | undefined {
  const violations = checks.flatMap(violationsOf);
  if (violations.length > 0) return constraintError(violations);
  for (const [member, value, { pattern, says }] of checks) {
    if (typeof value !== "string" || typeof says !== "string" || pattern === undefined) continue;
    if (!pattern.test(value)) {
      return iamErrors.validation(`The specified value for ${member} is invalid. ${says}`);
    }
  }
  return undefined;
}

function violationsOf([member, value, constraint]: Check): string[] {
  if (value === undefined) return [];
  const { min, max, pattern, says, oneOf } = constraint;
  const broken: string[] = [];
  const size = typeof value === "string" ? value.length : value;
  const what = typeof value === "string" ? "length" : "value";
  if (pattern !== undefined && typeof says === "object" && !pattern.test(String(value))) {
    broken.push(`satisfy regular expression pattern: ${says.pattern}`);
  }
  if (oneOf !== undefined && !oneOf.includes(String(value))) {
    broken.push(`satisfy enum value set: [${oneOf.join(", ")}]`);
  }
  if (min !== undefined && size < min) broken.push(`have ${what} greater than or equal to ${min}`);
  if (max !== undefined && size > max) broken.push(`have ${what} less than or equal to ${max}`);
  return broken.map((each) => brokenText(member, value, each));
}

const nameText = {
  pattern: /^[\w+=,.@-]+$/,
  says: "It must contain only alphanumeric characters and/or the following: +=,.@_-",
} as const;

/** By the API's reference, each on the pages of the actions that take it. */
export const constraints = {
  /** Of users and roles. */
  name: { min: 1, max: limits.iamNameLength, ...nameText },
  policyName: { min: 1, max: limits.policyNameLength, ...nameText },
  path: {
    min: 1,
    max: limits.iamPathLength,
    pattern: /^\/(?:[!-~]+\/)?$/,
    says: "It must begin and end with / and contain only alphanumeric characters and/or / characters.",
  },
  pathPrefix: {
    min: 1,
    max: limits.iamPathLength,
    pattern: /^\/[!-\x7f]*$/,
    says: "It must begin with / and contain only alphanumeric characters and/or / characters.",
  },
  /** Of managed policies, as a prefix too: it ends where a name begins. */
  policyPath: {
    min: 1,
    max: limits.iamPathLength,
    pattern: /^(?:\/[\w.,+@=-]+)*\/$/,
    says: "It must begin and end with / and contain only alphanumeric characters and/or / characters.",
  },
  description: {
    max: limits.iamDescriptionLength,
    pattern: /^[\t\n\r\x20-\x7e\xa1-\xff]*$/,
    says: { pattern: "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*" },
  },
  document: {
    min: 1,
    max: limits.policyDocumentLength,
    pattern: /^[\t\n\r\x20-\xff]*$/,
    says: { pattern: "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+" },
  },
  policyArn: limits.policyArnLength,
  versionId: { pattern: /^v[1-9]\d*(?:\.[\w-]*)?$/, says: { pattern: "v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?" } },
  accessKeyId: { min: 16, max: 128, pattern: /^\w+$/, says: { pattern: "[\\w]+" } },
  keyStatus: { oneOf: ["Active", "Inactive"] },
  maxSession: { min: limits.maxSessionSeconds.min, max: limits.maxSessionSeconds.max },
  maxItems: { min: limits.iamPage.min, max: limits.iamPage.max },
  scope: { oneOf: ["All", "AWS", "Local"] },
  usage: { oneOf: ["PermissionsPolicy", "PermissionsBoundary"] },
  entityFilter: { oneOf: ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"] },
  tagKey: {
    min: 1,
    max: limits.tagKeyLength,
    pattern: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u,
    says: { pattern: "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+" },
  },
  tagValue: {
    max: limits.tagValueLength,
    pattern: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u,
    says: { pattern: "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*" },
  },
} as const satisfies Readonly<Record<string, Constraint>>;
