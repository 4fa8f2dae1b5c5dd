import type { Owner } from "../../catalog/identities/owner.ts";
import { ok } from "../../lib/result.ts";
import { members, optional, required, string, structure } from "../../shapes/shape.ts";
import { constraints, violated } from "./constraints.ts";
import { iamAction } from "./iam-action.ts";
import { pageChecks, pageInput, pageOutput, readPage, writePage } from "./page.ts";
import { policySubject } from "./subjects.ts";

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html
 */
export const listEntitiesForPolicy = iamAction({
  name: "ListEntitiesForPolicy",
  input: {
    PolicyArn: required(string),
    EntityFilter: optional(string),
    /** Of the users and roles. */
    PathPrefix: optional(string),
    PolicyUsageFilter: optional(string),
    ...pageInput,
  },
  output: {
    PolicyGroups: required(members(structure({ GroupName: required(string), GroupId: required(string) }))),
    PolicyUsers: required(members(structure({ UserName: required(string), UserId: required(string) }))),
    PolicyRoles: required(members(structure({ RoleName: required(string), RoleId: required(string) }))),
    ...pageOutput,
  },
  check: (input) =>
    violated([
      ["policyArn", input.PolicyArn, constraints.policyArn],
      ["entityFilter", input.EntityFilter, constraints.entityFilter],
      ["pathPrefix", input.PathPrefix, constraints.pathPrefix],
      ["policyUsageFilter", input.PolicyUsageFilter, constraints.usage],
      ...pageChecks(input),
    ]),
  find: ({ PolicyArn }, context) => policySubject(PolicyArn, context),
  run: async ({ input, found: { arn }, caller: { account }, identities }) => {
    const { EntityFilter, PathPrefix: pathPrefix = "/" } = input;
    const list = { account, action: "ListEntitiesForPolicy", of: `${arn} ${EntityFilter} ${pathPrefix}` };
    const page = readPage(input, list);
    if (!page.ok) return page;
    const kind = kindOf(EntityFilter);
    const owners =
      kind === "none" || input.PolicyUsageFilter === "PermissionsBoundary"
        ? []
        : await identities.listEntities({ arn, account }, { ...page.value, kind, pathPrefix });
    const keyOf = ({ kind, name }: Owner) => `${kind}/${name}`;
    const { items, ...end } = writePage(page.value, owners, { list, keyOf });
    return ok({
      PolicyGroups: [],
      PolicyUsers: items
        .filter((owner) => owner.kind === "user")
        .map(({ name, id }) => ({ UserName: name, UserId: id })),
      PolicyRoles: items
        .filter((owner) => owner.kind === "role")
        .map(({ name, id }) => ({ RoleName: name, RoleId: id })),
      ...end,
    });
  },
});

function kindOf(filter: string | undefined): Owner["kind"] | "none" | undefined {
  switch (filter) {
    case undefined:
      return undefined;
    case "User":
      return "user";
    case "Role":
      return "role";
    default:
      return "none";
  }
}
