import { ok } from "../../lib/result.ts";
import { members, optional, required, string } from "../../shapes/shape.ts";
import { constraints, violated } from "./constraints.ts";
import { listedUser, userShape } from "./entity-shapes.ts";
import { iamAction } from "./iam-action.ts";
import { pageChecks, pageInput, pageOutput, readPage, writePage } from "./page.ts";

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
 */
export const listUsers = iamAction({
  name: "ListUsers",
  input: { PathPrefix: optional(string), ...pageInput },
  output: { Users: required(members(userShape)), ...pageOutput },
  check: (input) =>
    violated([["pathPrefix", input.PathPrefix, constraints.pathPrefix], ...pageChecks(input)]),
  // All users of a path, as IAM's own denials name them.
  find: ({ PathPrefix = "/" }, { caller }) => ({
    arn: `arn:aws:iam::${caller.account}:user${PathPrefix}`,
    found: ok(undefined),
  }),
  run: async ({ input, caller: { account }, identities }) => {
    const pathPrefix = input.PathPrefix ?? "/";
    const list = { account, action: "ListUsers", of: pathPrefix };
    const page = readPage(input, list);
    if (!page.ok) return page;
    const users = await identities.listUsers(account, { ...page.value, pathPrefix });
    const { items, ...end } = writePage(page.value, users, { list, keyOf: ({ name }) => name });
    return ok({ Users: items.map(listedUser), ...end });
  },
});
