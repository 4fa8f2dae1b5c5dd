import { err, ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { constraints, violated } from "./constraints.ts";
import { iamErrors } from "./errors.ts";
import { iamAction } from "./iam-action.ts";
import { roleSubject } from "./subjects.ts";

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html
 */
export const deleteRole = iamAction({
  name: "DeleteRole",
  input: { RoleName: required(string) },
  output: {},
  check: ({ RoleName }) => violated([["roleName", RoleName, constraints.name]]),
  find: async ({ RoleName }, context) => ok(await roleSubject(RoleName, context)),
  changes: true,
  run: async ({ found: role, identities }) => {
    switch (await identities.deleteRole(role)) {
      case "deleted":
        return ok({});
      case "gone":
        return err(iamErrors.noSuchRole(role.name));
      case "hasAttached":
        return err(iamErrors.hasAttached);
      case "hasInline":
        return err(iamErrors.hasInline);
    }
  },
});
