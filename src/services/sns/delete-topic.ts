import { ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { mayOnTopic } from "./access.ts";
import { parseTopicArn } from "./topic-arn.ts";

/**
 * Deletes a topic with its subscriptions. One that is not there counts as deleted.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_DeleteTopic.html
 */
export const deleteTopic = accountAction({
  name: "DeleteTopic",
  permission: "sns:DeleteTopic",
  concerns: "askedInRun",
  input: { TopicArn: required(string) },
  output: {},
  run: async ({ input, topics, ...context }) => {
    const id = parseTopicArn(input.TopicArn, context);
    if (!id.ok) return id;
    const topic = await topics.read(id.value);
    const allowed = mayOnTopic(context, { permission: "SNS:DeleteTopic" }, { id: id.value, topic });
    if (!allowed.ok) return allowed;
    await topics.delete(id.value);
    return ok({});
  },
});
