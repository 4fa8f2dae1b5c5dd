import type { Caller } from "../../auth/caller.ts";
import { parseIamArn, roleArn, sessionArn } from "../../auth/identity.ts";
import { type ConditionContext, decide } from "../../auth/policy/decide.ts";
import { policyOf } from "../../auth/policy/document.ts";
import { roleUserId } from "../../auth/principal-callers.ts";
import { conditionsOf } from "../../auth/request-facts.ts";
import type { RolePrincipal } from "../../catalog/principals.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { type ActionError, sqsError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import {
  type Infer,
  integer,
  members,
  optional,
  required,
  type StructureShape,
  string,
  structure,
} from "../../shapes/shape.ts";
import { accountAction, type RequestContext } from "../action.ts";
import { missingText } from "../constraint-text.ts";
import { numberProblems, textProblems, validationError } from "./constraints.ts";
import { notAuthorized, stsError, wrongMfa } from "./errors.ts";
import { credentials, issueCredentials } from "./issued-credentials.ts";
import { packedPolicySize, policyProblems, sessionLimits } from "./session-policies.ts";
import { type SessionTags, sessionTags, tagProblems } from "./session-tags.ts";

// What is missing is found here and not by the protocol: the framework tells all problems at once.
const input = {
  RoleArn: optional(string),
  RoleSessionName: optional(string),
  PolicyArns: optional(members(structure({ arn: optional(string) }))),
  Policy: optional(string),
  DurationSeconds: optional(integer),
  Tags: optional(members(structure({ Key: optional(string), Value: optional(string) }))),
  TransitiveTagKeys: optional(members(string)),
  ExternalId: optional(string),
  SerialNumber: optional(string),
  TokenCode: optional(string),
  SourceIdentity: optional(string),
};

/**
 * Temporary credentials of a role, for whom its trust policy allows that.
 *
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
export const assumeRole = accountAction({
  name: "AssumeRole",
  permission: "sts:AssumeRole",
  // The role's own policy has to be looked up first.
  concerns: "askedInRun",
  input,
  output: {
    Credentials: required(credentials),
    AssumedRoleUser: required(structure({ AssumedRoleId: required(string), Arn: required(string) })),
    PackedPolicySize: optional(integer),
    SourceIdentity: optional(string),
  },
  run: async ({ input: asked, ...context }) => {
    const { caller, principals } = context;
    const invalid = validationError(inputProblems(asked));
    if (invalid) return err(invalid);
    const { RoleArn = "", RoleSessionName: sessionName = "" } = asked;
    const named = parseIamArn(RoleArn, "role");
    if (!named) return err(stsError("ValidationError", `${RoleArn} is invalid`));
    if (caller.kind === "root") return err(rootMayNot);
    if (asked.SerialNumber !== undefined || asked.TokenCode !== undefined) return err(wrongMfa);
    const tags = sessionTags(
      { tags: asked.Tags ?? [], transitiveKeys: asked.TransitiveTagKeys ?? [] },
      caller.session,
    );
    if (!tags.ok) return tags;

    const role = await principals.findRole(named.account, named.name);
    // A role's name has no case, its ARN has.
    if (!role || roleArn(role.account, role.roleName, role.path) !== RoleArn) {
      return err(notAuthorized(caller, "sts:AssumeRole", RoleArn));
    }
    const denied = denial(role, asked, tags.value, context);
    if (denied) return err(denied);
    const seconds = sessionSeconds(asked.DurationSeconds, role, caller);
    if (!seconds.ok) return seconds;
    const limiting = await sessionLimits(
      { policy: asked.Policy, arns: asked.PolicyArns ?? [] },
      role.account,
      principals,
    );
    if (!limiting.ok) return limiting;

    const sourceIdentity = caller.session?.sourceIdentity ?? asked.SourceIdentity;
    const { account, roleName, roleId } = role;
    const holder = { kind: "role", account, roleName, roleId, sessionName } as const;
    const session = {
      holder,
      ...(limiting.value && { limits: limiting.value }),
      ...(tags.value.tags.length > 0 && tags.value),
      ...(sourceIdentity !== undefined && { sourceIdentity }),
    };
    const packed = packedPolicySize(session);
    if (!packed.ok) return packed;
    return ok({
      Credentials: issueCredentials(context, session, seconds.value),
      AssumedRoleUser: {
        AssumedRoleId: roleUserId(holder),
        Arn: sessionArn(account, roleName, sessionName),
      },
      PackedPolicySize: packed.value,
      SourceIdentity: sourceIdentity,
    });
  },
});

type Input = Infer<StructureShape<typeof input>>;

const rootMayNot = sqsError("AccessDenied", "Roles may not be assumed by root accounts.");

const nameRule = { ...limits.sessionNameLength, pattern: /[\w+=,.@-]*/ };
const externalIdRule = {
  ...limits.externalIdLength,
  pattern: /[\w+=,.@:/-]*/,
  shown: "[\\w+=,.@:\\/-]*",
};

function inputProblems(asked: Input): string[] {
  const { RoleArn, RoleSessionName } = asked;
  return [
    ...(RoleArn === undefined ? [missingText("roleArn")] : []),
    ...textProblems("roleArn", RoleArn, limits.roleArnLength),
    ...(RoleSessionName === undefined ? [missingText("roleSessionName")] : []),
    ...textProblems("roleSessionName", RoleSessionName, nameRule),
    ...policyProblems(asked.Policy, asked.PolicyArns),
    ...numberProblems("durationSeconds", asked.DurationSeconds, limits.roleSessionSeconds),
    ...tagProblems(asked.Tags, asked.TransitiveTagKeys),
    ...textProblems("externalId", asked.ExternalId, externalIdRule),
    ...textProblems("sourceIdentity", asked.SourceIdentity, nameRule),
  ];
}

/**
 * Why the caller may not, if it may not. Tags and a source identity take permissions of their own, from both sides
 * too, though they be inherited.
 */
function denial(
  role: RolePrincipal,
  asked: Input,
  { tags, transitiveTagKeys }: SessionTags,
  { caller, facts }: RequestContext,
): ActionError | undefined {
  const { RoleArn = "", SourceIdentity } = asked;
  const refused = (permission: string) => notAuthorized(caller, permission, RoleArn);
  const inherited = caller.session?.sourceIdentity;
  const sourceIdentity = inherited ?? SourceIdentity;
  const more = new Map<string, string>();
  if (asked.RoleSessionName !== undefined) more.set("sts:rolesessionname", asked.RoleSessionName);
  if (asked.ExternalId !== undefined) more.set("sts:externalid", asked.ExternalId);
  if (sourceIdentity !== undefined) more.set("sts:sourceidentity", sourceIdentity);
  const requestTags = tags.length > 0 ? tags : undefined;
  const single = conditionsOf(caller, facts, { resourceTags: role.tags, requestTags, more });
  const context: ConditionContext = {
    get: (key) =>
      key === "sts:transitivetagkeys" && transitiveTagKeys.length > 0 ? transitiveTagKeys : single.get(key),
  };
  const permissions = [
    "sts:AssumeRole",
    ...(tags.length > 0 ? ["sts:TagSession"] : []),
    ...(sourceIdentity !== undefined ? ["sts:SetSourceIdentity"] : []),
  ];
  // Of a trust policy, `decide` knows that it must allow as well where the caller is of the same account.
  const policies = {
    identity: caller.policies,
    ...(caller.sessionPolicies && { session: caller.sessionPolicies }),
    resource: policyOf(role.trustPolicy, "trust"),
  };
  const resource = { arn: RoleArn, account: role.account };
  const missingOne = permissions.find(
    (action) => decide({ principal: caller, action, resource, context }, policies).kind === "deny",
  );
  if (missingOne !== undefined) return refused(missingOne);
  // Once set it stays.
  const another = SourceIdentity !== undefined && SourceIdentity !== sourceIdentity;
  return another ? refused("sts:SetSourceIdentity") : undefined;
}

function sessionSeconds(
  asked: number | undefined,
  role: RolePrincipal,
  caller: Caller,
): Result<number, ActionError> {
  const seconds = asked ?? limits.roleSessionSeconds.default;
  if (caller.session && seconds > limits.chainedSessionSeconds)
    return err(stsError("ValidationError", texts.chained));
  return seconds > role.maxSessionSeconds ? err(stsError("ValidationError", texts.tooLong)) : ok(seconds);
}

const texts = {
  chained:
    "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
  tooLong: "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
} as const;
