import { roleArn, userArn } from "../../auth/identity.ts";
import { type ManagedPolicy, managedPolicies } from "../../auth/managed-policies.ts";
import type { CountedPolicy } from "../../catalog/identities/policies.ts";
import type { Role } from "../../catalog/identities/roles.ts";
import type { User } from "../../catalog/identities/users.ts";
import {
  boolean,
  type Infer,
  integer,
  optional,
  required,
  string,
  structure,
  timestamp,
} from "../../shapes/shape.ts";
import { policyArn } from "./policy-arn.ts";
import { encodedPolicy } from "./policy-text.ts";
import { shownTags, tagList } from "./tags.ts";

/** How IAM shows users, roles and managed policies. Lists show them without tags. */

export const userShape = structure({
  Path: optional(string),
  UserName: optional(string),
  UserId: required(string),
  Arn: required(string),
  CreateDate: required(timestamp),
  Tags: optional(tagList),
});

export function shownUser(user: User): Infer<typeof userShape> {
  return { ...listedUser(user), Tags: shownTags(user.tags) };
}

export function listedUser(user: User): Infer<typeof userShape> {
  return {
    Path: user.path,
    UserName: user.name,
    UserId: user.id,
    Arn: userArn(user.account, user.name, user.path),
    CreateDate: user.createdAtSeconds * 1000,
  };
}

export const roleShape = structure({
  Path: required(string),
  RoleName: required(string),
  RoleId: required(string),
  Arn: required(string),
  CreateDate: required(timestamp),
  AssumeRolePolicyDocument: required(string),
  Description: optional(string),
  MaxSessionDuration: required(integer),
  Tags: optional(tagList),
});

/** @param trustPolicy as it is to be read */
export function shownRole(role: Role, trustPolicy: string): Infer<typeof roleShape> {
  return { ...listedRole(role, trustPolicy), Tags: shownTags(role.tags) };
}

export function listedRole(role: Role, trustPolicy: string): Infer<typeof roleShape> {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: roleArn(role.account, role.name, role.path),
    CreateDate: role.createdAtSeconds * 1000,
    AssumeRolePolicyDocument: encodedPolicy(trustPolicy),
    Description: role.description === "" ? undefined : role.description,
    MaxSessionDuration: role.maxSessionSeconds,
  };
}

export const policyShape = structure({
  PolicyName: required(string),
  PolicyId: required(string),
  Arn: required(string),
  Path: required(string),
  DefaultVersionId: required(string),
  AttachmentCount: required(integer),
  PermissionsBoundaryUsageCount: required(integer),
  IsAttachable: required(boolean),
  Description: optional(string),
  CreateDate: required(timestamp),
  UpdateDate: required(timestamp),
  Tags: optional(tagList),
});

export function shownPolicy(policy: CountedPolicy): Infer<typeof policyShape> {
  const { description, tags } = policy;
  return {
    ...listedPolicy(policy),
    Description: description === "" ? undefined : description,
    Tags: shownTags(tags),
  };
}

export function listedPolicy(policy: CountedPolicy): Infer<typeof policyShape> {
  return policyFields({ ...policy, arn: policyArn(policy), policyId: policy.id });
}

/** @param attachments in the caller's account */
export function shownAwsPolicy(policy: ManagedPolicy, attachments: number): Infer<typeof policyShape> {
  return { ...listedAwsPolicy(policy, attachments), Description: policy.description };
}

export function listedAwsPolicy(policy: ManagedPolicy, attachments: number): Infer<typeof policyShape> {
  return policyFields({ ...policy, attachments });
}

/** A managed policy has one version, its first: nothing can change it. */
export const onlyVersion = "v1";

export const awsPolicyArns: readonly string[] = managedPolicies.map(({ arn }) => arn);

function policyFields(
  policy: Pick<ManagedPolicy, "name" | "policyId" | "arn" | "path" | "createdAtSeconds"> & {
    readonly attachments: number;
  },
): Infer<typeof policyShape> {
  const createdAtMs = policy.createdAtSeconds * 1000;
  return {
    PolicyName: policy.name,
    PolicyId: policy.policyId,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: onlyVersion,
    AttachmentCount: policy.attachments,
    PermissionsBoundaryUsageCount: 0,
    IsAttachable: true,
    CreateDate: createdAtMs,
    UpdateDate: createdAtMs,
  };
}
