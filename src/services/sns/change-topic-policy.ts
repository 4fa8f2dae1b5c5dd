import type { Topic } from "../../catalog/topic-rows.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import type { RequestContext } from "../action.ts";
import { snsError, topicDoesNotExist } from "./errors.ts";

/** Changes a topic's policy, one change upon the other however many come at once. */
export async function changeTopicPolicy(
  topic: Topic,
  { topics }: Pick<RequestContext, "topics">,
  change: (topic: Topic) => Result<string, ServiceError>,
): Promise<Result<void, ServiceError>> {
  let current: Topic | undefined = topic;
  for (let attempt = 0; attempt < ATTEMPTS && current !== undefined; attempt++) {
    const after = change(current);
    if (!after.ok) return after;
    const before = current.attributes["Policy"];
    if (after.value === before) return ok(undefined);
    if (await topics.replacePolicy(current, { before, after: after.value })) return ok(undefined);
    current = await topics.read(topic);
  }
  return err(current === undefined ? topicDoesNotExist : tooManyAtOnce);
}

/** Each round of concurrent changes lets one through, so this many may be made to one topic at once. */
const ATTEMPTS = 20;

const tooManyAtOnce = snsError("ConcurrentAccess", "The topic's policy is being changed by others");
