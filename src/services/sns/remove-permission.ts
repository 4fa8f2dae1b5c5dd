import { ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { openTopic } from "./access.ts";
import { changeTopicPolicy } from "./change-topic-policy.ts";
import { withoutGrant } from "./topic-policy.ts";

/**
 * Takes the statements of a label out of the topic's policy.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_RemovePermission.html
 */
export const removePermission = accountAction({
  name: "RemovePermission",
  permission: "sns:RemovePermission",
  concerns: "askedInRun",
  input: { TopicArn: required(string), Label: required(string) },
  output: {},
  run: async ({ input, ...context }) => {
    const topic = await openTopic(context, input.TopicArn, { permission: "SNS:RemovePermission" });
    if (!topic.ok) return topic;
    const changed = await changeTopicPolicy(topic.value, context, (current) =>
      withoutGrant(current, input.Label),
    );
    return changed.ok ? ok({}) : changed;
  },
});
