import { ok } from "../../lib/result.ts";
import { parseWantedAttributes, renderAttributes } from "../../queue/attribute-answer.ts";
import { list, optional, required, string } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import { shownAttributes } from "./policy-principals.ts";
import { attributeMap } from "./queue-shapes.ts";

/**
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
 */
export const getQueueAttributes = queueAction({
  name: "GetQueueAttributes",
  asksShardFirst: true,
  input: {
    QueueUrl: required(string),
    AttributeNames: optional(list(string, { queryName: "AttributeName" })),
  },
  output: { Attributes: optional(attributeMap) },
  run: async ({ input, queue, catalog }) => {
    const wanted = parseWantedAttributes(input.AttributeNames ?? []);
    if (!wanted.ok) return wanted;
    if (wanted.value.size === 0) return ok({});
    // Asked for in any case: a shard that has counted vouches for the settings that it was called with.
    const counts = await queue.call({ kind: "count" });
    const attributes = wanted.value.has("Policy")
      ? await shownAttributes(queue.settings.attributes, catalog)
      : queue.settings.attributes;
    return ok({ Attributes: renderAttributes({ ...queue.settings, attributes }, wanted.value, counts) });
  },
});
