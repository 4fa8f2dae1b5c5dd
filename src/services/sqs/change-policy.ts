import { err, ok, type Result } from "../../lib/result.ts";
import { queueDoesNotExist, type SqsError } from "../../queue/errors.ts";
import type { QueueSettings } from "../../queue/settings.ts";
import type { RequestContext } from "../action.ts";

/**
 * Changes a queue's policy, one change upon the other however many come at once. The shard is told before the
 * answer: the next request is judged by the new policy.
 *
 * @param settings what the catalog has now
 * @param change undefined leaves the queue without a policy
 */
export async function changePolicy(
  settings: QueueSettings,
  { catalog, shards, nowMs }: Pick<RequestContext, "catalog" | "shards" | "nowMs">,
  change: (policy: string | undefined) => Result<string | undefined, SqsError>,
): Promise<Result<void, SqsError>> {
  const updated = await catalog.updateAttributes(
    settings,
    ({ policy, ...others }) => {
      const next = change(policy);
      if (!next.ok) return next;
      return ok(next.value === undefined ? others : { ...others, policy: next.value });
    },
    Math.floor(nowMs / 1000),
  );
  if (!updated.ok) return updated;
  return (await shards.configure(updated.value)) ? ok(undefined) : err(queueDoesNotExist);
}
