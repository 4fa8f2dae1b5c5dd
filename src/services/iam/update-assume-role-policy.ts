import { err, ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { constraints, violated } from "./constraints.ts";
import { iamErrors } from "./errors.ts";
import { iamAction } from "./iam-action.ts";
import { roleSubject } from "./subjects.ts";
import { storedTrust } from "./trust-policy.ts";

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html
 */
export const updateAssumeRolePolicy = iamAction({
  name: "UpdateAssumeRolePolicy",
  input: { RoleName: required(string), PolicyDocument: required(string) },
  output: {},
  check: ({ RoleName, PolicyDocument }) =>
    violated([
      ["roleName", RoleName, constraints.name],
      ["policyDocument", PolicyDocument, constraints.document],
    ]),
  find: async ({ RoleName }, context) => ok(await roleSubject(RoleName, context)),
  changes: true,
  run: async ({ input, found: role, ...context }) => {
    const trust = await storedTrust(input.PolicyDocument, context);
    if (!trust.ok) return trust;
    const done = await context.identities.setTrustPolicy(role, trust.value);
    return done ? ok({}) : err(iamErrors.noSuchRole(role.name));
  },
});
