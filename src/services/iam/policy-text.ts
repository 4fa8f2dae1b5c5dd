import { type PolicyKind, parsePolicy } from "../../auth/policy/document.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { iamErrors } from "./errors.ts";

/** What is wrong with a policy; undefined for a good one. */
export function policyProblem(document: string, kind: PolicyKind): ServiceError | undefined {
  const parsed = parsePolicy(document, kind);
  return parsed.ok ? undefined : iamErrors.malformedPolicy(parsed.error);
}

/** What of a policy counts towards its bounds: blanks do not. JSON knows these four. */
export function policySize(document: string): number {
  return document.replaceAll(/[ \t\n\r]/g, "").length;
}

/**
 * A policy as it is stored: as it was given, unless most of it are blanks. Those count towards no bound, and would be
 * read again with every look-up of whom the policy belongs to.
 */
export function keptPolicy(document: string): string {
  return document.length > limits.policyBlanks * policySize(document)
    ? JSON.stringify(JSON.parse(document))
    : document;
}

/** As IAM answers policies: every character escaped that RFC 3986 reserves. */
export function encodedPolicy(document: string): string {
  return encodeURIComponent(document).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
