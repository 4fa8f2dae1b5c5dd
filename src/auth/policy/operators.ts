import { matchesArn, readArnPattern } from "./arn-pattern.ts";
import { readInstant } from "./instant.ts";
import { isWithin, readIpAddress, readIpRange } from "./ip-range.ts";
import { matchesAny, readPatterns } from "./pattern.ts";
import type { ConditionContext } from "./question.ts";

/** What stands before the keys of a condition, without `IfExists` and `ForAnyValue:`. */
export interface Operator {
  /** `NotEquals` and its like ask whether no value is met. */
  readonly negated: boolean;
  /** Its values may hold `${…}`. */
  readonly takesVariables: boolean;
  /** @returns undefined if one of the policy's values is none of this operator's type */
  readonly read: (wanted: readonly string[], variables: boolean) => Comparison | undefined;
}

/**
 * Whether a value of the request is what one of the policy's values wants.
 *
 * @returns undefined if that cannot be told: a value that is no number where numbers are compared
 */
export type Comparison = (value: string, context: ConditionContext) => boolean | undefined;

/**
 * Every operator by its name, except `Null`, which compares no values.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export function operatorOf(name: string): Operator | undefined {
  return operators.get(name);
}

const operators: ReadonlyMap<string, Operator> = new Map([
  ...withNegation("StringEquals", "StringNotEquals", texts({ wildcards: false, ignoreCase: false })),
  ...withNegation(
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    texts({ wildcards: false, ignoreCase: true }),
  ),
  ...withNegation("StringLike", "StringNotLike", texts({ wildcards: true, ignoreCase: false })),
  ...ordered("Numeric", readNumber),
  ...ordered("Date", readInstant),
  ["Bool", plain(values(readBoolean, readBoolean, equals))],
  ["BinaryEquals", plain(values(readText, readText, equals))],
  ...withNegation("IpAddress", "NotIpAddress", plain(values(readIpAddress, readIpRange, isWithin))),
  // AWS lets ArnEquals take wildcards too.
  ...withNegation("ArnEquals", "ArnNotEquals", arns()),
  ...withNegation("ArnLike", "ArnNotLike", arns()),
]);

function withNegation(name: string, negatedName: string, operator: Operator): [string, Operator][] {
  return [
    [name, operator],
    [negatedName, { ...operator, negated: true }],
  ];
}

function ordered(family: string, read: (text: string) => number | undefined): [string, Operator][] {
  const compared = (holds: (given: number, wanted: number) => boolean) => plain(values(read, read, holds));
  return [
    ...withNegation(`${family}Equals`, `${family}NotEquals`, compared(equals)),
    [`${family}LessThan`, compared((given, wanted) => given < wanted)],
    [`${family}LessThanEquals`, compared((given, wanted) => given <= wanted)],
    [`${family}GreaterThan`, compared((given, wanted) => given > wanted)],
    [`${family}GreaterThanEquals`, compared((given, wanted) => given >= wanted)],
  ];
}

function plain(read: Operator["read"]): Operator {
  return { negated: false, takesVariables: false, read };
}

function values<Given, Wanted>(
  readGiven: (text: string) => Given | undefined,
  readWanted: (text: string) => Wanted | undefined,
  holds: (given: Given, wanted: Wanted) => boolean,
): Operator["read"] {
  return (texts) => {
    const wanted = texts.map(readWanted).filter((value) => value !== undefined);
    if (wanted.length < texts.length) return undefined;
    return (text) => {
      const given = readGiven(text);
      return given === undefined ? undefined : wanted.some((each) => holds(given, each));
    };
  };
}

function texts(spelling: { readonly wildcards: boolean; readonly ignoreCase: boolean }): Operator {
  return {
    negated: false,
    takesVariables: true,
    read: (wanted, variables) => {
      const patterns = readPatterns(wanted, { ...spelling, variables });
      return (value, context) =>
        matchesAny(patterns, spelling.ignoreCase ? value.toLowerCase() : value, context);
    },
  };
}

/** A pattern that can be no ARN leaves open what it wants, but does not keep the others from matching. */
function arns(): Operator {
  return {
    negated: false,
    takesVariables: true,
    read: (wanted, variables) => {
      const patterns = wanted.map((text) => readArnPattern(text, variables));
      return (value, context) => {
        const found = patterns.map((pattern) => pattern && matchesArn(pattern, value, context));
        return found.includes(true) || (found.includes(undefined) ? undefined : false);
      };
    },
  };
}

function readText(text: string): string {
  return text;
}

function readNumber(text: string): number | undefined {
  return /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : undefined;
}

function readBoolean(text: string): boolean | undefined {
  return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : undefined;
}

function equals<T>(given: T, wanted: T): boolean {
  return given === wanted;
}
