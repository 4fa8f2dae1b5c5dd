import { ok } from "../../lib/result.ts";
import { members, required, string } from "../../shapes/shape.ts";
import type { AccountAction } from "../action.ts";
import { changeTags } from "./change-tags.ts";
import { type OwnerKind, ownerAction, ownerKinds } from "./owners.ts";
import { pageChecks, pageInput, pageOutput, readPage } from "./page.ts";
import {
  givenTagKeysProblem,
  givenTagsProblem,
  mergedTags,
  pairs,
  tagList,
  tagPage,
  withoutTags,
} from "./tags.ts";

/** Tags of users and roles: what policies ask for as `aws:PrincipalTag/…` of them when they call. */
export const entityTagActions: readonly AccountAction[] = ownerKinds.flatMap((of) => [
  tag(of),
  untag(of),
  list(of),
]);

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagUser.html
 */
function tag(of: OwnerKind): AccountAction {
  return ownerAction(of, {
    name: `Tag${of.noun}`,
    input: { Tags: required(tagList) },
    output: {},
    problem: ({ Tags }) => givenTagsProblem(Tags),
    asks: ({ Tags }) => ({ requestTags: pairs(Tags) }),
    changes: true,
    run: ({ input, found, ...context }) =>
      changeTags(context, {
        tagged: found,
        change: (tags) => mergedTags(tags, input.Tags),
        again: async () => (await of.find(found.name, context)).found,
      }),
  });
}

/**
 * Keys that are not there are none of it.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagUser.html
 */
function untag(of: OwnerKind): AccountAction {
  return ownerAction(of, {
    name: `Untag${of.noun}`,
    input: { TagKeys: required(members(string)) },
    output: {},
    problem: ({ TagKeys }) => givenTagKeysProblem(TagKeys),
    asks: ({ TagKeys }) => ({ requestTags: TagKeys.map((key) => [key, undefined] as const) }),
    changes: true,
    run: ({ input, found, ...context }) =>
      changeTags(context, {
        tagged: found,
        change: (tags) => withoutTags(tags, input.TagKeys),
        again: async () => (await of.find(found.name, context)).found,
      }),
  });
}

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUserTags.html
 */
function list(of: OwnerKind): AccountAction {
  const action = `List${of.noun}Tags`;
  return ownerAction(of, {
    name: action,
    input: pageInput,
    output: { Tags: required(tagList), ...pageOutput },
    checks: pageChecks,
    run: async ({ input, found: owner }) => {
      const list = { account: owner.account, action, of: owner.id };
      const page = readPage(input, list);
      return page.ok ? ok(tagPage(owner.tags, page.value, list)) : page;
    },
  });
}
