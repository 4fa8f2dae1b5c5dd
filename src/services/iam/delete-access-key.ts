import { err, ok } from "../../lib/result.ts";
import { optional, required, string } from "../../shapes/shape.ts";
import { constraints, violated } from "./constraints.ts";
import { iamErrors } from "./errors.ts";
import { iamAction } from "./iam-action.ts";
import { keyOwnerSubject } from "./subjects.ts";

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html
 */
export const deleteAccessKey = iamAction({
  name: "DeleteAccessKey",
  input: { UserName: optional(string), AccessKeyId: required(string) },
  output: {},
  check: ({ UserName, AccessKeyId }) =>
    violated([
      ["userName", UserName, constraints.name],
      ["accessKeyId", AccessKeyId, constraints.accessKeyId],
    ]),
  find: ({ UserName }, context) => keyOwnerSubject(UserName, context),
  changes: true,
  run: async ({ input, found: owner, identities }) =>
    (await identities.deleteKey(owner, input.AccessKeyId))
      ? ok({})
      : err(iamErrors.noSuchKey(input.AccessKeyId)),
});
