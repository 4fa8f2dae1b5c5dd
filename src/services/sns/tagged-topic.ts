import type { RequestTags } from "../../auth/request-facts.ts";
import type { Topic } from "../../catalog/topic-rows.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import type { RequestContext } from "../action.ts";
import { mayOnTopic, type SnsPermission } from "./access.ts";
import { resourceDoesNotExist } from "./errors.ts";
import { parseTopicArn } from "./topic-arn.ts";

/** The topic whose tags a request is about: like `openTopic`, but SNS says otherwise that there is none. */
export async function openTaggedTopic(
  context: Pick<RequestContext, "caller" | "facts" | "region" | "topics">,
  arn: string,
  question: { readonly permission: SnsPermission; readonly requestTags?: RequestTags },
): Promise<Result<Topic, ServiceError>> {
  const id = parseTopicArn(arn, { region: context.region, parameter: "ResourceArn" });
  if (!id.ok) return id;
  const topic = await context.topics.read(id.value);
  const allowed = mayOnTopic(context, question, { id: id.value, topic });
  if (!allowed.ok) return allowed;
  return topic ? ok(topic) : err(resourceDoesNotExist);
}
