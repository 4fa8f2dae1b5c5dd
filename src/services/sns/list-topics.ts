import { ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { members, optional, required, string, structure } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { mayInAccount } from "./access.ts";
import { pageOf, readListToken, writeListToken } from "./list-tokens.ts";
import { topicArn } from "./topic-arn.ts";

/** @see https://docs.aws.amazon.com/sns/latest/api/API_ListTopics.html */
export const listTopics = accountAction({
  name: "ListTopics",
  permission: "sns:ListTopics",
  concerns: "askedInRun",
  input: { NextToken: optional(string) },
  output: {
    Topics: required(members(structure({ TopicArn: required(string) }))),
    NextToken: optional(string),
  },
  run: async ({ input, topics, ...context }) => {
    const allowed = mayInAccount(context, "SNS:ListTopics");
    if (!allowed.ok) return allowed;
    const owner = { account: context.caller.account, region: context.region };
    const after = readListToken(input.NextToken, { list: "topics", owner, words: 1 });
    if (!after.ok) return after;
    const [afterName = ""] = after.value;
    const names = await topics.listNames(owner, { afterName, limit: limits.snsListPage + 1 });
    const { page, nextToken } = pageOf(names, (last) => writeListToken("topics", owner, [last]));
    return ok({
      Topics: page.map((name) => ({ TopicArn: topicArn({ ...owner, name }) })),
      NextToken: nextToken,
    });
  },
});
