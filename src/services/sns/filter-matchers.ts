import { isWithin, readIpAddress, readIpRange } from "../../auth/policy/ip-range.ts";
import { isJsonObject } from "../../lib/json.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { FilterValue } from "./filter-policy.ts";

/** Looks at the values of a key, of which one is enough; undefined if the message does not have the key. */
export type Matcher = (values: readonly FilterValue[] | undefined) => boolean;

/**
 * Reads one value of a key of a filter policy: a plain one, or an object with an operator.
 *
 * @returns what is wrong with it in SNS's words
 * @see https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html
 * @see https://docs.aws.amazon.com/sns/latest/dg/numeric-value-matching.html
 * @see https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html
 */
export function readMatcher(value: unknown): Result<Matcher, string> {
  if (isPlain(value)) return ok(ofOne(equalTo(value)));
  if (!isJsonObject(value)) return err("Match value must be String, number, true, false, or null");
  const [operator, ...others] = Object.entries(value);
  if (operator === undefined) return err("Empty match expressions are not allowed");
  if (others.length > 0) return err("Only one key allowed in match expression");
  const [name, operand] = operator;
  switch (name) {
    case "exists":
      if (typeof operand !== "boolean") {
        return err("exists match pattern must be either true or false.");
      }
      return ok((values) => (values !== undefined) === operand);
    case "anything-but":
      return readAnythingBut(operand);
    case "numeric":
      return readNumeric(operand);
    default: {
      const test = readTextTest(name, operand);
      return test === undefined ? err(`Unrecognized match type ${name}`) : mapped(test, ofOne);
    }
  }
}

/** Of one value alone. */
type Test = (value: FilterValue) => boolean;

function ofOne(test: Test): Matcher {
  return (values) => values?.some(test) ?? false;
}

function isPlain(value: unknown): value is FilterValue {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

function equalTo(expected: FilterValue): Test {
  if (typeof expected !== "number") return (value) => value === expected;
  const scaled = scale(expected);
  return (value) => typeof value === "number" && scale(value) === scaled;
}

/** SNS compares five digits behind the point. */
function scale(value: number): number {
  return Math.round(value * 100_000);
}

/** Undefined for an operator that there is not. */
function readTextTest(name: string, operand: unknown): Result<Test, string> | undefined {
  const makeTest = textTests.get(name);
  if (makeTest === undefined) return undefined;
  if (typeof operand !== "string") return err(`${name} match pattern must be a string`);
  const test = makeTest(operand);
  return test === undefined ? err(`Malformed ${name}: ${operand}`) : ok(ofText(test));
}

type TextTest = (value: string) => boolean;

function ofText(test: TextTest): Test {
  return (value) => typeof value === "string" && test(value);
}

/** By operator; undefined for an operand that it cannot have. */
const textTests = new Map<string, (operand: string) => TextTest | undefined>([
  ["prefix", (start) => (value) => value.startsWith(start)],
  ["suffix", (end) => (value) => value.endsWith(end)],
  ["equals-ignore-case", sameButCase],
  [
    "cidr",
    (text) => {
      const range = readIpRange(text);
      return range && ((value) => isInRange(value, range));
    },
  ],
]);

function sameButCase(text: string): TextTest {
  const lower = text.toLowerCase();
  return (value) => value.toLowerCase() === lower;
}

function isInRange(value: string, range: NonNullable<ReturnType<typeof readIpRange>>): boolean {
  const address = readIpAddress(value);
  return address !== undefined && isWithin(address, range);
}

/**
 * A value is none of these. Of a list one such value is enough, as SNS documents: `["rugby", "chess"]` is something
 * but rugby.
 */
function readAnythingBut(operand: unknown): Result<Matcher, string> {
  if (isJsonObject(operand)) return readAnythingButPattern(operand);
  const values: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  if (values.length === 0) return err("Empty arrays are not allowed");
  const excluded: Test[] = [];
  for (const value of values) {
    if (typeof value !== "string" && typeof value !== "number") {
      return err("Inside anything but list, start|null|boolean is not supported.");
    }
    excluded.push(equalTo(value));
  }
  return ok(ofOne((value) => !excluded.some((test) => test(value))));
}

function readAnythingButPattern(operand: Readonly<Record<string, unknown>>): Result<Matcher, string> {
  const [pattern, ...others] = Object.entries(operand);
  if (pattern === undefined || others.length > 0) return err("Only one key allowed in match expression");
  const [name, given] = pattern;
  if (name !== "prefix" && name !== "suffix") return err(`Unsupported anything-but pattern: ${name}`);
  const texts: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (texts.length === 0) return err("Empty arrays are not allowed");
  const excluded: Test[] = [];
  for (const text of texts) {
    const test = readTextTest(name, text);
    if (test === undefined || !test.ok) return test ?? err(`Unsupported anything-but pattern: ${name}`);
    excluded.push(test.value);
  }
  return ok(ofOne((value) => !excluded.some((test) => test(value))));
}

const comparisons = new Map<string, (value: number, bound: number) => boolean>([
  ["=", (value, bound) => value === bound],
  ["<", (value, bound) => value < bound],
  ["<=", (value, bound) => value <= bound],
  [">", (value, bound) => value > bound],
  [">=", (value, bound) => value >= bound],
]);

/** `["=", 1]`, `["<", 1]`, or both ends of a range, the lower one first: `[">", 0, "<=", 100]`. */
function readNumeric(operand: unknown): Result<Matcher, string> {
  if (!Array.isArray(operand)) return err("Value of numeric must be an array.");
  const [first, bound, second, top, ...more]: readonly unknown[] = operand;
  if (typeof first !== "string") return err(`Invalid member in numeric match: ${first ?? "]"}`);
  const compare = comparisons.get(first);
  if (compare === undefined) return err(`Unrecognized numeric range operator: ${first}`);
  if (!isBound(bound)) return err(`Value of ${first === "=" ? "equals" : first} must be numeric`);
  if (operand.length === 2) return ok(ofNumbers((value) => compare(value, scale(bound))));

  if (!first.startsWith(">")) return err("Too many elements in numeric expression");
  if (typeof second !== "string") return err(`Bad value in numeric range: ${second}`);
  const compareTop = second.startsWith("<") ? comparisons.get(second) : undefined;
  if (compareTop === undefined) return err(`Bad numeric range operator: ${second}`);
  if (!isBound(top)) return err(`Value of ${second} must be numeric`);
  if (more.length > 0) return err("Too many terms in numeric range expression");
  if (bound >= top) return err("Bottom must be less than top");
  return ok(ofNumbers((value) => compare(value, scale(bound)) && compareTop(value, scale(top))));
}

function isBound(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= LARGEST;
}

/** SNS's own bound of the numbers in a filter policy. */
const LARGEST = 1e9;

function ofNumbers(test: (scaled: number) => boolean): Matcher {
  return ofOne((value) => typeof value === "number" && test(scale(value)));
}

function mapped<T, U>(result: Result<T, string>, map: (value: T) => U): Result<U, string> {
  return result.ok ? ok(map(result.value)) : result;
}
