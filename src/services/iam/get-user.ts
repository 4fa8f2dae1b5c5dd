import { rootArn } from "../../auth/identity.ts";
import { err, ok } from "../../lib/result.ts";
import { optional, required, string } from "../../shapes/shape.ts";
import { constraints, violated } from "./constraints.ts";
import { shownUser, userShape } from "./entity-shapes.ts";
import { iamAction } from "./iam-action.ts";
import { noUserName, ownName, userSubject } from "./subjects.ts";

/**
 * Without a name it is about the caller, who may ask it only if a policy says so.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html
 */
export const getUser = iamAction({
  name: "GetUser",
  input: { UserName: optional(string) },
  output: { User: required(userShape) },
  check: ({ UserName }) => violated([["userName", UserName, constraints.name]]),
  find: async ({ UserName }, context) => {
    const { account, kind } = context.caller;
    if (UserName === undefined && kind === "root") return ok({ arn: rootArn(account), found: ok(undefined) });
    const name = UserName ?? ownName(context);
    return name === undefined ? err(noUserName) : ok(await userSubject(name, context));
  },
  run: async ({ found: user, caller: { account }, identities }) => {
    if (user) return ok({ User: shownUser(user) });
    // The root account of a deployment has no date of its own.
    const createdAtSeconds = (await identities.accountCreatedAt(account)) ?? 0;
    return ok({ User: { UserId: account, Arn: rootArn(account), CreateDate: createdAtSeconds * 1000 } });
  },
});
