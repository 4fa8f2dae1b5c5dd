import { describe, expect, test } from "vitest";
import { utf8 } from "../../src/lib/bytes.ts";
import {
  attributeBytes,
  checkSystemAttributes,
  checkUserAttributes,
  type GivenAttribute,
  traceHeaderOf,
} from "../../src/queue/message-attributes.ts";

function given(name: string, fields: Partial<GivenAttribute> = {}): GivenAttribute {
  return {
    name,
    dataType: "String",
    stringValue: undefined,
    binaryValue: undefined,
    hasList: false,
    ...fields,
  };
}

function named(name: string): GivenAttribute {
  return given(name, { stringValue: "x" });
}

/** The message of the refusal, which is always an InvalidParameterValue. */
function refusal(...attributes: GivenAttribute[]): string {
  const result = checkUserAttributes(attributes);
  if (result.ok) throw new Error("the attributes were accepted");
  expect(result.error.kind).toBe("InvalidParameterValue");
  return result.error.message;
}

describe("user attributes", () => {
  test("keep name, type, value and order exactly as sent", () => {
    const bytes = utf8("b");
    const result = checkUserAttributes([
      given("z", { stringValue: " s " }),
      given("n", { dataType: "Number.int", stringValue: "007" }),
      given("a", { dataType: "Binary.png", binaryValue: bytes }),
    ]);
    expect(result).toEqual({
      ok: true,
      value: [
        { name: "z", dataType: "String", value: " s " },
        { name: "n", dataType: "Number.int", value: "007" },
        { name: "a", dataType: "Binary.png", value: bytes },
      ],
    });
  });

  test("may be ten, and not eleven", () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => named(`n${index}`));
    expect(checkUserAttributes(many(10)).ok).toBe(true);
    expect(refusal(...many(11))).toBe("Number of message attributes [11] exceeds the allowed maximum [10].");
  });

  test.each([
    "a",
    "_",
    "-",
    "a.b",
    "Az09_-.x",
    "ø",
    "attr.1øßä",
    "名前",
    "awsome",
    "aws",
    "amazon",
    "amazonian.x",
    "x".repeat(256),
  ])("may be named %s", (name) => {
    expect(checkUserAttributes([named(name)]).ok).toBe(true);
  });

  const tooLong = "Message (user) attribute name must be shorter than 256 bytes.";
  const reserved =
    "You can't use message attribute names beginning with 'AWS.' or 'Amazon'. These strings are reserved for internal use.";
  const illegal = (hex: string) =>
    `Invalid non-alphanumeric character '#x${hex}' was found in the message attribute name. ` +
    "Can only include alphanumeric characters, hyphens, underscores, or dots.";

  test.each([
    ["", "The request must contain non-empty message (user) attribute names."],
    ["x".repeat(257), tooLong],
    ["ø".repeat(129), tooLong],
    ["AWS.x", reserved],
    ["aWs.", reserved],
    ["AMAZON.x", reserved],
    [".x", "Message (user) attribute name must not begin with character '.'."],
    ["x.", "Message (user) attribute name must not end with character '.'."],
    ["x..y", "Message (user) attribute name must not have successive '.' characters."],
    ["a b", illegal("20")],
    ["a!b", illegal("21")],
    ["§", illegal("A7")],
    ["\u{1f600}", illegal("1F600")],
    ["\ud800", illegal("D800")],
    ["a\0", illegal("0")],
  ])("may not be named '%s'", (name, message) => {
    expect(refusal(named(name))).toBe(message);
  });

  const badType =
    "The type of message (user) attribute 'n' is invalid. You must use only the following supported type " +
    "prefixes: Binary, Number, String.";
  const text = { stringValue: "x" };
  const bytes = { binaryValue: utf8("x") };
  const lists = "Message attribute list values in SendMessage operation are not supported.";

  test.each<[string, Partial<GivenAttribute>, string]>([
    ["no type", { dataType: undefined, ...text }, badType],
    ["an unknown type", { dataType: "Text", ...text }, badType],
    ["a type in lower case", { dataType: "string", ...text }, badType],
    ["a type that only begins like one", { dataType: "Stringy", ...text }, badType],
    ["a type with a control character", { dataType: "String.\0", ...text }, badType],
    [
      "an empty type",
      { dataType: "", ...text },
      "The message (user) attribute 'n' must contain a non-empty message attribute type.",
    ],
    [
      "a type of 257 bytes",
      { dataType: `String.${"x".repeat(250)}`, ...text },
      "Message (user) attribute type must be shorter than 256 bytes.",
    ],
    [
      "neither type nor value",
      { dataType: undefined },
      "The message (user) attribute 'n' must contain a non-empty message attribute value.",
    ],
    ["no value", {}, "Message (user) attribute 'n' must contain a non-empty value of type 'String'."],
    [
      "an empty text",
      { stringValue: "" },
      "Message (user) attribute 'n' must contain a non-empty value of type 'String'.",
    ],
    [
      "an empty number",
      { dataType: "Number.int", stringValue: "" },
      "Message (user) attribute 'n' must contain a non-empty value of type 'Number'.",
    ],
    [
      "no bytes",
      { dataType: "Binary", binaryValue: new Uint8Array() },
      "Message (user) attribute 'n' must contain a non-empty value of type 'Binary'.",
    ],
    [
      "Binary without a value",
      { dataType: "Binary" },
      "Message (user) attribute 'n' must contain a non-empty value of type 'Binary'.",
    ],
    ["text and bytes", { ...text, ...bytes }, "Message (user) attribute 'n' must have a single value."],
    [
      "bytes and text",
      { dataType: "Binary", ...text, ...bytes },
      "Message (user) attribute 'n' must have a single value.",
    ],
    ["String with bytes", bytes, "Message (user) attribute 'n' with type 'String' must use field 'String'."],
    [
      "Number with bytes",
      { dataType: "Number", ...bytes },
      "Message (user) attribute 'n' with type 'Number' must use field 'String'.",
    ],
    [
      "Binary with text",
      { dataType: "Binary", ...text },
      "Message (user) attribute 'n' with type 'Binary' must use field 'Binary'.",
    ],
    [
      "a Number that is none",
      { dataType: "Number", stringValue: "seven" },
      "Can't cast the value of message (user) attribute 'n' to a number.",
    ],
    [
      "a Number of 39 digits",
      { dataType: "Number", stringValue: "1".repeat(39) },
      "Can't cast the value of message (user) attribute 'n' to a number.",
    ],
    ["a list", { hasList: true }, lists],
    ["a list type with a list", { dataType: "StringList", hasList: true }, lists],
  ])("are refused with %s", (_, fields, message) => {
    expect(refusal(given("n", fields))).toBe(message);
  });

  test("take a type of exactly 256 bytes and a Number of exactly 38 digits", () => {
    expect(checkUserAttributes([given("n", { dataType: `String.${"x".repeat(249)}`, ...text })]).ok).toBe(
      true,
    );
    expect(checkUserAttributes([given("n", { dataType: "Number", stringValue: "1".repeat(38) })]).ok).toBe(
      true,
    );
  });

  test("a control character in a text is an invalid parameter, not an invalid message", () => {
    expect(refusal(given("n", { stringValue: "a\x08" }))).toMatch(
      /^Invalid binary character '#x8' was found in /,
    );
  });

  test("any bytes may be a Binary value", () => {
    expect(
      checkUserAttributes([given("n", { dataType: "Binary", binaryValue: Uint8Array.of(0, 255) })]).ok,
    ).toBe(true);
  });

  test("the first faulty attribute of the request is reported", () => {
    expect(refusal(named("fine"), named("b."), named(".c"))).toBe(
      "Message (user) attribute name must not end with character '.'.",
    );
  });
});

test("names, types and values count towards a message's size, in bytes of UTF-8", () => {
  expect(attributeBytes([])).toBe(0);
  expect(attributeBytes([given("ø", { stringValue: "\u{1f600}" })])).toBe(2 + 6 + 4);
  expect(
    attributeBytes([given("b", { dataType: "Binary", binaryValue: new Uint8Array(5) }), named("c")]),
  ).toBe(1 + 6 + 5 + (1 + 6 + 1));
});

describe("system attributes", () => {
  test("none is fine", () => {
    expect(checkSystemAttributes([])).toEqual({ ok: true, value: undefined });
  });

  test("AWSTraceHeader is taken as a String", () => {
    expect(checkSystemAttributes([given("AWSTraceHeader", { stringValue: "Root=1-5" })])).toEqual({
      ok: true,
      value: { name: "AWSTraceHeader", dataType: "String", value: "Root=1-5" },
    });
  });

  test("a trace header of 4096 bytes is taken, and no longer one", () => {
    const trace = (length: number) =>
      checkSystemAttributes([given("AWSTraceHeader", { stringValue: "x".repeat(length) })]);
    expect(trace(4096).ok).toBe(true);
    expect(trace(4097).ok).toBe(false);
  });

  test.each<[string, GivenAttribute, string]>([
    ["another name", named("Hello"), "Message system attribute name 'Hello' is invalid."],
    [
      "the name in lower case",
      named("awstraceheader"),
      "Message system attribute name 'awstraceheader' is invalid.",
    ],
    [
      "a Number",
      given("AWSTraceHeader", { dataType: "Number", stringValue: "1" }),
      "The type of message system attribute 'AWSTraceHeader' is invalid. You must use only the following " +
        "supported type prefixes: String.",
    ],
    [
      "an empty value",
      given("AWSTraceHeader", { stringValue: "" }),
      "Message system attribute 'AWSTraceHeader' must contain a non-empty value of type 'String'.",
    ],
  ])("%s is refused", (_, attribute, message) => {
    expect(checkSystemAttributes([attribute])).toEqual({
      ok: false,
      error: { kind: "InvalidParameterValue", message },
    });
  });
});

test("a trace header of the request is taken if it can be an attribute, and dropped if not", () => {
  expect(traceHeaderOf("Root=1-5")).toBe("Root=1-5");
  expect(traceHeaderOf("x".repeat(4096))).toBe("x".repeat(4096));
  for (const header of [undefined, "", "x".repeat(4097), "a\x01"])
    expect(traceHeaderOf(header)).toBeUndefined();
});
