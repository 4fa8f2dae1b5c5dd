import { beforeEach, describe, expect, it } from "vitest";
import { iamActions } from "../../../src/services/iam/actions.ts";
import { policyTo, userCaller } from "../../support/callers.ts";
import { allowAll, IamDesk, lambdaTrust, ours, type Parameters, theirs } from "./iam-desk.ts";

let desk: IamDesk;
beforeEach(async () => {
  desk = new IamDesk();
  await desk.get("CreateUser", {
    UserName: "alice",
    Path: "/shop/",
    "Tags.member.1.Key": "Team",
    "Tags.member.1.Value": "blue",
  });
  await desk.get("CreateRole", { RoleName: "worker", Path: "/jobs/", AssumeRolePolicyDocument: lambdaTrust });
  await desk.get("CreatePolicy", { PolicyName: "Send", Path: "/queues/", PolicyDocument: allowAll });
});

const policy = `arn:aws:iam::${ours}:policy/queues/Send`;
const user = `arn:aws:iam::${ours}:user/shop/alice`;
const role = `arn:aws:iam::${ours}:role/jobs/worker`;
const onUser = { UserName: "alice" };
const onRole = { RoleName: "worker" };
const tag = { "Tags.member.1.Key": "a", "Tags.member.1.Value": "b" };
const tagKey = { "TagKeys.member.1": "a" };
const inline = { PolicyName: "p", PolicyDocument: allowAll };
const key = { AccessKeyId: "AKIAXXXXXXXXXXXXXXXX", Status: "Inactive" };

/** Every action with what it is asked and what it is about. */
const actions: readonly [action: string, parameters: Parameters, arn: string][] = [
  ["CreateUser", { UserName: "bob", Path: "/shop/" }, `arn:aws:iam::${ours}:user/shop/bob`],
  ["GetUser", onUser, user],
  ["ListUsers", { PathPrefix: "/shop/" }, `arn:aws:iam::${ours}:user/shop/`],
  ["DeleteUser", onUser, user],
  ["CreateAccessKey", onUser, user],
  ["ListAccessKeys", onUser, user],
  ["UpdateAccessKey", { ...onUser, ...key }, user],
  ["DeleteAccessKey", { ...onUser, ...key }, user],
  ["PutUserPolicy", { ...onUser, ...inline }, user],
  ["GetUserPolicy", { ...onUser, ...inline }, user],
  ["ListUserPolicies", onUser, user],
  ["DeleteUserPolicy", { ...onUser, ...inline }, user],
  ["AttachUserPolicy", { ...onUser, PolicyArn: policy }, user],
  ["DetachUserPolicy", { ...onUser, PolicyArn: policy }, user],
  ["ListAttachedUserPolicies", onUser, user],
  ["TagUser", { ...onUser, ...tag }, user],
  ["UntagUser", { ...onUser, ...tagKey }, user],
  ["ListUserTags", onUser, user],
  ["ListGroupsForUser", onUser, user],
  ["ListMFADevices", onUser, user],
  ["ListSSHPublicKeys", onUser, user],
  ["ListSigningCertificates", onUser, user],
  ["ListServiceSpecificCredentials", onUser, user],
  ["GetLoginProfile", onUser, user],
  ["DeleteLoginProfile", onUser, user],
  [
    "CreateRole",
    { RoleName: "r", Path: "/jobs/", AssumeRolePolicyDocument: lambdaTrust },
    `arn:aws:iam::${ours}:role/jobs/r`,
  ],
  ["GetRole", onRole, role],
  ["ListRoles", {}, `arn:aws:iam::${ours}:role/`],
  ["DeleteRole", onRole, role],
  ["UpdateRole", onRole, role],
  ["UpdateRoleDescription", { ...onRole, Description: "d" }, role],
  ["UpdateAssumeRolePolicy", { ...onRole, PolicyDocument: lambdaTrust }, role],
  ["PutRolePolicy", { ...onRole, ...inline }, role],
  ["GetRolePolicy", { ...onRole, ...inline }, role],
  ["ListRolePolicies", onRole, role],
  ["DeleteRolePolicy", { ...onRole, ...inline }, role],
  ["AttachRolePolicy", { ...onRole, PolicyArn: policy }, role],
  ["DetachRolePolicy", { ...onRole, PolicyArn: policy }, role],
  ["ListAttachedRolePolicies", onRole, role],
  ["TagRole", { ...onRole, ...tag }, role],
  ["UntagRole", { ...onRole, ...tagKey }, role],
  ["ListRoleTags", onRole, role],
  ["ListInstanceProfilesForRole", onRole, role],
  [
    "CreatePolicy",
    { PolicyName: "P", Path: "/queues/", PolicyDocument: allowAll },
    `arn:aws:iam::${ours}:policy/queues/P`,
  ],
  ["GetPolicy", { PolicyArn: policy }, policy],
  ["GetPolicyVersion", { PolicyArn: policy, VersionId: "v1" }, policy],
  ["ListPolicyVersions", { PolicyArn: policy }, policy],
  ["ListEntitiesForPolicy", { PolicyArn: policy }, policy],
  ["DeletePolicy", { PolicyArn: policy }, policy],
  ["TagPolicy", { PolicyArn: policy, ...tag }, policy],
  ["UntagPolicy", { PolicyArn: policy, ...tagKey }, policy],
  ["ListPolicyTags", { PolicyArn: policy }, policy],
  ["ListPolicies", {}, "*"],
  ["ListVirtualMFADevices", {}, `arn:aws:iam::${ours}:mfa/`],
  ["ListAccountAliases", {}, "*"],
];

it("every action is among those asked here", () => {
  expect(actions.map(([action]) => action).sort()).toEqual([...iamActions.keys()].sort());
});

describe.each(actions)("%s", (action, parameters, arn) => {
  const asked = async () => {
    const result = await desk.perform(action, parameters);
    return result.ok ? "allowed" : ((result.error as { code?: string }).code ?? result.error.kind);
  };
  /** Allowed, and whatever comes of it. */
  const allowed = expect.stringMatching(/^(allowed|NoSuchEntity)$/);

  it("is refused to whom no policy allows it, by the ARN that it is about", async () => {
    desk.as(userCaller(ours, "clerk", policyTo("Allow", "sqs:*")));
    expect(await desk.refusal(action, parameters)).toBe(
      `AccessDenied: User: arn:aws:iam::${ours}:user/clerk is not authorized to perform: iam:${action} on resource: ${arn} because no identity-based policy allows the iam:${action} action`,
    );
  });

  it("is allowed by its own name, on its own ARN", async () => {
    desk.asUserWho(`iam:${action}`, arn);
    expect(await asked()).toEqual(allowed);
    if (arn !== "*")
      expect(await desk.asUserWho(`iam:${action}`, `${arn}x`).refusal(action, parameters)).toMatch(
        /^AccessDenied/,
      );
    expect(
      await desk
        .as(userCaller(ours, "clerk", policyTo("Allow", "*"), policyTo("Deny", `iam:${action}`)))
        .refusal(action, parameters),
    ).toMatch(/^AccessDenied: .* with an explicit deny in an identity-based policy$/);
  });

  it("is refused to the sessions of users and roots, and not to those of roles", async () => {
    const session = { tokenIssuedAtMs: desk.nowMs };
    const whole = userCaller(ours, "alice", policyTo("Allow", "*"));
    const refused = "InvalidClientTokenId: The security token included in the request is invalid.";
    expect(await desk.as({ ...whole, ...session }).refusal(action, parameters)).toBe(refused);
    expect(
      await desk
        .asRoot()
        .as({ ...desk.caller, ...session })
        .refusal(action, parameters),
    ).toBe(refused);
    desk.as({ ...whole, ...session, kind: "role" });
    expect(await asked()).toEqual(allowed);
  });

  it("is refused to nobody in particular", async () => {
    desk.as({ ...userCaller("", ""), kind: "anonymous", arn: "" });
    expect(await desk.refusal(action, parameters)).toMatch(/^MissingAuthenticationToken/);
  });

  it("leaves everything of an account alone when the root of another asks", async () => {
    const before = await contents();
    await desk.asRoot(theirs).perform(action, parameters);
    expect(await contents()).toEqual(before);
  });

  const contents = () =>
    Promise.all(
      ["users", "roles", "policies", "inline_policies", "attached_policies", "access_keys"].map((table) =>
        desk.sql(`SELECT * FROM ${table} WHERE account = ?1`, ours),
      ),
    );
});

describe("conditions", () => {
  const clerk = (Condition: object) =>
    desk.as(userCaller(ours, "clerk", policyTo("Allow", "iam:*", { Condition })));

  it("see the tags of the user that is meant, by either name", async () => {
    for (const key of ["aws:ResourceTag/team", "iam:ResourceTag/Team"]) {
      clerk({ StringEquals: { [key]: "blue" } });
      await desk.get("GetUser", onUser);
      expect(await desk.refusal("GetRole", onRole)).toMatch(/^AccessDenied/);
      clerk({ StringEquals: { [key]: "red" } });
      expect(await desk.refusal("GetUser", onUser)).toMatch(/^AccessDenied/);
    }
  });

  it("see the tags that a request brings or takes away", async () => {
    clerk({ "ForAllValues:StringEquals": { "aws:TagKeys": ["a"] }, Null: { "aws:TagKeys": "false" } });
    await desk.get("TagUser", { ...onUser, ...tag });
    await desk.get("UntagUser", { ...onUser, ...tagKey });
    await desk.get("TagPolicy", { PolicyArn: policy, ...tag });
    expect(await desk.refusal("UntagUser", { ...onUser, "TagKeys.member.1": "Team" })).toMatch(
      /^AccessDenied/,
    );
    expect(await desk.refusal("UntagPolicy", { PolicyArn: policy, "TagKeys.member.1": "b" })).toMatch(
      /^AccessDenied/,
    );
    clerk({ StringEquals: { "aws:RequestTag/a": "b" } });
    await desk.get("CreateUser", { UserName: "bob", ...tag });
    expect(await desk.refusal("CreateUser", { UserName: "eve" })).toMatch(/^AccessDenied/);
  });

  it("keep an administrator to the policies that it may hand out", async () => {
    clerk({ ArnEquals: { "iam:PolicyARN": policy } });
    await desk.get("AttachUserPolicy", { ...onUser, PolicyArn: policy });
    const admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    expect(await desk.refusal("AttachUserPolicy", { ...onUser, PolicyArn: admin })).toMatch(/^AccessDenied/);
    expect(await desk.refusal("DetachUserPolicy", { ...onUser, PolicyArn: admin })).toMatch(/^AccessDenied/);
  });
});

it("who may not ask does not learn whether somebody is there", async () => {
  desk.as(userCaller(ours, "clerk"));
  for (const UserName of ["alice", "nobody"]) {
    expect(await desk.refusal("GetUser", { UserName })).toMatch(/^AccessDenied/);
  }
});

it("who does not exist is judged as if at the root of all paths", async () => {
  desk.asUserWho("iam:GetUser", `arn:aws:iam::${ours}:user/nobody`);
  expect(await desk.refusal("GetUser", { UserName: "nobody" })).toMatch(/^NoSuchEntity/);
});

describe("what there is none of", () => {
  it.each([
    ["ListGroupsForUser", onUser, "Groups"],
    ["ListInstanceProfilesForRole", onRole, "InstanceProfiles"],
    ["ListMFADevices", onUser, "MFADevices"],
    ["ListSSHPublicKeys", onUser, "SSHPublicKeys"],
    ["ListSigningCertificates", onUser, "Certificates"],
    ["ListServiceSpecificCredentials", onUser, "ServiceSpecificCredentials"],
    ["ListVirtualMFADevices", {}, "VirtualMFADevices"],
    ["ListAccountAliases", {}, "AccountAliases"],
  ])("%s answers with none", async (action, parameters, list) => {
    expect(await desk.get(action, parameters)).toEqual({ [list]: [], IsTruncated: false });
  });

  it("is none of somebody who is there", async () => {
    const missing = "NoSuchEntity 404: The user with name nobody cannot be found.";
    for (const action of ["ListGroupsForUser", "ListMFADevices", "DeleteLoginProfile"]) {
      expect(await desk.refusal(action, { UserName: "nobody" })).toBe(missing);
    }
    expect(await desk.refusal("GetLoginProfile", onUser)).toBe(
      "NoSuchEntity 404: Login Profile for User alice cannot be found.",
    );
  });

  it("is the caller's, if nobody is named", async () => {
    await desk.get("ListMFADevices");
    await desk.get("CreateUser", { UserName: "clerk" });
    await desk.asUserWho("iam:ListMFADevices", `arn:aws:iam::${ours}:user/clerk`).get("ListMFADevices");
    expect(await desk.as({ ...desk.caller, kind: "role" }).refusal("ListMFADevices")).toMatch(
      /^ValidationError/,
    );
  });
});
