import { describe, expect, it } from "vitest";
import { type Access, authorize } from "../../src/auth/authorize.ts";
import { anonymous, type Caller, rootCaller } from "../../src/auth/caller.ts";
import { policyOf } from "../../src/auth/policy/document.ts";
import { policyTo, someFacts, userCaller } from "../support/callers.ts";

const owner = "123456789012";
const other = "210987654321";
const queue = { account: owner, arn: "arn:aws:sqs:us-east-1:123456789012:orders" };
const everyone = { Principal: "*" };

function verdict(
  caller: Caller,
  permission: string,
  more: Partial<Access> & { policy?: object } = {},
): string {
  const { policy, ...access } = more;
  const resource = { ...queue, ...(policy && { policy: JSON.stringify(policy) }) };
  const allowed = authorize(caller, { permission, resource, ...access }, someFacts);
  return allowed.ok ? "allowed" : `${allowed.error.kind}: ${allowed.error.message}`;
}

describe("without policies", () => {
  it.each(["sqs:SendMessage", "sqs:DeleteQueue"])("the owner's root may do %s", (permission) => {
    expect(verdict(rootCaller(owner, "AKIA"), permission)).toBe("allowed");
  });

  it.each([
    [
      "a user of the owner",
      userCaller(owner, "alice"),
      "sqs:SendMessage",
      `AccessDenied: User: arn:aws:iam::${owner}:user/alice is not authorized to perform: sqs:sendmessage on resource: ${queue.arn} because no identity-based policy allows the sqs:sendmessage action`,
    ],
    [
      "another account's root",
      rootCaller(other, "AKIA"),
      "sqs:ReceiveMessage",
      `AccessDenied: User: arn:aws:iam::${other}:root is not authorized to perform: sqs:receivemessage on resource: ${queue.arn} because no resource-based policy allows the sqs:receivemessage action`,
    ],
    [
      "nobody",
      anonymous,
      "sqs:SendMessage",
      `AccessDenied: User: anonymous is not authorized to perform: sqs:sendmessage on resource: ${queue.arn} because no resource-based policy allows the sqs:sendmessage action`,
    ],
    [
      "a user who wants to make users",
      userCaller(owner, "alice"),
      "iam:CreateUser",
      `AccessDenied: User: arn:aws:iam::${owner}:user/alice is not authorized to perform: iam:CreateUser on resource: ${queue.arn} because no identity-based policy allows the iam:CreateUser action`,
    ],
  ])("%s may not", (_, caller, permission, text) => {
    expect(verdict(caller, permission)).toBe(text);
  });
});

describe("with policies", () => {
  it("a user may do what its own policy allows", () => {
    const alice = userCaller(owner, "alice", policyTo("Allow", "sqs:SendMessage"));
    expect(verdict(alice, "sqs:SendMessage")).toBe("allowed");
    expect(verdict(alice, "sqs:ReceiveMessage")).toContain("no identity-based policy allows");
  });

  it("the queue's policy can deny its own root, and says that it was explicit", () => {
    const policy = policyTo("Deny", "sqs:SendMessage", everyone);
    expect(verdict(rootCaller(owner, "AKIA"), "sqs:SendMessage", { policy })).toMatch(
      /with an explicit deny in a resource-based policy$/,
    );
    expect(verdict(rootCaller(owner, "AKIA"), "sqs:ReceiveMessage", { policy })).toBe("allowed");
  });

  it("another account is not told of a policy that denies it: a queue without one says the same", () => {
    for (const caller of [rootCaller(other, "AKIA"), userCaller(other, "bob"), anonymous]) {
      const nothing = verdict(caller, "sqs:SendMessage");
      expect(nothing).toContain("because no resource-based policy allows");
      expect(verdict(caller, "sqs:SendMessage", { policy: policyTo("Deny", "sqs:*", everyone) })).toBe(
        nothing,
      );
    }
  });

  it("a user's policy can deny what the queue's allows", () => {
    const alice = userCaller(owner, "alice", policyTo("Deny", "sqs:*"));
    expect(verdict(alice, "sqs:SendMessage", { policy: policyTo("Allow", "sqs:*", everyone) })).toMatch(
      /with an explicit deny in an identity-based policy$/,
    );
  });

  it("another account's user needs both sides", () => {
    const policy = policyTo("Allow", "sqs:SendMessage", { Principal: { AWS: other } });
    const eve = userCaller(other, "eve");
    const granted = userCaller(other, "eve", policyTo("Allow", "sqs:*"));
    expect(verdict(eve, "sqs:SendMessage", { policy })).toMatch(/no identity-based policy allows/);
    expect(verdict(granted, "sqs:SendMessage")).toMatch(/no resource-based policy allows/);
    expect(verdict(granted, "sqs:SendMessage", { policy })).toBe("allowed");
  });

  it("a session is limited by its own policy, though its user is root", () => {
    const sessionPolicies = [policyOf(JSON.stringify(policyTo("Allow", "sqs:ReceiveMessage")), "identity")];
    const limited = { ...rootCaller(owner, "ASIA"), sessionPolicies };
    expect(verdict(limited, "sqs:ReceiveMessage")).toBe("allowed");
    expect(verdict(limited, "sqs:SendMessage")).toMatch(/because no session policy allows/);
  });

  it("everyone includes nobody", () => {
    const policy = policyTo("Allow", "sqs:SendMessage", everyone);
    expect(verdict(anonymous, "sqs:SendMessage", { policy })).toBe("allowed");
    expect(verdict(anonymous, "sqs:ReceiveMessage", { policy })).toContain("no resource-based policy");
  });
});

it.each(["__proto__", "constructor", "aws:PrincipalTag/__proto__"])("no request has %s", (key) => {
  const condition = (text: string) =>
    JSON.parse(`{"${text}":{"${key}":"${text === "Null" ? "true" : "*"}"}}`);
  const absent = policyTo("Allow", "sqs:*", { ...everyone, Condition: condition("Null") });
  expect(verdict(anonymous, "sqs:SendMessage", { policy: absent })).toBe("allowed");
  const present = policyTo("Allow", "sqs:*", { ...everyone, Condition: condition("StringLike") });
  expect(verdict(anonymous, "sqs:SendMessage", { policy: present })).not.toBe("allowed");
});

describe("what conditions may ask of a request", () => {
  const topic = "arn:aws:sns:us-east-1:123456789012:news";
  const sns: Caller = {
    kind: "service",
    service: "sns.amazonaws.com",
    ...{ account: "", arn: "", userId: "AIDASNS", accessKeyId: "", policies: [] },
    source: { arn: topic, account: owner },
  };
  const alice: Caller = { ...userCaller(owner, "alice"), tags: new Map([["Team", "red"]]) };
  const session: Caller = {
    kind: "role",
    account: owner,
    arn: `arn:aws:sts::${owner}:assumed-role/worker/one`,
    roleArn: `arn:aws:iam::${owner}:role/jobs/worker`,
    userId: "AROAEXAMPLE:one",
    accessKeyId: "ASIA",
    policies: [],
    tokenIssuedAtMs: someFacts.nowMs - 60_000,
    session: { issuingKeyId: "AKIA", sourceIdentity: "carol" },
  };

  it.each<[string, string, string, Caller]>([
    ["StringEquals", "aws:SourceArn", topic, sns],
    ["StringEquals", "aws:SourceAccount", owner, sns],
    ["Bool", "aws:PrincipalIsAWSService", "true", sns],
    ["StringEquals", "aws:PrincipalServiceName", "sns.amazonaws.com", sns],
    ["IpAddress", "aws:SourceIp", "203.0.113.0/24", alice],
    ["Bool", "aws:SecureTransport", "true", alice],
    ["StringLike", "aws:UserAgent", "aws-cli/*", alice],
    ["StringEquals", "aws:RequestedRegion", "us-east-1", alice],
    ["DateGreaterThan", "aws:CurrentTime", "2026-11-22T19:34:04Z", alice],
    ["NumericEquals", "aws:EpochTime", String(someFacts.nowMs / 1000), alice],
    ["StringEquals", "aws:PrincipalArn", alice.arn, alice],
    ["StringEquals", "aws:PrincipalAccount", owner, alice],
    ["StringEquals", "aws:PrincipalType", "User", alice],
    ["StringEquals", "aws:userid", alice.userId, alice],
    ["StringEquals", "aws:username", "alice", alice],
    ["StringEquals", "aws:PrincipalTag/team", "red", alice],
    ["StringEquals", "aws:ResourceTag/Stage", "prod", alice],
    ["StringEquals", "aws:RequestTag/Cost", "7", alice],
    ["ForAllValues:StringEquals", "aws:TagKeys", "Cost", alice],
    ["StringEquals", "aws:PrincipalArn", `arn:aws:iam::${owner}:role/jobs/worker`, session],
    ["StringEquals", "aws:PrincipalType", "AssumedRole", session],
    ["StringEquals", "aws:SourceIdentity", "carol", session],
    ["Bool", "aws:MultiFactorAuthPresent", "false", session],
    ["Null", "aws:MultiFactorAuthPresent", "true", alice],
    ["DateLessThan", "aws:TokenIssueTime", "2026-11-22T19:34:00Z", session],
    ["StringEquals", "aws:PrincipalType", "Anonymous", anonymous],
    ["Null", "aws:PrincipalArn", "true", anonymous],
    ["Null", "aws:SourceArn", "true", alice],
    ["Null", "aws:username", "true", session],
  ])("%s %s %s", (operator, key, value, caller) => {
    const allowing = (condition: object) => ({
      policy: policyTo("Allow", "sqs:*", { ...everyone, Condition: condition }),
      resourceTags: { Stage: "prod" },
      requestTags: new Map([["Cost", "7"]]),
    });
    expect(verdict(caller, "sqs:SendMessage", allowing({ [operator]: { [key]: value } }))).toBe("allowed");
    const wrong = /^(true|false)$/.test(value) ? String(value === "false") : undefined;
    const others = {
      NumericEquals: "1",
      DateGreaterThan: "2030-01-01T00:00:00Z",
      DateLessThan: "2020-01-01T00:00:00Z",
    };
    const unlike = wrong ?? (others as Record<string, string>)[operator] ?? "198.51.100.0/24";
    expect(verdict(caller, "sqs:SendMessage", allowing({ [operator]: { [key]: unlike } }))).not.toBe(
      "allowed",
    );
  });
});
