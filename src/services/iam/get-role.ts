import { ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { constraints, violated } from "./constraints.ts";
import { roleShape, shownRole } from "./entity-shapes.ts";
import { iamAction } from "./iam-action.ts";
import { roleSubject } from "./subjects.ts";
import { shownTrusts } from "./trust-policy.ts";

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
 */
export const getRole = iamAction({
  name: "GetRole",
  input: { RoleName: required(string) },
  output: { Role: required(roleShape) },
  check: ({ RoleName }) => violated([["roleName", RoleName, constraints.name]]),
  find: async ({ RoleName }, context) => ok(await roleSubject(RoleName, context)),
  run: async ({ found: role, ...context }) => {
    const shown = await shownTrusts([role.trustPolicy], context);
    return ok({ Role: shownRole(role, shown(role.trustPolicy)) });
  },
});
