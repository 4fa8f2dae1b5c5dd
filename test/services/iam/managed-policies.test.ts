import { beforeEach, describe, expect, it } from "vitest";
import { managedPolicies } from "../../../src/auth/managed-policies.ts";
import { parsePolicy } from "../../../src/auth/policy/document.ts";
import { allowAll, IamDesk, lambdaTrust, policyOfSize, theirs } from "./iam-desk.ts";

let desk: IamDesk;
beforeEach(() => {
  desk = new IamDesk();
});

const arn = (name: string, account = "000000000000") => `arn:aws:iam::${account}:policy${name}`;
const sqsFull = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";

describe("CreatePolicy", () => {
  it("answers with the policy, GetPolicy with the same, and its one version has the document", async () => {
    const { Policy } = await desk.get("CreatePolicy", {
      PolicyName: "Send",
      Path: "/queues/",
      PolicyDocument: `\n${allowAll} `,
      Description: "to send",
      "Tags.member.1.Key": "team",
      "Tags.member.1.Value": "blue",
    });
    const PolicyArn = arn("/queues/Send");
    expect(Policy).toEqual({
      PolicyName: "Send",
      PolicyId: expect.stringMatching(/^ANPA[A-Z2-7]{17}$/),
      Arn: PolicyArn,
      Path: "/queues/",
      DefaultVersionId: "v1",
      AttachmentCount: 0,
      PermissionsBoundaryUsageCount: 0,
      IsAttachable: true,
      Description: "to send",
      CreateDate: desk.nowMs,
      UpdateDate: desk.nowMs,
      Tags: [{ Key: "team", Value: "blue" }],
    });
    expect(await desk.get("GetPolicy", { PolicyArn })).toEqual({ Policy });
    const version = { VersionId: "v1", IsDefaultVersion: true, CreateDate: desk.nowMs };
    expect(await desk.get("GetPolicyVersion", { PolicyArn, VersionId: "v1" })).toEqual({
      PolicyVersion: { ...version, Document: `%0A${encodeURIComponent(allowAll).replaceAll("*", "%2A")}%20` },
    });
    expect(await desk.get("ListPolicyVersions", { PolicyArn })).toEqual({
      Versions: [version],
      IsTruncated: false,
    });
    expect(await desk.refusal("GetPolicyVersion", { PolicyArn, VersionId: "v2" })).toBe(
      `NoSuchEntity 404: Policy ${PolicyArn} version v2 does not exist or is not attachable.`,
    );
  });

  it("refuses a name that is taken, in whatever case and path", async () => {
    await desk.get("CreatePolicy", { PolicyName: "Send", PolicyDocument: allowAll });
    expect(
      await desk.refusal("CreatePolicy", { PolicyName: "SEND", Path: "/x/", PolicyDocument: allowAll }),
    ).toBe("EntityAlreadyExists 409: A policy called SEND already exists. Duplicate names are not allowed.");
  });

  it("takes 6144 characters, blanks not counted, and refuses more", async () => {
    const spread = JSON.stringify(JSON.parse(policyOfSize(6144)), undefined, 10);
    await desk.get("CreatePolicy", { PolicyName: "fits", PolicyDocument: spread });
    expect(
      await desk.refusal("CreatePolicy", { PolicyName: "toolong", PolicyDocument: policyOfSize(6145) }),
    ).toBe("LimitExceeded 409: Cannot exceed quota for PolicySize: 6144");
  });

  it("takes the 1500th policy of an account and refuses the next", async () => {
    await desk.sql(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1499)
       INSERT INTO policies SELECT '000000000000', 'p' || i, 'ANPA' || i, '/', '', '{}', 0, '{}' FROM n`,
    );
    await desk.get("CreatePolicy", { PolicyName: "last", PolicyDocument: allowAll });
    expect(await desk.refusal("CreatePolicy", { PolicyName: "toomany", PolicyDocument: allowAll })).toBe(
      "LimitExceeded 409: Cannot exceed quota for PoliciesPerAccount: 1500",
    );
  });

  it.each<[RegExp, Record<string, string>]>([
    [/^MalformedPolicyDocument 400: /, { PolicyName: "p", PolicyDocument: "{}" }],
    [/^MalformedPolicyDocument 400: /, { PolicyName: "p", PolicyDocument: lambdaTrust }],
    [/^ValidationError 400: .* at 'policyDocument'/, { PolicyName: "p", PolicyDocument: "" }],
    [/^ValidationError 400: .* at 'policyName'/, { PolicyName: "p".repeat(129), PolicyDocument: allowAll }],
    [
      /^ValidationError 400: The specified value for policyName/,
      { PolicyName: "a b", PolicyDocument: allowAll },
    ],
    [
      /^ValidationError 400: The specified value for path/,
      { PolicyName: "p", Path: "/a b/", PolicyDocument: allowAll },
    ],
  ])("refuses with %s", async (refusal, parameters) => {
    expect(await desk.refusal("CreatePolicy", parameters)).toMatch(refusal);
    expect(await desk.get("ListPolicies", { Scope: "Local" })).toMatchObject({ Policies: [] });
  });

  it("takes a document of 131072 characters with its blanks, and no longer one", async () => {
    const padded = (length: number) => allowAll.padEnd(length, " ");
    await desk.get("CreatePolicy", { PolicyName: "fits", PolicyDocument: padded(131_072) });
    expect(
      await desk.refusal("CreatePolicy", { PolicyName: "toolong", PolicyDocument: padded(131_073) }),
    ).toMatch(/^ValidationError 400: .*less than or equal to 131072$/s);
  });
});

describe("a managed policy", () => {
  beforeEach(() => desk.get("CreatePolicy", { PolicyName: "Send", PolicyDocument: allowAll }));

  it("is known by the whole of its ARN", async () => {
    for (const wrong of [arn("/send"), arn("/x/Send"), arn("/Other")]) {
      expect(await desk.refusal("GetPolicy", { PolicyArn: wrong })).toBe(
        `NoSuchEntity 404: Policy ${wrong} was not found.`,
      );
    }
    for (const wrong of ["arn:aws:iam::000000000000:user/Send", "x".repeat(20), "arn:aws:iam::aws:policy/"]) {
      expect(await desk.refusal("GetPolicy", { PolicyArn: wrong })).toBe(
        `InvalidInput 400: ARN ${wrong} is not valid.`,
      );
    }
    expect(await desk.refusal("GetPolicy", { PolicyArn: "x".repeat(19) })).toMatch(
      /^ValidationError 400: .*greater than or equal to 20$/,
    );
  });

  it("of another account is out of reach, for its root too", async () => {
    desk.asRoot(theirs);
    for (const [action, more] of [
      ["GetPolicy", {}],
      ["GetPolicyVersion", { VersionId: "v1" }],
      ["ListPolicyVersions", {}],
      ["ListEntitiesForPolicy", {}],
      ["DeletePolicy", {}],
      ["TagPolicy", { "Tags.member.1.Key": "a", "Tags.member.1.Value": "b" }],
    ] as const) {
      expect(await desk.refusal(action, { PolicyArn: arn("/Send"), ...more })).toMatch(/^AccessDenied: /);
    }
    await desk.get("CreateUser", { UserName: "bob" });
    expect(await desk.refusal("AttachUserPolicy", { UserName: "bob", PolicyArn: arn("/Send") })).toBe(
      `NoSuchEntity 404: Policy ${arn("/Send")} does not exist or is not attachable.`,
    );
    expect((await desk.get("ListPolicies", { Scope: "Local" }))["Policies"]).toEqual([]);
    await desk.asRoot().get("GetPolicy", { PolicyArn: arn("/Send") });
  });

  it("stays as long as anybody has it", async () => {
    await desk.get("CreateUser", { UserName: "alice" });
    const alice = { UserName: "alice", PolicyArn: arn("/Send") };
    await desk.get("AttachUserPolicy", alice);
    expect(await desk.get("GetPolicy", { PolicyArn: arn("/Send") })).toMatchObject({
      Policy: { AttachmentCount: 1 },
    });
    expect(await desk.refusal("DeletePolicy", { PolicyArn: arn("/Send") })).toBe(
      "DeleteConflict 409: Cannot delete a policy attached to entities.",
    );
    await desk.get("DetachUserPolicy", alice);
    await desk.get("DeletePolicy", { PolicyArn: arn("/Send") });
    expect(await desk.refusal("DeletePolicy", { PolicyArn: arn("/Send") })).toBe(
      `NoSuchEntity 404: Policy ${arn("/Send")} was not found.`,
    );
  });

  it("tells who has it: users and roles, by kind, path and page", async () => {
    await desk.get("CreateUser", { UserName: "alice", Path: "/shop/" });
    await desk.get("CreateUser", { UserName: "bob" });
    await desk.get("CreateRole", { RoleName: "worker", AssumeRolePolicyDocument: lambdaTrust });
    const PolicyArn = arn("/Send");
    for (const UserName of ["alice", "bob"]) await desk.get("AttachUserPolicy", { UserName, PolicyArn });
    await desk.get("AttachRolePolicy", { RoleName: "worker", PolicyArn });
    const entities = async (more: Record<string, string | number> = {}) => {
      const answer = await desk.get("ListEntitiesForPolicy", { PolicyArn, ...more });
      const { PolicyUsers, PolicyRoles } = answer as {
        PolicyUsers: { UserName: string }[];
        PolicyRoles: { RoleName: string }[];
      };
      return [...PolicyRoles.map((role) => role.RoleName), ...PolicyUsers.map((user) => user.UserName)];
    };
    expect(await entities()).toEqual(["worker", "alice", "bob"]);
    expect(await entities({ EntityFilter: "User" })).toEqual(["alice", "bob"]);
    expect(await entities({ EntityFilter: "Role" })).toEqual(["worker"]);
    expect(await entities({ EntityFilter: "Group" })).toEqual([]);
    expect(await entities({ PathPrefix: "/shop/" })).toEqual(["alice"]);
    expect(await entities({ PolicyUsageFilter: "PermissionsBoundary" })).toEqual([]);
    expect(await desk.get("ListEntitiesForPolicy", { PolicyArn, EntityFilter: "User" })).toMatchObject({
      PolicyGroups: [],
      PolicyUsers: [{ UserName: "alice", UserId: expect.stringMatching(/^AIDA/) }, { UserName: "bob" }],
    });
  });
});

describe("AWS's own policies", () => {
  it("can all be decided by", () => {
    const problems = managedPolicies.map(({ document }) => parsePolicy(document, "identity"));
    expect(problems.filter(({ ok }) => !ok)).toEqual([]);
    expect(managedPolicies.map(({ arn }) => arn)).toEqual(managedPolicies.map(({ arn }) => arn).sort());
  });

  it("can be read and attached, and not changed", async () => {
    expect(await desk.get("GetPolicy", { PolicyArn: sqsFull })).toMatchObject({
      Policy: { PolicyName: "AmazonSQSFullAccess", Arn: sqsFull, AttachmentCount: 0, DefaultVersionId: "v1" },
    });
    const { PolicyVersion } = await desk.get("GetPolicyVersion", { PolicyArn: sqsFull, VersionId: "v1" });
    const { Document } = PolicyVersion as { Document: string };
    expect(JSON.parse(decodeURIComponent(Document))).toMatchObject({ Statement: [{ Action: ["sqs:*"] }] });
    for (const [action, more] of [
      ["DeletePolicy", {}],
      ["TagPolicy", { "Tags.member.1.Key": "a", "Tags.member.1.Value": "b" }],
      ["UntagPolicy", { "TagKeys.member.1": "a" }],
    ] as const) {
      expect(await desk.refusal(action, { PolicyArn: sqsFull, ...more })).toBe(
        "AccessDenied: Policy is outside your own account.",
      );
    }
    expect(await desk.get("ListPolicyTags", { PolicyArn: sqsFull })).toMatchObject({ Tags: [] });
  });

  it("are not there under any other name", async () => {
    const PolicyArn = "arn:aws:iam::aws:policy/AmazonS3FullAccess";
    expect(await desk.refusal("GetPolicy", { PolicyArn })).toBe(
      `NoSuchEntity 404: Policy ${PolicyArn} was not found.`,
    );
  });

  it("count their attachments in the account that asks", async () => {
    await desk.asRoot(theirs).get("CreateUser", { UserName: "bob" });
    await desk.get("AttachUserPolicy", { UserName: "bob", PolicyArn: sqsFull });
    expect(await desk.get("GetPolicy", { PolicyArn: sqsFull })).toMatchObject({
      Policy: { AttachmentCount: 1 },
    });
    expect(await desk.asRoot().get("GetPolicy", { PolicyArn: sqsFull })).toMatchObject({
      Policy: { AttachmentCount: 0 },
    });
    expect(await desk.get("ListEntitiesForPolicy", { PolicyArn: sqsFull })).toMatchObject({
      PolicyUsers: [],
    });
  });
});

describe("ListPolicies", () => {
  const names = async (parameters: Record<string, string | number> = {}) => {
    const { Policies } = await desk.get("ListPolicies", parameters);
    return (Policies as { PolicyName: string }[]).map(({ PolicyName }) => PolicyName);
  };

  beforeEach(async () => {
    await desk.get("CreatePolicy", { PolicyName: "beta", PolicyDocument: allowAll });
    await desk.get("CreatePolicy", { PolicyName: "Alpha", Path: "/service-role/", PolicyDocument: allowAll });
  });

  const ofAws = managedPolicies.map(({ name }) => name);

  it("lists the account's by name and then those of AWS, or either", async () => {
    expect(await names()).toEqual(["Alpha", "beta", ...ofAws]);
    expect(await names({ Scope: "Local" })).toEqual(["Alpha", "beta"]);
    expect(await names({ Scope: "AWS" })).toEqual(ofAws);
    expect(await names({ PathPrefix: "/service-role/" })).toEqual([
      "Alpha",
      "AWSLambdaSQSQueueExecutionRole",
    ]);
    expect(await names({ PolicyUsageFilter: "PermissionsBoundary" })).toEqual([]);
  });

  it("lists only what is attached, if asked to", async () => {
    await desk.get("CreateUser", { UserName: "alice" });
    await desk.get("AttachUserPolicy", { UserName: "alice", PolicyArn: sqsFull });
    await desk.get("AttachUserPolicy", { UserName: "alice", PolicyArn: arn("/beta") });
    expect(await names({ OnlyAttached: "true" })).toEqual(["beta", "AmazonSQSFullAccess"]);
    expect(await names({ OnlyAttached: "false", Scope: "Local" })).toEqual(["Alpha", "beta"]);
  });

  it.each([1, 2, 3, 5, 11])("pages of %i lose and repeat nothing", async (MaxItems) => {
    const seen: string[] = [];
    let marker: Record<string, string> = {};
    for (;;) {
      const answer = (await desk.get("ListPolicies", { MaxItems, ...marker })) as {
        Policies: { PolicyName: string }[];
        IsTruncated: boolean;
        Marker?: string;
      };
      expect(answer.Policies.length).toBeLessThanOrEqual(MaxItems);
      seen.push(...answer.Policies.map(({ PolicyName }) => PolicyName));
      if (answer.Marker === undefined) break;
      expect(answer.IsTruncated).toBe(true);
      marker = { Marker: answer.Marker };
    }
    expect(seen).toEqual(["Alpha", "beta", ...ofAws]);
  });

  it("refuses a scope that there is not", async () => {
    expect(await desk.refusal("ListPolicies", { Scope: "Mine" })).toBe(
      "ValidationError 400: 1 validation error detected: Value 'Mine' at 'scope' failed to satisfy constraint: Member must satisfy enum value set: [All, AWS, Local]",
    );
  });
});
