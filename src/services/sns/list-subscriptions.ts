import { ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { optional, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { mayInAccount } from "./access.ts";
import {
  pageOf,
  readListToken,
  subscriptionOfWords,
  subscriptionWords,
  writeListToken,
} from "./list-tokens.ts";
import { listedAs, subscriptionPage } from "./subscription-shapes.ts";

/**
 * Lists what the caller's account has subscribed, to its own topics and to others'.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptions.html
 */
export const listSubscriptions = accountAction({
  name: "ListSubscriptions",
  permission: "sns:ListSubscriptions",
  concerns: "askedInRun",
  input: { NextToken: optional(string) },
  output: subscriptionPage,
  run: async ({ input, topics, ...context }) => {
    const allowed = mayInAccount(context, "SNS:ListSubscriptions");
    if (!allowed.ok) return allowed;
    const owner = { account: context.caller.account, region: context.region };
    const words = readListToken(input.NextToken, { list: "subscriptions", owner, words: 3 });
    if (!words.ok) return words;
    const found = await topics.listSubscriptionsOfOwner(
      { owner: owner.account, region: owner.region },
      { after: subscriptionOfWords(words.value, owner.region), limit: limits.snsListPage + 1 },
    );
    const { page, nextToken } = pageOf(found, (last) =>
      writeListToken("subscriptions", owner, subscriptionWords(last)),
    );
    return ok({ Subscriptions: page.map(listedAs), NextToken: nextToken });
  },
});
