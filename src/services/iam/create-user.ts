import { newUserId, userArn } from "../../auth/identity.ts";
import { err, ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { optional, required, string } from "../../shapes/shape.ts";
import { constraints, violated } from "./constraints.ts";
import { shownUser, userShape } from "./entity-shapes.ts";
import { iamErrors } from "./errors.ts";
import { iamAction } from "./iam-action.ts";
import { boundaryProblem } from "./permissions-boundary.ts";
import { pairs, storedTags, tagList, tagsProblem } from "./tags.ts";

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
 */
export const createUser = iamAction({
  name: "CreateUser",
  input: {
    Path: optional(string),
    UserName: required(string),
    PermissionsBoundary: optional(string),
    Tags: optional(tagList),
  },
  output: { User: required(userShape) },
  check: ({ UserName, Path, Tags = [], PermissionsBoundary }) =>
    violated([
      ["userName", UserName, constraints.name],
      ["path", Path, constraints.path],
    ]) ??
    tagsProblem(Tags) ??
    boundaryProblem(PermissionsBoundary),
  find: ({ UserName, Path, Tags }, { caller }) => ({
    arn: userArn(caller.account, UserName, Path),
    requestTags: pairs(Tags),
    found: ok(undefined),
  }),
  changes: true,
  run: async ({ input, caller, identities, nowMs }) => {
    const made = await identities.createUser({
      account: caller.account,
      name: input.UserName,
      id: newUserId(),
      path: input.Path ?? "/",
      createdAtSeconds: Math.floor(nowMs / 1000),
      tags: storedTags(input.Tags ?? []),
    });
    if (made === "exists") return err(iamErrors.userExists(input.UserName));
    if (made === "tooMany") return err(iamErrors.quota("UsersPerAccount", limits.usersPerAccount));
    return ok({ User: shownUser(made) });
  },
});
