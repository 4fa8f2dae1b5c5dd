import { describe, expect, it } from "vitest";
import { type PolicyKind, parsePolicy, policyOf } from "../../../src/auth/policy/document.ts";
import { limits } from "../../../src/queue/limits.ts";
import { home, variable } from "./asking.ts";

const plain: Readonly<Record<PolicyKind, Readonly<Record<string, unknown>>>> = {
  identity: { Effect: "Allow", Action: "sqs:SendMessage", Resource: "*" },
  resource: { Effect: "Allow", Principal: "*", Action: "sqs:SendMessage", Resource: "*" },
  trust: { Effect: "Allow", Principal: { AWS: home }, Action: "sts:AssumeRole" },
};

/** What is wrong with a document; undefined if nothing. */
function problemOf(document: unknown, kind: PolicyKind): string | undefined {
  const parsed = parsePolicy(typeof document === "string" ? document : JSON.stringify(document), kind);
  return parsed.ok ? undefined : parsed.error;
}

/** The same of one statement, plain but for these elements; undefined leaves one out. */
function problemWith(elements: object, kind: PolicyKind): string | undefined {
  return problemOf({ Version: "2012-10-17", Statement: [{ ...plain[kind], ...elements }] }, kind);
}

const syntax = "Syntax errors in policy.";
const kinds: readonly PolicyKind[] = ["identity", "resource", "trust"];

describe.each(kinds)("a policy of kind %s", (kind) => {
  it.each([
    { Version: "2012-10-17", Statement: [plain[kind]] },
    { Version: "2012-10-17", Statement: plain[kind] },
    { Version: "2008-10-17", Id: "some id", Statement: plain[kind] },
    { Statement: [plain[kind], { ...plain[kind], Sid: "two" }] },
  ])("may be %j", (document) => {
    expect(problemOf(document, kind)).toBeUndefined();
  });

  it.each([
    { Version: "2012-10-17", Statement: "x" },
    { Version: "2012-10-17", Statement: null },
    { Version: "2012-10-17", Statement: [plain[kind], null] },
    { Version: "2012-10-17", Statement: [[plain[kind]]] },
    { Version: "2012-10-17", Statement: plain[kind], Other: 1 },
    { Version: "2012-10-17", Id: 1, Statement: plain[kind] },
  ])("may not be %j", (document) => {
    expect(problemOf(document, kind)).toBe(syntax);
  });

  it.each(["2012-10-18", "2008-10-16", "", 2012, null])("may not have the version %j", (Version) => {
    expect(problemOf({ Version, Statement: plain[kind] }, kind)).toBe(
      "Policy document must be version 2012-10-17 or greater.",
    );
  });

  it("is JSON, in which no object names a member twice", () => {
    const notJson = {
      identity: syntax,
      resource: "The policy is not in the valid JSON format.",
      trust: "This policy contains invalid Json",
    }[kind];
    for (const text of [
      "",
      "{",
      "[]",
      '"x"',
      "null",
      "1",
      '{"Version":"2012-10-17","Version":"2012-10-17"}',
    ]) {
      expect(problemOf(text, kind)).toBe(notJson);
    }
    const statement = JSON.stringify(plain[kind]).slice(1, -1);
    for (const condition of [
      '{"StringEquals":{"aws:a":"1"},"StringEquals":{"aws:b":"2"}}',
      '{"StringEquals":{"aws:a":"1","aws:a":"2"}}',
      '{"StringEquals":{"aws:a":"1","aws:\\u0061":"2"}}',
    ]) {
      const text = `{"Version":"2012-10-17","Statement":[{${statement},"Condition":${condition}}]}`;
      expect(problemOf(text, kind)).toBe(notJson);
    }
  });

  it.each([
    { Sid: "a1" },
    { Effect: "Deny" },
    { Condition: {} },
    { Condition: { StringEquals: {} } },
    { Condition: { StringLike: { "aws:username": ["a", 1, true] }, Null: { "aws:x": false } } },
    { Condition: { "ForAnyValue:ArnNotLikeIfExists": { "aws:SourceArn": "arn:aws:sns:*" } } },
    { Condition: { NumericLessThan: { "aws:x": [5, "-5.5", "1e3"] } } },
    { Condition: { DateLessThan: { "aws:x": ["2026-11-22T10:00:00Z", 1795341600] } } },
    { Condition: { NotIpAddress: { "aws:x": ["10.0.0.0/8", "2001:db8::/32", "::1"] } } },
    { Condition: { BinaryEquals: { "aws:x": "QmluYXJ5" } } },
  ])("may have a statement with %j", (elements) => {
    expect(problemWith(elements, kind)).toBeUndefined();
  });

  it.each<object>([
    { Sid: 1 },
    { Conditions: {} },
    { condition: {} },
    { Effect: undefined },
    { Effect: "allow" },
    { Effect: ["Allow"] },
    { Action: 1 },
    { Action: ["sqs:SendMessage", 1] },
    { Action: {} },
    { NotAction: "sqs:SendMessage" },
    { Condition: [] },
    { Condition: null },
    { Condition: "x" },
    { Condition: { StringEquals: "x" } },
    { Condition: { StringEquals: ["x"] } },
    { Condition: { StringEquals: { "aws:x": [] } } },
    { Condition: { StringEquals: { "aws:x": null } } },
    { Condition: { StringEquals: { "aws:x": ["a", null] } } },
    { Condition: { StringEquals: { "aws:x": {} } } },
    { Condition: { StringEquals: { "aws:x": [["a"]] } } },
    { Condition: { StringEqual: { "aws:x": "a" } } },
    { Condition: { stringEquals: { "aws:x": "a" } } },
    { Condition: { "": { "aws:x": "a" } } },
    { Condition: { IfExists: { "aws:x": "a" } } },
    { Condition: { "StringEquals ": { "aws:x": "a" } } },
    { Condition: { "ForSomeValues:StringEquals": { "aws:x": "a" } } },
    { Condition: { "ForAllValues:ForAnyValue:StringEquals": { "aws:x": "a" } } },
    { Condition: { StringEqualsIfExistsIfExists: { "aws:x": "a" } } },
    { Condition: { NullIfExists: { "aws:x": "true" } } },
    { Condition: { "ForAllValues:Null": { "aws:x": "true" } } },
    { Condition: { Null: { "aws:x": "yes" } } },
    { Condition: { Null: { "aws:x": ["true", "yes"] } } },
    { Condition: { Bool: { "aws:x": "yes" } } },
    { Condition: { Bool: { "aws:x": variable("aws:username") } } },
    { Condition: { NumericEquals: { "aws:x": "five" } } },
    { Condition: { NumericEquals: { "aws:x": ["5", ""] } } },
    { Condition: { NumericNotEquals: { "aws:x": "5 " } } },
    { Condition: { DateEquals: { "aws:x": "22 November 2026" } } },
    { Condition: { DateEquals: { "aws:x": "2026-02-29" } } },
    { Condition: { IpAddress: { "aws:x": "10.0.0.0/33" } } },
    { Condition: { NotIpAddress: { "aws:x": ["10.0.0.0/8", "here"] } } },
    { Condition: { constructor: { "aws:x": "a" } } },
  ])("may not have a statement with %j", (elements) => {
    expect(problemWith(elements, kind)).toBe(syntax);
  });
});

describe("an identity's policy", () => {
  it.each<[object, string]>([
    [{ Principal: "*" }, "Policy document should not specify a principal."],
    [{ NotPrincipal: { AWS: home } }, "Policy document should not specify a principal."],
    [{ Action: undefined }, "Policy statement must contain actions."],
    [{ Action: [] }, "Policy statement must contain actions."],
    [{ Resource: undefined }, "Policy statement must contain resources."],
    [{ Resource: [] }, "Policy statement must contain resources."],
    [{ NotResource: "*" }, syntax],
    [{ Resource: 1 }, syntax],
    [{ Resource: "queue" }, 'Resource queue must be in ARN format or "*".'],
    [{ Resource: ["*", "?"] }, 'Resource ? must be in ARN format or "*".'],
    [{ Action: "SendMessage" }, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."],
    [{ Action: "" }, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."],
    [{ Action: "sqs:Send:Message" }, "Actions/Condition can contain only one colon."],
    [{ Action: "s qs:SendMessage" }, "Vendor s qs is not valid"],
    [{ Action: "s*:SendMessage" }, "Vendor s* is not valid"],
    [{ Action: ":SendMessage" }, "Vendor  is not valid"],
    [{ Action: "sqs:" }, syntax],
    [{ Action: "sqs: SendMessage" }, syntax],
    [
      { Sid: "not plain" },
      "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
    ],
  ])("may not have a statement with %j", (elements, problem) => {
    expect(problemWith(elements, "identity")).toBe(problem);
  });

  it.each([
    { Action: undefined, NotAction: ["sqs:SendMessage"] },
    { Action: ["*", "SQS:*", "*:*", "s3:Get?bject", "execute-api:Invoke"] },
    { Resource: undefined, NotResource: ["arn:aws:sqs:*", "*"] },
    { Sid: "" },
  ])("may have a statement with %j", (elements) => {
    expect(problemWith(elements, "identity")).toBeUndefined();
  });

  it("names each statement but once", () => {
    const named = (...sids: string[]) =>
      problemOf({ Statement: sids.map((Sid) => ({ ...plain.identity, Sid })) }, "identity");
    expect(named("a", "b", "A", "", "")).toBeUndefined();
    expect(named("a", "b", "a")).toBe("Statement IDs (SID) in a single policy must be unique.");
  });

  it("has a statement", () => {
    expect(problemOf({ Version: "2012-10-17", Statement: [] }, "identity")).toBe(syntax);
    expect(problemOf({ Version: "2012-10-17" }, "identity")).toBe(syntax);
  });
});

const badPrincipals: readonly (readonly [unknown, string])[] = [
  ["x", syntax],
  [home, syntax],
  [["*"], syntax],
  [null, syntax],
  [{}, "Missing required field Principal cannot be empty!"],
  [{ AWS: [] }, "Missing required field Principal cannot be empty!"],
  [{ AWS: home, Service: [] }, "Missing required field Principal cannot be empty!"],
  [{ aws: home }, syntax],
  [{ CanonicalUser: "79a5" }, syntax],
  [{ AWS: 111111111111 }, syntax],
  [{ AWS: [home, null] }, syntax],
  [{ AWS: "" }, syntax],
  [{ Service: "" }, syntax],
  ...[
    "jane",
    "11111111111",
    "1111111111111",
    "arn:aws:iam::111111111111:user/*",
    "arn:aws:iam::111111111111:user/",
    "arn:aws:iam::111111111111:group/all",
    "arn:aws:iam::*:root",
    "arn:*:iam::111111111111:root",
    "arn:aws:iam::111111111111:root/x",
    "arn:aws:sts::111111111111:assumed-role/worker",
    "arn:aws:sts::111111111111:assumed-role/worker/*",
    "arn:aws:sqs:us-east-1:111111111111:jobs",
    "AIDA?",
    "AIDAALICE*",
    "**",
  ].map((text) => [{ AWS: text }, `Invalid principal in policy: "AWS":"${text}"`] as const),
];
const goodPrincipals: readonly unknown[] = [
  "*",
  { AWS: "*" },
  { AWS: home },
  { AWS: ["arn:aws:iam::111111111111:root", "arn:aws-cn:iam::111111111111:user/team/jane.doe@example.com"] },
  { AWS: "arn:aws:sts::111111111111:assumed-role/worker/session-1" },
  { AWS: "arn:aws:sts::111111111111:federated-user/guest" },
  { AWS: ["AIDACKCEVSQ6C2EXAMPLE", "AROACKCEVSQ6C2EXAMPLE"] },
  { Service: ["sns.amazonaws.com", "s3.amazonaws.com"], AWS: home },
  { Federated: "cognito-identity.amazonaws.com" },
];

describe("a resource's policy", () => {
  it.each(badPrincipals)("may not name %j", (named, problem) => {
    expect(problemWith({ Principal: named }, "resource")).toBe(problem);
    expect(problemWith({ Principal: undefined, NotPrincipal: named }, "resource")).toBe(problem);
  });

  it.each(goodPrincipals)("may name %j", (named) => {
    expect(problemWith({ Principal: named }, "resource")).toBeUndefined();
    expect(problemWith({ Principal: undefined, NotPrincipal: named }, "resource")).toBeUndefined();
  });

  it.each<[object, string]>([
    [{ Principal: undefined }, "Missing required field Principal"],
    [{ NotPrincipal: "*" }, syntax],
    [{ Resource: undefined }, "Policy statement must contain resources."],
    [{ Action: undefined }, "Policy statement must contain actions."],
    [{ Action: "SendMessage" }, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."],
  ])("may not have a statement with %j", (elements, problem) => {
    expect(problemWith(elements, "resource")).toBe(problem);
  });

  it("may name statements as it likes, and resources in any way", () => {
    const statement = { ...plain.resource, Sid: "with - dashes", Resource: "jobs" };
    expect(problemOf({ Statement: [statement, statement] }, "resource")).toBeUndefined();
  });

  it("has a statement", () => {
    expect(problemOf({ Version: "2012-10-17", Statement: [] }, "resource")).toBe(syntax);
  });
});

describe("a role's trust policy", () => {
  it.each(badPrincipals)("may not name %j", (named, problem) => {
    expect(problemWith({ Principal: named }, "trust")).toBe(problem);
  });

  it.each(goodPrincipals)("may name %j", (named) => {
    expect(problemWith({ Principal: named }, "trust")).toBeUndefined();
  });

  it.each<[object, string]>([
    [{ Principal: undefined }, "Missing required field Principal"],
    [{ Principal: undefined, NotPrincipal: { AWS: home } }, "Allow with NotPrincipal is not allowed."],
    [
      { Effect: "Deny", Principal: undefined, NotPrincipal: { AWS: home } },
      "AssumeRole policy must not contain NotPrincipal field.",
    ],
    [{ Resource: "*" }, "Has prohibited field Resource"],
    [{ NotResource: "*" }, "AssumeRole policy must not contain resources."],
    [{ Action: undefined }, "Missing required field Action"],
    [{ Action: "*" }, "AssumeRole policy may only specify STS AssumeRole actions."],
    [
      { Action: ["sts:AssumeRole", "sqs:SendMessage"] },
      "AssumeRole policy may only specify STS AssumeRole actions.",
    ],
  ])("may not have a statement with %j", (elements, problem) => {
    expect(problemWith(elements, "trust")).toBe(problem);
  });

  it("may allow what STS has", () => {
    expect(problemWith({ Action: ["STS:AssumeRole", "sts:TagSession", "sts:*"] }, "trust")).toBeUndefined();
  });

  it("has a statement", () => {
    expect(problemOf({ Version: "2012-10-17", Statement: [] }, "trust")).toBe(
      "Could not parse the policy: Statement is empty!",
    );
  });
});

describe("what a policy tells of itself", () => {
  const parsed = (document: object) => {
    const policy = parsePolicy(JSON.stringify(document), "identity");
    if (!policy.ok) throw new Error(policy.error);
    return policy.value;
  };

  it("is its version, the older one if it names none", () => {
    expect(parsed({ Version: "2012-10-17", Statement: plain.identity }).version).toBe("2012-10-17");
    expect(parsed({ Version: "2008-10-17", Statement: plain.identity }).version).toBe("2008-10-17");
    expect(parsed({ Statement: plain.identity }).version).toBe("2008-10-17");
  });

  it("are the condition keys that it reads, of conditions and of variables, in lower case", () => {
    const Resource = `arn:aws:sqs:us-east-1:${home}:${variable("aws:PrincipalTag/Team")}-${variable("aws:none, 'x'")}`;
    const first = {
      ...plain.identity,
      Condition: {
        StringEquals: { "aws:ResourceTag/Stage": ["a", variable("aws:RequestTag/Stage")] },
        "ForAllValues:StringLike": { "aws:TagKeys": variable("*") },
        ArnLike: { "aws:SourceArn": `arn:aws:sns:*:*:${variable("aws:UserName")}` },
        Null: { "aws:TokenIssueTime": "true" },
        BinaryEquals: { "aws:blob": variable("aws:text") },
      },
    };
    const second = { ...plain.identity, Resource: undefined, NotResource: Resource };
    const document = { Version: "2012-10-17", Statement: [first, second] };
    expect(Array.from(parsed(document).keys).sort()).toEqual([
      "aws:blob",
      "aws:none",
      "aws:principaltag/team",
      "aws:requesttag/stage",
      "aws:resourcetag/stage",
      "aws:sourcearn",
      "aws:tagkeys",
      "aws:tokenissuetime",
      "aws:username",
    ]);
    expect(Array.from(parsed({ ...document, Version: "2008-10-17" }).keys).sort()).toEqual([
      "aws:blob",
      "aws:resourcetag/stage",
      "aws:sourcearn",
      "aws:tagkeys",
      "aws:tokenissuetime",
    ]);
  });
});

describe("a policy of stored text", () => {
  /** `characters` long, and of its own. */
  const text = (id: number, characters = 8000) =>
    JSON.stringify({ Id: `${id}`, Statement: plain.resource }).padEnd(characters);

  it("is read once, for each kind", () => {
    const policy = policyOf(text(0), "resource");
    expect(policyOf(text(0), "resource")).toBe(policy);
    expect(policyOf(text(0), "identity")).not.toBe(policy);
    expect(policy.statements).toHaveLength(1);
  });

  it("is forgotten when too much text came after it", () => {
    const fit = limits.readPolicyCharacters / 8000;
    const [first, second] = [policyOf(text(1), "resource"), policyOf(text(2), "resource")];
    for (let id = 3; id <= fit; id++) policyOf(text(id), "resource");
    expect(policyOf(text(1), "resource")).toBe(first);
    policyOf(text(fit + 1, 100), "resource");
    expect(policyOf(text(2), "resource")).toBe(second);
    expect(policyOf(text(1), "resource")).not.toBe(first);
  });

  it.each(kinds)("denies if it cannot be read as kind %s, and names that kind", (kind) => {
    const policy = policyOf('{"Statement":[]}', kind);
    expect(policy.kind).toBe(kind);
    expect(policy.statements.map(({ effect }) => effect)).toEqual(["Deny"]);
    expect(policyOf('{"Statement":[]}', kind)).toBe(policy);
  });
});
