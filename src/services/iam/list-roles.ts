import { ok } from "../../lib/result.ts";
import { members, optional, required, string } from "../../shapes/shape.ts";
import { constraints, violated } from "./constraints.ts";
import { listedRole, roleShape } from "./entity-shapes.ts";
import { iamAction } from "./iam-action.ts";
import { pageChecks, pageInput, pageOutput, readPage, writePage } from "./page.ts";
import { shownTrusts } from "./trust-policy.ts";

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html
 */
export const listRoles = iamAction({
  name: "ListRoles",
  input: { PathPrefix: optional(string), ...pageInput },
  output: { Roles: required(members(roleShape)), ...pageOutput },
  check: (input) =>
    violated([["pathPrefix", input.PathPrefix, constraints.pathPrefix], ...pageChecks(input)]),
  find: ({ PathPrefix = "/" }, { caller }) => ({
    arn: `arn:aws:iam::${caller.account}:role${PathPrefix}`,
    found: ok(undefined),
  }),
  run: async ({ input, caller: { account }, identities }) => {
    const pathPrefix = input.PathPrefix ?? "/";
    const list = { account, action: "ListRoles", of: pathPrefix };
    const page = readPage(input, list);
    if (!page.ok) return page;
    const roles = await identities.listRoles(account, { ...page.value, pathPrefix });
    const { items, ...end } = writePage(page.value, roles, { list, keyOf: ({ name }) => name });
    const shown = await shownTrusts(
      items.map(({ trustPolicy }) => trustPolicy),
      { identities },
    );
    return ok({ Roles: items.map((role) => listedRole(role, shown(role.trustPolicy))), ...end });
  },
});
