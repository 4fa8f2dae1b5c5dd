import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { type Tags, tagKeysProblem, tagsProblem } from "../../queue/tags.ts";
import { type Infer, members, required, string, structure } from "../../shapes/shape.ts";
import { invalidParameter, snsError } from "./errors.ts";

/** SNS writes tags as a list, each with its two names. */
export const tagList = members(structure({ Key: required(string), Value: required(string) }));

export const tooManyTags = snsError(
  "TagLimitExceeded",
  "Could not complete request: tag quota of per resource exceeded",
);

/** The tags of a request; what SNS has against them by themselves. */
export function readTags(given: Infer<typeof tagList>): Result<Tags, ServiceError> {
  const tags = new Map(given.map(({ Key, Value }) => [Key, Value]));
  if (tags.size < given.length) return err(invalidParameter("Duplicated keys are not allowed."));
  if (tags.size > limits.tags) return err(tooManyTags);
  const problem = tagsProblem(tags, "");
  return problem ? err(invalidParameter(`Tags Reason: ${problem.message}`)) : ok(tags);
}

export function readTagKeys(keys: readonly string[]): Result<readonly string[], ServiceError> {
  const problem = tagKeysProblem(keys);
  return problem ? err(invalidParameter(`TagKeys Reason: ${problem.message}`)) : ok(keys);
}

export function shownTags(tags: Tags): Infer<typeof tagList> {
  return Array.from(tags, ([Key, Value]) => ({ Key, Value }));
}
