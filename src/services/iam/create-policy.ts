import { newPolicyId } from "../../auth/identity.ts";
import { err, ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { optional, required, string } from "../../shapes/shape.ts";
import { constraints, violated } from "./constraints.ts";
import { policyShape, shownPolicy } from "./entity-shapes.ts";
import { iamErrors } from "./errors.ts";
import { iamAction } from "./iam-action.ts";
import { policyArn } from "./policy-arn.ts";
import { keptPolicy, policyProblem, policySize } from "./policy-text.ts";
import { pairs, storedTags, tagList, tagsProblem } from "./tags.ts";

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
 */
export const createPolicy = iamAction({
  name: "CreatePolicy",
  input: {
    PolicyName: required(string),
    Path: optional(string),
    PolicyDocument: required(string),
    Description: optional(string),
    Tags: optional(tagList),
  },
  output: { Policy: required(policyShape) },
  check: (input) =>
    violated([
      ["policyName", input.PolicyName, constraints.policyName],
      ["path", input.Path, constraints.policyPath],
      ["policyDocument", input.PolicyDocument, constraints.document],
      ["description", input.Description, constraints.description],
    ]) ?? tagsProblem(input.Tags ?? []),
  find: ({ PolicyName, Path = "/", Tags }, { caller: { account } }) => ({
    arn: policyArn({ account, path: Path, name: PolicyName }),
    requestTags: pairs(Tags),
    found: ok(undefined),
  }),
  changes: true,
  run: async ({ input, caller, identities, nowMs }) => {
    const document = input.PolicyDocument;
    const problem = policyProblem(document, "identity");
    if (problem) return err(problem);
    if (policySize(document) > limits.managedPolicyCharacters) {
      return err(iamErrors.quota("PolicySize", limits.managedPolicyCharacters));
    }
    const made = await identities.createPolicy({
      account: caller.account,
      name: input.PolicyName,
      id: newPolicyId(),
      path: input.Path ?? "/",
      description: input.Description ?? "",
      document: keptPolicy(document),
      createdAtSeconds: Math.floor(nowMs / 1000),
      tags: storedTags(input.Tags ?? []),
    });
    if (made === "exists") return err(iamErrors.policyExists(input.PolicyName));
    if (made === "tooMany") return err(iamErrors.quota("PoliciesPerAccount", limits.policiesPerAccount));
    return ok({ Policy: shownPolicy(made) });
  },
});
