import type { Action } from "../action.ts";
import { attachedPolicyActions } from "./attached-policies.ts";
import { createAccessKey } from "./create-access-key.ts";
import { createPolicy } from "./create-policy.ts";
import { createRole } from "./create-role.ts";
import { createUser } from "./create-user.ts";
import { deleteAccessKey } from "./delete-access-key.ts";
import { deletePolicy } from "./delete-policy.ts";
import { deleteRole } from "./delete-role.ts";
import { deleteUser } from "./delete-user.ts";
import { entityTagActions } from "./entity-tags.ts";
import { getPolicy } from "./get-policy.ts";
import { getRole } from "./get-role.ts";
import { getUser } from "./get-user.ts";
import { inlinePolicyActions } from "./inline-policies.ts";
import { listAccessKeys } from "./list-access-keys.ts";
import { listEntitiesForPolicy } from "./list-entities-for-policy.ts";
import { listPolicies } from "./list-policies.ts";
import { listRoles } from "./list-roles.ts";
import { listUsers } from "./list-users.ts";
import { nothingOfItActions } from "./nothing-of-it.ts";
import { listPolicyTags, tagPolicy, untagPolicy } from "./policy-tags.ts";
import { getPolicyVersion, listPolicyVersions } from "./policy-versions.ts";
import { updateAccessKey } from "./update-access-key.ts";
import { updateAssumeRolePolicy } from "./update-assume-role-policy.ts";
import { updateRole, updateRoleDescription } from "./update-role.ts";

/** What clients can ask of IAM, by name. */
export const iamActions: ReadonlyMap<string, Action> = new Map(
  [
    createUser,
    getUser,
    listUsers,
    deleteUser,
    createAccessKey,
    listAccessKeys,
    updateAccessKey,
    deleteAccessKey,
    createRole,
    getRole,
    listRoles,
    updateRole,
    updateRoleDescription,
    updateAssumeRolePolicy,
    deleteRole,
    createPolicy,
    getPolicy,
    listPolicies,
    getPolicyVersion,
    listPolicyVersions,
    listEntitiesForPolicy,
    deletePolicy,
    tagPolicy,
    untagPolicy,
    listPolicyTags,
    ...inlinePolicyActions,
    ...attachedPolicyActions,
    ...entityTagActions,
    ...nothingOfItActions,
  ].map((action) => [action.name, action]),
);
