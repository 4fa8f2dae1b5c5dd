import { err, ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { constraints, violated } from "./constraints.ts";
import { iamErrors } from "./errors.ts";
import { iamAction } from "./iam-action.ts";
import { userSubject } from "./subjects.ts";

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
 */
export const deleteUser = iamAction({
  name: "DeleteUser",
  input: { UserName: required(string) },
  output: {},
  check: ({ UserName }) => violated([["userName", UserName, constraints.name]]),
  find: async ({ UserName }, context) => ok(await userSubject(UserName, context)),
  changes: true,
  run: async ({ found: user, identities }) => {
    switch (await identities.deleteUser(user)) {
      case "deleted":
        return ok({});
      case "gone":
        return err(iamErrors.noSuchUser(user.name));
      case "hasAttached":
        return err(iamErrors.hasAttached);
      case "hasInline":
        return err(iamErrors.hasInline);
      case "hasKeys":
        return err(iamErrors.hasKeys);
    }
  },
});
