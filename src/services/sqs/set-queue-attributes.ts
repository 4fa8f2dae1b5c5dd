import { err, ok } from "../../lib/result.ts";
import { applyChanges, parseAttributes } from "../../queue/attributes.ts";
import { queueDoesNotExist } from "../../queue/errors.ts";
import type { QueueAttributes } from "../../queue/settings.ts";
import { required, string } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import { checkDeadLetterTarget } from "./dead-letter-target.ts";
import { bindPrincipals, withPolicyIds } from "./policy-principals.ts";
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
  run: async ({ input, queue, rootAccount, nowMs, catalog, shards }) => {
    const changes = parseAttributes(input.Attributes, queue.settings);
    if (!changes.ok) return changes;
    const problem = await checkDeadLetterTarget(catalog, changes.value, queue.settings);
    if (problem !== undefined) return err(problem);
    const bound = await bindPrincipals(changes.value, { catalog, rootAccount });
    if (!bound.ok) return bound;
    const change = (current: QueueAttributes) => {
      const next = applyChanges(current, changes.value);
      return next.ok ? ok(withPolicyIds(next.value, changes.value, bound.value)) : next;
    };
    const updated = await catalog.updateAttributes(queue.settings, change, Math.floor(nowMs / 1000));
    if (!updated.ok) return updated;
    const there = await shards.configure(updated.value);
    return there ? ok({}) : err(queueDoesNotExist);
  },
});
