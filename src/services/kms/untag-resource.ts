import { ok } from "../../lib/result.ts";
import { members, required, string } from "../../shapes/shape.ts";
import { always, changeKey, keyAction } from "./key-action.ts";
import { removeTags, tagKeyViolations } from "./tags.ts";

/**
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_UntagResource.html
 */
export const untagResource = keyAction({
  name: "UntagResource",
  state: "notPendingDeletion",
  input: { KeyId: required(string), TagKeys: required(members(string)) },
  output: {},
  check: ({ TagKeys }) => tagKeyViolations(TagKeys),
  conditions: ({ TagKeys }) => ({ requestTags: TagKeys.map((key) => [key, undefined] as const) }),
  run: async ({ key, input: { TagKeys }, ...context }) => {
    const change = always((current) => ({ ...current, tags: removeTags(current.tags, TagKeys) }));
    const changed = await changeKey(key, context, { state: "notPendingDeletion", change });
    return changed.ok ? ok({}) : changed;
  },
});
