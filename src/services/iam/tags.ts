import type { PageRequest } from "../../catalog/identities/owner.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { members, required, string, structure } from "../../shapes/shape.ts";
import { brokenText } from "../constraint-text.ts";
import { type Check, constraints, violated } from "./constraints.ts";
import { constraintError, iamErrors, missingError } from "./errors.ts";
import { type ListName, writePage } from "./page.ts";

export const tagList = members(structure({ Key: required(string), Value: required(string) }));

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** What IAM has against these tags by themselves. Keys that differ in case alone are the same. */
export function tagsProblem(tags: readonly Tag[]): ServiceError | undefined {
  const broken = violated(
    tags.flatMap(({ Key, Value }, i): Check[] => [
      [`tags.${i + 1}.member.key`, Key, constraints.tagKey],
      [`tags.${i + 1}.member.value`, Value, constraints.tagValue],
    ]),
  );
  if (broken) return broken;
  if (tags.length > limits.tags) return tooMany("tags");
  if (tags.some(({ Key }) => /^aws:/i.test(Key))) return reserved;
  const keys = new Set(tags.map(({ Key }) => Key.toLowerCase()));
  return keys.size < tags.length ? duplicates : undefined;
}

/** Likewise of a request that is about nothing but tags. */
export function givenTagsProblem(tags: readonly Tag[]): ServiceError | undefined {
  return tags.length === 0 ? missingError("tags") : tagsProblem(tags);
}

export function givenTagKeysProblem(keys: readonly string[]): ServiceError | undefined {
  if (keys.length === 0) return missingError("tagKeys");
  if (keys.length > limits.tags) return tooMany("tagKeys");
  return violated(keys.map((key, i): Check => [`tagKeys.${i + 1}.member`, key, constraints.tagKey]));
}

function tooMany(member: string): ServiceError {
  return constraintError([brokenText(member, undefined, `have length less than or equal to ${limits.tags}`)]);
}

const reserved = iamErrors.invalidInput("aws: prefixed tag keys are not allowed for external use.");
const duplicates = iamErrors.invalidInput(
  "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
);

/** Of a user, role or policy as it is stored: a JSON object. */
export function tagsOf(stored: string): readonly Tag[] {
  const tags = JSON.parse(stored) as Readonly<Record<string, string>>;
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

export function storedTags(tags: readonly Tag[]): string {
  return JSON.stringify(Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])));
}

/** Left out of answers if there are none. */
export function shownTags(stored: string): readonly Tag[] | undefined {
  const tags = tagsOf(stored);
  return tags.length === 0 ? undefined : tags;
}

/** With those of the same key replaced, in whatever case the keys are. */
export function mergedTags(tags: readonly Tag[], added: readonly Tag[]): readonly Tag[] {
  const keys = added.map(({ Key }) => Key);
  return [...withoutTags(tags, keys), ...added];
}

export function withoutTags(tags: readonly Tag[], keys: readonly string[]): readonly Tag[] {
  const gone = new Set(keys.map((key) => key.toLowerCase()));
  return tags.filter(({ Key }) => !gone.has(Key.toLowerCase()));
}

/** As conditions ask for them: `aws:RequestTag/…`, `aws:TagKeys`. */
export function pairs(tags: readonly Tag[] = []): readonly (readonly [string, string])[] {
  return tags.map(({ Key, Value }) => [Key, Value]);
}

/** One page of them, in the order of keys. */
export function tagPage(stored: string, page: PageRequest, list: ListName) {
  const tags = tagsOf(stored)
    .filter(({ Key }) => Key > page.after)
    .sort((a, b) => (a.Key < b.Key ? -1 : 1));
  const { items, ...end } = writePage(page, tags.slice(0, page.limit), { list, keyOf: ({ Key }) => Key });
  return { Tags: items, ...end };
}
