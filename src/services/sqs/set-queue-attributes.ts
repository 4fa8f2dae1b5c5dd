import { err, ok } from "../../lib/result.ts";
import { applyChanges, parseAttributes } from "../../queue/attributes.ts";
import { queueDoesNotExist } from "../../queue/errors.ts";
import type { QueueAttributes } from "../../queue/settings.ts";
import { required, string } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import { checkDeadLetterTarget } from "./dead-letter-target.ts";
import { attributeMap } from "./queue-shapes.ts";

/**
 * Changes all the named attributes, or none. The shard is told before the answer, so the change holds for
 * every later call, whichever isolate serves it.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
 */
export const setQueueAttributes = queueAction({
  name: "SetQueueAttributes",
  outlivesClient: true,
  input: { QueueUrl: required(string), Attributes: required(attributeMap) },
  output: {},
  run: async ({ input, queue, nowMs, catalog, shards }) => {
    const changes = parseAttributes(input.Attributes, queue.settings);
    if (!changes.ok) return changes;
    const problem = await checkDeadLetterTarget(catalog, changes.value, queue.settings);
    if (problem !== undefined) return err(problem);
    const change = (current: QueueAttributes) => applyChanges(current, changes.value);
    // This isolate's copy may be a minute old: what does not go with it may go with what is true now.
    const copyWillDo = change(queue.settings.attributes).ok;
    const current = copyWillDo ? queue.settings : await catalog.readQueue(queue.settings);
    if (current === undefined) return err(queueDoesNotExist);
    const updated = await catalog.updateAttributes(current, change, Math.floor(nowMs / 1000));
    if (!updated.ok) return updated;
    const there = await shards.configure(updated.value);
    return there ? ok({}) : err(queueDoesNotExist);
  },
});
