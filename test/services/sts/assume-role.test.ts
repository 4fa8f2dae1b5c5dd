import { beforeEach, describe, expect, it } from "vitest";
import { authorize } from "../../../src/auth/authorize.ts";
import type { Caller } from "../../../src/auth/caller.ts";
import { limits } from "../../../src/queue/limits.ts";
import { policyTo, someFacts } from "../../support/callers.ts";
import { StsDesk, trusting, uniqueId } from "./sts-desk.ts";

const ours = "123456789012";
const theirs = "210987654321";
const mayAssumeAll = policyTo("Allow", "sts:*");
const everyone = trusting({ AWS: "*" });
const everything = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];

let desk: StsDesk;
/** A user of ours without policies. */
let alice: Caller;
/** A user of ours who may assume every role. */
let bob: Caller;
/** Like bob, of the other account. */
let eve: Caller;

beforeEach(async () => {
  desk = new StsDesk();
  alice = await desk.addUser(ours, "alice");
  bob = await desk.addUser(ours, "bob", mayAssumeAll);
  eve = await desk.addUser(theirs, "eve", mayAssumeAll);
});

const denied = (caller: Caller, arn: string, permission = "sts:AssumeRole") =>
  `AccessDenied: User: ${caller.arn} is not authorized to perform: ${permission} on resource: ${arn}`;
const may = (caller: Caller, permission: string) =>
  authorize(
    caller,
    { permission, resource: { arn: "arn:aws:sqs:us-east-1:1:q", account: caller.account } },
    someFacts,
  ).ok;

describe("an assumed role", () => {
  it("is answered with credentials that stand for its session", async () => {
    const arn = await desk.addRole(ours, "Worker", everyone, {
      path: "/jobs/",
      policy: policyTo("Allow", "sqs:*"),
    });
    const answer = await desk.assume(alice, arn);
    const expiration = Math.floor(desk.nowMs / 1000) * 1000 + 3_600_000;
    expect(answer).toEqual({
      Credentials: {
        AccessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/),
        SecretAccessKey: expect.stringMatching(/^[A-Za-z0-9+/]{40}$/),
        SessionToken: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/),
        Expiration: expiration,
      },
      AssumedRoleUser: {
        AssumedRoleId: `${uniqueId("AROA", "Worker")}:one`,
        Arn: `arn:aws:sts::${ours}:assumed-role/Worker/one`,
      },
      PackedPolicySize: undefined,
      SourceIdentity: undefined,
    });
    const { secretAccessKey, caller } = await desk.session(answer);
    expect(secretAccessKey).toBe(
      (answer as { Credentials: { SecretAccessKey: string } }).Credentials.SecretAccessKey,
    );
    expect(caller).toMatchObject({
      kind: "role",
      account: ours,
      arn: `arn:aws:sts::${ours}:assumed-role/Worker/one`,
      roleArn: arn,
      userId: `${uniqueId("AROA", "Worker")}:one`,
    });
    expect(may(caller, "sqs:SendMessage")).toBe(true);
    expect(may(caller, "iam:CreateUser")).toBe(false);
    desk.nowMs = expiration - 1;
    await desk.session(answer);
    desk.nowMs = expiration;
    await expect(desk.session(answer)).rejects.toThrow("expired");
  });
});

describe("whom a role trusts", () => {
  const user = `arn:aws:iam::${ours}:user/alice`;
  const root = `arn:aws:iam::${ours}:root`;

  it.each<[string, object, "alice" | "bob" | "eve", boolean]>([
    ["everyone: a user of the account, without a policy of its own", everyone, "alice", true],
    ["everyone: another account's user whose own policy allows it", everyone, "eve", true],
    ["the user, who needs no policy of its own", trusting({ AWS: user }), "alice", true],
    ["the user, and nobody else", trusting({ AWS: user }), "bob", false],
    ["the account, for a user whose own policy allows it", trusting({ AWS: root }), "bob", true],
    ["the account, by its number", trusting({ AWS: ours }), "bob", true],
    ["the account, but not a user whose own policies do not", trusting({ AWS: root }), "alice", false],
    ["the account, and no other", trusting({ AWS: root }), "eve", false],
    ["another account, for its user", trusting({ AWS: theirs }), "eve", true],
    ["another account, but none of its own", trusting({ AWS: theirs }), "bob", false],
    ["another account's user", trusting({ AWS: `arn:aws:iam::${theirs}:user/eve` }), "eve", true],
    ["a service, and no user", trusting({ Service: "lambda.amazonaws.com" }), "bob", false],
    ["everyone, for another action", trusting({ AWS: "*" }, undefined, "sts:TagSession"), "bob", false],
  ])("%s", async (_, trust, who, allowed) => {
    const caller = { alice, bob, eve }[who];
    const arn = await desk.addRole(ours, "Worker", trust);
    const answer = await desk.assume(caller, arn);
    if (allowed) expect(answer).toHaveProperty("Credentials");
    else expect(answer).toBe(denied(caller, arn));
  });

  it("somebody by unique id, whoever has the name by then", async () => {
    const arn = await desk.addRole(ours, "Worker", trusting({ AWS: alice.userId }));
    expect(await desk.assume(alice, arn)).toHaveProperty("Credentials");
    const namesake = { ...alice, userId: uniqueId("AIDA", "alice2") };
    expect(await desk.assume(namesake, arn)).toBe(denied(namesake, arn));
    const next = await desk.addRole(ours, "Next", trusting({ AWS: uniqueId("AROA", "Worker") }));
    expect(await desk.assume(await desk.assumed(alice, arn), next)).toHaveProperty("Credentials");
    expect(await desk.assume(alice, next)).toBe(denied(alice, next));
  });

  it("another account's user needs its own policy too, though it is named", async () => {
    const mallory = await desk.addUser(theirs, "mallory");
    const arn = await desk.addRole(ours, "Worker", trusting({ AWS: mallory.arn }));
    expect(await desk.assume(mallory, arn)).toBe(denied(mallory, arn));
  });

  it("what the caller's own policy denies, stays denied", async () => {
    const carol = await desk.addUser(ours, "carol", policyTo("Deny", "sts:AssumeRole"));
    const arn = await desk.addRole(ours, "Worker", trusting({ AWS: carol.arn }));
    expect(await desk.assume(carol, arn)).toBe(denied(carol, arn));
  });

  it("what the trust policy denies, stays denied", async () => {
    const trust = {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" },
        { Effect: "Deny", Principal: { AWS: bob.arn }, Action: "sts:AssumeRole" },
      ],
    };
    const arn = await desk.addRole(ours, "Worker", trust);
    expect(await desk.assume(bob, arn)).toBe(denied(bob, arn));
    expect(await desk.assume(alice, arn)).toHaveProperty("Credentials");
  });

  it("a trust policy that cannot be read trusts nobody", async () => {
    const arn = await desk.addRole(ours, "Worker", everyone);
    await desk.sql("UPDATE roles SET trust_policy = '{'");
    expect(await desk.assume(bob, arn)).toBe(denied(bob, arn));
  });

  it("a role that does not exist is denied in the same words, and so is one under another path", async () => {
    await desk.addRole(ours, "Worker", everyone, { path: "/jobs/" });
    const none = `arn:aws:iam::${ours}:role/None`;
    expect(await desk.assume(bob, none)).toBe(denied(bob, none));
    for (const path of ["/", "/other/", "/JOBS/"]) {
      const arn = `arn:aws:iam::${ours}:role${path}Worker`;
      expect(await desk.assume(bob, arn)).toBe(denied(bob, arn));
    }
    const inOtherCase = `arn:aws:iam::${ours}:role/jobs/worker`;
    expect(await desk.assume(bob, inOtherCase)).toBe(denied(bob, inOtherCase));
  });

  it("an account's root may not assume roles, with or without a session", async () => {
    const arn = await desk.addRole(ours, "Worker", everyone);
    const rootCaller = await desk.addRoot(ours);
    const refusal = "AccessDenied: Roles may not be assumed by root accounts.";
    expect(await desk.assume(rootCaller, arn)).toBe(refusal);
    const session = await desk.session(await desk.perform(rootCaller, "GetSessionToken"));
    expect(await desk.assume(session.caller, arn)).toBe(refusal);
  });
});

describe("the conditions of a trust policy", () => {
  const holds = async (operator: string, key: string, value: string | string[], more: object) => {
    const trust = trusting({ AWS: "*" }, { [operator]: { [key]: value } }, everything);
    const arn = await desk.addRole(ours, "Worker", trust);
    const answer = await desk.assume(alice, arn, more);
    if (typeof answer === "string") expect(answer).toBe(denied(alice, arn));
    return typeof answer !== "string";
  };
  const tags = { Tags: [{ Key: "Team", Value: "red" }], TransitiveTagKeys: ["Team"] };

  it.each<[string, string, string | string[], object, boolean]>([
    ["StringEquals", "sts:ExternalId", "secret", { ExternalId: "secret" }, true],
    ["StringEquals", "sts:ExternalId", "secret", { ExternalId: "other" }, false],
    ["StringEquals", "sts:ExternalId", "secret", {}, false],
    ["Null", "sts:ExternalId", "true", {}, true],
    ["StringLike", "sts:RoleSessionName", "on?", {}, true],
    ["StringLike", "sts:RoleSessionName", "two*", {}, false],
    ["StringEquals", "sts:SourceIdentity", "ann", { SourceIdentity: "ann" }, true],
    ["StringEquals", "aws:PrincipalArn", `arn:aws:iam::${ours}:user/alice`, {}, true],
    ["StringEquals", "aws:username", "bob", {}, false],
    ["StringEquals", "aws:PrincipalAccount", ours, {}, true],
    ["StringEquals", "aws:RequestTag/Team", "red", tags, true],
    ["StringEquals", "aws:RequestTag/Team", "blue", tags, false],
    ["ForAllValues:StringEquals", "aws:TagKeys", ["Team"], tags, true],
    ["ForAnyValue:StringEquals", "sts:TransitiveTagKeys", ["Team", "Cost"], tags, true],
    ["ForAnyValue:StringEquals", "sts:TransitiveTagKeys", ["Cost"], tags, false],
    ["ForAnyValue:StringEquals", "sts:TransitiveTagKeys", ["Team"], {}, false],
    ["Bool", "aws:SecureTransport", "true", {}, true],
  ])("%s %s %s", async (operator, key, value, more, allowed) => {
    expect(await holds(operator, key, value, more)).toBe(allowed);
  });
});

describe("session policies", () => {
  const allow = (...actions: string[]) => JSON.stringify(policyTo("Allow", actions), null, 2);
  const arnOf = (name: string, account = ours) => `arn:aws:iam::${account}:policy/${name}`;
  let arn: string;
  beforeEach(async () => {
    arn = await desk.addRole(ours, "Worker", everyone, { policy: policyTo("Allow", "sqs:*") });
    for (const account of [ours, theirs]) {
      await desk.sql(
        "INSERT INTO policies VALUES (?1, 'Senders', ?1, '/', '', ?2, 1, '{}')",
        ...[account, allow("sqs:SendMessage")],
      );
    }
  });
  const permissions = ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteQueue", "sns:Publish"];
  const allowedWith = async (more: object) => {
    const caller = await desk.assumed(alice, arn, more);
    return permissions.filter((permission) => may(caller, permission));
  };

  it.each<[string, object, string[]]>([
    ["none", {}, ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteQueue"]],
    ["an inline one", { Policy: allow("sqs:ReceiveMessage") }, ["sqs:ReceiveMessage"]],
    ["a managed one", { PolicyArns: [{ arn: arnOf("Senders") }] }, ["sqs:SendMessage"]],
    [
      "both, of which one has to allow",
      { Policy: allow("sqs:ReceiveMessage"), PolicyArns: [{ arn: arnOf("Senders") }] },
      ["sqs:SendMessage", "sqs:ReceiveMessage"],
    ],
    ["one of AWS", { PolicyArns: [{ arn: "arn:aws:iam::aws:policy/AmazonSNSFullAccess" }] }, []],
    [
      "one that allows more than the role may",
      { Policy: allow("sqs:DeleteQueue", "sns:*") },
      ["sqs:DeleteQueue"],
    ],
  ])("limit the session: %s", async (_, more, allowed) => {
    expect(await allowedWith(more)).toEqual(allowed);
  });

  it("are told by how much of a token they take up", async () => {
    const sizeOf = async (more: object) =>
      ((await desk.assume(alice, arn, more)) as { PackedPolicySize?: number }).PackedPolicySize;
    expect(await sizeOf({ Policy: allow("sqs:ReceiveMessage") })).toBe(4);
    expect(await sizeOf({ PolicyArns: [{ arn: arnOf("Senders") }] })).toBe(2);
    expect(await sizeOf({})).toBeUndefined();
  });

  it.each([
    ["no JSON", "{", "MalformedPolicyDocument: Syntax errors in policy."],
    [
      "a principal in it",
      JSON.stringify(policyTo("Allow", "*", { Principal: "*" })),
      /^MalformedPolicyDocument: ./,
    ],
  ])("must be policies: %s", async (_, policy, refusal) => {
    expect(await desk.assume(alice, arn, { Policy: policy })).toMatch(refusal);
  });

  it.each([
    ["does not exist", arnOf("None")],
    ["is another account's", arnOf("Senders", theirs)],
    ["has another path", `arn:aws:iam::${ours}:policy/a/Senders`],
    ["is none of AWS's", "arn:aws:iam::aws:policy/None"],
    ["is no policy", `arn:aws:iam::${ours}:role/Senders`],
  ])("must be there: one that %s", async (_, policyArn) => {
    expect(await desk.assume(alice, arn, { PolicyArns: [{ arn: policyArn }] })).toBe(
      `ValidationError: Policy ${policyArn} does not exist or is not attachable.`,
    );
  });

  it("may have 2048 characters, and no more", async () => {
    const policy = allow("sqs:*");
    const longest = policy + " ".repeat(limits.sessionPolicyLength - policy.length);
    expect(await allowedWith({ Policy: longest })).toHaveLength(3);
    expect(await desk.assume(alice, arn, { Policy: `${longest} ` })).toBe(
      `ValidationError: 1 validation error detected: Value '${longest} ' at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048`,
    );
  });

  it("may be ten managed ones, and no more", async () => {
    const PolicyArns = Array.from({ length: 10 }, () => ({ arn: arnOf("Senders") }));
    expect(await allowedWith({ PolicyArns })).toEqual(["sqs:SendMessage"]);
    expect(await desk.assume(alice, arn, { PolicyArns: [...PolicyArns, { arn }] })).toMatch(
      /^ValidationError: 1 validation error detected: .* at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to 10$/,
    );
  });

  it("and tags must fit into a token", async () => {
    await desk.sql(
      "UPDATE roles SET trust_policy = ?1",
      JSON.stringify(trusting({ AWS: "*" }, undefined, everything)),
    );
    const tags = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ Key: `key${i}`, Value: "v".repeat(256) }));
    expect(await desk.assume(alice, arn, { Tags: tags(15) })).toMatchObject({ PackedPolicySize: 99 });
    expect(await desk.assume(alice, arn, { Tags: tags(16) })).toBe(
      "PackedPolicyTooLarge: Packed policy consumes 105% of allotted space, please use smaller policy.",
    );
  });
});

describe("the duration of a session", () => {
  const secondsOf = async (caller: Caller, arn: string, seconds?: number) => {
    const answer = await desk.assume(caller, arn, seconds === undefined ? {} : { DurationSeconds: seconds });
    if (typeof answer === "string") return answer;
    const { Expiration } = (answer as { Credentials: { Expiration: number } }).Credentials;
    return (Expiration - Math.floor(desk.nowMs / 1000) * 1000) / 1000;
  };
  const out = (value: number, bound: string) =>
    `ValidationError: 1 validation error detected: Value '${value}' at 'durationSeconds' failed to satisfy constraint: Member must have value ${bound}`;

  it("is an hour unless given, from a quarter to what the role allows", async () => {
    const arn = await desk.addRole(ours, "Worker", everyone, { maxSeconds: 7200 });
    expect(await secondsOf(alice, arn)).toBe(3600);
    expect(await secondsOf(alice, arn, 900)).toBe(900);
    expect(await secondsOf(alice, arn, 899)).toBe(out(899, "greater than or equal to 900"));
    expect(await secondsOf(alice, arn, 7200)).toBe(7200);
    expect(await secondsOf(alice, arn, 7201)).toBe(
      "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    );
  });

  it("is at most twelve hours", async () => {
    const arn = await desk.addRole(ours, "Worker", everyone, { maxSeconds: 43_200 });
    expect(await secondsOf(alice, arn, 43_200)).toBe(43_200);
    expect(await secondsOf(alice, arn, 43_201)).toBe(out(43_201, "less than or equal to 43200"));
  });

  it("is at most an hour for one that is assumed from a session, of a role or a user", async () => {
    const arn = await desk.addRole(ours, "Worker", everyone, { maxSeconds: 43_200 });
    const asRole = await desk.assumed(alice, arn);
    const asUser = (await desk.session(await desk.perform(alice, "GetSessionToken"))).caller;
    for (const session of [asRole, asUser]) {
      expect(await secondsOf(session, arn)).toBe(3600);
      expect(await secondsOf(session, arn, 3600)).toBe(3600);
      expect(await secondsOf(session, arn, 3601)).toBe(
        "ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
      );
    }
  });
});

describe("a chain of roles", () => {
  it("is trusted link by link: by role or by session", async () => {
    const first = await desk.addRole(ours, "First", trusting({ AWS: alice.arn }));
    const second = await desk.addRole(ours, "Second", trusting({ AWS: first }));
    const third = await desk.addRole(
      ours,
      "Third",
      trusting({ AWS: `arn:aws:sts::${ours}:assumed-role/Second/two` }),
    );
    expect(await desk.assume(alice, second)).toBe(denied(alice, second));
    const inFirst = await desk.assumed(alice, first);
    const inSecond = await desk.assumed(inFirst, second, { RoleSessionName: "two" });
    expect(inSecond.arn).toBe(`arn:aws:sts::${ours}:assumed-role/Second/two`);
    expect(await desk.assume(inFirst, third)).toBe(denied(inFirst, third));
    expect((await desk.assumed(inSecond, third)).session?.issuingKeyId).toBe(alice.accessKeyId);
  });

  it("is limited by the session policies of the caller", async () => {
    const first = await desk.addRole(ours, "First", everyone, { policy: mayAssumeAll });
    const second = await desk.addRole(ours, "Second", trusting({ AWS: ours }));
    const Policy = JSON.stringify(policyTo("Allow", "sqs:*"));
    const limited = await desk.assumed(alice, first, { Policy });
    expect(await desk.assume(limited, second)).toBe(denied(limited, second));
    expect(await desk.assume(await desk.assumed(alice, first), second)).toHaveProperty("Credentials");
  });

  it("ends with the key at its beginning", async () => {
    const first = await desk.addRole(ours, "First", everyone);
    const second = await desk.addRole(theirs, "Second", everyone);
    await desk.addInlinePolicy(ours, "role", "First", mayAssumeAll);
    const answer = await desk.assume(await desk.assumed(alice, first), second);
    await desk.session(answer);
    await desk.sql("UPDATE access_keys SET status = 'Inactive' WHERE access_key_id = ?1", alice.accessKeyId);
    desk.credentials.forgetAccount(ours);
    await expect(desk.session(answer)).rejects.toThrow("no session");
  });
});

describe("session tags", () => {
  const all = trusting({ AWS: "*" }, undefined, everything);
  const invalid = (text: string) => `InvalidParameterValue: ${text}`;

  it("tag the session, and take a permission of their own", async () => {
    const plain = await desk.addRole(ours, "Plain", everyone);
    const tagging = await desk.addRole(ours, "Tagging", all);
    const Tags = [
      { Key: "Team", Value: "red" },
      { Key: "Empty", Value: "" },
    ];
    expect(await desk.assume(alice, plain, { Tags })).toBe(denied(alice, plain, "sts:TagSession"));
    expect((await desk.assumed(alice, tagging, { Tags })).tags).toEqual(
      new Map([
        ["Team", "red"],
        ["Empty", ""],
      ]),
    );
  });

  it("go on along a chain if they are transitive, and need the permission there too", async () => {
    const arn = await desk.addRole(ours, "Tagging", all);
    const plain = await desk.addRole(ours, "Plain", everyone);
    const tagged = await desk.assumed(alice, arn, {
      Tags: [
        { Key: "Team", Value: "red" },
        { Key: "Own", Value: "x" },
      ],
      TransitiveTagKeys: ["team"],
    });
    const next = await desk.assumed(tagged, arn, { Tags: [{ Key: "Own", Value: "y" }] });
    expect(next.tags).toEqual(
      new Map([
        ["Team", "red"],
        ["Own", "y"],
      ]),
    );
    expect((await desk.assumed(next, arn)).tags).toEqual(new Map([["Team", "red"]]));
    expect(await desk.assume(tagged, plain)).toBe(denied(tagged, plain, "sts:TagSession"));
    expect(await desk.assume(tagged, arn, { Tags: [{ Key: "TEAM", Value: "blue" }] })).toBe(
      invalid(
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
      ),
    );
  });

  it.each<[string, object, string]>([
    [
      "twice in different cases",
      {
        Tags: [
          { Key: "a", Value: "1" },
          { Key: "A", Value: "2" },
        ],
      },
      invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive."),
    ],
    [
      "AWS's own",
      { Tags: [{ Key: "aws:x", Value: "1" }] },
      invalid("System tags cannot be added, updated or removed by user."),
    ],
    [
      "transitive without being given",
      { Tags: [{ Key: "a", Value: "1" }], TransitiveTagKeys: ["b"] },
      invalid("The specified transitive tag key must be included in the requested tags."),
    ],
  ])("are refused: %s", async (_, more, refusal) => {
    const arn = await desk.addRole(ours, "Tagging", all);
    expect(await desk.assume(alice, arn, more)).toBe(refusal);
  });

  it("may be fifty", async () => {
    const arn = await desk.addRole(ours, "Tagging", all);
    const tags = (count: number) => Array.from({ length: count }, (_, i) => ({ Key: `k${i}`, Value: "v" }));
    expect(await desk.assume(alice, arn, { Tags: tags(50) })).toHaveProperty("Credentials");
    expect(await desk.assume(alice, arn, { Tags: tags(51) })).toMatch(/^ValidationError: .* at 'tags' /);
  });
});

describe("a source identity", () => {
  const all = trusting({ AWS: "*" }, undefined, everything);

  it("is answered, takes a permission of its own, and stays along a chain", async () => {
    const arn = await desk.addRole(ours, "Worker", all);
    const plain = await desk.addRole(ours, "Plain", everyone);
    expect(await desk.assume(alice, plain, { SourceIdentity: "ann" })).toBe(
      denied(alice, plain, "sts:SetSourceIdentity"),
    );
    const first = await desk.assume(alice, arn, { SourceIdentity: "ann" });
    expect(first).toMatchObject({ SourceIdentity: "ann" });
    const { caller } = await desk.session(first);
    expect(await desk.assume(caller, arn)).toMatchObject({ SourceIdentity: "ann" });
    expect(await desk.assume(caller, arn, { SourceIdentity: "ann" })).toMatchObject({
      SourceIdentity: "ann",
    });
    expect(await desk.assume(caller, plain)).toBe(denied(caller, plain, "sts:SetSourceIdentity"));
    expect(await desk.assume(caller, arn, { SourceIdentity: "bea" })).toBe(
      denied(caller, arn, "sts:SetSourceIdentity"),
    );
  });
});

describe("malformed input", () => {
  const arn = `arn:aws:iam::${ours}:role/Worker`;
  const one = "ValidationError: 1 validation error detected: ";
  const longArn = `arn:aws:iam::${ours}:role/${"p/".repeat(1100)}`;

  it.each<[object, string]>([
    [
      { RoleArn: undefined },
      `${one}Value null at 'roleArn' failed to satisfy constraint: Member must not be null`,
    ],
    [
      { RoleArn: undefined, RoleSessionName: undefined },
      "ValidationError: 2 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null; Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null",
    ],
    [
      { RoleArn: "arn:aws:iam::1:role" },
      `${one}Value 'arn:aws:iam::1:role' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20`,
    ],
    [
      { RoleArn: longArn },
      `${one}Value '${longArn}' at 'roleArn' failed to satisfy constraint: Member must have length less than or equal to 2048`,
    ],
    [
      { RoleArn: "arn:aws:iam::1234:role/Worker" },
      "ValidationError: arn:aws:iam::1234:role/Worker is invalid",
    ],
    [
      { RoleArn: `arn:aws:iam::${ours}:user/alice` },
      `ValidationError: arn:aws:iam::${ours}:user/alice is invalid`,
    ],
    [{ RoleArn: `${arn}\n` }, `ValidationError: ${arn}\n is invalid`],
    [
      { RoleSessionName: "x" },
      `${one}Value 'x' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2`,
    ],
    [
      { RoleSessionName: "x".repeat(65) },
      `${one}Value '${"x".repeat(65)}' at 'roleSessionName' failed to satisfy constraint: Member must have length less than or equal to 64`,
    ],
    [
      { RoleSessionName: "a b" },
      `${one}Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*`,
    ],
    [
      { RoleSessionName: "a/b" },
      `${one}Value 'a/b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*`,
    ],
    [
      { ExternalId: "x" },
      `${one}Value 'x' at 'externalId' failed to satisfy constraint: Member must have length greater than or equal to 2`,
    ],
    [
      { ExternalId: "a b" },
      `${one}Value 'a b' at 'externalId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@:\\/-]*`,
    ],
    [
      { SourceIdentity: "x" },
      `${one}Value 'x' at 'sourceIdentity' failed to satisfy constraint: Member must have length greater than or equal to 2`,
    ],
    [
      { Policy: "" },
      `${one}Value '' at 'policy' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '' at 'policy' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u00FF]+`.replace(
        "1 validation error",
        "2 validation errors",
      ),
    ],
    [
      { PolicyArns: [{}] },
      `${one}Value null at 'policyArns.1.member.arn' failed to satisfy constraint: Member must not be null`,
    ],
    [
      { Tags: [{ Key: "a" }] },
      `${one}Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null`,
    ],
    [
      { Tags: [{ Key: "a%", Value: "" }] },
      `${one}Value 'a%' at 'tags.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+`,
    ],
    [
      { SerialNumber: "arn:aws:iam::1:mfa/x", TokenCode: "123456" },
      "AccessDenied: MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.",
    ],
  ])("is told of %j", async (change, refusal) => {
    await desk.addRole(ours, "Worker", everyone);
    expect(await desk.assume(alice, arn, change)).toBe(refusal);
  });

  it.each<[object]>([
    [{ RoleSessionName: "ab" }],
    [{ RoleSessionName: "x".repeat(64) }],
    [{ RoleSessionName: "a_1+=,.@-" }],
    [{ ExternalId: "a:/b" }],
    [{ ExternalId: "x".repeat(1224) }],
  ])("is not %j", async (change) => {
    await desk.addRole(ours, "Worker", everyone);
    expect(await desk.assume(alice, arn, change)).toHaveProperty("Credentials");
  });
});
