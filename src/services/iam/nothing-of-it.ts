import { rootArn } from "../../auth/identity.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ActionError } from "../../queue/errors.ts";
import { members, optional, required, string, structure } from "../../shapes/shape.ts";
import type { AccountAction, RequestContext } from "../action.ts";
import { constraints, violated } from "./constraints.ts";
import { iamErrors } from "./errors.ts";
import { iamAction, type Subject } from "./iam-action.ts";
import { type OwnerKind, ownerAction, roleKind, userKind } from "./owners.ts";
import { pageChecks, pageInput, pageOutput } from "./page.ts";
import { noUserName, ownName, userSubject } from "./subjects.ts";

/**
 * What IAM has beside users, roles and policies, and this service has not. Terraform and others ask for it before they
 * delete a user or a role: the true answer is that there is none.
 */
export const nothingOfItActions: readonly AccountAction[] = [
  noneOf(userKind, "ListGroupsForUser", "Groups"),
  noneOf(roleKind, "ListInstanceProfilesForRole", "InstanceProfiles"),
  noneOfUser("ListMFADevices", "MFADevices"),
  noneOfUser("ListSSHPublicKeys", "SSHPublicKeys"),
  noneOfUser("ListSigningCertificates", "Certificates"),
  noneOfUser("ListServiceSpecificCredentials", "ServiceSpecificCredentials"),
  noneAtAll("ListVirtualMFADevices", "VirtualMFADevices", (account) => `arn:aws:iam::${account}:mfa/`),
  noneAtAll("ListAccountAliases", "AccountAliases", () => "*"),
  noLoginProfile("GetLoginProfile"),
  noLoginProfile("DeleteLoginProfile"),
];

function noneOf(of: OwnerKind, name: string, list: string): AccountAction {
  return ownerAction(of, {
    name,
    input: pageInput,
    output: listOf(list),
    checks: pageChecks,
    run: async () => ok(emptyListOf(list)),
  });
}

/** Without a name it is about the caller. */
function noneOfUser(name: string, list: string): AccountAction {
  return iamAction({
    name,
    input: { UserName: optional(string), ...pageInput },
    output: listOf(list),
    check: (input) => violated([["userName", input.UserName, constraints.name], ...pageChecks(input)]),
    find: ({ UserName }, context) => userOrCaller(UserName, context),
    run: async () => ok(emptyListOf(list)),
  });
}

function noneAtAll(name: string, list: string, arnIn: (account: string) => string): AccountAction {
  return iamAction({
    name,
    input: pageInput,
    output: listOf(list),
    check: (input) => violated(pageChecks(input)),
    find: (_, { caller }) => ({ arn: arnIn(caller.account), found: ok(undefined) }),
    run: async () => ok(emptyListOf(list)),
  });
}

/** Nobody has a password: there is no console to enter it. */
function noLoginProfile(name: string): AccountAction {
  return iamAction({
    name,
    input: { UserName: optional(string) },
    output: {},
    check: ({ UserName }) => violated([["userName", UserName, constraints.name]]),
    find: ({ UserName }, context) => userOrCaller(UserName, context),
    run: async ({ found: userName }) => err(iamErrors.noLoginProfile(userName)),
  });
}

async function userOrCaller(
  name: string | undefined,
  context: RequestContext,
): Promise<Result<Subject<string>, ActionError>> {
  const { account, kind } = context.caller;
  if (name === undefined && kind === "root") return ok({ arn: rootArn(account), found: ok("root") });
  const userName = name ?? ownName(context);
  if (userName === undefined) return err(noUserName);
  const user = await userSubject(userName, context);
  return ok({ ...user, found: user.found.ok ? ok(user.found.value.name) : user.found });
}

/** Which list it is, is known when this runs. */
function listOf(list: string) {
  return { ...pageOutput, [list]: required(members(structure({}))) } as typeof pageOutput;
}

function emptyListOf(list: string) {
  return { IsTruncated: false, [list]: [] };
}
