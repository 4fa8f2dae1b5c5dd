import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { members, required, string } from "../../shapes/shape.ts";
import type { RequestContext } from "../action.ts";
import { changeTags, type Tagged } from "./change-tags.ts";
import { constraints, violated } from "./constraints.ts";
import { outsideOwnAccount } from "./delete-policy.ts";
import { iamErrors } from "./errors.ts";
import { iamAction } from "./iam-action.ts";
import { pageChecks, pageInput, pageOutput, readPage } from "./page.ts";
import { findPolicy, policySubject } from "./subjects.ts";
import {
  givenTagKeysProblem,
  givenTagsProblem,
  mergedTags,
  pairs,
  tagList,
  tagPage,
  withoutTags,
} from "./tags.ts";

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagPolicy.html
 */
export const tagPolicy = iamAction({
  name: "TagPolicy",
  input: { PolicyArn: required(string), Tags: required(tagList) },
  output: {},
  check: ({ PolicyArn, Tags }) =>
    violated([["policyArn", PolicyArn, constraints.policyArn]]) ?? givenTagsProblem(Tags),
  find: async ({ PolicyArn, Tags }, context) => {
    const subject = await policySubject(PolicyArn, context);
    return subject.ok ? ok({ ...subject.value, requestTags: pairs(Tags) }) : subject;
  },
  changes: true,
  run: async ({ input, found, ...context }) => {
    if (found.kind === "aws") return err(outsideOwnAccount);
    return changeTags(context, {
      tagged: { ...found.policy, kind: "policy" },
      change: (tags) => mergedTags(tags, input.Tags),
      again: () => taggedPolicy(found.arn, context),
    });
  },
});

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagPolicy.html
 */
export const untagPolicy = iamAction({
  name: "UntagPolicy",
  input: { PolicyArn: required(string), TagKeys: required(members(string)) },
  output: {},
  check: ({ PolicyArn, TagKeys }) =>
    violated([["policyArn", PolicyArn, constraints.policyArn]]) ?? givenTagKeysProblem(TagKeys),
  find: async ({ PolicyArn, TagKeys }, context) => {
    const subject = await policySubject(PolicyArn, context);
    const requestTags = TagKeys.map((key) => [key, undefined] as const);
    return subject.ok ? ok({ ...subject.value, requestTags }) : subject;
  },
  changes: true,
  run: async ({ input, found, ...context }) => {
    if (found.kind === "aws") return err(outsideOwnAccount);
    return changeTags(context, {
      tagged: { ...found.policy, kind: "policy" },
      change: (tags) => withoutTags(tags, input.TagKeys),
      again: () => taggedPolicy(found.arn, context),
    });
  },
});

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicyTags.html
 */
export const listPolicyTags = iamAction({
  name: "ListPolicyTags",
  input: { PolicyArn: required(string), ...pageInput },
  output: { Tags: required(tagList), ...pageOutput },
  check: (input) => violated([["policyArn", input.PolicyArn, constraints.policyArn], ...pageChecks(input)]),
  find: ({ PolicyArn }, context) => policySubject(PolicyArn, context),
  run: async ({ input, found, caller: { account } }) => {
    const list = { account, action: "ListPolicyTags", of: found.arn };
    const page = readPage(input, list);
    const tags = found.kind === "stored" ? found.policy.tags : "{}";
    return page.ok ? ok(tagPage(tags, page.value, list)) : page;
  },
});

async function taggedPolicy(
  arn: string,
  context: Pick<RequestContext, "caller" | "identities">,
): Promise<Result<Tagged, ServiceError>> {
  const now = await findPolicy(arn, context);
  return now?.kind === "stored" ? ok({ ...now.policy, kind: "policy" }) : err(iamErrors.noSuchPolicy(arn));
}
