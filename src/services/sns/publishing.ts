import type { Subscription } from "../../catalog/subscription-rows.ts";
import type { Topic } from "../../catalog/topic-rows.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import type { RequestContext } from "../action.ts";
import { mayOnTopic } from "./access.ts";
import { topicDoesNotExist } from "./errors.ts";
import { type CheckedMessage, checkForTopic } from "./published-message.ts";
import { isFifo, parseTopicArn } from "./topic-arn.ts";

export interface OpenForPublishing {
  readonly topic: Topic;
  readonly subscriptions: readonly Subscription[];
}

/**
 * The topic and its subscribers, if the caller may publish these messages to it: one look at D1, for whoever has
 * subscribed before a Publish is to get what is published.
 */
export async function openForPublishing(
  context: RequestContext,
  arn: string,
  messages: readonly CheckedMessage[],
): Promise<Result<OpenForPublishing, ServiceError>> {
  const id = parseTopicArn(arn, context);
  if (!id.ok) return id;
  const found = await context.topics.readWithSubscriptions(id.value);
  const asked = { id: id.value, topic: found?.topic };
  const allowed = mayOnTopic(context, { permission: "SNS:Publish" }, asked);
  if (!allowed.ok) return allowed;
  if (found === undefined) return err(topicDoesNotExist);
  const inputs = messages.map(({ input }) => input);
  const problem = checkForTopic(inputs, found.topic);
  return problem === undefined ? ok(found) : err(problem);
}

/** The numbers of messages of a FIFO topic; none for another's. Undefined if the topic is gone. */
export async function numbersFor(
  { topics }: Pick<RequestContext, "topics">,
  topic: Topic,
  count: number,
): Promise<readonly number[] | undefined> {
  return isFifo(topic) ? await topics.takeNumbers(topic, count) : [];
}
