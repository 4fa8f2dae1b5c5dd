import { ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { keyAction } from "./key-action.ts";
import { readPage, writePage } from "./page.ts";
import { pageInput, pageOutput, tagList } from "./shapes.ts";

/**
 * Lists a key's tags, by key.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ListResourceTags.html
 */
export const listResourceTags = keyAction({
  name: "ListResourceTags",
  state: "any",
  input: { KeyId: required(string), ...pageInput },
  output: { Tags: required(tagList), ...pageOutput },
  run: async ({ key, input }) => {
    const request = readPage(input, { max: 50, usual: 50 });
    if (!request.ok) return request;
    const { after, limit } = request.value;
    const all = Object.entries(key.tags).sort(([a], [b]) => (a < b ? -1 : 1));
    const left = all.filter(([tag]) => tag > after).slice(0, limit);
    const { page, ...rest } = writePage(left, request.value, ([tag]) => tag);
    return ok({ Tags: page.map(([TagKey, TagValue]) => ({ TagKey, TagValue })), ...rest });
  },
});
