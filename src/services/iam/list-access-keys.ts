import { ok } from "../../lib/result.ts";
import { members, optional, required, string, structure, timestamp } from "../../shapes/shape.ts";
import { constraints, violated } from "./constraints.ts";
import { iamAction } from "./iam-action.ts";
import { pageChecks, pageInput, pageOutput, readPage, writePage } from "./page.ts";
import { keyOwnerSubject } from "./subjects.ts";

/**
 * Without a name those of the caller. The deployment's own credential is a setting and in no list.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccessKeys.html
 */
export const listAccessKeys = iamAction({
  name: "ListAccessKeys",
  input: { UserName: optional(string), ...pageInput },
  output: {
    AccessKeyMetadata: required(
      members(
        structure({
          UserName: optional(string),
          AccessKeyId: required(string),
          Status: required(string),
          CreateDate: required(timestamp),
        }),
      ),
    ),
    ...pageOutput,
  },
  check: (input) => violated([["userName", input.UserName, constraints.name], ...pageChecks(input)]),
  find: ({ UserName }, context) => keyOwnerSubject(UserName, context),
  run: async ({ input, found: owner, identities }) => {
    const list = { account: owner.account, action: "ListAccessKeys", of: owner.userId };
    const page = readPage(input, list);
    if (!page.ok) return page;
    const keys = await identities.listKeys(owner, page.value);
    const { items, ...end } = writePage(page.value, keys, { list, keyOf: (key) => key.accessKeyId });
    const AccessKeyMetadata = items.map((key) => ({
      UserName: key.userName || undefined,
      AccessKeyId: key.accessKeyId,
      Status: key.status,
      CreateDate: key.createdAtSeconds * 1000,
    }));
    return ok({ AccessKeyMetadata, ...end });
  },
});
