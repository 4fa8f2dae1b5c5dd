import { describe, expect, it } from "vitest";
import { contextOf, home, matches, policy, queue, read, variable, verdict } from "./asking.ts";

describe("an action matches", () => {
  it.each<[string | string[], boolean]>([
    ["*", true],
    ["*:*", true],
    ["sqs:*", true],
    ["SQS:SENDMESSAGE", true],
    ["sqs:sendmessage", true],
    ["sqs:Send*", true],
    ["sqs:*Message", true],
    ["sqs:S*d*e*e", true],
    ["sqs:S*x*e", false],
    ["sqs:SendMessag?", true],
    ["sqs:SendMessage?", false],
    ["sqs:SendMessage*", true],
    ["sqs:?endMessage", true],
    ["sqs:??ndMessage", true],
    ["sqs:?SendMessage", false],
    ["sqs:*?SendMessage", false],
    ["sqs:SendMessages", false],
    ["sqs:Send", false],
    ["sns:SendMessage", false],
    ["*:SendMessage", true],
    [["sqs:ReceiveMessage", "sqs:SendMessage"], true],
    [["sqs:ReceiveMessage", "sqs:DeleteMessage"], false],
  ])("%j: %s", (action, expected) => {
    expect(matches({ Action: action })).toBe(expected);
    expect(matches({ NotAction: action })).toBe(!expected);
  });
});

describe("a resource matches", () => {
  it.each<[string | string[], boolean]>([
    ["*", true],
    [queue.arn, true],
    [queue.arn.toUpperCase().replace("ARN", "arn"), false],
    [`${queue.arn}s`, false],
    [queue.arn.slice(0, -1), false],
    [`arn:aws:sqs:us-east-1:${home}:*`, true],
    [`arn:aws:sqs:us-east-1:${home}:j?b*`, true],
    [`arn:aws:sqs:us-east-1:${home}:j?bs?`, false],
    [`arn:aws:sqs:us-east-1:${home}:jo`, false],
    [`arn:aws:sqs:*:${home}:jobs`, true],
    [`arn:aws:sqs:eu-*:${home}:jobs`, false],
    ["arn:*:*:*:*:jobs", true],
    ["arn:aws:s*:*:*:*:jobs", false],
    ["arn:aws:sqs:us-east-1:222222222222:jobs", false],
    [["arn:aws:s3:::bucket", queue.arn], true],
  ])("%j: %s", (resource, expected) => {
    for (const kind of ["identity", "resource"] as const) {
      const principal = kind === "resource" && { Principal: "*" };
      const given = policy(kind, { Resource: resource, ...principal });
      const opposite = policy(kind, { NotResource: resource, ...principal });
      const allowed = (p: typeof given) => verdict(kind === "identity" ? { identity: [p] } : { resource: p });
      expect(allowed(given) === "allow").toBe(expected);
      expect(allowed(opposite) === "allow").toBe(!expected);
    }
  });

  it.each<[string, boolean]>([
    ["arn:aws:sqs", true],
    ["arn:aws:sqs:us-east-1", true],
    ["arn:aws:sqs:us-*", true],
    ["arn:aws:sqs:eu-west-1", false],
    ["arn:aws:sns", false],
    ["arn:aws:sqs:*jobs", false],
  ])("%s, completed in an identity's policy: %s", (resource, expected) => {
    expect(matches({ Resource: resource })).toBe(expected);
  });

  it("as it stands in a resource's own policy", () => {
    const allowed = (Resource: string) =>
      verdict({ resource: policy("resource", { Principal: "*", Resource }) }) === "allow";
    expect(allowed("arn:aws:sqs")).toBe(false);
    expect(allowed("arn:aws:sqs:*jobs")).toBe(true);
  });

  it("if the action is about none, only a star", () => {
    const asked = { action: "sqs:ListQueues", resource: { arn: "*", account: home } };
    expect(matches({ Resource: "*" }, asked)).toBe(true);
    expect(matches({ Resource: "arn:aws:sqs:*" }, asked)).toBe(false);
    expect(matches({ NotResource: "arn:aws:sqs:*" }, asked)).toBe(true);
  });
});

describe("a variable in a resource", () => {
  const context = contextOf({
    "aws:username": "alice",
    "aws:PrincipalTag/team": "jobs",
    "aws:PrincipalTag/star": "*",
    "aws:PrincipalTag/mark": "job?",
    "aws:PrincipalTag/empty": "",
    "aws:PrincipalTag/nested": variable("aws:PrincipalTag/team"),
    "aws:TagKeys": ["jobs", "more"],
  });
  const of = (name: string) => `arn:aws:sqs:us-east-1:${home}:${name}`;
  const isMatch = (pattern: string, name: string) =>
    matches({ Resource: of(pattern) }, { context, resource: { arn: of(name), account: home } });

  it.each<[string, string, boolean]>([
    [variable("aws:username"), "alice", true],
    [variable("AWS:UserName"), "alice", true],
    [variable(" aws:username "), "alice", true],
    [variable("aws:username"), "Alice", false],
    [variable("aws:PrincipalTag/team"), "jobs", true],
    [variable("aws:principaltag/TEAM"), "jobs", true],
    [`${variable("aws:username")}-${variable("aws:PrincipalTag/team")}-*`, "alice-jobs-1", true],
    [`${variable("aws:username")}-*`, "bob-1", false],
    [`*-${variable("aws:username")}`, "jobs-alice", true],
    [`?${variable("aws:PrincipalTag/empty")}?`, "ab", true],
    [variable("aws:none"), "alice", false],
    [variable("aws:none"), "", false],
    [variable("aws:none"), variable("aws:none"), false],
    [`${variable("aws:none")}*`, "alice", false],
    [variable("aws:none, 'alice'"), "alice", true],
    [variable("aws:none,'alice'"), "alice", true],
    [variable("aws:none, 'Alice'"), "alice", false],
    [variable("aws:none, '*'"), "alice", false],
    [variable("aws:none, '*'"), "*", true],
    [variable("aws:none, ''"), "", true],
    [variable("aws:none, alice"), "alice", false],
    [variable("aws:none, '"), "'", false],
    [variable("aws:none, '"), "", false],
    [variable("aws:username, 'bob'"), "alice", true],
    [variable("aws:username, 'bob'"), "bob", false],
    [variable("aws:TagKeys"), "jobs", false],
    [variable("aws:TagKeys, 'jobs'"), "jobs", true],
    [variable("aws:PrincipalTag/star"), "*", true],
    [variable("aws:PrincipalTag/star"), "alice", false],
    [variable("aws:PrincipalTag/mark"), "jobs", false],
    [variable("aws:PrincipalTag/nested"), "jobs", false],
    [variable("*"), "*", true],
    [variable("*"), "alice", false],
    [`a${variable("?")}`, "a?", true],
    [`a${variable("?")}`, "ab", false],
    [variable("$"), "$", true],
    [`${variable("$")}{aws:username}`, variable("aws:username"), true],
    ["${aws:username", "${aws:username", true],
    ["$alice", "$alice", true],
    [variable(""), "", false],
  ])("%s is %s: %s", (pattern, name, expected) => {
    expect(isMatch(pattern, name)).toBe(expected);
  });

  it("without a value spares nothing in NotResource", () => {
    const asked = { context, resource: { arn: of("alice"), account: home } };
    expect(matches({ NotResource: of(variable("aws:username")) }, asked)).toBe(false);
    expect(matches({ NotResource: of(variable("aws:none")) }, asked)).toBe(true);
  });

  it("leaves its neighbours in the list alone", () => {
    const asked = { context, resource: { arn: of("alice"), account: home } };
    expect(matches({ Resource: [of(variable("aws:none")), of("al*")] }, asked)).toBe(true);
  });

  it.each([undefined, "2008-10-17"])("is text in version %s", (Version) => {
    const allowed = (pattern: string, name: string) => {
      const statement = { Effect: "Allow", Action: "*", Resource: of(pattern) };
      const identity = [read({ Version, Statement: statement }, "identity")];
      return verdict({ identity }, { context, resource: { arn: of(name), account: home } }) === "allow";
    };
    expect(allowed(variable("aws:username"), "alice")).toBe(false);
    expect(allowed(variable("aws:username"), variable("aws:username"))).toBe(true);
    expect(allowed(variable("*"), variable("anything"))).toBe(true);
  });

  it("is text in an action", () => {
    expect(matches({ Action: "sqs:*" }, { context, action: "sqs:alice" })).toBe(true);
    expect(() => matches({ Action: `sqs:${variable("aws:username")}` })).toThrow();
  });
});

it("a pattern of many stars is given up in no more than its length times the text's", () => {
  const resource = { arn: `arn:aws:sqs:us-east-1:${home}:${"a".repeat(8000)}`, account: home };
  const stars = `arn:aws:sqs:us-east-1:${home}:${"a*".repeat(1000)}b`;
  const marks = `arn:aws:sqs:us-east-1:${home}:*${"?".repeat(2000)}b*`;
  const open = "${".repeat(4000);
  expect(matches({ Resource: [stars, marks, `arn:aws:sqs:::${open}`] }, { resource })).toBe(false);
  expect(matches({ Resource: stars.slice(0, -1) }, { resource })).toBe(true);
});
