import { describe, expect, test } from "vitest";
import { limits } from "../../../src/queue/limits.ts";
import type { MessageAttribute } from "../../../src/queue/message-attributes.ts";
import { matches, parseFilterPolicy } from "../../../src/services/sns/filter-policy.ts";
import { attributeSubject, bodySubject } from "../../../src/services/sns/filter-subjects.ts";

type Attributes = Readonly<Record<string, readonly [dataType: string, value: string | Uint8Array]>>;

function parsed(policy: unknown) {
  const read = parseFilterPolicy(typeof policy === "string" ? policy : JSON.stringify(policy));
  if (!read.ok) throw new Error(read.error);
  return read.value;
}

/** What SNS has against a policy. */
function problemOf(policy: unknown): string {
  const read = parseFilterPolicy(typeof policy === "string" ? policy : JSON.stringify(policy));
  return read.ok ? "" : read.error;
}

function passes(policy: unknown, attributes: Attributes): boolean {
  const list = Object.entries(attributes).map(
    ([name, [dataType, value]]): MessageAttribute => ({ name, dataType, value }),
  );
  return matches(parsed(policy).rule, attributeSubject(list));
}

function bodyPasses(policy: unknown, body: unknown): boolean {
  const subject = bodySubject(typeof body === "string" ? body : JSON.stringify(body));
  return subject !== undefined && matches(parsed(policy).rule, subject);
}

const text = (value: string) => ["String", value] as const;
const number = (value: string | number) => ["Number", String(value)] as const;
const array = (...values: readonly unknown[]) => ["String.Array", JSON.stringify(values)] as const;
const binary = ["Binary", Uint8Array.of(1)] as const;

describe("one key of a filter policy", () => {
  const table: [values: unknown[], attribute: Attributes[string] | undefined, verdict: boolean][] = [
    // exact texts
    [["rugby", "tennis"], text("tennis"), true],
    [["rugby", "tennis"], text("Tennis"), false],
    [["rugby"], text("rugby "), false],
    [["rugby"], undefined, false],
    [["1"], number(1), false],
    [["rugby"], ["String.custom", "rugby"], true],
    [["AQ=="], binary, false],
    // lists
    [["rugby"], array("rugby", "chess"), true],
    [["rugby"], array("tennis", "chess"), false],
    [["rugby"], array(), false],
    [["rugby"], ["String.Array", "no JSON"], false],
    [["rugby"], ["String.Array", '{"a":"rugby"}'], false],
    [[1], array(1), true],
    [[true], array(true), true],
    [[true], array("true"), false],
    [[true], text("true"), false],
    [[null], array(null), true],
    [[null], undefined, false],
    [[false], array(true, null), false],
    // exact numbers
    [[1], number(1), true],
    [[1], number("1.0"), true],
    [[1], number("1e0"), true],
    [[1], text("1"), false],
    [[0.1], number("0.100001"), true],
    [[0.1], number("0.10001"), false],
    // ranges
    [[{ numeric: ["=", 301.5] }], number("3.015e2"), true],
    [[{ numeric: ["<", 10] }], number(9), true],
    [[{ numeric: ["<", 10] }], number(10), false],
    [[{ numeric: ["<=", 10] }], number(10), true],
    [[{ numeric: [">", 10] }], number(10), false],
    [[{ numeric: [">", 10] }], number(11), true],
    [[{ numeric: [">=", 10] }], number(10), true],
    [[{ numeric: [">=", 10] }], number(9), false],
    [[{ numeric: [">", 0, "<=", 100] }], number(0), false],
    [[{ numeric: [">", 0, "<=", 100] }], number(1), true],
    [[{ numeric: [">", 0, "<=", 100] }], number(100), true],
    [[{ numeric: [">", 0, "<=", 100] }], number(101), false],
    [[{ numeric: [">", 0] }], text("1"), false],
    [[{ numeric: [">", 0] }], array(-1, 5), true],
    [[{ numeric: [">", -1e9] }], number(0), true],
    // beginnings and ends
    [[{ prefix: "bas" }], text("baseball"), true],
    [[{ prefix: "bas" }], text("Baseball"), false],
    [[{ prefix: "" }], text("x"), true],
    [[{ prefix: "1" }], number(12), false],
    [[{ suffix: "ball" }], text("baseball"), true],
    [[{ suffix: "ball" }], text("balls"), false],
    [[{ "equals-ignore-case": "TENNIS" }], text("tennis"), true],
    [[{ "equals-ignore-case": "tennis" }], text("tennis!"), false],
    // all but
    [[{ "anything-but": ["rugby", "tennis"] }], text("chess"), true],
    [[{ "anything-but": ["rugby", "tennis"] }], text("tennis"), false],
    [[{ "anything-but": "rugby" }], text("rugby"), false],
    [[{ "anything-but": ["rugby"] }], array("rugby", "chess"), true],
    [[{ "anything-but": ["rugby"] }], array("rugby"), false],
    [[{ "anything-but": ["rugby"] }], undefined, false],
    [[{ "anything-but": ["rugby"] }], binary, false],
    [[{ "anything-but": [100, 500] }], number(101), true],
    [[{ "anything-but": [100, 500] }], number("100.0"), false],
    [[{ "anything-but": { prefix: "order-" } }], text("order-1"), false],
    [[{ "anything-but": { prefix: "order-" } }], text("data"), true],
    [[{ "anything-but": { prefix: ["order-", "item-"] } }], text("item-1"), false],
    [[{ "anything-but": { suffix: ".png" } }], text("a.png"), false],
    [[{ "anything-but": { suffix: [".png", ".jpg"] } }], text("a.gif"), true],
    // there or not
    [[{ exists: true }], text("x"), true],
    [[{ exists: true }], binary, true],
    [[{ exists: true }], undefined, false],
    [[{ exists: false }], undefined, true],
    [[{ exists: false }], number(0), false],
    [[{ exists: false }, { "anything-but": ["rugby"] }], undefined, true],
    // addresses
    [[{ cidr: "10.0.0.0/24" }], text("10.0.0.255"), true],
    [[{ cidr: "10.0.0.0/24" }], text("10.0.1.0"), false],
    [[{ cidr: "10.0.0.0/24" }], text("10.0.0.0/24"), false],
    [[{ cidr: "2001:db8::/32" }], text("2001:db8::1"), true],
    [[{ cidr: "10.0.0.0/24" }], text("no address"), false],
    // one value is enough
    [["rugby", { prefix: "bas" }], text("baseball"), true],
    [["rugby", { prefix: "bas" }], text("tennis"), false],
  ];

  test.each(table)("%j against %j: %j", (values, attribute, verdict) => {
    expect(passes({ key: values }, attribute ? { key: attribute } : {})).toBe(verdict);
  });
});

describe("several keys", () => {
  test("must all match, and others do not matter", () => {
    const policy = { store: ["example"], event: [{ "anything-but": "cancelled" }] };
    expect(passes(policy, { store: text("example"), event: text("placed"), more: number(1) })).toBe(true);
    expect(passes(policy, { store: text("example"), event: text("cancelled") })).toBe(false);
    expect(passes(policy, { store: text("example") })).toBe(false);
    expect(passes(policy, { event: text("placed") })).toBe(false);
  });

  test("of $or one alternative is enough, and may have alternatives of its own", () => {
    const policy = {
      source: ["aws.cloudwatch"],
      $or: [
        { metricName: ["CPUUtilization"] },
        { metricType: ["MetricType"], $or: [{ metricId: [1234] }, { spaceId: [1] }] },
      ],
    };
    const source = text("aws.cloudwatch");
    expect(passes(policy, { source, metricName: text("CPUUtilization") })).toBe(true);
    expect(passes(policy, { source, metricType: text("MetricType"), metricId: number(1234) })).toBe(true);
    expect(passes(policy, { source, metricType: text("MetricType"), spaceId: number(1) })).toBe(true);
    expect(passes(policy, { source, metricType: text("MetricType") })).toBe(false);
    expect(passes(policy, { source, metricId: number(1234) })).toBe(false);
    expect(passes(policy, { metricName: text("CPUUtilization") })).toBe(false);
  });

  test("an attribute's name may have dots", () => {
    expect(passes({ "a.b": ["x"] }, { "a.b": text("x") })).toBe(true);
  });

  test("names of what every object has are no attributes", () => {
    for (const name of ["constructor", "__proto__", "toString"]) {
      expect(passes(`{"${name}":[{"exists":true}]}`, {})).toBe(false);
      expect(bodyPasses(`{"${name}":[{"exists":true}]}`, "{}")).toBe(false);
    }
  });
});

describe("a filter policy for the message's text", () => {
  test("looks into objects", () => {
    const policy = {
      object: { key: [{ prefix: "auto-" }, "hardcodedvalue"], nested_key: [{ exists: false }] },
      test: [{ exists: false }],
    };
    expect(parsed(policy).nested).toBe(true);
    expect(bodyPasses(policy, { object: { key: "auto-test" } })).toBe(true);
    expect(bodyPasses(policy, { object: { key: "hardcodedvalue" } })).toBe(true);
    expect(bodyPasses(policy, { object: { key: "test-auto" } })).toBe(false);
    expect(bodyPasses(policy, { object: { key: "auto-test" }, test: "just-exists" })).toBe(false);
    expect(bodyPasses(policy, { object: { key: "auto-test", nested_key: "just-exists" } })).toBe(false);
    expect(bodyPasses(policy, { object: { test: "auto-test" } })).toBe(false);
    expect(bodyPasses(policy, { test: "auto-test" })).toBe(false);
  });

  test("matches nothing but JSON objects", () => {
    for (const body of ["Regular string message", '"auto-"', "[]", "null", "1"]) {
      expect(bodyPasses({ key: [{ exists: false }] }, body)).toBe(false);
    }
  });

  test("takes dots in names for objects, either way", () => {
    const policy = { "object.nested.test": ["string.value"] };
    for (const body of [
      { object: { nested: { test: "string.value" } } },
      { "object.nested.test": "string.value" },
      { "object.nested": { test: "string.value" } },
      { object: { "nested.test": "string.value" } },
    ]) {
      expect(bodyPasses(policy, body)).toBe(true);
    }
    expect(bodyPasses(policy, { object: { nested: { test: "another" } } })).toBe(false);
    expect(bodyPasses(policy, { object: { nested: "string.value" } })).toBe(false);
  });

  test("finds one value among those of a list", () => {
    const policy = { headers: { "route-to": ["queue1"] } };
    expect(bodyPasses(policy, { headers: { "route-to": ["queue1", "queue2"] } })).toBe(true);
    expect(bodyPasses(policy, { headers: { "route-to": [["queue1"]] } })).toBe(true);
    expect(bodyPasses(policy, { headers: { "route-to": ["queue2"] } })).toBe(false);
    expect(bodyPasses(policy, { headers: { "route-to": [] } })).toBe(false);
  });

  test("wants all keys of an object in the same element of a list", () => {
    const policy = {
      Records: {
        s3: { object: { key: [{ prefix: "auto-" }] } },
        eventName: [{ prefix: "ObjectCreated:" }],
      },
    };
    const record = (eventName: string, key: string) => ({ eventName, s3: { object: [[{ key, size: 17 }]] } });
    const auto = record("ObjectCreated:Put", "auto-1.xml");
    const home = record("ObjectRemoved:Delete", "home-1.xml");
    expect(bodyPasses(policy, { Records: [auto, home] })).toBe(true);
    expect(bodyPasses(policy, { Records: [home, auto] })).toBe(true);
    expect(bodyPasses(policy, { Records: auto })).toBe(true);
    expect(bodyPasses(policy, { Records: [home] })).toBe(false);
    const mixed = [record("ObjectCreated:Put", "home-1.xml"), record("ObjectRemoved:Delete", "auto-1.xml")];
    expect(bodyPasses(policy, { Records: mixed })).toBe(false);
  });

  test("has alternatives at every depth", () => {
    const policy = {
      $or: [{ metricName: ["CPUUtilization"] }, { namespace: ["AWS/EC2"] }],
      detail: { scope: ["Service"], $or: [{ source: ["aws.cloudwatch"] }, { type: ["Alarm"] }] },
    };
    const detail = { scope: "Service", source: "aws.cloudwatch" };
    expect(bodyPasses(policy, { metricName: "CPUUtilization", detail })).toBe(true);
    expect(bodyPasses(policy, { namespace: "AWS/EC2", detail: { scope: "Service", type: "Alarm" } })).toBe(
      true,
    );
    expect(bodyPasses(policy, { metricName: "CPUUtilization", detail: { scope: "Service" } })).toBe(false);
    expect(bodyPasses(policy, { metricName: "CPUUtilization" })).toBe(false);
    expect(bodyPasses(policy, { detail })).toBe(false);
  });

  test("compares numbers, truth values and null as such", () => {
    expect(bodyPasses({ a: [1] }, { a: 1.0 })).toBe(true);
    expect(bodyPasses({ a: [1] }, { a: "1" })).toBe(false);
    expect(bodyPasses({ a: [true] }, { a: true })).toBe(true);
    expect(bodyPasses({ a: [null] }, { a: null })).toBe(true);
    expect(bodyPasses({ a: [null] }, {})).toBe(false);
    expect(bodyPasses({ a: [{ exists: true }] }, { a: null })).toBe(true);
    expect(bodyPasses({ a: [{ numeric: [">", 1] }] }, { a: { b: 2 } })).toBe(false);
  });

  test("looks at no list that is too long", () => {
    const list = (length: number) => ({ a: Array.from({ length }, (_, index) => index) });
    expect(bodyPasses({ a: [5] }, list(limits.snsFilterElements))).toBe(true);
    expect(bodyPasses({ a: [5] }, list(limits.snsFilterElements + 1))).toBe(false);
  });

  test("is not harmed by lists within lists", () => {
    const depth = 100_000;
    const body = `{"a":${"[".repeat(depth)}"x"${"]".repeat(depth)}}`;
    expect(bodyPasses({ a: ["x"] }, body)).toBe(true);
  });
});

describe("what SNS has against a filter policy", () => {
  const table: [policy: unknown, problem: string][] = [
    ["{invalidjson}", "failed to parse JSON."],
    ["[]", "failed to parse JSON."],
    [{ key: [["value"]] }, "Match value must be String, number, true, false, or null"],
    [{ key: [{ "wrong-operator": true }] }, "Unrecognized match type wrong-operator"],
    [{ key: [{ constructor: "x" }] }, "Unrecognized match type constructor"],
    [{ key: [{ suffix: "value", prefix: "value2" }] }, "Only one key allowed in match expression"],
    [{ key: [{}] }, "Empty match expressions are not allowed"],
    [{ key: [] }, "Empty arrays are not allowed"],
    [{ key: "value" }, '"key" must be an object or an array'],
    [{ key: { suffix: "value" } }, '"suffix" must be an object or an array'],
    [{ key: {} }, "Filter policy must not be empty"],
    ...["suffix", "prefix", "equals-ignore-case", "cidr"].flatMap((name): [unknown, string][] =>
      [100, null, [], ["a", "b"]].map((operand) => [
        { key: [{ [name]: operand }] },
        `${name} match pattern must be a string`,
      ]),
    ),
    [{ key: [{ cidr: "10.0.0.0/33" }] }, "Malformed cidr: 10.0.0.0/33"],
    [{ key: [{ numeric: [] }] }, "Invalid member in numeric match: ]"],
    [{ key: [{ numeric: "=" }] }, "Value of numeric must be an array."],
    [{ key: [{ numeric: ["operator"] }] }, "Unrecognized numeric range operator: operator"],
    [{ key: [{ numeric: [1, "<="] }] }, "Invalid member in numeric match: 1"],
    [{ key: [{ numeric: ["=", "000"] }] }, "Value of equals must be numeric"],
    [{ key: [{ numeric: [">="] }] }, "Value of >= must be numeric"],
    [{ key: [{ numeric: ["<", 1_000_000_001] }] }, "Value of < must be numeric"],
    [{ key: [{ numeric: ["<", 100, ">", 10] }] }, "Too many elements in numeric expression"],
    [{ key: [{ numeric: ["=", 1, 2] }] }, "Too many elements in numeric expression"],
    [{ key: [{ numeric: [">=", 1, ">", 2] }] }, "Bad numeric range operator: >"],
    [{ key: [{ numeric: [">", 3, "<", 1] }] }, "Bottom must be less than top"],
    [{ key: [{ numeric: [">", 3, "<", 3] }] }, "Bottom must be less than top"],
    [{ key: [{ numeric: [">", 20, "<="] }] }, "Value of <= must be numeric"],
    [{ key: [{ numeric: [">", 20, 30] }] }, "Bad value in numeric range: 30"],
    [{ key: [{ numeric: [">", 20, "test"] }] }, "Bad numeric range operator: test"],
    [{ key: [{ numeric: [">", "20", "<", "30"] }] }, "Value of > must be numeric"],
    [{ key: [{ numeric: [">", 20, "<", "30"] }] }, "Value of < must be numeric"],
    [{ key: [{ numeric: [">", 20, "<", 30, "<", 50] }] }, "Too many terms in numeric range expression"],
    [{ key: [{ exists: null }] }, "exists match pattern must be either true or false."],
    [{ key: [{ exists: "no" }] }, "exists match pattern must be either true or false."],
    [
      { key: [{ "anything-but": { "wrong-operator": null } }] },
      "Unsupported anything-but pattern: wrong-operator",
    ],
    [{ key: [{ "anything-but": { exists: false } }] }, "Unsupported anything-but pattern: exists"],
    [{ key: [{ "anything-but": { prefix: false } }] }, "prefix match pattern must be a string"],
    [{ key: [{ "anything-but": { prefix: [] } }] }, "Empty arrays are not allowed"],
    [{ key: [{ "anything-but": { prefix: "a", suffix: "b" } }] }, "Only one key allowed in match expression"],
    [{ key: [{ "anything-but": [] }] }, "Empty arrays are not allowed"],
    [{ key: [{ "anything-but": null }] }, "Inside anything but list, start|null|boolean is not supported."],
    [{ $or: ["a"] }, '"$or" must be an array of objects'],
    [{ $or: [] }, '"$or" must be an array of objects'],
    [{ $or: [{}] }, "Filter policy must not be empty"],
  ];

  test.each(table)("%j: %s", (policy, problem) => {
    expect(problemOf(policy)).toBe(problem);
  });

  const values = (count: number) => Array.from({ length: count }, (_, index) => `value${index}`);

  test("more than five keys, those of alternatives counted too", () => {
    const keys = (count: number) => Object.fromEntries(values(count).map((name) => [name, ["x"]]));
    expect(problemOf(keys(5))).toBe("");
    expect(problemOf(keys(6))).toBe("Filter policy can not have more than 5 keys");
    expect(problemOf({ ...keys(4), $or: [{ a: [1] }, { b: [1] }] })).toBe(
      "Filter policy can not have more than 5 keys",
    );
    expect(problemOf({ within: keys(5) })).toBe("");
    expect(problemOf({ within: keys(6) })).toBe("Filter policy can not have more than 5 keys");
  });

  test("more than 150 combinations of values", () => {
    expect(problemOf({ key: values(150) })).toBe("");
    expect(problemOf({ key: values(151) })).toBe("Filter policy is too complex");
    expect(problemOf({ a: values(50), b: values(3) })).toBe("");
    expect(problemOf({ a: values(100), b: values(51) })).toBe("Filter policy is too complex");
  });

  test("more than 150 combinations with alternatives, whose combinations add up", () => {
    const policy = (sources: number, spaces: number) => ({
      source: values(sources),
      $or: [
        { metricName: values(6) },
        { metricType: values(4), $or: [{ metricId: values(4) }, { spaceId: values(spaces) }] },
      ],
    });
    // 3×6 + 3×4×4 + 3×4×7 = 150, and 4×6 + 4×4×4 + 4×4×4 = 152.
    expect(problemOf(policy(3, 7))).toBe("");
    expect(problemOf(policy(4, 4))).toBe("Filter policy is too complex");
  });

  test("more than 150 combinations in objects, where a value counts as often as it is deep", () => {
    const nested = {
      key_a: { key_b: { key_c: values(4) } },
      key_d: { key_e: values(3) },
      key_f: values(3),
    };
    // 3×4 × 2×3 × 1×3 = 216
    expect(problemOf(nested)).toBe("Filter policy is too complex");
    // 3×4 × 2×3 × 1×2 = 144
    expect(problemOf({ ...nested, key_f: values(2) })).toBe("");
  });

  test("too many levels, whether of objects or of dots", () => {
    const deep = (levels: number): unknown => (levels === 1 ? { a: ["x"] } : { a: deep(levels - 1) });
    expect(problemOf(deep(limits.snsFilterDepth))).toBe("");
    expect(problemOf(deep(limits.snsFilterDepth + 1))).toBe("Filter policy is nested too deep");
    const dots = (parts: number) => ({ [Array<string>(parts).fill("a").join(".")]: ["x"] });
    expect(problemOf(dots(limits.snsFilterDepth))).toBe("");
    expect(problemOf(dots(limits.snsFilterDepth + 1))).toBe("Filter policy is nested too deep");
  });

  test("more text than a policy may have", () => {
    const policy = (bytes: number) => `{"a":["${"x".repeat(bytes - 10)}"]}`;
    expect(policy(100)).toHaveLength(100);
    expect(problemOf(policy(limits.snsFilterPolicyBytes))).toBe("");
    expect(problemOf(policy(limits.snsFilterPolicyBytes + 1))).toBe("Filter policy is too large");
  });
});
