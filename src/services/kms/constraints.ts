import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { brokenText, violationsText } from "../constraint-text.ts";
import { kmsError } from "./errors.ts";

/** What is wrong with one member of an input, in the framework's words; undefined if nothing is. */
export type Violation = string | undefined;

interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** @returns `ValidationException` that lists them all */
export function check(...violations: readonly Violation[]): Result<void, ServiceError> {
  const found = violations.filter((violation) => violation !== undefined);
  if (found.length === 0) return ok(undefined);
  return err(kmsError("ValidationException", violationsText(found)));
}

/** @param at the member as the framework names it: `keyId` */
export function hasLength(at: string, value: string | undefined, bounds: Bounds): Violation {
  if (value === undefined) return undefined;
  const broken = outside(value.length, bounds);
  return broken && brokenText(at, value, `have length ${broken}`);
}

/** Bytes are not repeated in the answer: they may be secret. */
export function hasByteLength(at: string, value: Uint8Array | undefined, bounds: Bounds): Violation {
  if (value === undefined) return undefined;
  const broken = outside(value.length, bounds);
  return broken && brokenText(at, undefined, `have length ${broken}`);
}

export function isWithin(at: string, value: number | undefined, bounds: Bounds): Violation {
  if (value === undefined) return undefined;
  const broken = outside(value, bounds);
  return broken && brokenText(at, value, `have value ${broken}`);
}

export function isOneOf(at: string, value: string | undefined, values: readonly string[]): Violation {
  if (value === undefined || values.includes(value)) return undefined;
  return brokenText(at, value, `satisfy enum value set: [${values.join(", ")}]`);
}

export function matches(at: string, value: string | undefined, form: RegExp): Violation {
  if (value === undefined || form.test(value)) return undefined;
  return brokenText(at, value, `satisfy regular expression pattern: ${form.source}`);
}

export function isKeyId(value: string | undefined, at = "keyId"): Violation {
  return hasLength(at, value, { min: 1, max: limits.kmsKeyIdLength });
}

function outside(value: number, { min, max }: Bounds): string | undefined {
  if (value < min) return `greater than or equal to ${min}`;
  return value > max ? `less than or equal to ${max}` : undefined;
}
