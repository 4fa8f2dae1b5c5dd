import type { ServiceError } from "../../queue/errors.ts";
import { brokenText, violationsText } from "../constraint-text.ts";
import { stsError } from "./errors.ts";

/** What a member must be like, checked before anything is looked up. */

/** Problems of all members together; undefined if there are none. */
export function validationError(problems: readonly string[]): ServiceError | undefined {
  return problems.length === 0 ? undefined : stsError("ValidationError", violationsText(problems));
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
  if (length > max) problems.push(`have length less than or equal to ${max}`);
  if (length < min) problems.push(`have length greater than or equal to ${min}`);
  if (pattern && !matchesWhole(pattern, value)) {
    problems.push(`satisfy regular expression pattern: ${shown}`);
  }
  return problems.map((problem) => brokenText(at, value, problem));
}

export function numberProblems(
  at: string,
  value: number | undefined,
  { min, max }: { readonly min: number; readonly max: number },
): string[] {
  if (value === undefined) return [];
  if (value > max) return [brokenText(at, value, `have value less than or equal to ${max}`)];
  if (value < min) return [brokenText(at, value, `have value greater than or equal to ${min}`)];
  return [];
}

export function listProblems(at: string, list: readonly unknown[] | undefined, max: number): string[] {
  return list !== undefined && list.length > max
    ? [brokenText(at, `[${list.length} elements]`, `have length less than or equal to ${max}`)]
    : [];
}

function matchesWhole(pattern: RegExp, value: string): boolean {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags).test(value);
}
