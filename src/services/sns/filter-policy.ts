import { utf8Length } from "../../lib/bytes.ts";
import { isJsonObject, type JsonObject, parseJsonObject } from "../../lib/json.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { type Matcher, readMatcher } from "./filter-matchers.ts";

/**
 * A filter policy as it was read: what a message must be like to be delivered.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
 */
export type FilterRule =
  /** One of the values of a key. */
  | { readonly kind: "key"; readonly path: readonly string[]; readonly anyOf: readonly Matcher[] }
  /** An object within the message, or one of a list of them. */
  | { readonly kind: "within"; readonly path: readonly string[]; readonly rule: FilterRule }
  | { readonly kind: "all"; readonly rules: readonly FilterRule[] }
  | { readonly kind: "any"; readonly rules: readonly FilterRule[] };

export interface FilterPolicy {
  readonly rule: FilterRule;
  /** It looks into objects, as only the scope `MessageBody` may. */
  readonly nested: boolean;
}

/**
 * Reads a filter policy.
 *
 * @returns what SNS has against it, as it goes on behind `FilterPolicy: `
 */
export function parseFilterPolicy(text: string): Result<FilterPolicy, string> {
  if (utf8Length(text) > limits.snsFilterPolicyBytes) return err("Filter policy is too large");
  const json = parseJsonObject(text);
  if (json === undefined) return err("failed to parse JSON.");
  const read = readRules(json, 1);
  if (!read.ok) return read;
  const { rule, keys, combinations, nested } = read.value;
  if (keys > limits.snsFilterKeys) {
    return err(`Filter policy can not have more than ${limits.snsFilterKeys} keys`);
  }
  if (combinations > limits.snsFilterCombinations) return err("Filter policy is too complex");
  return ok({ rule, nested });
}

/** A value that a key of a message can be compared by. */
export type FilterValue = string | number | boolean | null;

/** What a rule may ask of a message: the values at a path, or the objects there. */
export interface FilterSubject {
  /** Undefined: there is nothing at the path. Binary attributes are there, but have no value to compare. */
  valuesAt(path: readonly string[]): readonly FilterValue[] | undefined;
  objectsAt(path: readonly string[]): readonly FilterSubject[];
}

/** Whether a message is to be delivered. */
export function matches(rule: FilterRule, subject: FilterSubject): boolean {
  switch (rule.kind) {
    case "key": {
      const values = subject.valuesAt(rule.path);
      return rule.anyOf.some((matcher) => matcher(values));
    }
    case "within": {
      const objects = subject.objectsAt(rule.path);
      return objects.length === 0
        ? matches(rule.rule, nothing)
        : objects.some((object) => matches(rule.rule, object));
    }
    case "all":
      return rule.rules.every((each) => matches(each, subject));
    case "any":
      return rule.rules.some((each) => matches(each, subject));
  }
}

/** Where an object is missing, all that it could have is. */
const nothing: FilterSubject = { valuesAt: () => undefined, objectsAt: () => [] };

interface ReadRules {
  readonly rule: FilterRule;
  /** Keys with values. */
  readonly keys: number;
  /** Of values, one of each key; those of alternatives are added up. A value counts as often as its key is deep. */
  readonly combinations: number;
  readonly nested: boolean;
}

/** @param depth of the keys of `json`, from 1 */
function readRules(json: JsonObject, depth: number): Result<ReadRules, string> {
  if (depth > limits.snsFilterDepth) return err("Filter policy is nested too deep");
  const rules: FilterRule[] = [];
  let keys = 0;
  let combinations = 1;
  let nested = false;
  for (const [name, value] of Object.entries(json)) {
    const read = name === "$or" ? readAlternatives(value, depth) : readKey(name, value, depth);
    if (!read.ok) return read;
    rules.push(read.value.rule);
    keys += read.value.keys;
    combinations *= read.value.combinations;
    nested ||= read.value.nested;
  }
  return rules.length === 0
    ? err("Filter policy must not be empty")
    : ok({ rule: { kind: "all", rules }, keys, combinations, nested });
}

function readAlternatives(value: unknown, depth: number): Result<ReadRules, string> {
  if (!Array.isArray(value) || value.length === 0 || !value.every(isJsonObject)) {
    return err('"$or" must be an array of objects');
  }
  const alternatives: ReadRules[] = [];
  for (const each of value) {
    const read = readRules(each, depth);
    if (!read.ok) return read;
    alternatives.push(read.value);
  }
  return ok({
    rule: { kind: "any", rules: alternatives.map(({ rule }) => rule) },
    keys: alternatives.reduce((sum, { keys }) => sum + keys, 0),
    combinations: alternatives.reduce((sum, { combinations }) => sum + combinations, 0),
    nested: alternatives.some(({ nested }) => nested),
  });
}

function readKey(name: string, value: unknown, depth: number): Result<ReadRules, string> {
  // In a message a dot is as good as an object: `a.b` is found at b of a, too.
  const path = name.split(".");
  if (path.length > limits.snsFilterDepth) return err("Filter policy is nested too deep");
  if (Array.isArray(value)) return readValues(path, value, depth);
  if (!isJsonObject(value)) return err(`"${name}" must be an object or an array`);
  const within = readRules(value, depth + 1);
  if (!within.ok) return within;
  return ok({ ...within.value, rule: { kind: "within", path, rule: within.value.rule }, nested: true });
}

function readValues(
  path: readonly string[],
  values: readonly unknown[],
  depth: number,
): Result<ReadRules, string> {
  if (values.length === 0) return err("Empty arrays are not allowed");
  const anyOf: Matcher[] = [];
  for (const value of values) {
    const matcher = readMatcher(value);
    if (!matcher.ok) return matcher;
    anyOf.push(matcher.value);
  }
  return ok({
    rule: { kind: "key", path, anyOf },
    keys: 1,
    combinations: values.length * depth,
    nested: false,
  });
}
