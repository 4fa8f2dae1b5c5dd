import { ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { changeKey, type KeyChange, keyAction } from "./key-action.ts";
import { tagList } from "./shapes.ts";
import { addTags, requestTagsOf, tagViolations } from "./tags.ts";

/**
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_TagResource.html
 */
export const tagResource = keyAction({
  name: "TagResource",
  state: "notPendingDeletion",
  input: { KeyId: required(string), Tags: required(tagList) },
  output: {},
  check: ({ Tags }) => tagViolations(Tags),
  conditions: ({ Tags }) => ({ requestTags: requestTagsOf(Tags) }),
  run: async ({ key, input: { Tags }, ...context }) => {
    const change: KeyChange = (current) => {
      const tags = addTags(current.tags, Tags);
      return tags.ok ? ok({ ...current, tags: tags.value }) : tags;
    };
    const changed = await changeKey(key, context, { state: "notPendingDeletion", change });
    return changed.ok ? ok({}) : changed;
  },
});
