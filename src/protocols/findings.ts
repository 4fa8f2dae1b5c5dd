import { err, ok, type Result } from "../lib/result.ts";
import { missingParameter, type SqsError, sqsError } from "../queue/errors.ts";
import type { Member } from "../shapes/shape.ts";

/**
 * What is wrong with an input, noted while it is walked. Nothing stops at the first finding, so that a
 * malformed value is reported before a missing one wherever they stand: SQS parses first and checks after.
 */
export interface Findings {
  malformed: string | undefined;
  missing: string | undefined;
}

/** Walks an input with `read` and says what came of it. */
export function decodeWith(read: (findings: Findings) => unknown): Result<unknown, SqsError> {
  const findings: Findings = { malformed: undefined, missing: undefined };
  const value = read(findings);
  if (findings.malformed !== undefined) return err(malformed(findings.malformed));
  if (findings.missing !== undefined) return err(missingParameter(findings.missing));
  return ok(value);
}

export function malformed(message: string): SqsError {
  return sqsError("SerializationException", message);
}

/**
 * Gives a structure one of its members, or notes that it is missing. The rules of presence are here alone, for
 * both protocols.
 *
 * @param at the structure's own name in Query, with a dot at the end: `SendMessageBatchRequestEntry.1.`
 */
export function setMember(
  structure: Record<string, unknown>,
  [name, member]: readonly [string, Member],
  value: unknown,
  at: string,
  findings: Findings,
): void {
  if (value !== undefined && !isEmptyCollection(value)) structure[name] = value;
  else if (!member.required) return;
  else if (member.shape.type === "list") structure[name] = [];
  else findings.missing ??= at + missingName(name, member);
}

export const wrongType = {
  list: "Start of list found where not expected",
  structure: "Start of structure or map found where not expected.",
  scalar: "Value found where not expected",
} as const;

function isEmptyCollection(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : value instanceof Map && value.size === 0;
}

function missingName(name: string, { shape }: Member): string {
  return shape.type === "map" ? (shape.missingName ?? `${shape.queryName}.${shape.queryKey}`) : name;
}
