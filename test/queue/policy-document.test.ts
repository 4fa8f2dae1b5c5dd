import { describe, expect, it } from "vitest";
import { policyProblem } from "../../src/queue/policy-document.ts";

const queue = { account: "000000000000", region: "us-east-1", name: "jobs" };
const arn = "arn:aws:sqs:us-east-1:000000000000:jobs";
const plain = { Effect: "Allow", Principal: "*", Action: "sqs:SendMessage", Resource: arn };
const invalid = { kind: "InvalidAttributeValue", message: "Invalid value for the parameter Policy." };

const problem = (document: unknown) => policyProblem(JSON.stringify(document), queue);
const problemOf = (statement: object) => problem({ Version: "2012-10-17", Statement: [statement] });
/** `plain` with other elements; undefined leaves one out. */
const changed = (elements: object) => problemOf({ ...plain, ...elements });

describe("a policy", () => {
  it.each([
    { Version: "2012-10-17", Statement: [plain] },
    { Version: "2008-10-17", Id: "x", Statement: plain },
    { Statement: [plain, { ...plain, Sid: "two" }] },
  ])("may be %j", (document) => {
    expect(problem(document)).toBeUndefined();
  });

  it.each([
    [],
    {},
    "text",
    null,
    { Statement: [] },
    { Statement: "x" },
    { Statement: [plain, null] },
    { Version: "2012-10-18", Statement: plain },
    { Version: 2012, Statement: plain },
    { Id: 1, Statement: plain },
    { Statement: plain, Other: 1 },
  ])("may not be %j", (document) => {
    expect(problem(document)).toEqual(invalid);
  });

  it("must be JSON", () => {
    expect(policyProblem("{", queue)).toEqual(invalid);
  });

  it("is at most 8192 bytes long", () => {
    const text = JSON.stringify({ Statement: plain });
    const room = 8192 - text.length;
    expect(policyProblem(text + " ".repeat(room), queue)).toBeUndefined();
    expect(policyProblem(text + " ".repeat(room + 1), queue)).toEqual(invalid);
  });

  it.each([
    ["actions", 7, (count: number) => ({ Action: Array(count).fill("sqs:SendMessage") })],
    ["principals", 50, (count: number) => ({ Principal: { AWS: Array(count).fill("111122223333") } })],
    [
      "conditions",
      10,
      (count: number) => ({
        Condition: {
          StringEquals: { "aws:SourceAccount": "1" },
          StringLike: Object.fromEntries(Array.from({ length: count - 1 }, (_, i) => [`aws:k${i}`, "x"])),
        },
      }),
    ],
  ])("has at most so many %s in a statement: %d", (what, max, having) => {
    expect(problem({ Statement: { ...plain, ...having(max) } })).toBeUndefined();
    expect(problem({ Statement: [plain, { ...plain, ...having(max + 1) }] })).toEqual({
      kind: "OverLimit",
      message: `${max + 1} ${what} were found in the submitted policy, max allowed is ${max}`,
    });
  });

  it("has at most twenty statements", () => {
    expect(problem({ Statement: Array(20).fill(plain) })).toBeUndefined();
    expect(problem({ Statement: Array(21).fill(plain) })).toEqual({
      kind: "OverLimit",
      message: "21 statements were found in the submitted policy, max allowed is 20",
    });
  });
});

describe("a statement", () => {
  it.each([
    { Sid: "a" },
    { Effect: "Deny" },
    { Principal: { AWS: "*" } },
    { Principal: { AWS: "111122223333" } },
    { Principal: { AWS: ["111122223333", "arn:aws:iam::111122223333:root"] } },
    { Principal: { AWS: "arn:aws:iam::111122223333:user/team/jane.doe@example.com" } },
    { Principal: { AWS: "arn:aws-cn:iam::111122223333:role/worker" } },
    { Principal: { AWS: "arn:aws:sts::111122223333:assumed-role/worker/session-1" } },
    { Principal: { AWS: "AIDACKCEVSQ6C2EXAMPLE" } },
    { Principal: { Service: "sns.amazonaws.com" } },
    { Principal: { Service: ["sns.amazonaws.com"], AWS: "111122223333" } },
    { Principal: undefined, NotPrincipal: { AWS: "111122223333" } },
    { Action: ["SQS:sendmessage", "sqs:Get*", "sqs:?urgeQueue", "sqs:*"] },
    { Action: "*" },
    { Action: undefined, NotAction: "sqs:DeleteQueue" },
    { Resource: "*" },
    { Resource: ["arn:aws:sqs:*:000000000000:j?bs", arn] },
    { Resource: undefined, NotResource: "arn:aws:sqs:us-east-1:000000000000:other" },
    { Condition: {} },
    {
      Condition: {
        ArnLike: { "aws:SourceArn": "arn:aws:sns:*" },
        "ForAnyValue:StringNotEqualsIgnoreCaseIfExists": { "aws:x": ["a", "b"] },
        Bool: { "aws:SecureTransport": false },
        NumericLessThanEquals: { "aws:n": 5 },
        Null: { "aws:y": true },
      },
    },
  ])("may have %j", (elements) => {
    expect(changed(elements)).toBeUndefined();
  });

  it.each([
    { Sid: 1 },
    { Conditions: {} },
    { Effect: undefined },
    { Effect: "allow" },
    { Principal: undefined },
    { Principal: "111122223333" },
    { Principal: {} },
    { Principal: { AWS: [] } },
    { Principal: { AWS: "arn:aws:iam::111122223333:user/*" } },
    { Principal: { AWS: "jane" } },
    { Principal: { Aws: "*" } },
    { Principal: { AWS: 111122223333 } },
    { NotPrincipal: "*" },
    { Action: undefined },
    { Action: [] },
    { Action: "SendMessage" },
    { Action: "sns:Publish" },
    { Action: ["sqs:SendMessage", "sns:*"] },
    { Action: "sqs:SendMessageBatch" },
    { Action: "sqs:Send Message" },
    { Action: "sqs:" },
    { Action: 1 },
    { NotAction: "sqs:SendMessage" },
    { Resource: undefined },
    { Resource: [] },
    { Resource: "arn:aws:sqs:us-east-1:000000000000:other" },
    { Resource: [arn, "arn:aws:sqs:us-east-1:111122223333:jobs"] },
    { NotResource: arn },
    { Condition: [] },
    { Condition: { StringEqual: { a: "b" } } },
    { Condition: { NullIfExists: { a: "true" } } },
    { Condition: { StringEquals: "a" } },
    { Condition: { StringEquals: { a: {} } } },
  ])("may not have %j", (elements) => {
    expect(changed(elements)).toEqual(invalid);
  });

  it("gives no other account what only the owner may do", () => {
    const grant = (account: string, Action: string, Effect = "Allow") =>
      changed({ Principal: { AWS: `arn:aws:iam::${account}:root` }, Action, Effect });
    expect(grant("111122223333", "sqs:ListQueues")).toEqual(invalid);
    expect(grant("111122223333", "sqs:PurgeQueue")).toBeUndefined();
    expect(grant("111122223333", "sqs:*")).toBeUndefined();
    expect(grant("111122223333", "sqs:ListQueues", "Deny")).toBeUndefined();
    expect(grant("000000000000", "sqs:ListQueues")).toBeUndefined();
  });
});
