import { err, ok } from "../../lib/result.ts";
import { boolean, members, optional, required, string, structure, timestamp } from "../../shapes/shape.ts";
import { constraints, violated } from "./constraints.ts";
import { onlyVersion } from "./entity-shapes.ts";
import { iamErrors } from "./errors.ts";
import { iamAction } from "./iam-action.ts";
import { pageChecks, pageInput, pageOutput, readPage } from "./page.ts";
import { encodedPolicy } from "./policy-text.ts";
import { type FoundPolicy, policySubject } from "./subjects.ts";

const version = structure({
  Document: optional(string),
  VersionId: required(string),
  IsDefaultVersion: required(boolean),
  CreateDate: required(timestamp),
});

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html
 */
export const getPolicyVersion = iamAction({
  name: "GetPolicyVersion",
  input: { PolicyArn: required(string), VersionId: required(string) },
  output: { PolicyVersion: required(version) },
  check: ({ PolicyArn, VersionId }) =>
    violated([
      ["policyArn", PolicyArn, constraints.policyArn],
      ["versionId", VersionId, constraints.versionId],
    ]),
  find: ({ PolicyArn }, context) => policySubject(PolicyArn, context),
  run: async ({ input, found }) => {
    if (input.VersionId !== onlyVersion) return err(iamErrors.noSuchVersion(found.arn, input.VersionId));
    return ok({
      PolicyVersion: { ...firstVersion(found), Document: encodedPolicy(found.policy.document) },
    });
  },
});

/**
 * Without the documents.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicyVersions.html
 */
export const listPolicyVersions = iamAction({
  name: "ListPolicyVersions",
  input: { PolicyArn: required(string), ...pageInput },
  output: { Versions: required(members(version)), ...pageOutput },
  check: (input) => violated([["policyArn", input.PolicyArn, constraints.policyArn], ...pageChecks(input)]),
  find: ({ PolicyArn }, context) => policySubject(PolicyArn, context),
  run: async ({ input, caller: { account }, found }) => {
    const page = readPage(input, { account, action: "ListPolicyVersions", of: found.arn });
    return page.ok ? ok({ Versions: [firstVersion(found)], IsTruncated: false }) : page;
  },
});

function firstVersion({ policy }: FoundPolicy) {
  return {
    VersionId: onlyVersion,
    IsDefaultVersion: true,
    CreateDate: policy.createdAtSeconds * 1000,
  };
}
