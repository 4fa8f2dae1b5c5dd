import { isJsonObject, type JsonObject, parseJsonObject } from "../../lib/json.ts";
import { limits } from "../../queue/limits.ts";
import type { MessageAttribute } from "../../queue/message-attributes.ts";
import type { FilterSubject, FilterValue } from "./filter-policy.ts";

/** A message by its attributes: filter policies of the scope `MessageAttributes`. */
export function attributeSubject(attributes: readonly MessageAttribute[]): FilterSubject {
  const byName = new Map(attributes.map((attribute) => [attribute.name, attribute]));
  return {
    valuesAt(path) {
      const attribute = byName.get(path.join("."));
      return attribute && valuesOf(attribute);
    },
    objectsAt: () => [],
  };
}

/** A message by its text: filter policies of the scope `MessageBody`. Undefined unless it is a JSON object. */
export function bodySubject(text: string): FilterSubject | undefined {
  const json = parseJsonObject(text);
  return json && objectSubject(json);
}

/** Binary ones are there, but SNS compares none. */
function valuesOf({ dataType, value }: MessageAttribute): readonly FilterValue[] {
  if (typeof value !== "string") return [];
  if (dataType === "String.Array") return elementsOfText(value);
  if (dataType !== "Number" && !dataType.startsWith("Number.")) return [value];
  const number = Number(value);
  return Number.isNaN(number) ? [] : [number];
}

/** A String.Array that is no JSON array has no elements. */
function elementsOfText(text: string): readonly FilterValue[] {
  try {
    const elements: unknown = JSON.parse(text);
    return Array.isArray(elements) ? (plainValues([elements]) ?? []) : [];
  } catch {
    return [];
  }
}

function objectSubject(json: JsonObject): FilterSubject {
  return {
    valuesAt: (path) => plainValues(found(json, path)),
    objectsAt: (path) => elements(found(json, path)).filter(isJsonObject).map(objectSubject),
  };
}

/**
 * What lies at a path. Dots in the names of a message are as good as objects, so `a.b.c` is found at `"a.b"` → `c`
 * as well; within lists any element will do.
 */
function found(value: unknown, path: readonly string[]): readonly unknown[] {
  if (path.length === 0) return [value];
  return elements([value])
    .filter(isJsonObject)
    .flatMap((object) =>
      path.flatMap((_, index) => {
        const name = path.slice(0, index + 1).join(".");
        return Object.hasOwn(object, name) ? found(object[name], path.slice(index + 1)) : [];
      }),
    );
}

/** Undefined where there is nothing, or too much to be looked at. */
function plainValues(values: readonly unknown[]): readonly FilterValue[] | undefined {
  if (values.length === 0) return undefined;
  const plain: FilterValue[] = [];
  for (const value of elements(values)) {
    if (
      value === null ||
      typeof value === "string" ||
      typeof value === "number" ||
      typeof value === "boolean"
    ) {
      plain.push(value);
    }
  }
  return plain;
}

/** Lists within lists are one list. No recursion: clients nest them as deep as they like. */
function elements(values: readonly unknown[]): readonly unknown[] {
  const flat: unknown[] = [];
  const waiting: unknown[] = [...values].reverse();
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (!Array.isArray(value)) flat.push(value);
    else for (let at = value.length - 1; at >= 0; at--) waiting.push(value[at]);
    if (flat.length > limits.snsFilterElements) return [];
  }
  return flat;
}
