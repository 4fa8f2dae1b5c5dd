import { roleArn, rootArn, userArn } from "../../auth/identity.ts";
import { findManagedPolicy, type ManagedPolicy } from "../../auth/managed-policies.ts";
import { keyOwnerOf } from "../../catalog/identities/identities.ts";
import type { CountedPolicy } from "../../catalog/identities/policies.ts";
import type { Role } from "../../catalog/identities/roles.ts";
import type { KeyOwner } from "../../catalog/identities/user-keys.ts";
import type { User } from "../../catalog/identities/users.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ActionError } from "../../queue/errors.ts";
import type { RequestContext } from "../action.ts";
import { iamErrors } from "./errors.ts";
import type { Subject } from "./iam-action.ts";
import { parsePolicyArn, policyArn } from "./policy-arn.ts";

type Context = Pick<RequestContext, "caller" | "identities">;

/** A user of the caller's account. One that does not exist is judged as if its path were `/`. */
export async function userSubject(name: string, { caller, identities }: Context): Promise<Subject<User>> {
  const { account } = caller;
  const user = await identities.findUser(account, name);
  if (!user) return { arn: userArn(account, name), found: err(iamErrors.noSuchUser(name)) };
  return { arn: userArn(account, user.name, user.path), tags: parsed(user.tags), found: ok(user) };
}

/** A role of the caller's account, likewise. */
export async function roleSubject(name: string, { caller, identities }: Context): Promise<Subject<Role>> {
  const { account } = caller;
  const role = await identities.findRole(account, name);
  if (!role) return { arn: roleArn(account, name), found: err(iamErrors.noSuchRole(name)) };
  return { arn: roleArn(account, role.name, role.path), tags: parsed(role.tags), found: ok(role) };
}

/** A managed policy, of the caller's account or of AWS. */
export type FoundPolicy =
  | { readonly kind: "stored"; readonly arn: string; readonly policy: CountedPolicy }
  | { readonly kind: "aws"; readonly arn: string; readonly policy: ManagedPolicy };

/** Another account's policy is nothing that could be allowed here. */
export async function policySubject(
  arn: string,
  context: Context,
): Promise<Result<Subject<FoundPolicy>, ActionError>> {
  const { account } = context.caller;
  const place = parsePolicyArn(arn);
  if (!place) return err(iamErrors.invalidInput(`ARN ${arn} is not valid.`));
  const found = await findPolicy(arn, context);
  return ok({
    arn,
    account: place.owner === "aws" ? account : place.owner,
    ...(found?.kind === "stored" && { tags: parsed(found.policy.tags) }),
    found: found ? ok(found) : err(iamErrors.noSuchPolicy(arn)),
  });
}

/** @returns undefined unless the ARN is spelled exactly as the policy's own */
export async function findPolicy(
  arn: string,
  { caller, identities }: Context,
): Promise<FoundPolicy | undefined> {
  const aws = findManagedPolicy(arn);
  if (aws) return { kind: "aws", arn, policy: aws };
  const place = parsePolicyArn(arn);
  if (place?.owner !== caller.account) return undefined;
  const policy = await identities.findPolicy(caller.account, place.name);
  return policy && policyArn(policy) === arn ? { kind: "stored", arn, policy } : undefined;
}

/** Whose access keys: a user's, or those of the account's root. */
export async function keyOwnerSubject(
  name: string | undefined,
  context: Context,
): Promise<Result<Subject<KeyOwner>, ActionError>> {
  const { caller } = context;
  const { account } = caller;
  if (name === undefined && caller.kind === "root") {
    return ok({ arn: rootArn(account), found: ok({ account, userName: "", userId: account }) });
  }
  const userName = name ?? ownName(context);
  if (userName === undefined) return err(noUserName);
  const user = await userSubject(userName, context);
  const { found } = user;
  return ok({ ...user, found: found.ok ? ok(keyOwnerOf(found.value)) : found });
}

/** Of a caller that is a user; a role or an account's root has none. */
export function ownName({ caller }: Pick<Context, "caller">): string | undefined {
  return caller.kind === "user" ? caller.userName : undefined;
}

export const noUserName = iamErrors.validation(
  "Must specify userName when calling with non-User credentials",
);

function parsed(tags: string): Readonly<Record<string, string>> {
  return JSON.parse(tags) as Readonly<Record<string, string>>;
}
