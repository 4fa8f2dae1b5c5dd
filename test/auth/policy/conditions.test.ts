import { describe, expect, it } from "vitest";
import { contextOf, home, matches, policy, read, variable, verdict } from "./asking.ts";

type Said = string | readonly string[] | undefined;

/** Whether a condition holds, by what it does to an Allow and to a Deny. */
function holds(operator: string, wanted: unknown, said: Said): { allow: boolean; deny: boolean } {
  const context = contextOf({
    ...(said !== undefined && { "aws:key": said }),
    "aws:username": "alice",
    "aws:PrincipalTag/star": "*",
    "aws:PrincipalTag/MIXED": "Alice",
  });
  const Condition = { [operator]: { "aws:key": wanted } };
  const denying = policy("identity", {}, { Effect: "Deny", Condition });
  return {
    allow: matches({ Condition }, { context }),
    deny: verdict({ identity: [denying] }, { context }) === "explicit by identity",
  };
}

const yes = { allow: true, deny: true };
const no = { allow: false, deny: false };
/** It neither lets anybody in, nor keeps what denies from denying. */
const closed = { allow: false, deny: true };

/** Each value, wanted and said, with what the operator and its negation make of it. */
function compares(
  operator: string,
  negation: string,
  rows: readonly (readonly [wanted: unknown, said: Said, meets: boolean | undefined])[],
): void {
  describe.each(rows)(`${operator} %j, said %j: %s`, (wanted, said, meets) => {
    it("itself", () => {
      expect(holds(operator, wanted, said)).toEqual(meets ? yes : no);
    });

    it(negation, () => {
      expect(holds(negation, wanted, said)).toEqual(meets === undefined ? closed : meets ? no : yes);
    });
  });
}

const texts = [
  ["a", "a", true],
  ["a", "b", false],
  ["", "", true],
  ["", "a", false],
  [["a", "b"], "b", true],
  [["a", "b"], "c", false],
  [1, "1", true],
  [true, "true", true],
  [variable("aws:username"), "alice", true],
  [variable("aws:username"), "bob", false],
  [`${variable("aws:username")}s`, "alices", true],
  [variable("aws:none"), "alice", false],
  [variable("aws:none"), "", false],
  [[variable("aws:none"), "alice"], "alice", true],
  [variable("aws:none, 'alice'"), "alice", true],
  [variable("aws:PrincipalTag/star"), "alice", false],
  [variable("aws:PrincipalTag/star"), "*", true],
  [variable("*"), "*", true],
  [variable("*"), "a", false],
  [variable("?"), "?", true],
  [variable("$"), "$", true],
] as const;

compares("StringEquals", "StringNotEquals", [
  ...texts,
  ["a", "A", false],
  ["a*", "ab", false],
  ["a*", "a*", true],
  ["?", "a", false],
]);
compares("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", [
  ...texts,
  ["a", "A", true],
  ["Ab", "aB", true],
  ["a*", "AB", false],
  ["a*", "A*", true],
  [variable("aws:username"), "ALICE", true],
  [variable("aws:PrincipalTag/mixed"), "aLICE", true],
  [variable("aws:none, 'Alice'"), "aLICE", true],
]);
compares("StringLike", "StringNotLike", [
  ...texts,
  ["a", "A", false],
  ["a*", "ab", true],
  ["a*", "ba", false],
  ["*", "", true],
  ["**", "a", true],
  ["?", "", false],
  ["?", "a", true],
  ["?", "ab", false],
  ["*?b*", "ab", true],
  ["*?b*", "b", false],
  ["*b?*", "ab", false],
  ["b?*", "b", false],
  ["*?b", "b", false],
  ["*a*b*", "xaybz", true],
  ["*a*b*", "xbya", false],
  [`${variable("aws:username")}/*`, "alice/1", true],
]);
compares("NumericEquals", "NumericNotEquals", [
  ["5", "5", true],
  ["5", "5.0", true],
  ["5", "05", true],
  ["5", "5.1", false],
  ["-5", "-5", true],
  [5, "5", true],
  [["4", "5"], "5", true],
  ["1e3", "1000", true],
  ["5", "five", undefined],
  ["5", "", undefined],
  ["5", "5x", undefined],
  ["0", " ", undefined],
  ["15", "0xf", undefined],
]);
compares("DateEquals", "DateNotEquals", [
  ["2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z", true],
  ["2026-11-22T10:00:00Z", "2026-11-22T19:00:00+09:00", true],
  ["2026-11-22T10:00:00Z", "1795341600", true],
  ["1795341600", "2026-11-22T10:00:00.000Z", true],
  ["1795341600", "1795341601", false],
  ["2026-11-22", "2026-11-22T00:00:00Z", true],
  ["2026-11-22T10:00:00Z", "yesterday", undefined],
  ["2026-11-22T10:00:00Z", "", undefined],
]);
compares("IpAddress", "NotIpAddress", [
  ["10.0.0.0/8", "10.255.255.255", true],
  ["10.0.0.0/8", "11.0.0.0", false],
  ["10.0.0.1", "10.0.0.1", true],
  ["10.0.0.1", "10.0.0.2", false],
  [["192.0.2.0/24", "10.0.0.0/8"], "10.0.0.1", true],
  ["0.0.0.0/0", "203.0.113.7", true],
  ["0.0.0.0/0", "2001:db8::1", false],
  ["::/0", "10.0.0.1", false],
  ["::/0", "2001:db8::1", true],
  ["2001:db8::/32", "2001:db8:ffff::1", true],
  ["2001:db8::/32", "2001:db9::1", false],
  ["2001:db8::1", "2001:DB8:0:0:0:0:0:1", true],
  ["10.0.0.0/8", "::ffff:10.0.0.1", true],
  ["10.0.0.0/8", "::ffff:a00:1", true],
  ["::ffff:10.0.0.0/104", "10.0.0.1", true],
  ["10.0.0.0/8", "10.0.0.0/8", undefined],
  ["10.0.0.0/8", "unknown", undefined],
  ["10.0.0.0/8", "", undefined],
]);
for (const [operator, negation] of [
  ["ArnEquals", "ArnNotEquals"],
  ["ArnLike", "ArnNotLike"],
] as const) {
  compares(operator, negation, [
    ["arn:aws:sns:us-east-1:1:news", "arn:aws:sns:us-east-1:1:news", true],
    ["arn:aws:sns:us-east-1:1:news", "arn:aws:sns:us-east-1:1:News", false],
    ["arn:aws:sns:us-east-1:1:news", "arn:aws:SNS:us-east-1:1:news", false],
    ["arn:aws:sns:*:1:news", "arn:aws:sns:us-east-1:1:news", true],
    ["arn:aws:sns:us-east-?:1:n*s", "arn:aws:sns:us-east-1:1:news", true],
    ["arn:aws:sns:*:news", "arn:aws:sns:us-east-1:1:news", undefined],
    ["arn:aws:*:1:news:*", "arn:aws:sns:us-east-1:1:news", false],
    ["arn:aws:sns:us-east-1:1:*", "arn:aws:sns:us-east-1:1:news:sub:1", true],
    ["arn:aws:sns:us-east-1:1:news", "arn:aws:sns:us-east-1:1:news:sub", false],
    ["arn:aws:sns:us-east-1:1:news:s*b", "arn:aws:sns:us-east-1:1:news:sub", true],
    ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket", true],
    ["arn:aws:s3:*:*:bucket", "arn:aws:s3:::bucket", true],
    ["arn:aws:s3:?::bucket", "arn:aws:s3:::bucket", false],
    ["arn:aws:sns:*", "arn:aws:sns:us-east-1:1:news", true],
    ["arn:aws:sns:*", "arn:aws:sqs:us-east-1:1:news", false],
    ["*", "arn:aws:sqs:us-east-1:1:news", true],
    ["arn:aws:sns", "arn:aws:sns:us-east-1:1:news", undefined],
    ["news", "arn:aws:sns:us-east-1:1:news", undefined],
    [["news", "arn:aws:sns:*:1:news"], "arn:aws:sns:us-east-1:1:news", true],
    [["arn:aws:sns:*:2:news", "arn:aws:sns:*:1:news"], "arn:aws:sns:us-east-1:1:news", true],
    ["arn:aws:sns:*:1:news", "news", undefined],
    ["*", "", undefined],
    [`arn:aws:iam::${home}:user/${variable("aws:username")}`, `arn:aws:iam::${home}:user/alice`, true],
    [`arn:aws:iam::${home}:user/${variable("aws:username")}`, `arn:aws:iam::${home}:user/bob`, false],
    [`arn:aws:${variable("aws:none, 'iam'")}::1:user/*`, "arn:aws:iam::1:user/bob", true],
    [`arn:aws:iam::${home}:user/${variable("aws:none")}`, `arn:aws:iam::${home}:user/alice`, false],
    [`arn:aws:iam::1:user/${variable("aws:PrincipalTag/star")}`, "arn:aws:iam::1:user/alice", false],
    [`arn:aws:iam::1:user/${variable("*")}`, "arn:aws:iam::1:user/*", true],
    [`arn:aws:${variable("aws:none, 'iam'")}::1:a:b`, "arn:aws:iam::1:a:b", true],
    [`arn:aws:iam:${variable("aws:none, 'a:b'")}:1:x`, "arn:aws:iam:a:b:1:x", false],
  ]);
}

describe("an order", () => {
  const orders: readonly [string, (given: number, wanted: number) => boolean][] = [
    ["LessThan", (given, wanted) => given < wanted],
    ["LessThanEquals", (given, wanted) => given <= wanted],
    ["GreaterThan", (given, wanted) => given > wanted],
    ["GreaterThanEquals", (given, wanted) => given >= wanted],
  ];

  it.each(orders)("Numeric%s", (name, isMet) => {
    for (const said of [-1, 4, 4.9, 5, 5.1, 6, 50]) {
      expect(holds(`Numeric${name}`, "5", String(said))).toEqual(isMet(said, 5) ? yes : no);
    }
    expect(holds(`Numeric${name}`, "5", "five")).toEqual(no);
  });

  it.each(orders)("Date%s", (name, isMet) => {
    for (const said of [1795341599, 1795341600, 1795341601]) {
      const expected = isMet(said, 1795341600) ? yes : no;
      expect(holds(`Date${name}`, "2026-11-22T10:00:00Z", String(said))).toEqual(expected);
      expect(holds(`Date${name}`, "1795341600", String(said))).toEqual(expected);
    }
    expect(holds(`Date${name}`, "2026-11-22", "now")).toEqual(no);
  });

  it("of several values wants one to be met", () => {
    expect(holds("NumericLessThan", ["1", "9"], "5")).toEqual(yes);
    expect(holds("NumericGreaterThan", ["6", "9"], "5")).toEqual(no);
  });
});

describe("Bool and BinaryEquals", () => {
  it.each<[string, unknown, Said, typeof yes]>([
    ["Bool", "true", "true", yes],
    ["Bool", true, "true", yes],
    ["Bool", "True", "TRUE", yes],
    ["Bool", "true", "false", no],
    ["Bool", false, "false", yes],
    ["Bool", ["true", "false"], "false", yes],
    ["Bool", "false", "no", no],
    ["Bool", "false", "", no],
    ["Bool", "false", undefined, no],
    ["BoolIfExists", "false", undefined, yes],
    ["BinaryEquals", "QmluYXJ5", "QmluYXJ5", yes],
    ["BinaryEquals", "QmluYXJ5", "qmluYXJ5", no],
    ["BinaryEquals", ["AAAA", "QmluYXJ5"], "QmluYXJ5", yes],
    ["BinaryEquals", variable("aws:username"), "alice", no],
    ["BinaryEquals", "Qm*", "QmluYXJ5", no],
  ])("%s %j, said %j", (operator, wanted, said, expected) => {
    expect(holds(operator, wanted, said)).toEqual(expected);
  });
});

describe("a key that is absent, or has no values", () => {
  const positive: [operator: string, wanted: string][] = [
    ["StringEquals", "x"],
    ["StringEqualsIgnoreCase", "x"],
    ["StringLike", "x"],
    ["BinaryEquals", "x"],
    ["Bool", "true"],
    ["IpAddress", "10.0.0.1"],
    ["ArnEquals", "*"],
    ["ArnLike", "*"],
  ];
  for (const name of ["Equals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"]) {
    positive.push([`Numeric${name}`, "5"], [`Date${name}`, "2026-11-22"]);
  }
  const negative: typeof positive = [
    ["StringNotEquals", "x"],
    ["StringNotEqualsIgnoreCase", "x"],
    ["StringNotLike", "x"],
    ["NumericNotEquals", "5"],
    ["DateNotEquals", "2026-11-22"],
    ["NotIpAddress", "10.0.0.1"],
    ["ArnNotEquals", "*"],
    ["ArnNotLike", "*"],
  ];

  describe.each([undefined, []])("said %j", (said) => {
    it.each(positive)("does not meet %s, but with IfExists", (operator, wanted) => {
      expect(holds(operator, wanted, said)).toEqual(no);
      expect(holds(`${operator}IfExists`, wanted, said)).toEqual(yes);
    });

    it.each(negative)("meets %s, with IfExists and without", (operator, wanted) => {
      expect(holds(operator, wanted, said)).toEqual(yes);
      expect(holds(`${operator}IfExists`, wanted, said)).toEqual(yes);
    });

    it.each([...positive, ...negative])(
      "meets ForAllValues:%s, and never ForAnyValue",
      (operator, wanted) => {
        for (const suffix of ["", "IfExists"]) {
          expect(holds(`ForAllValues:${operator}${suffix}`, wanted, said)).toEqual(yes);
          expect(holds(`ForAnyValue:${operator}${suffix}`, wanted, said)).toEqual(no);
        }
      },
    );
  });

  it.each<[unknown, Said, typeof yes]>([
    ["true", undefined, yes],
    ["true", [], yes],
    ["true", "a", no],
    ["true", "", no],
    ["true", ["a", "b"], no],
    ["false", undefined, no],
    ["false", "a", yes],
    ["false", ["a", "b"], yes],
    [true, undefined, yes],
    [false, "a", yes],
    ["True", undefined, yes],
    [["true", "false"], "a", yes],
    [["true", "false"], undefined, yes],
  ])("Null %j, said %j", (wanted, said, expected) => {
    expect(holds("Null", wanted, said)).toEqual(expected);
  });
});

describe("IfExists of a key that exists", () => {
  it.each<[string, unknown, Said, typeof yes]>([
    ["StringEqualsIfExists", "a", "a", yes],
    ["StringEqualsIfExists", "a", "b", no],
    ["StringNotEqualsIfExists", "a", "a", no],
    ["StringNotEqualsIfExists", "a", "b", yes],
    ["NumericLessThanIfExists", "5", "5", no],
    ["IpAddressIfExists", "10.0.0.0/8", "11.0.0.0", no],
    ["NumericNotEqualsIfExists", "5", "five", closed],
  ])("%s %j, said %j", (operator, wanted, said, expected) => {
    expect(holds(operator, wanted, said)).toEqual(expected);
  });
});

describe("a key with several values", () => {
  it.each<[string, unknown, Said, typeof yes]>([
    ["ForAllValues:StringEquals", ["a", "b"], ["a", "b"], yes],
    ["ForAllValues:StringEquals", ["a", "b", "c"], ["a", "b"], yes],
    ["ForAllValues:StringEquals", ["a"], ["a", "b"], no],
    ["ForAllValues:StringEquals", ["a"], "a", yes],
    ["ForAllValues:StringLike", ["a*"], ["ab", "ac"], yes],
    ["ForAllValues:StringNotEquals", ["a", "b"], ["c", "d"], yes],
    ["ForAllValues:StringNotEquals", ["a", "b"], ["a", "c"], no],
    ["ForAllValues:NumericLessThan", ["5"], ["1", "four"], no],
    ["ForAllValues:NumericNotEquals", ["5"], ["1", "four"], closed],
    ["ForAnyValue:StringEquals", ["a"], ["a", "b"], yes],
    ["ForAnyValue:StringEquals", ["c"], ["a", "b"], no],
    ["ForAnyValue:StringEquals", ["a"], "a", yes],
    ["ForAnyValue:StringNotEquals", ["a"], ["a", "b"], yes],
    ["ForAnyValue:StringNotEquals", ["a", "b"], ["a", "b"], no],
    ["ForAnyValue:NumericLessThan", ["5"], ["9", "four"], no],
    ["ForAnyValue:NumericNotEquals", ["9"], ["9", "four"], closed],
    ["ForAnyValue:StringEqualsIfExists", ["c"], ["a"], no],
    ["StringEquals", ["a", "b"], ["a", "b"], no],
    ["StringLike", "*", ["a", "b"], no],
    ["StringNotEquals", ["c"], ["a", "b"], closed],
    ["StringNotEquals", ["a"], ["a", "b"], closed],
    ["StringEqualsIfExists", ["a", "b"], ["a", "b"], no],
  ])("%s %j, said %j", (operator, wanted, said, expected) => {
    expect(holds(operator, wanted, said)).toEqual(expected);
  });
});

describe("several conditions", () => {
  const context = contextOf({ "aws:a": "1", "aws:b": "2" });
  const all = (Condition: object) => matches({ Condition }, { context });

  it("must all hold, of one operator and of several", () => {
    expect(all({})).toBe(true);
    expect(all({ StringEquals: { "aws:a": "1", "aws:b": "2" } })).toBe(true);
    expect(all({ StringEquals: { "aws:a": "1", "aws:b": "1" } })).toBe(false);
    expect(all({ StringEquals: { "aws:a": "2", "aws:b": "2" } })).toBe(false);
    expect(all({ StringEquals: { "aws:a": "1" }, NumericLessThan: { "aws:b": "3" } })).toBe(true);
    expect(all({ StringEquals: { "aws:a": "1" }, NumericLessThan: { "aws:b": "2" } })).toBe(false);
  });

  it("name their keys in any case, even one key twice", () => {
    expect(all({ StringEquals: { "AWS:A": "1" } })).toBe(true);
    expect(all({ StringEquals: { "AWS:A": "1", "aws:a": "2" } })).toBe(false);
  });
});

it("a variable is text before version 2012-10-17", () => {
  const Condition = { StringEquals: { "aws:key": variable("aws:username") } };
  const Statement = { Effect: "Allow", Action: "*", Resource: "*", Condition };
  const identity = [read({ Version: "2008-10-17", Statement }, "identity")];
  const saying = (said: string) => ({ context: contextOf({ "aws:key": said, "aws:username": "alice" }) });
  expect(verdict({ identity }, saying("alice"))).toBe("implicit by identity");
  expect(verdict({ identity }, saying(variable("aws:username")))).toBe("allow");
});
