import type { CallerSession } from "../../auth/caller.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { missingText } from "../constraint-text.ts";
import { listProblems, textProblems } from "./constraints.ts";
import { stsError } from "./errors.ts";

export interface TagInput {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** The tags of a new session. */
export interface SessionTags {
  readonly tags: readonly (readonly [key: string, value: string])[];
  readonly transitiveTagKeys: readonly string[];
}

export function tagProblems(
  tags: readonly TagInput[] = [],
  transitiveKeys: readonly string[] = [],
): string[] {
  return [
    ...listProblems("tags", tags, limits.sessionTags),
    ...tags.flatMap(({ Key, Value }, i) => [
      ...text(`tags.${i + 1}.member.key`, Key, keyRule),
      ...text(`tags.${i + 1}.member.value`, Value, valueRule),
    ]),
    ...listProblems("transitiveTagKeys", transitiveKeys, limits.sessionTags),
    ...transitiveKeys.flatMap((key, i) => text(`transitiveTagKeys.${i + 1}.member`, key, keyRule)),
  ];
}

/**
 * What the session is tagged with: what is asked for, and what it inherits. Keys have no case.
 *
 * @param asked without `tagProblems`
 * @param session the caller's, if it is one
 */
export function sessionTags(
  asked: { readonly tags: readonly TagInput[]; readonly transitiveKeys: readonly string[] },
  session: CallerSession | undefined,
): Result<SessionTags, ServiceError> {
  const inherited = session?.transitiveTags ?? new Map<string, string>();
  const inheritedKeys = new Set(Array.from(inherited.keys(), (key) => key.toLowerCase()));
  const tags = new Map<string, readonly [key: string, value: string]>();
  for (const { Key = "", Value = "" } of asked.tags) {
    const key = Key.toLowerCase();
    if (tags.has(key)) return refused(texts.twice);
    if (key.startsWith("aws:")) return refused(texts.reserved);
    if (inheritedKeys.has(key)) return refused(texts.inherited);
    tags.set(key, [Key, Value]);
  }
  const transitive = new Set<string>();
  for (const asTyped of asked.transitiveKeys) {
    const [key] = tags.get(asTyped.toLowerCase()) ?? [];
    if (key === undefined) return refused(texts.notATag);
    transitive.add(key);
  }
  return ok({
    tags: [...inherited, ...tags.values()],
    transitiveTagKeys: [...inherited.keys(), ...transitive],
  });
}

const keyRule = { min: 1, max: limits.tagKeyLength, pattern: /[\p{L}\p{Z}\p{N}_.:/=+\-@]+/u };
const valueRule = { max: limits.tagValueLength, pattern: /[\p{L}\p{Z}\p{N}_.:/=+\-@]*/u };

function text(at: string, value: string | undefined, rule: typeof keyRule | typeof valueRule): string[] {
  return value === undefined ? [missingText(at)] : textProblems(at, value, rule);
}

function refused(message: string): Result<never, ServiceError> {
  return err(stsError("InvalidParameterValue", message));
}

const texts = {
  twice: "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
  reserved: "System tags cannot be added, updated or removed by user.",
  notATag: "The specified transitive tag key must be included in the requested tags.",
  inherited:
    "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
} as const;
