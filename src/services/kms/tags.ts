import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { hasLength, type Violation } from "./constraints.ts";
import { kmsError } from "./errors.ts";

export interface Tag {
  readonly TagKey: string;
  readonly TagValue: string;
}

export function tagViolations(tags: readonly Tag[] = []): readonly Violation[] {
  return tags.flatMap(({ TagKey, TagValue }, i) => [
    hasLength(`tags.${i + 1}.member.tagKey`, TagKey, { min: 1, max: limits.tagKeyLength }),
    hasLength(`tags.${i + 1}.member.tagValue`, TagValue, { min: 0, max: limits.tagValueLength }),
  ]);
}

export function tagKeyViolations(keys: readonly string[]): readonly Violation[] {
  return keys.map((key, i) =>
    hasLength(`tagKeys.${i + 1}.member`, key, { min: 1, max: limits.tagKeyLength }),
  );
}

/** The tags with others added or overwritten. @returns `TagException` or `LimitExceededException` */
export function addTags(
  tags: Readonly<Record<string, string>>,
  added: readonly Tag[],
): Result<Readonly<Record<string, string>>, ServiceError> {
  const all = new Map(Object.entries(tags));
  const keys = new Set<string>();
  for (const { TagKey, TagValue } of added) {
    if (!tagText.test(TagKey) || !tagText.test(TagValue))
      return err(invalid("letters, digits, spaces and _ . : / = + - @ only"));
    if (/^aws:/i.test(TagKey)) return err(invalid("keys that do not begin with aws:"));
    if (keys.has(TagKey)) return err(invalid("each key once"));
    keys.add(TagKey);
    all.set(TagKey, TagValue);
  }
  return all.size > limits.tags
    ? err(kmsError("LimitExceededException", `A key must not have more than ${limits.tags} tags.`))
    : ok(Object.fromEntries(all));
}

/** The tags without some; those that are not there are none of it. */
export function removeTags(tags: Readonly<Record<string, string>>, keys: readonly string[]) {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key)));
}

/** As policies see them. */
export function requestTagsOf(tags: readonly Tag[] = []): readonly (readonly [string, string])[] {
  return tags.map(({ TagKey, TagValue }) => [TagKey, TagValue] as const);
}

const tagText = /^[\p{L}\p{N}\p{Zs}_.:/=+\-@]*$/u;

function invalid(what: string): ServiceError {
  return kmsError("TagException", `Tags take ${what}.`);
}
