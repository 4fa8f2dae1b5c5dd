import { err, ok } from "../../lib/result.ts";
import { parseWantedAttributes, renderAttributes, wantsCounts } from "../../queue/attribute-answer.ts";
import { queueDoesNotExist } from "../../queue/errors.ts";
import { list, optional, required, string } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import { attributeMap } from "./queue-shapes.ts";

/**
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
 */
export const getQueueAttributes = queueAction({
  name: "GetQueueAttributes",
  input: {
    QueueUrl: required(string),
    AttributeNames: optional(list(string, { queryName: "AttributeName" })),
  },
  output: { Attributes: optional(attributeMap) },
  run: async ({ input, queue, catalog }) => {
    const wanted = parseWantedAttributes(input.AttributeNames ?? []);
    if (!wanted.ok) return wanted;
    if (wanted.value.size === 0) return ok({});
    const counts = wantsCounts(wanted.value) ? await queue.call({ kind: "count" }) : undefined;
    // A shard that has counted vouches for the settings it was called with; otherwise this isolate's copy may
    // be a minute old, and the catalog is asked.
    const settings = counts === undefined ? await catalog.readQueue(queue.settings) : queue.settings;
    if (settings === undefined) return err(queueDoesNotExist);
    return ok({ Attributes: renderAttributes(settings, wanted.value, counts) });
  },
});
