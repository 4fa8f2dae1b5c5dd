import { beforeEach, describe, expect, it } from "vitest";
import { allowAll, IamDesk, lambdaTrust, theirs, trustOf } from "./iam-desk.ts";

let desk: IamDesk;
beforeEach(() => {
  desk = new IamDesk();
});

const create = (RoleName: string, AssumeRolePolicyDocument = lambdaTrust) =>
  desk.get("CreateRole", { RoleName, AssumeRolePolicyDocument });

/** The trust policy as a client reads it. */
async function trustShown(RoleName: string): Promise<unknown> {
  const { Role } = await desk.get("GetRole", { RoleName });
  return JSON.parse(
    decodeURIComponent((Role as { AssumeRolePolicyDocument: string }).AssumeRolePolicyDocument),
  );
}

async function trustStored(roleName: string): Promise<string> {
  const [row] = await desk.sql("SELECT trust_policy FROM roles WHERE role_name = ?1", roleName);
  return (row as { trust_policy: string }).trust_policy;
}

describe("CreateRole", () => {
  it("answers with the role, and GetRole with the same", async () => {
    const { Role } = await desk.get("CreateRole", {
      RoleName: "worker",
      Path: "/jobs/",
      AssumeRolePolicyDocument: lambdaTrust,
      Description: "for jobs",
      MaxSessionDuration: 7200,
      "Tags.member.1.Key": "team",
      "Tags.member.1.Value": "blue",
    });
    expect(Role).toEqual({
      Path: "/jobs/",
      RoleName: "worker",
      RoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}$/),
      Arn: "arn:aws:iam::000000000000:role/jobs/worker",
      CreateDate: desk.nowMs,
      AssumeRolePolicyDocument: encodeURIComponent(lambdaTrust).replaceAll("*", "%2A"),
      Description: "for jobs",
      MaxSessionDuration: 7200,
      Tags: [{ Key: "team", Value: "blue" }],
    });
    expect(await desk.get("GetRole", { RoleName: "WORKER" })).toEqual({ Role });
  });

  it("has an hour's sessions, and no description, unless told", async () => {
    const { Role } = await create("worker");
    expect(Role).toMatchObject({ MaxSessionDuration: 3600, Path: "/" });
    expect(Role).toHaveProperty("Description", undefined);
  });

  it("lets one of two at once win", async () => {
    const asked = { RoleName: "worker", AssumeRolePolicyDocument: lambdaTrust };
    const results = await Promise.all([1, 2].map(() => desk.perform("CreateRole", asked)));
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await desk.refusal("CreateRole", asked)).toBe(
      "EntityAlreadyExists 409: Role with name worker already exists.",
    );
  });

  it("takes the 1000th role of an account and refuses the next", async () => {
    await desk.sql(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
       INSERT INTO roles SELECT '000000000000', 'r' || i, 'AROA' || i, '/', '', '{}', 3600, 0, '{}' FROM n`,
    );
    await create("last");
    expect(
      await desk.refusal("CreateRole", { RoleName: "toomany", AssumeRolePolicyDocument: lambdaTrust }),
    ).toBe("LimitExceeded 409: Cannot exceed quota for RolesPerAccount: 1000");
  });

  it.each([
    [3599, "greater than or equal to 3600"],
    [43_201, "less than or equal to 43200"],
  ])("refuses sessions of %i s", async (MaxSessionDuration, bound) => {
    const asked = { RoleName: "worker", AssumeRolePolicyDocument: lambdaTrust, MaxSessionDuration };
    expect(await desk.refusal("CreateRole", asked)).toBe(
      `ValidationError 400: 1 validation error detected: Value '${MaxSessionDuration}' at 'maxSessionDuration' failed to satisfy constraint: Member must have value ${bound}`,
    );
  });

  it.each([3600, 43_200])("takes sessions of %i s", async (MaxSessionDuration) => {
    const asked = { RoleName: "worker", AssumeRolePolicyDocument: lambdaTrust, MaxSessionDuration };
    expect(await desk.get("CreateRole", asked)).toMatchObject({ Role: { MaxSessionDuration } });
  });

  it("takes a trust policy of 2048 characters, blanks not counted, and refuses a longer one", async () => {
    const sized = (size: number) => {
      const document = (sid: string) =>
        JSON.stringify({
          Version: "2012-10-17",
          Statement: [
            {
              Sid: sid,
              Effect: "Allow",
              Principal: { Service: "sns.amazonaws.com" },
              Action: "sts:AssumeRole",
            },
          ],
        });
      return document("a".padEnd(size - document("").length, "a"));
    };
    const spread = JSON.stringify(JSON.parse(sized(2048)), undefined, 8);
    await create("fits", spread);
    expect(
      await desk.refusal("CreateRole", { RoleName: "toolong", AssumeRolePolicyDocument: sized(2049) }),
    ).toBe("LimitExceeded 409: Cannot exceed quota for ACLSizePerRole: 2048");
  });

  it("takes only a policy that can be a trust policy", async () => {
    const refusal = (document: string) =>
      desk.refusal("CreateRole", { RoleName: "worker", AssumeRolePolicyDocument: document });
    expect(await refusal(allowAll)).toMatch(/^MalformedPolicyDocument 400: /);
    expect(await refusal("{")).toMatch(/^MalformedPolicyDocument 400: /);
    expect(await refusal("é\u0100")).toMatch(/^ValidationError 400: .*assumeRolePolicyDocument/s);
    expect((await desk.get("ListRoles"))["Roles"]).toEqual([]);
  });

  it("refuses a permissions boundary rather than make a role without one", async () => {
    const asked = { RoleName: "r", AssumeRolePolicyDocument: lambdaTrust, PermissionsBoundary: "arn:x" };
    expect(await desk.refusal("CreateRole", asked)).toBe(
      "InvalidInput 400: Permissions boundaries are not supported.",
    );
  });
});

describe("a trust policy that names a user or a role", () => {
  const alice = "arn:aws:iam::000000000000:user/shop/alice";

  it("means this one: another of the same name is not meant", async () => {
    const asked = { UserName: "alice", Path: "/shop/" };
    const { User } = await desk.get("CreateUser", asked);
    const { UserId } = User as { UserId: string };
    await create("worker", trustOf(alice));
    expect(JSON.parse(await trustStored("worker"))).toEqual(JSON.parse(trustOf(UserId)));
    expect(await trustShown("worker")).toEqual(JSON.parse(trustOf(alice)));

    await desk.get("DeleteUser", { UserName: "alice" });
    await desk.get("CreateUser", asked);
    expect(await trustShown("worker")).toEqual(JSON.parse(trustOf(UserId)));
  });

  it("means this one as well when it is spelled as in China", async () => {
    const { User } = await desk.get("CreateUser", { UserName: "alice", Path: "/shop/" });
    const { UserId } = User as { UserId: string };
    await create("worker", trustOf(alice.replace("aws", "aws-cn")));
    expect(JSON.parse(await trustStored("worker"))).toEqual(JSON.parse(trustOf(UserId)));
  });

  it("is shown in lists as it is to whoever asks for the role", async () => {
    await desk.get("CreateUser", { UserName: "alice", Path: "/shop/" });
    const { Role } = await create("worker", trustOf(alice, "arn:aws:iam::222222222222:root"));
    const { Roles } = await desk.get("ListRoles");
    expect(Roles).toEqual([Role]);
  });

  it("can be set only while they exist", async () => {
    const refused = (arn: string) =>
      `MalformedPolicyDocument 400: Invalid principal in policy: "AWS":"${arn}"`;
    expect(
      await desk.refusal("CreateRole", { RoleName: "worker", AssumeRolePolicyDocument: trustOf(alice) }),
    ).toBe(refused(alice));
    // The path belongs to the name.
    await desk.get("CreateUser", { UserName: "alice" });
    await create("worker");
    expect(
      await desk.refusal("UpdateAssumeRolePolicy", { RoleName: "worker", PolicyDocument: trustOf(alice) }),
    ).toBe(refused(alice));
    expect(await trustStored("worker")).toBe(lambdaTrust);
  });

  it("may name those of accounts that are not here, whom nobody can look up", async () => {
    const stranger = "arn:aws:iam::999999999999:user/bob";
    await create("worker", trustOf(stranger));
    expect(await trustStored("worker")).toBe(trustOf(stranger));
  });

  it("means roles by their ids too, and sessions, accounts and everyone as they are named", async () => {
    const { Role } = await create("first");
    const { RoleId } = Role as { RoleId: string };
    const others = [
      "arn:aws:sts::000000000000:assumed-role/first/session",
      "arn:aws:iam::000000000000:root",
      "*",
    ] as const;
    await create("second", trustOf("arn:aws:iam::000000000000:role/first", ...others));
    expect(JSON.parse(await trustStored("second"))).toEqual(JSON.parse(trustOf(RoleId, ...others)));
  });
});

describe("a role's changes", () => {
  beforeEach(() => create("worker"));

  it("UpdateRole changes what it names and leaves the rest", async () => {
    await desk.get("UpdateRole", { RoleName: "worker", Description: "new" });
    await desk.get("UpdateRole", { RoleName: "worker", MaxSessionDuration: 43_200 });
    expect(await desk.get("GetRole", { RoleName: "worker" })).toMatchObject({
      Role: { Description: "new", MaxSessionDuration: 43_200 },
    });
    expect(await desk.refusal("UpdateRole", { RoleName: "worker", MaxSessionDuration: 43_201 })).toMatch(
      /^ValidationError 400/,
    );
  });

  it("UpdateRoleDescription answers with the role", async () => {
    expect(
      await desk.get("UpdateRoleDescription", { RoleName: "worker", Description: "d".repeat(1000) }),
    ).toMatchObject({ Role: { RoleName: "worker", Description: "d".repeat(1000) } });
    expect(
      await desk.refusal("UpdateRoleDescription", { RoleName: "worker", Description: "d".repeat(1001) }),
    ).toMatch(/^ValidationError 400: .* at 'description'/);
  });

  it("UpdateAssumeRolePolicy replaces who may assume it", async () => {
    const everyone = trustOf("*");
    await desk.get("UpdateAssumeRolePolicy", { RoleName: "worker", PolicyDocument: everyone });
    expect(await trustShown("worker")).toEqual(JSON.parse(everyone));
  });

  it("DeleteRole waits until its policies are gone", async () => {
    const worker = { RoleName: "worker" };
    const PolicyArn = "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole";
    await desk.get("PutRolePolicy", { ...worker, PolicyName: "p", PolicyDocument: allowAll });
    await desk.get("AttachRolePolicy", { ...worker, PolicyArn });
    const refused = () => desk.refusal("DeleteRole", worker);
    expect(await refused()).toBe("DeleteConflict 409: Cannot delete entity, must detach all policies first.");
    await desk.get("DetachRolePolicy", { ...worker, PolicyArn });
    expect(await refused()).toBe("DeleteConflict 409: Cannot delete entity, must delete policies first.");
    await desk.get("DeleteRolePolicy", { ...worker, PolicyName: "p" });
    await desk.get("DeleteRole", worker);
    expect(await refused()).toBe("NoSuchEntity 404: The role with name worker cannot be found.");
  });

  it("are another account's affair", async () => {
    desk.asRoot(theirs);
    for (const [action, more] of [
      ["GetRole", {}],
      ["DeleteRole", {}],
      ["UpdateRole", { Description: "x" }],
      ["UpdateAssumeRolePolicy", { PolicyDocument: trustOf("*") }],
    ] as const) {
      expect(await desk.refusal(action, { RoleName: "worker", ...more })).toBe(
        "NoSuchEntity 404: The role with name worker cannot be found.",
      );
    }
    expect((await desk.get("ListRoles"))["Roles"]).toEqual([]);
  });
});
