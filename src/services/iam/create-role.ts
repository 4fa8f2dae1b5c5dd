import { newRoleId, roleArn } from "../../auth/identity.ts";
import { err, ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { integer, optional, required, string } from "../../shapes/shape.ts";
import { constraints, violated } from "./constraints.ts";
import { roleShape, shownRole } from "./entity-shapes.ts";
import { iamErrors } from "./errors.ts";
import { iamAction } from "./iam-action.ts";
import { boundaryProblem } from "./permissions-boundary.ts";
import { pairs, storedTags, tagList, tagsProblem } from "./tags.ts";
import { storedTrust } from "./trust-policy.ts";

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
 */
export const createRole = iamAction({
  name: "CreateRole",
  input: {
    Path: optional(string),
    RoleName: required(string),
    AssumeRolePolicyDocument: required(string),
    Description: optional(string),
    MaxSessionDuration: optional(integer),
    PermissionsBoundary: optional(string),
    Tags: optional(tagList),
  },
  output: { Role: required(roleShape) },
  check: (input) =>
    violated([
      ["roleName", input.RoleName, constraints.name],
      ["path", input.Path, constraints.path],
      ["assumeRolePolicyDocument", input.AssumeRolePolicyDocument, constraints.document],
      ["description", input.Description, constraints.description],
      ["maxSessionDuration", input.MaxSessionDuration, constraints.maxSession],
    ]) ??
    tagsProblem(input.Tags ?? []) ??
    boundaryProblem(input.PermissionsBoundary),
  find: ({ RoleName, Path, Tags }, { caller }) => ({
    arn: roleArn(caller.account, RoleName, Path),
    requestTags: pairs(Tags),
    found: ok(undefined),
  }),
  changes: true,
  run: async ({ input, caller, nowMs, ...context }) => {
    const trust = await storedTrust(input.AssumeRolePolicyDocument, context);
    if (!trust.ok) return trust;
    const made = await context.identities.createRole({
      account: caller.account,
      name: input.RoleName,
      id: newRoleId(),
      path: input.Path ?? "/",
      description: input.Description ?? "",
      trustPolicy: trust.value,
      maxSessionSeconds: input.MaxSessionDuration ?? limits.maxSessionSeconds.default,
      createdAtSeconds: Math.floor(nowMs / 1000),
      tags: storedTags(input.Tags ?? []),
    });
    if (made === "exists") return err(iamErrors.roleExists(input.RoleName));
    if (made === "tooMany") return err(iamErrors.quota("RolesPerAccount", limits.rolesPerAccount));
    return ok({ Role: shownRole(made, input.AssumeRolePolicyDocument) });
  },
});
