import { err, ok } from "../../lib/result.ts";
import { optional, required, string } from "../../shapes/shape.ts";
import { constraints, violated } from "./constraints.ts";
import { iamErrors } from "./errors.ts";
import { iamAction } from "./iam-action.ts";
import { keyOwnerSubject } from "./subjects.ts";

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html
 */
export const updateAccessKey = iamAction({
  name: "UpdateAccessKey",
  input: { UserName: optional(string), AccessKeyId: required(string), Status: required(string) },
  output: {},
  check: ({ UserName, AccessKeyId, Status }) =>
    violated([
      ["userName", UserName, constraints.name],
      ["accessKeyId", AccessKeyId, constraints.accessKeyId],
      ["status", Status, constraints.keyStatus],
    ]),
  find: ({ UserName }, context) => keyOwnerSubject(UserName, context),
  changes: true,
  run: async ({ input, found: owner, identities }) => {
    const status = input.Status === "Active" ? "Active" : "Inactive";
    const { AccessKeyId: accessKeyId } = input;
    const done = await identities.setKeyStatus(owner, { accessKeyId, status });
    return done ? ok({}) : err(iamErrors.noSuchKey(accessKeyId));
  },
});
