import {
  type Attachable,
  type AttachmentState,
  countAttachments,
  deleteAttachment,
  type EntityPageRequest,
  type EntityRow,
  insertAttachment,
  selectAttachmentState,
  selectAttachments,
  selectEntities,
} from "./attached-policies.ts";
import {
  deleteInlinePolicy,
  type InlinePolicy,
  type InlinePolicyRow,
  selectInlinePolicy,
  selectInlinePolicyNames,
  upsertInlinePolicy,
} from "./inline-policies.ts";
import { type Owner, type PageRequest, type PathPageRequest, selectArns, selectOwner } from "./owner.ts";
import {
  type CountedPolicy,
  deletePolicy,
  insertPolicy,
  type PolicyPageRequest,
  type PolicyRow,
  policyOfRow,
  type StoredPolicy,
  selectPolicies,
  selectPolicy,
  updatePolicyTags,
} from "./policies.ts";
import {
  deleteRole,
  insertRole,
  type Role,
  type RoleChange,
  type RoleRow,
  roleOf,
  selectRole,
  selectRoles,
  updateRole,
  updateRoleTags,
  updateTrustPolicy,
} from "./roles.ts";
import {
  deleteUserKey,
  insertRootKey,
  insertUserKey,
  type KeyOwner,
  type KeyStatus,
  type NewUserKey,
  selectUserKeys,
  type UserKey,
  type UserKeyRow,
  updateUserKey,
  userKeyOf,
} from "./user-keys.ts";
import {
  deleteUser,
  insertUser,
  selectAccount,
  selectUser,
  selectUsers,
  type TagsChange,
  type User,
  type UserRow,
  updateUserTags,
  userOf,
} from "./users.ts";

/**
 * Users, roles, their keys and policies, in D1. Every change and its bounds are one statement, so that of two
 * requests at once each sees what the other did. Nothing is remembered here: administrators are few, and what
 * requests are authorized by is kept with the credentials.
 */
export class Identities {
  readonly #db: D1Database;

  constructor(db: D1Database) {
    this.#db = db;
  }

  /** When the account was made, seconds; undefined for the root account of the deployment. */
  async accountCreatedAt(account: string): Promise<number | undefined> {
    return (await selectAccount(this.#db, account).first<{ created_at: number }>())?.created_at;
  }

  /** By unique id, those of the users and roles that still exist. */
  async arnsOf(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { results } = await selectArns(this.#db, ids).all<{ id: string; arn: string }>();
    return new Map(results.map((row) => [row.id, row.arn]));
  }

  async createUser(user: User): Promise<User | "exists" | "tooMany"> {
    const [made, found] = await this.#db.batch<UserRow>([
      insertUser(this.#db, user),
      selectUser(this.#db, user.account, user.name),
    ]);
    const row = made?.results[0];
    if (row) return userOf(row);
    return found?.results[0] ? "exists" : "tooMany";
  }

  async findUser(account: string, name: string): Promise<User | undefined> {
    const row = await selectUser(this.#db, account, name).first<UserRow>();
    return row === null ? undefined : userOf(row);
  }

  async listUsers(account: string, page: PathPageRequest): Promise<readonly User[]> {
    const { results } = await selectUsers(this.#db, account, page).all<UserRow>();
    return results.map(userOf);
  }

  /** @returns what has to go first, or that the user is gone */
  async deleteUser(user: User): Promise<"deleted" | "gone" | "hasAttached" | "hasInline" | "hasKeys"> {
    const owner = { kind: "user", ...user } as const;
    const first = { after: "", limit: 1 };
    const [deleted, attached, inline, keys] = await this.#db.batch([
      deleteUser(this.#db, user.id),
      selectAttachments(this.#db, owner, { ...first, pathPrefix: "/" }),
      selectInlinePolicyNames(this.#db, owner, first),
      selectUserKeys(this.#db, keyOwnerOf(user), first),
    ]);
    if (deleted?.results[0]) return "deleted";
    if (attached?.results[0]) return "hasAttached";
    if (inline?.results[0]) return "hasInline";
    return keys?.results[0] ? "hasKeys" : "gone";
  }

  async createRole(role: Role): Promise<Role | "exists" | "tooMany"> {
    const [made, found] = await this.#db.batch<RoleRow>([
      insertRole(this.#db, role),
      selectRole(this.#db, role.account, role.name),
    ]);
    const row = made?.results[0];
    if (row) return roleOf(row);
    return found?.results[0] ? "exists" : "tooMany";
  }

  async findRole(account: string, name: string): Promise<Role | undefined> {
    const row = await selectRole(this.#db, account, name).first<RoleRow>();
    return row === null ? undefined : roleOf(row);
  }

  async listRoles(account: string, page: PathPageRequest): Promise<readonly Role[]> {
    const { results } = await selectRoles(this.#db, account, page).all<RoleRow>();
    return results.map(roleOf);
  }

  /** @returns what has to go first, or that the role is gone */
  async deleteRole(role: Role): Promise<"deleted" | "gone" | "hasAttached" | "hasInline"> {
    const owner = { kind: "role", ...role } as const;
    const first = { after: "", limit: 1 };
    const [deleted, attached, inline] = await this.#db.batch([
      deleteRole(this.#db, role.id),
      selectAttachments(this.#db, owner, { ...first, pathPrefix: "/" }),
      selectInlinePolicyNames(this.#db, owner, first),
    ]);
    if (deleted?.results[0]) return "deleted";
    if (attached?.results[0]) return "hasAttached";
    return inline?.results[0] ? "hasInline" : "gone";
  }

  /** @returns false if the role is gone */
  async setTrustPolicy(role: Role, trustPolicy: string): Promise<boolean> {
    return (await updateTrustPolicy(this.#db, role.id, trustPolicy).first()) !== null;
  }

  /** @returns the role as it is now; undefined if it is gone */
  async updateRole(role: Role, change: RoleChange): Promise<Role | undefined> {
    const row = await updateRole(this.#db, role.id, change).first<RoleRow>();
    return row === null ? undefined : roleOf(row);
  }

  async createPolicy(policy: StoredPolicy): Promise<CountedPolicy | "exists" | "tooMany"> {
    const [made, found] = await this.#db.batch<PolicyRow>([
      insertPolicy(this.#db, policy),
      selectPolicy(this.#db, policy.account, policy.name),
    ]);
    const row = made?.results[0];
    if (row) return policyOfRow(row);
    return found?.results[0] ? "exists" : "tooMany";
  }

  async findPolicy(account: string, name: string): Promise<CountedPolicy | undefined> {
    const row = await selectPolicy(this.#db, account, name).first<PolicyRow>();
    return row === null ? undefined : policyOfRow(row);
  }

  async listPolicies(account: string, page: PolicyPageRequest): Promise<readonly CountedPolicy[]> {
    const { results } = await selectPolicies(this.#db, account, page).all<PolicyRow>();
    return results.map(policyOfRow);
  }

  async deletePolicy(policy: StoredPolicy): Promise<"deleted" | "gone" | "attached"> {
    const [deleted, found] = await this.#db.batch<PolicyRow>([
      deletePolicy(this.#db, policy),
      selectPolicy(this.#db, policy.account, policy.name),
    ]);
    if (deleted?.results[0]) return "deleted";
    return found?.results[0]?.policy_id === policy.id ? "attached" : "gone";
  }

  /** @returns false if the owner is gone or has other tags by now */
  async changeTags(
    of: { readonly kind: "user" | "role" | "policy" } & Pick<StoredPolicy, "account" | "name" | "id">,
    tags: TagsChange,
  ): Promise<boolean> {
    const update = {
      user: () => updateUserTags(this.#db, of.id, tags),
      role: () => updateRoleTags(this.#db, of.id, tags),
      policy: () => updatePolicyTags(this.#db, of, tags),
    }[of.kind]();
    return (await update.first()) !== null;
  }

  /** @param policy its `size` is what counts of it towards the bound */
  async putInlinePolicy(
    owner: Owner,
    policy: InlinePolicy & { readonly size: number },
  ): Promise<"stored" | "gone" | "tooLarge"> {
    const [stored, found] = await this.#db.batch([
      upsertInlinePolicy(this.#db, owner, policy),
      selectOwner(this.#db, owner.id),
    ]);
    if (stored?.results[0]) return "stored";
    return found?.results[0] ? "tooLarge" : "gone";
  }

  async findInlinePolicy(owner: Owner, policyName: string): Promise<InlinePolicy | undefined> {
    const row = await selectInlinePolicy(this.#db, owner, policyName).first<InlinePolicyRow>();
    return row === null ? undefined : { name: row.policy_name, document: row.document };
  }

  async listInlinePolicies(owner: Owner, page: PageRequest): Promise<readonly string[]> {
    const { results } = await selectInlinePolicyNames(this.#db, owner, page).all<{ policy_name: string }>();
    return results.map((row) => row.policy_name);
  }

  /** @returns false if there is none */
  async deleteInlinePolicy(owner: Owner, policyName: string): Promise<boolean> {
    return (await deleteInlinePolicy(this.#db, owner, policyName).first()) !== null;
  }

  /** A policy that is attached already stays so. */
  async attachPolicy(
    owner: Owner,
    policy: Attachable & { readonly attachedAtSeconds: number },
  ): Promise<"attached" | "ownerGone" | "policyGone" | "tooMany"> {
    const [, found] = await this.#db.batch<AttachmentState>([
      insertAttachment(this.#db, owner, policy),
      selectAttachmentState(this.#db, owner, policy),
    ]);
    const state = found?.results[0];
    if (!state?.owner) return "ownerGone";
    if (state.attached) return "attached";
    return state.policy ? "tooMany" : "policyGone";
  }

  /** @returns false if it is not attached */
  async detachPolicy(owner: Owner, policyArn: string): Promise<boolean> {
    return (await deleteAttachment(this.#db, owner, policyArn).first()) !== null;
  }

  /** ARNs. */
  async listAttachedPolicies(owner: Owner, page: PathPageRequest): Promise<readonly string[]> {
    const { results } = await selectAttachments(this.#db, owner, page).all<{ policy_arn: string }>();
    return results.map((row) => row.policy_arn);
  }

  /** Users and roles of the account that have a policy. */
  async listEntities(
    policy: { readonly arn: string; readonly account: string },
    page: EntityPageRequest,
  ): Promise<readonly Owner[]> {
    const { results } = await selectEntities(this.#db, policy, page).all<EntityRow>();
    return results.map((row) => ({
      kind: row.owner_kind,
      account: policy.account,
      name: row.owner_name,
      id: row.owner_id,
    }));
  }

  /** How many users and roles of the account have each of these. */
  async attachmentCounts(account: string, arns: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { results } = await countAttachments(this.#db, account, arns).all<{
      policy_arn: string;
      attachments: number;
    }>();
    return new Map(results.map((row) => [row.policy_arn, row.attachments]));
  }

  async createKey(owner: KeyOwner, key: NewUserKey): Promise<UserKey | "gone" | "tooMany"> {
    if (owner.userName === "") {
      const row = await insertRootKey(this.#db, owner.account, key).first<UserKeyRow>();
      return row === null ? "tooMany" : userKeyOf(row);
    }
    const [made, found] = await this.#db.batch([
      insertUserKey(this.#db, owner, key),
      selectOwner(this.#db, owner.userId),
    ]);
    const row = made?.results[0] as UserKeyRow | undefined;
    if (row) return userKeyOf(row);
    return found?.results[0] ? "tooMany" : "gone";
  }

  async listKeys(owner: KeyOwner, page: PageRequest): Promise<readonly UserKey[]> {
    const { results } = await selectUserKeys(this.#db, owner, page).all<UserKeyRow>();
    return results.map(userKeyOf);
  }

  /** @returns false if the owner has no such key */
  async setKeyStatus(
    owner: KeyOwner,
    key: { readonly accessKeyId: string; readonly status: KeyStatus },
  ): Promise<boolean> {
    return (await updateUserKey(this.#db, owner, key).first()) !== null;
  }

  /** @returns false if the owner has no such key */
  async deleteKey(owner: KeyOwner, accessKeyId: string): Promise<boolean> {
    return (await deleteUserKey(this.#db, owner, accessKeyId).first()) !== null;
  }
}

export function keyOwnerOf(user: Pick<User, "account" | "name" | "id">): KeyOwner {
  return { account: user.account, userName: user.name, userId: user.id };
}
