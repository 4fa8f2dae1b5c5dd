import { describe, expect, it } from "vitest";
import { tagKeysProblem, tagsProblem } from "../../src/queue/tags.ts";

const problem = (key: string, value: string) => tagsProblem(new Map([[key, value]]), "q");
const keyLength = "Tag keys must be between 1 and 128 characters in length.";

describe("tags", () => {
  it.each([
    ["k", ""],
    ["Team name", "München 2 _.:/=+-@"],
    ["awsome", "x"],
    ["k".repeat(128), "v".repeat(256)],
  ])("may be %s=%s", (key, value) => {
    expect(problem(key, value)).toBeUndefined();
  });

  it.each([
    ["", "v", keyLength],
    ["k".repeat(129), "v", keyLength],
    ["aws:k", "v", "Tag keys must not begin with 'aws:', which is reserved."],
    ["AWS:k", "v", "Tag keys must not begin with 'aws:', which is reserved."],
    ["k", "v".repeat(257), "Tag values must be between 0 and 256 characters in length."],
    ["k!", "v", "Tag key 'k!' can only include letters, digits, spaces, and the characters _ . : / = + - @"],
    [
      "k",
      "v\n",
      "Tag value 'v\n' can only include letters, digits, spaces, and the characters _ . : / = + - @",
    ],
  ])("may not be %j=%j", (key, value, message) => {
    expect(problem(key, value)).toEqual({ kind: "InvalidParameterValue", message });
  });

  it("are at most fifty", () => {
    const tags = (count: number) => new Map(Array.from({ length: count }, (_, i) => [`k${i}`, "v"]));
    expect(tagsProblem(tags(50), "jobs")).toBeUndefined();
    expect(tagsProblem(tags(51), "jobs")?.message).toBe("Too many tags added for queue jobs.");
  });
});

describe("keys to untag", () => {
  it("may be any of the right length, reserved ones too", () => {
    expect(tagKeysProblem(["k", "aws:k", "k".repeat(128)])).toBeUndefined();
  });

  it("are a thousand at most", () => {
    const keys = Array.from({ length: 1000 }, (_, i) => `k${i}`);
    expect(tagKeysProblem(keys)).toBeUndefined();
    expect(tagKeysProblem([...keys, "k"])?.message).toBe("A request can have 1000 tag keys at most.");
  });

  it.each([[[]], [[""]], [["k", "k".repeat(129)]]])("may not be %j", (keys: string[]) => {
    expect(tagKeysProblem(keys)).toEqual({ kind: "InvalidParameterValue", message: keyLength });
  });
});
