import { err, ok } from "../../lib/result.ts";
import { integer, optional, required, string } from "../../shapes/shape.ts";
import { constraints, violated } from "./constraints.ts";
import { roleShape, shownRole } from "./entity-shapes.ts";
import { iamErrors } from "./errors.ts";
import { iamAction } from "./iam-action.ts";
import { roleSubject } from "./subjects.ts";
import { shownTrusts } from "./trust-policy.ts";

/**
 * What is not given stays as it is.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html
 */
export const updateRole = iamAction({
  name: "UpdateRole",
  input: {
    RoleName: required(string),
    Description: optional(string),
    MaxSessionDuration: optional(integer),
  },
  output: {},
  check: ({ RoleName, Description, MaxSessionDuration }) =>
    violated([
      ["roleName", RoleName, constraints.name],
      ["description", Description, constraints.description],
      ["maxSessionDuration", MaxSessionDuration, constraints.maxSession],
    ]),
  find: async ({ RoleName }, context) => ok(await roleSubject(RoleName, context)),
  changes: true,
  run: async ({ input, found: role, identities }) => {
    const change = { description: input.Description, maxSessionSeconds: input.MaxSessionDuration };
    return (await identities.updateRole(role, change)) ? ok({}) : err(iamErrors.noSuchRole(role.name));
  },
});

/**
 * The older way, which answers with the role.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRoleDescription.html
 */
export const updateRoleDescription = iamAction({
  name: "UpdateRoleDescription",
  input: { RoleName: required(string), Description: required(string) },
  output: { Role: required(roleShape) },
  check: ({ RoleName, Description }) =>
    violated([
      ["roleName", RoleName, constraints.name],
      ["description", Description, constraints.description],
    ]),
  find: async ({ RoleName }, context) => ok(await roleSubject(RoleName, context)),
  changes: true,
  run: async ({ input, found, identities }) => {
    const role = await identities.updateRole(found, { description: input.Description });
    if (!role) return err(iamErrors.noSuchRole(found.name));
    const shown = await shownTrusts([role.trustPolicy], { identities });
    return ok({ Role: shownRole(role, shown(role.trustPolicy)) });
  },
});
