import {
  DeleteConflictException,
  EntityAlreadyExistsException,
  IAM,
  InvalidInputException,
  LimitExceededException,
  MalformedPolicyDocumentException,
  NoSuchEntityException,
  paginateListPolicies,
  paginateListUsers,
} from "@aws-sdk/client-iam";
import { SQS } from "@aws-sdk/client-sqs";
import { STS } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import { addUser } from "../support/access-keys.ts";
import { rootSigner } from "../support/raw-http.ts";
import { failureOf, faultOf } from "../support/sdks.ts";
import { startTestServer } from "../support/server.ts";

/** IAM through AWS's own client, against one served Worker. */

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

let server: RunningServer;
let iam: IAM;
beforeAll(async () => {
  server = await startTestServer();
  iam = new IAM(client(rootSigner));
});
afterAll(() => server.stop());

const client = (credentials: Key) => ({
  ...{ endpoint: server.url, region: "us-east-1", credentials, maxAttempts: 1 },
});

const allow = (Action: string | string[], Resource: string | string[] = "*") =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource }] });
/** What a policy reads of the request. */
const variable = (key: string) => `\${${key}}`;
const trust = (Principal: object) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal, Action: "sts:AssumeRole" }],
  });
const lambda = trust({ Service: "lambda.amazonaws.com" });
const sqsFull = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";
const decoded = (document: string | undefined) => JSON.parse(decodeURIComponent(document ?? ""));

/** A key of a user, as its clients take it. */
async function keyOf(UserName: string, by = iam): Promise<Key> {
  const { AccessKey } = await by.createAccessKey({ UserName });
  return { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" };
}

describe("a user", () => {
  it("is created, shown, listed, tagged and deleted", async () => {
    const Tags = [{ Key: "team", Value: "blue + green" }];
    const { User } = await iam.createUser({ UserName: "life", Path: "/cycle/", Tags });
    expect(User).toEqual({
      ...{ UserName: "life", Path: "/cycle/", Arn: "arn:aws:iam::000000000000:user/cycle/life", Tags },
      ...{ UserId: expect.stringMatching(/^AIDA/), CreateDate: expect.any(Date) },
    });
    expect(Math.abs(Date.now() - Number(User?.CreateDate))).toBeLessThan(60_000);
    expect((await iam.getUser({ UserName: "life" })).User).toEqual(User);
    const { Users, IsTruncated } = await iam.listUsers({ PathPrefix: "/cycle/" });
    expect(Users?.map(({ UserName }) => UserName)).toEqual(["life"]);
    expect(IsTruncated).toBe(false);
    await iam.tagUser({ UserName: "life", Tags: [{ Key: "stage", Value: "test" }] });
    await iam.untagUser({ UserName: "life", TagKeys: ["team"] });
    expect((await iam.listUserTags({ UserName: "life" })).Tags).toEqual([{ Key: "stage", Value: "test" }]);
    await iam.deleteUser({ UserName: "life" });
    const failure = await failureOf(iam.getUser({ UserName: "life" }));
    expect(failure).toBeInstanceOf(NoSuchEntityException);
    expect(failure.message).toBe("The user with name life cannot be found.");
  });

  it("has inline policies, which come back as they were put", async () => {
    const UserName = "inline";
    await iam.createUser({ UserName });
    const document = allow("sqs:*", "arn:aws:sqs:*:*:a b+c%/*'()!");
    await iam.putUserPolicy({ UserName, PolicyName: "p", PolicyDocument: document });
    const { PolicyDocument, PolicyName } = await iam.getUserPolicy({ UserName, PolicyName: "p" });
    expect(PolicyName).toBe("p");
    expect(PolicyDocument).toMatch(/^[\w.~%-]+$/);
    expect(decodeURIComponent(PolicyDocument ?? "")).toBe(document);
    expect((await iam.listUserPolicies({ UserName })).PolicyNames).toEqual(["p"]);
    expect(await failureOf(iam.deleteUser({ UserName }))).toBeInstanceOf(DeleteConflictException);
    await iam.deleteUserPolicy({ UserName, PolicyName: "p" });
    await iam.deleteUser({ UserName });
  });

  it("has managed policies, the account's and AWS's", async () => {
    const UserName = "managed";
    await iam.createUser({ UserName });
    const { Policy } = await iam.createPolicy({ PolicyName: "Managed", PolicyDocument: allow("sqs:*") });
    const PolicyArn = Policy?.Arn ?? "";
    await iam.attachUserPolicy({ UserName, PolicyArn });
    await iam.attachUserPolicy({ UserName, PolicyArn: sqsFull });
    expect((await iam.listAttachedUserPolicies({ UserName })).AttachedPolicies).toEqual([
      { PolicyName: "Managed", PolicyArn },
      { PolicyName: "AmazonSQSFullAccess", PolicyArn: sqsFull },
    ]);
    const { PolicyUsers, PolicyRoles, PolicyGroups } = await iam.listEntitiesForPolicy({ PolicyArn });
    expect(PolicyUsers).toEqual([{ UserName, UserId: expect.stringMatching(/^AIDA/) }]);
    expect([PolicyRoles, PolicyGroups]).toEqual([[], []]);
    expect(await failureOf(iam.deletePolicy({ PolicyArn }))).toBeInstanceOf(DeleteConflictException);
    await iam.detachUserPolicy({ UserName, PolicyArn });
    await iam.detachUserPolicy({ UserName, PolicyArn: sqsFull });
    await iam.deletePolicy({ PolicyArn });
    await iam.deleteUser({ UserName });
  });

  it("has nothing of what is not here", async () => {
    const UserName = "bare";
    await iam.createUser({ UserName });
    expect((await iam.listGroupsForUser({ UserName })).Groups).toEqual([]);
    expect((await iam.listMFADevices({ UserName })).MFADevices).toEqual([]);
    expect((await iam.listSSHPublicKeys({ UserName })).SSHPublicKeys).toEqual([]);
    expect((await iam.listSigningCertificates({ UserName })).Certificates).toEqual([]);
    expect((await iam.listServiceSpecificCredentials({ UserName })).ServiceSpecificCredentials).toEqual([]);
    expect((await iam.listVirtualMFADevices({})).VirtualMFADevices).toEqual([]);
    expect((await iam.listAccountAliases({})).AccountAliases).toEqual([]);
    expect(await failureOf(iam.getLoginProfile({ UserName }))).toBeInstanceOf(NoSuchEntityException);
    expect(await failureOf(iam.deleteLoginProfile({ UserName }))).toBeInstanceOf(NoSuchEntityException);
  });

  it("is created once when two ask at once", async () => {
    const calls = [1, 2, 3, 4].map(() => iam.createUser({ UserName: "racer" }));
    const results = await Promise.allSettled(calls);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const failures = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    for (const failure of failures) expect(failure).toBeInstanceOf(EntityAlreadyExistsException);
  });

  it("is not deleted while a key is made, nor has a key when it is gone", async () => {
    await iam.createUser({ UserName: "brief" });
    const [made, deleted] = await Promise.allSettled([
      iam.createAccessKey({ UserName: "brief" }),
      iam.deleteUser({ UserName: "brief" }),
    ]);
    expect([made.status, deleted.status].sort()).toEqual(["fulfilled", "rejected"]);
    const users = await iam.listUsers({});
    const isThere = users.Users?.some(({ UserName }) => UserName === "brief");
    expect(isThere).toBe(made.status === "fulfilled");
  });

  it("and its keys come in pages", async () => {
    for (let i = 0; i < 5; i++) await iam.createUser({ UserName: `page${i}`, Path: "/pages/" });
    const names: unknown[] = [];
    let pages = 0;
    for await (const page of paginateListUsers({ client: iam, pageSize: 2 }, { PathPrefix: "/pages/" })) {
      pages++;
      names.push(...(page.Users ?? []).map(({ UserName }) => UserName));
    }
    expect(names).toEqual(["page0", "page1", "page2", "page3", "page4"]);
    expect(pages).toBe(3);
  });
});

describe("an access key", () => {
  it("signs until it is disabled or deleted, at once in the same isolate", async () => {
    const UserName = "signer";
    await iam.createUser({ UserName });
    await iam.putUserPolicy({ UserName, PolicyName: "all", PolicyDocument: allow("*") });
    const key = await keyOf(UserName);
    const sqs = new SQS(client(key));
    await sqs.listQueues({});
    const AccessKeyId = key.accessKeyId;
    expect((await iam.listAccessKeys({ UserName })).AccessKeyMetadata).toEqual([
      { UserName, AccessKeyId, Status: "Active", CreateDate: expect.any(Date) },
    ]);
    await iam.updateAccessKey({ UserName, AccessKeyId, Status: "Inactive" });
    expect((await faultOf(sqs.listQueues({}))).code).toBe("InvalidClientTokenId");
    await iam.updateAccessKey({ UserName, AccessKeyId, Status: "Active" });
    await sqs.listQueues({});
    await iam.deleteAccessKey({ UserName, AccessKeyId });
    expect((await faultOf(sqs.listQueues({}))).code).toBe("InvalidClientTokenId");
    expect(await failureOf(iam.deleteAccessKey({ UserName, AccessKeyId }))).toBeInstanceOf(
      NoSuchEntityException,
    );
  });

  it("is one of two at most", async () => {
    await iam.createUser({ UserName: "keyring" });
    await keyOf("keyring");
    await keyOf("keyring");
    const failure = await failureOf(keyOf("keyring"));
    expect(failure).toBeInstanceOf(LimitExceededException);
    expect(failure.message).toBe("Cannot exceed quota for AccessKeysPerUser: 2");
  });

  it("is made by a user for itself, and by the root for the root", async () => {
    const UserName = "self";
    await iam.createUser({ UserName });
    const own = `arn:aws:iam::000000000000:user/${variable("aws:username")}`;
    await iam.putUserPolicy({ UserName, PolicyName: "own", PolicyDocument: allow("iam:*AccessKey*", own) });
    const self = new IAM(client(await keyOf(UserName)));
    const { AccessKey } = await self.createAccessKey({});
    expect(AccessKey).toMatchObject({ UserName, Status: "Active" });
    expect((await self.listAccessKeys({})).AccessKeyMetadata).toHaveLength(2);
    expect((await faultOf(self.listAccessKeys({ UserName: "signer" }))).code).toBe("AccessDenied");

    const { AccessKey: ofRoot } = await iam.createAccessKey({});
    expect(ofRoot?.UserName).toBeUndefined();
    const key = { accessKeyId: ofRoot?.AccessKeyId ?? "", secretAccessKey: ofRoot?.SecretAccessKey ?? "" };
    const { Arn } = await new STS(client(key)).getCallerIdentity({});
    expect(Arn).toBe("arn:aws:iam::000000000000:root");
    await iam.deleteAccessKey({ AccessKeyId: key.accessKeyId });
    expect((await faultOf(new STS(client(key)).getCallerIdentity({}))).code).toBe("InvalidClientTokenId");
  });
});

describe("a policy", () => {
  it("is in force at once where it is put or attached, and no longer than it is there", async () => {
    const UserName = "governed";
    await iam.createUser({ UserName });
    const sqs = new SQS(client(await keyOf(UserName)));
    const may = async () =>
      (await sqs.listQueues({}).then(
        () => "yes",
        ({ name }) => name,
      )) as string;
    expect(await may()).toBe("AccessDenied");
    await iam.attachUserPolicy({ UserName, PolicyArn: "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess" });
    expect(await may()).toBe("yes");
    expect((await faultOf(sqs.createQueue({ QueueName: "q" }))).code).toBe("AccessDenied");
    const deny = allow("sqs:ListQueues").replace("Allow", "Deny");
    await iam.putUserPolicy({ UserName, PolicyName: "deny", PolicyDocument: deny });
    expect(await may()).toBe("AccessDenied");
    await iam.deleteUserPolicy({ UserName, PolicyName: "deny" });
    expect(await may()).toBe("yes");
    await iam.detachUserPolicy({ UserName, PolicyArn: "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess" });
    expect(await may()).toBe("AccessDenied");
    const { Policy } = await iam.createPolicy({ PolicyName: "Listing", PolicyDocument: allow("sqs:List*") });
    await iam.attachUserPolicy({ UserName, PolicyArn: Policy?.Arn ?? "" });
    expect(await may()).toBe("yes");
  });

  it("sees the tags of the user who calls", async () => {
    const UserName = "tagged";
    await iam.createUser({ UserName, Tags: [{ Key: "team", Value: "blue" }] });
    const document = allow("sqs:*", `arn:aws:sqs:*:*:${variable("aws:PrincipalTag/team")}-*`);
    await iam.putUserPolicy({ UserName, PolicyName: "team", PolicyDocument: document });
    const sqs = new SQS(client(await keyOf(UserName)));
    await sqs.createQueue({ QueueName: "blue-jobs" });
    expect((await faultOf(sqs.createQueue({ QueueName: "red-jobs" }))).code).toBe("AccessDenied");
    await iam.tagUser({ UserName, Tags: [{ Key: "Team", Value: "red" }] });
    await sqs.createQueue({ QueueName: "red-jobs" });
    expect((await faultOf(sqs.deleteQueue({ QueueUrl: `${server.url}/000000000000/blue-jobs` }))).code).toBe(
      "AccessDenied",
    );
  });

  it("is created, shown, tagged and deleted, with one version", async () => {
    const document = allow("sqs:*");
    const { Policy } = await iam.createPolicy({
      ...{ PolicyName: "Life", Path: "/cycle/", PolicyDocument: document, Description: "of a policy" },
      Tags: [{ Key: "a", Value: "b" }],
    });
    const PolicyArn = "arn:aws:iam::000000000000:policy/cycle/Life";
    expect(Policy).toMatchObject({ Arn: PolicyArn, Description: "of a policy", AttachmentCount: 0 });
    expect((await iam.getPolicy({ PolicyArn })).Policy).toEqual(Policy);
    const { PolicyVersion } = await iam.getPolicyVersion({ PolicyArn, VersionId: "v1" });
    expect(decoded(PolicyVersion?.Document)).toEqual(JSON.parse(document));
    const { Versions } = await iam.listPolicyVersions({ PolicyArn });
    expect(Versions).toEqual([{ VersionId: "v1", IsDefaultVersion: true, CreateDate: Policy?.CreateDate }]);
    await iam.tagPolicy({ PolicyArn, Tags: [{ Key: "c", Value: "" }] });
    await iam.untagPolicy({ PolicyArn, TagKeys: ["a"] });
    expect((await iam.listPolicyTags({ PolicyArn })).Tags).toEqual([{ Key: "c", Value: "" }]);
    await iam.deletePolicy({ PolicyArn });
    expect(await failureOf(iam.getPolicy({ PolicyArn }))).toBeInstanceOf(NoSuchEntityException);
  });

  it("is listed with AWS's own, in pages", async () => {
    const arns: unknown[] = [];
    for await (const page of paginateListPolicies({ client: iam, pageSize: 4 }, {})) {
      arns.push(...(page.Policies ?? []).map(({ Arn }) => Arn));
    }
    expect(new Set(arns).size).toBe(arns.length);
    expect(arns).toContain(sqsFull);
    const { Policies } = await iam.listPolicies({ Scope: "AWS" });
    expect(Policies).toHaveLength(9);
  });

  it("that is none is refused in IAM's words", async () => {
    const failure = await failureOf(iam.createPolicy({ PolicyName: "Bad", PolicyDocument: "{}" }));
    expect(failure).toBeInstanceOf(MalformedPolicyDocumentException);
    expect(await failureOf(iam.getPolicy({ PolicyArn: "arn:aws:iam::none:policy/x" }))).toBeInstanceOf(
      InvalidInputException,
    );
    expect(await faultOf(iam.createPolicy({ PolicyName: "", PolicyDocument: "" }))).toMatchObject({
      code: "ValidationError",
      status: 400,
      message:
        "2 validation errors detected: Value '' at 'policyName' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '' at 'policyDocument' failed to satisfy constraint: Member must have length greater than or equal to 1",
    });
  });
});

describe("a role", () => {
  it("is created, shown, changed and deleted, as Terraform does it", async () => {
    const RoleName = "life";
    const { Role } = await iam.createRole({
      ...{ RoleName, Path: "/cycle/", AssumeRolePolicyDocument: lambda, Description: "first" },
      ...{ MaxSessionDuration: 7200, Tags: [{ Key: "a", Value: "b" }] },
    });
    expect(decoded(Role?.AssumeRolePolicyDocument)).toEqual(JSON.parse(lambda));
    expect((await iam.getRole({ RoleName })).Role).toEqual(Role);
    await iam.updateRole({ RoleName, Description: "second", MaxSessionDuration: 3600 });
    const everyone = trust({ AWS: "arn:aws:iam::000000000000:root" });
    await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: everyone });
    const { Role: changed } = await iam.updateRoleDescription({ RoleName, Description: "third" });
    expect(changed).toMatchObject({ Description: "third", MaxSessionDuration: 3600 });
    expect(decoded(changed?.AssumeRolePolicyDocument)).toEqual(JSON.parse(everyone));
    const { Roles } = await iam.listRoles({ PathPrefix: "/cycle/" });
    expect(Roles?.map((role) => role.RoleName)).toEqual([RoleName]);

    await iam.tagRole({ RoleName, Tags: [{ Key: "c", Value: "d" }] });
    await iam.untagRole({ RoleName, TagKeys: ["a"] });
    expect((await iam.listRoleTags({ RoleName })).Tags).toEqual([{ Key: "c", Value: "d" }]);

    await iam.putRolePolicy({ RoleName, PolicyName: "p", PolicyDocument: allow("sqs:*") });
    expect((await iam.listRolePolicies({ RoleName })).PolicyNames).toEqual(["p"]);
    const { PolicyDocument } = await iam.getRolePolicy({ RoleName, PolicyName: "p" });
    expect(decoded(PolicyDocument)).toEqual(JSON.parse(allow("sqs:*")));
    await iam.attachRolePolicy({ RoleName, PolicyArn: sqsFull });
    expect((await iam.listAttachedRolePolicies({ RoleName })).AttachedPolicies).toEqual([
      { PolicyName: "AmazonSQSFullAccess", PolicyArn: sqsFull },
    ]);
    expect(await failureOf(iam.deleteRole({ RoleName }))).toBeInstanceOf(DeleteConflictException);
    expect((await iam.listInstanceProfilesForRole({ RoleName })).InstanceProfiles).toEqual([]);
    await iam.detachRolePolicy({ RoleName, PolicyArn: sqsFull });
    await iam.deleteRolePolicy({ RoleName, PolicyName: "p" });
    await iam.deleteRole({ RoleName });
    expect(await failureOf(iam.getRole({ RoleName }))).toBeInstanceOf(NoSuchEntityException);
  });

  it("trusts the user that it named, and not the next one of that name", async () => {
    const UserName = "trusted";
    const RoleName = "trusting";
    const arn = `arn:aws:iam::000000000000:user/${UserName}`;
    await iam.createUser({ UserName });
    const { Role } = await iam.createRole({ RoleName, AssumeRolePolicyDocument: trust({ AWS: arn }) });
    const assume = (key: Key) =>
      new STS(client(key)).assumeRole({ RoleArn: Role?.Arn ?? "", RoleSessionName: "session" });
    const first = await keyOf(UserName);
    expect((await assume(first)).AssumedRoleUser?.Arn).toBe(
      "arn:aws:sts::000000000000:assumed-role/trusting/session",
    );
    await iam.deleteAccessKey({ UserName, AccessKeyId: first.accessKeyId });
    await iam.deleteUser({ UserName });
    await iam.createUser({ UserName });
    const second = await keyOf(UserName);
    expect((await faultOf(assume(second))).code).toBe("AccessDenied");
    await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: trust({ AWS: arn }) });
    await assume(second);
  });
});

describe("another account", () => {
  it("has users of the same names and sees none of ours", async () => {
    const eve = new IAM(client(await addUser(server, { account: "111111111111", userName: "eve" })));
    await iam.createUser({ UserName: "common" });
    await eve.createUser({ UserName: "common" });
    expect((await eve.listUsers({})).Users?.map(({ UserName }) => UserName)).toEqual(["common", "eve"]);
    expect((await eve.getUser({})).User?.Arn).toBe("arn:aws:iam::111111111111:user/eve");
    const { Marker } = await iam.listUsers({ MaxItems: 1 });
    expect((await faultOf(eve.listUsers({ Marker }))).code).toBe("ValidationError");
    await eve.deleteUser({ UserName: "common" });
    await iam.getUser({ UserName: "common" });
    const { Policy } = await iam.createPolicy({ PolicyName: "Ours", PolicyDocument: allow("*") });
    const PolicyArn = Policy?.Arn ?? "";
    expect((await faultOf(eve.getPolicy({ PolicyArn }))).code).toBe("AccessDenied");
    expect(await failureOf(eve.attachUserPolicy({ UserName: "eve", PolicyArn }))).toBeInstanceOf(
      NoSuchEntityException,
    );
  });
});

it("an action that there is not is refused as by AWS", async () => {
  expect(await faultOf(iam.createGroup({ GroupName: "g" }))).toMatchObject({
    code: "InvalidAction",
    status: 400,
  });
});
