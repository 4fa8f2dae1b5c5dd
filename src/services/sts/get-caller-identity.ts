import { ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";

/**
 * Who calls. Whoever can sign may know that: no policy is asked, not even one that denies it.
 *
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
export const getCallerIdentity = accountAction({
  name: "GetCallerIdentity",
  permission: "sts:GetCallerIdentity",
  concerns: "askedInRun",
  input: {},
  output: { Arn: required(string), UserId: required(string), Account: required(string) },
  run: async ({ caller }) => ok({ Arn: caller.arn, UserId: caller.userId, Account: caller.account }),
});
