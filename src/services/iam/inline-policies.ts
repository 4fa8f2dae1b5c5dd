import { err, ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { members, required, string } from "../../shapes/shape.ts";
import type { AccountAction } from "../action.ts";
import { constraints } from "./constraints.ts";
import { iamErrors } from "./errors.ts";
import { type OwnerKind, ownerAction, ownerKinds } from "./owners.ts";
import { pageChecks, pageInput, pageOutput, readPage, writePage } from "./page.ts";
import { encodedPolicy, keptPolicy, policyProblem, policySize } from "./policy-text.ts";

/** Policies that belong to one user or role. */
export const inlinePolicyActions: readonly AccountAction[] = ownerKinds.flatMap((of) => [
  put(of),
  get(of),
  list(of),
  remove(of),
]);

/**
 * Sets or replaces.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html
 */
function put(of: OwnerKind): AccountAction {
  return ownerAction(of, {
    name: `Put${of.noun}Policy`,
    input: { PolicyName: required(string), PolicyDocument: required(string) },
    output: {},
    checks: ({ PolicyName, PolicyDocument }) => [
      ["policyName", PolicyName, constraints.policyName],
      ["policyDocument", PolicyDocument, constraints.document],
    ],
    changes: true,
    run: async ({ input, found: owner, identities }) => {
      const { PolicyName: name, PolicyDocument: document } = input;
      const problem = policyProblem(document, "identity");
      if (problem) return err(problem);
      const policy = { name, document: keptPolicy(document), size: policySize(document) };
      switch (await identities.putInlinePolicy(owner, policy)) {
        case "stored":
          return ok({});
        case "gone":
          return err(of.missing(owner.name));
        case "tooLarge":
          return err(iamErrors.inlineTooLarge(of.kind, owner.name, limits.inlinePolicyCharacters[of.kind]));
      }
    },
  });
}

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUserPolicy.html
 */
function get(of: OwnerKind): AccountAction {
  return ownerAction(of, {
    name: `Get${of.noun}Policy`,
    input: { PolicyName: required(string) },
    output: {
      [of.member]: required(string),
      PolicyName: required(string),
      PolicyDocument: required(string),
    },
    checks: ({ PolicyName }) => [["policyName", PolicyName, constraints.policyName]],
    run: async ({ input, found: owner, identities }) => {
      const policy = await identities.findInlinePolicy(owner, input.PolicyName);
      if (!policy) return err(iamErrors.noSuchInlinePolicy(of.kind, input.PolicyName));
      return ok({
        [of.member]: owner.name,
        PolicyName: policy.name,
        PolicyDocument: encodedPolicy(policy.document),
      });
    },
  });
}

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUserPolicies.html
 */
function list(of: OwnerKind): AccountAction {
  const action = `List${of.noun}Policies`;
  return ownerAction(of, {
    name: action,
    input: pageInput,
    output: { PolicyNames: required(members(string)), ...pageOutput },
    checks: pageChecks,
    run: async ({ input, found: owner, identities }) => {
      const list = { account: owner.account, action, of: owner.id };
      const page = readPage(input, list);
      if (!page.ok) return page;
      const names = await identities.listInlinePolicies(owner, page.value);
      const { items, ...end } = writePage(page.value, names, { list, keyOf: (name) => name });
      return ok({ PolicyNames: items, ...end });
    },
  });
}

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUserPolicy.html
 */
function remove(of: OwnerKind): AccountAction {
  return ownerAction(of, {
    name: `Delete${of.noun}Policy`,
    input: { PolicyName: required(string) },
    output: {},
    checks: ({ PolicyName }) => [["policyName", PolicyName, constraints.policyName]],
    changes: true,
    run: async ({ input, found: owner, identities }) =>
      (await identities.deleteInlinePolicy(owner, input.PolicyName))
        ? ok({})
        : err(iamErrors.noSuchInlinePolicy(of.kind, input.PolicyName)),
  });
}
