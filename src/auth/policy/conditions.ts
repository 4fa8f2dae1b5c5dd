import { isJsonObject } from "../../lib/json.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { type Comparison, operatorOf } from "./operators.ts";
import { variablesOf } from "./pattern.ts";
import type { ConditionContext, Effect } from "./question.ts";

/** One key of a statement's Condition. */
export interface Condition {
  /** In lower case. */
  readonly key: string;
  /** Whether it holds, given the key's values: never an empty list. */
  readonly holds: (values: readonly string[], context: ConditionContext, effect: Effect) => boolean;
  readonly holdsIfAbsent: boolean;
  /** Keys of the variables in its values, in lower case. */
  readonly variables: readonly string[];
}

/** @param variables whether `${…}` means anything in this policy's version */
export function readConditions(element: unknown, variables: boolean): Result<readonly Condition[], string> {
  const conditions: Condition[] = [];
  if (!isJsonObject(element)) return err("Syntax errors in policy.");
  for (const [operator, keys] of Object.entries(element)) {
    if (!isJsonObject(keys)) return err("Syntax errors in policy.");
    for (const [key, given] of Object.entries(keys)) {
      const wanted = valuesOf(given);
      const condition = wanted && readCondition({ operator, key, wanted, variables });
      if (condition === undefined) return err("Syntax errors in policy.");
      conditions.push(condition);
    }
  }
  return ok(conditions);
}

/**
 * Whether all conditions hold.
 *
 * @param effect A value that cannot be compared, such as a number that is none, is met by no operator. A negated
 *   one would then hold, so it does in what denies, and does not in what allows: neither lets anybody in.
 */
export function allHold(
  conditions: readonly Condition[],
  context: ConditionContext,
  effect: Effect,
): boolean {
  return conditions.every((condition) => {
    const values = context.get(condition.key);
    if (values === undefined || values.length === 0) return condition.holdsIfAbsent;
    return condition.holds(values, context, effect);
  });
}

interface WrittenCondition {
  readonly operator: string;
  readonly key: string;
  readonly wanted: readonly string[];
  readonly variables: boolean;
}

/** @returns undefined if there is no such operator, or it cannot take these values */
function readCondition({ operator, key, wanted, variables }: WrittenCondition): Condition | undefined {
  if (operator === "Null") return readNull(key, wanted);
  const [, quantifier, name = "", ifExists] = operatorForm.exec(operator) ?? [];
  const operation = operatorOf(name);
  const compare = operation?.read(wanted, variables);
  if (operation === undefined || compare === undefined) return undefined;
  const { negated, takesVariables } = operation;
  const meets = (value: string, context: ConditionContext): boolean | undefined => {
    const met = compare(value, context);
    return negated && met !== undefined ? !met : met;
  };
  return {
    key: key.toLowerCase(),
    holds: quantified(quantifier, meets, negated),
    // IfExists changes nothing for ForAnyValue: where there is no value, there is none that could hold.
    holdsIfAbsent:
      quantifier === "ForAllValues" || (quantifier !== "ForAnyValue" && (negated || ifExists !== undefined)),
    variables: variables && takesVariables ? wanted.flatMap(variablesOf) : [],
  };
}

const operatorForm = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/;

function quantified(quantifier: string | undefined, meets: Comparison, negated: boolean): Condition["holds"] {
  const judged = (met: boolean | undefined, effect: Effect) => met ?? (negated && effect === "Deny");
  switch (quantifier) {
    case "ForAllValues":
      return (values, context, effect) => values.every((value) => judged(meets(value, context), effect));
    case "ForAnyValue":
      return (values, context, effect) => values.some((value) => judged(meets(value, context), effect));
    default:
      // Several values ask for a quantifier; without one AWS takes them for no value that it could compare.
      return (values, context, effect) => {
        const [value] = values;
        return judged(values.length === 1 && value !== undefined ? meets(value, context) : undefined, effect);
      };
  }
}

function readNull(key: string, wanted: readonly string[]): Condition | undefined {
  if (!wanted.every((value) => /^(?:true|false)$/i.test(value))) return undefined;
  const wantsAbsent = wanted.some((value) => /^true$/i.test(value));
  const wantsPresent = wanted.some((value) => /^false$/i.test(value));
  return {
    key: key.toLowerCase(),
    holds: () => wantsPresent,
    holdsIfAbsent: wantsAbsent,
    variables: [],
  };
}

/** A value or a list of values as texts; undefined if there is none, or one that is no plain value. */
function valuesOf(given: unknown): readonly string[] | undefined {
  const values: readonly unknown[] = Array.isArray(given) ? given : [given];
  const texts = values.filter((value) => ["string", "number", "boolean"].includes(typeof value)).map(String);
  return texts.length > 0 && texts.length === values.length ? texts : undefined;
}
