import type { ServiceError } from "../../queue/errors.ts";
import { stsError } from "./errors.ts";

/** What a member must be like, checked before anything is looked up, and told in the words of AWS's framework. */

/** Problems of all members together; undefined if there are none. */
export function validationError(problems: readonly string[]): ServiceError | undefined {
  if (problems.length === 0) return undefined;
  const found = problems.length === 1 ? "1 validation error" : `${problems.length} validation errors`;
  return stsError("ValidationError", `${found} detected: ${problems.join("; ")}`);
}

/** @param at as the framework names members: `roleArn`, `tags.1.member.key` */
export function missing(at: string): string {
  return `Value null at '${at}' failed to satisfy constraint: Member must not be null`;
}

export interface TextRule {
  readonly min?: number;
  readonly max?: number;
  /** Of the whole text. */
  readonly pattern?: RegExp;
  /** How the client is shown the pattern, where that is not its source. */
  readonly shown?: string;
}

/** None for a member that is absent. */
export function textProblems(at: string, value: string | undefined, rule: TextRule): string[] {
  if (value === undefined) return [];
  const { min = 0, max = Number.POSITIVE_INFINITY, pattern, shown = pattern?.source } = rule;
  // The framework counts code points.
  const length = Array.from(value).length;
  const problems: string[] = [];
  if (length > max) problems.push(`Member must have length less than or equal to ${max}`);
  if (length < min) problems.push(`Member must have length greater than or equal to ${min}`);
  if (pattern && !matchesWhole(pattern, value)) {
    problems.push(`Member must satisfy regular expression pattern: ${shown}`);
  }
  return problems.map((problem) => failed(value, at, problem));
}

export function numberProblems(
  at: string,
  value: number | undefined,
  { min, max }: { readonly min: number; readonly max: number },
): string[] {
  if (value === undefined) return [];
  if (value > max) return [failed(value, at, `Member must have value less than or equal to ${max}`)];
  if (value < min) return [failed(value, at, `Member must have value greater than or equal to ${min}`)];
  return [];
}

export function listProblems(at: string, list: readonly unknown[] | undefined, max: number): string[] {
  return list !== undefined && list.length > max
    ? [failed(`[${list.length} elements]`, at, `Member must have length less than or equal to ${max}`)]
    : [];
}

function failed(value: string | number, at: string, problem: string): string {
  return `Value '${value}' at '${at}' failed to satisfy constraint: ${problem}`;
}

function matchesWhole(pattern: RegExp, value: string): boolean {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags).test(value);
}
