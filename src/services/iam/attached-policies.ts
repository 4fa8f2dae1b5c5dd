import { err, ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { members, optional, required, string, structure } from "../../shapes/shape.ts";
import type { AccountAction } from "../action.ts";
import { constraints } from "./constraints.ts";
import { iamErrors } from "./errors.ts";
import { type OwnerKind, ownerAction, ownerKinds } from "./owners.ts";
import { pageChecks, pageInput, pageOutput, readPage, writePage } from "./page.ts";
import { parsePolicyArn } from "./policy-arn.ts";
import { findPolicy } from "./subjects.ts";

/** Managed policies of users and roles. */
export const attachedPolicyActions: readonly AccountAction[] = ownerKinds.flatMap((of) => [
  attach(of),
  detach(of),
  list(of),
]);

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachUserPolicy.html
 */
function attach(of: OwnerKind): AccountAction {
  return ownerAction(of, {
    name: `Attach${of.noun}Policy`,
    input: { PolicyArn: required(string) },
    output: {},
    checks: ({ PolicyArn }) => [["policyArn", PolicyArn, constraints.policyArn]],
    problem: arnProblem,
    asks: whichPolicy,
    changes: true,
    run: async ({ input: { PolicyArn }, found: owner, nowMs, ...context }) => {
      const policy = await findPolicy(PolicyArn, context);
      if (!policy) return err(iamErrors.notAttachable(PolicyArn));
      const attachedAtSeconds = Math.floor(nowMs / 1000);
      const stored = policy.kind === "stored" ? policy.policy : undefined;
      switch (await context.identities.attachPolicy(owner, { arn: PolicyArn, stored, attachedAtSeconds })) {
        case "attached":
          return ok({});
        case "ownerGone":
          return err(of.missing(owner.name));
        case "policyGone":
          return err(iamErrors.notAttachable(PolicyArn));
        case "tooMany":
          return err(iamErrors.quota(`PoliciesPer${of.noun}`, limits.attachedPolicies));
      }
    },
  });
}

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_DetachUserPolicy.html
 */
function detach(of: OwnerKind): AccountAction {
  return ownerAction(of, {
    name: `Detach${of.noun}Policy`,
    input: { PolicyArn: required(string) },
    output: {},
    checks: ({ PolicyArn }) => [["policyArn", PolicyArn, constraints.policyArn]],
    problem: arnProblem,
    asks: whichPolicy,
    changes: true,
    run: async ({ input: { PolicyArn }, found: owner, identities }) =>
      (await identities.detachPolicy(owner, PolicyArn)) ? ok({}) : err(iamErrors.noSuchPolicy(PolicyArn)),
  });
}

/**
 * In the order of ARNs.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedUserPolicies.html
 */
function list(of: OwnerKind): AccountAction {
  const action = `ListAttached${of.noun}Policies`;
  const attached = structure({ PolicyName: required(string), PolicyArn: required(string) });
  return ownerAction(of, {
    name: action,
    input: { PathPrefix: optional(string), ...pageInput },
    output: { AttachedPolicies: required(members(attached)), ...pageOutput },
    checks: (input) => [["pathPrefix", input.PathPrefix, constraints.policyPath], ...pageChecks(input)],
    run: async ({ input, found: owner, identities }) => {
      const { PathPrefix: pathPrefix = "/" } = input;
      const list = { account: owner.account, action, of: `${owner.id} ${pathPrefix}` };
      const page = readPage(input, list);
      if (!page.ok) return page;
      const arns = await identities.listAttachedPolicies(owner, { ...page.value, pathPrefix });
      const { items, ...end } = writePage(page.value, arns, { list, keyOf: (arn) => arn });
      const AttachedPolicies = items.map((arn) => ({
        PolicyName: arn.slice(arn.lastIndexOf("/") + 1),
        PolicyArn: arn,
      }));
      return ok({ AttachedPolicies, ...end });
    },
  });
}

interface PolicyInput {
  readonly PolicyArn: string;
}

function arnProblem({ PolicyArn }: PolicyInput) {
  return parsePolicyArn(PolicyArn) ? undefined : iamErrors.invalidInput(`ARN ${PolicyArn} is not valid.`);
}

/** `iam:PolicyARN`, by which administrators are kept to some policies. */
function whichPolicy({ PolicyArn }: PolicyInput) {
  return { more: new Map([["iam:policyarn", PolicyArn]]) };
}
