import { beforeEach, describe, expect, it } from "vitest";
import { allowAll, IamDesk, theirs } from "./iam-desk.ts";

let desk: IamDesk;
beforeEach(() => {
  desk = new IamDesk();
});

describe("CreateUser", () => {
  it("answers with the user, and GetUser with the same", async () => {
    const { User } = await desk.get("CreateUser", {
      UserName: "alice",
      Path: "/shop/till/",
      "Tags.member.1.Key": "team",
      "Tags.member.1.Value": "blue",
    });
    expect(User).toEqual({
      Path: "/shop/till/",
      UserName: "alice",
      UserId: expect.stringMatching(/^AIDA[A-Z2-7]{17}$/),
      Arn: "arn:aws:iam::000000000000:user/shop/till/alice",
      CreateDate: desk.nowMs,
      Tags: [{ Key: "team", Value: "blue" }],
    });
    expect(await desk.get("GetUser", { UserName: "alice" })).toEqual({ User });
  });

  it("refuses a name that differs from another in case alone", async () => {
    await desk.get("CreateUser", { UserName: "Alice" });
    expect(await desk.refusal("CreateUser", { UserName: "ALICE" })).toBe(
      "EntityAlreadyExists 409: User with name ALICE already exists.",
    );
    expect(await desk.get("GetUser", { UserName: "aLICE" })).toMatchObject({ User: { UserName: "Alice" } });
  });

  it("lets one of two at once win", async () => {
    const results = await Promise.all([1, 2].map(() => desk.perform("CreateUser", { UserName: "alice" })));
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    expect((await desk.get("ListUsers"))["Users"]).toHaveLength(1);
  });

  it("takes the 5000th user of an account and refuses the next", async () => {
    await desk.sql(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4999)
       INSERT INTO users SELECT '000000000000', 'u' || i, 'AIDA' || i, '/', 0, '{}' FROM n`,
    );
    await desk.get("CreateUser", { UserName: "last" });
    expect(await desk.refusal("CreateUser", { UserName: "toomany" })).toBe(
      "LimitExceeded 409: Cannot exceed quota for UsersPerAccount: 5000",
    );
    expect(await desk.refusal("CreateUser", { UserName: "last" })).toBe(
      "EntityAlreadyExists 409: User with name last already exists.",
    );
    desk.asRoot(theirs);
    await desk.get("CreateUser", { UserName: "last" });
  });

  it.each<[string, Record<string, string>]>([
    [
      "1 validation error detected: Value null at 'userName' failed to satisfy constraint: Member must not be null",
      {},
    ],
    [
      "1 validation error detected: Value '' at 'userName' failed to satisfy constraint: Member must have length greater than or equal to 1",
      { UserName: "" },
    ],
    [
      `1 validation error detected: Value '${"a".repeat(65)}' at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64`,
      { UserName: "a".repeat(65) },
    ],
    [
      "The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-",
      { UserName: "a/b" },
    ],
    [
      "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.",
      { UserName: "a", Path: "/shop" },
    ],
    [
      `2 validation errors detected: Value '' at 'userName' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '/${"a".repeat(511)}/' at 'path' failed to satisfy constraint: Member must have length less than or equal to 512`,
      { UserName: "", Path: `/${"a".repeat(511)}/` },
    ],
    [
      "1 validation error detected: Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null",
      { UserName: "a", "Tags.member.1.Key": "k" },
    ],
  ])("says %s", async (message, parameters) => {
    expect(await desk.refusal("CreateUser", parameters)).toBe(`ValidationError 400: ${message}`);
  });

  it("takes the longest name and path, and every character that a name may have", async () => {
    await desk.get("CreateUser", { UserName: "a".repeat(64), Path: `/${"a".repeat(510)}/` });
    await desk.get("CreateUser", { UserName: "Az09_+=,.@-" });
  });

  it("refuses a permissions boundary rather than make a user without one", async () => {
    const refusal = await desk.refusal("CreateUser", {
      UserName: "alice",
      PermissionsBoundary: "arn:aws:iam::aws:policy/AmazonSQSFullAccess",
    });
    expect(refusal).toBe("InvalidInput 400: Permissions boundaries are not supported.");
    expect((await desk.get("ListUsers"))["Users"]).toEqual([]);
  });
});

describe("GetUser", () => {
  it("tells a user that does not exist", async () => {
    expect(await desk.refusal("GetUser", { UserName: "nobody" })).toBe(
      "NoSuchEntity 404: The user with name nobody cannot be found.",
    );
  });

  it("without a name is about the root of the account that asks", async () => {
    expect(await desk.get("GetUser")).toEqual({
      User: { UserId: "000000000000", Arn: "arn:aws:iam::000000000000:root", CreateDate: 0 },
    });
    await desk.sql("INSERT INTO accounts VALUES (?1, 'shop', 1700000000)", theirs);
    expect(await desk.asRoot(theirs).get("GetUser")).toEqual({
      User: {
        UserId: theirs,
        Arn: `arn:aws:iam::${theirs}:root`,
        CreateDate: 1_700_000_000_000,
      },
    });
  });

  it("without a name is about the user who asks, and refused to a role", async () => {
    await desk.get("CreateUser", { UserName: "clerk", Path: "/shop/" });
    desk.asUserWho("iam:GetUser", "arn:aws:iam::000000000000:user/shop/clerk");
    expect(await desk.get("GetUser")).toMatchObject({ User: { UserName: "clerk", Path: "/shop/" } });
    desk.as({ ...desk.caller, kind: "role" });
    expect(await desk.refusal("GetUser")).toBe(
      "ValidationError 400: Must specify userName when calling with non-User credentials",
    );
  });
});

describe("DeleteUser", () => {
  beforeEach(() => desk.get("CreateUser", { UserName: "alice" }));

  it("makes room for another one of that name and of another id", async () => {
    const before = await desk.get("GetUser", { UserName: "alice" });
    await desk.get("DeleteUser", { UserName: "ALICE" });
    expect(await desk.refusal("DeleteUser", { UserName: "alice" })).toBe(
      "NoSuchEntity 404: The user with name alice cannot be found.",
    );
    const { User: after } = await desk.get("CreateUser", { UserName: "alice" });
    expect((after as { UserId: string }).UserId).not.toBe((before["User"] as { UserId: string }).UserId);
  });

  const sqsFull = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";

  it("waits until all that is the user's is gone", async () => {
    const alice = { UserName: "alice" };
    const { AccessKey } = await desk.get("CreateAccessKey", alice);
    await desk.get("PutUserPolicy", { ...alice, PolicyName: "p", PolicyDocument: allowAll });
    await desk.get("AttachUserPolicy", { ...alice, PolicyArn: sqsFull });
    const refused = () => desk.refusal("DeleteUser", alice);
    expect(await refused()).toBe("DeleteConflict 409: Cannot delete entity, must detach all policies first.");
    await desk.get("DetachUserPolicy", { ...alice, PolicyArn: sqsFull });
    expect(await refused()).toBe("DeleteConflict 409: Cannot delete entity, must delete policies first.");
    await desk.get("DeleteUserPolicy", { ...alice, PolicyName: "p" });
    expect(await refused()).toBe("DeleteConflict 409: Cannot delete entity, must delete access keys first.");
    const { AccessKeyId } = AccessKey as { AccessKeyId: string };
    await desk.get("DeleteAccessKey", { ...alice, AccessKeyId });
    await desk.get("DeleteUser", alice);
  });

  it("does not mind what a role of the same name has", async () => {
    await desk.get("CreateRole", { RoleName: "alice", AssumeRolePolicyDocument: lambda });
    await desk.get("PutRolePolicy", { RoleName: "alice", PolicyName: "p", PolicyDocument: allowAll });
    await desk.get("AttachRolePolicy", { RoleName: "alice", PolicyArn: sqsFull });
    await desk.get("DeleteUser", { UserName: "alice" });
    expect(await desk.get("ListRolePolicies", { RoleName: "alice" })).toMatchObject({ PolicyNames: ["p"] });
  });

  const lambda = JSON.stringify({
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
  });
});

describe("what an account's identities are remembered by", () => {
  it("is forgotten after every change, and by no question", async () => {
    await desk.get("CreateUser", { UserName: "alice" });
    expect(desk.forgotten).toEqual(["000000000000"]);
    await desk.get("GetUser", { UserName: "alice" });
    await desk.get("ListUsers");
    expect(desk.forgotten).toHaveLength(1);
    await desk.refusal("DeleteUser", { UserName: "nobody" });
    expect(desk.forgotten).toHaveLength(1);
    await desk.asRoot(theirs).get("CreateUser", { UserName: "alice" });
    expect(desk.forgotten).toEqual(["000000000000", theirs]);
  });

  it("is forgotten too when the database failed half way", async () => {
    desk.identities.createUser = () => Promise.reject(new Error("the network"));
    await expect(desk.perform("CreateUser", { UserName: "alice" })).rejects.toThrow("the network");
    expect(desk.forgotten).toEqual(["000000000000"]);
  });
});
