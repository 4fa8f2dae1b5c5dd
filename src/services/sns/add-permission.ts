import { ok } from "../../lib/result.ts";
import { members, required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { openTopic } from "./access.ts";
import { changeTopicPolicy } from "./change-topic-policy.ts";
import { withGrant } from "./topic-policy.ts";

/**
 * Adds a statement to the topic's policy that allows actions to other accounts.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_AddPermission.html
 */
export const addPermission = accountAction({
  name: "AddPermission",
  permission: "sns:AddPermission",
  concerns: "askedInRun",
  input: {
    TopicArn: required(string),
    Label: required(string),
    AWSAccountId: required(members(string)),
    ActionName: required(members(string)),
  },
  output: {},
  run: async ({ input, ...context }) => {
    const topic = await openTopic(context, input.TopicArn, { permission: "SNS:AddPermission" });
    if (!topic.ok) return topic;
    const grant = { label: input.Label, accounts: input.AWSAccountId, actions: input.ActionName };
    const changed = await changeTopicPolicy(topic.value, context, (current) => withGrant(current, grant));
    return changed.ok ? ok({}) : changed;
  },
});
