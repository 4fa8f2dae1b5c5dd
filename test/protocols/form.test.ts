import { describe, expect, test } from "vitest";
import {
  childOf,
  elementsOf,
  emptyForm,
  type FormNode,
  readForm,
  setParameter,
} from "../../src/protocols/form.ts";
import { limits } from "../../src/queue/limits.ts";

function form(text: string): FormNode {
  const root = emptyForm();
  if (!readForm(root, text)) throw new Error("not read");
  return root;
}

function valueAt(root: FormNode, ...path: string[]): string | undefined {
  let node: FormNode | undefined = root;
  for (const part of path) node = node && childOf(node, part);
  return node?.value;
}

function elements(text: string): (string | undefined)[] {
  const list = childOf(form(text), "L");
  return list === undefined ? [] : elementsOf(list).map(({ value }) => value);
}

describe("parameters", () => {
  test("plus and %20 are spaces, in names too", () => {
    const root = form("a+b=1+2&c%20d=3%204&e=5%2B6");
    expect([valueAt(root, "a b"), valueAt(root, "c d"), valueAt(root, "e")]).toEqual(["1 2", "3 4", "5+6"]);
  });

  test("a value may hold equals signs, be empty, or have no equals sign at all", () => {
    const root = form("a=b=c&d=&e&=f");
    expect([valueAt(root, "a"), valueAt(root, "d"), valueAt(root, "e"), valueAt(root, "")]).toEqual([
      "b=c",
      "",
      "",
      "f",
    ]);
  });

  test("text beyond ASCII is read, escaped or not", () => {
    const root = form("a=%E2%98%83&b=☃&c=%F0%9F%98%80");
    expect([valueAt(root, "a"), valueAt(root, "b"), valueAt(root, "c")]).toEqual(["☃", "☃", "\ud83d\ude00"]);
  });

  test("of a repeated parameter the first counts", () => {
    const root = form("a=1&a=2");
    setParameter(root, "a", "3");
    expect(valueAt(root, "a")).toBe("1");
  });

  test("a parameter can be a value and a path at once", () => {
    const root = form("a=1&a.b=2");
    expect([valueAt(root, "a"), valueAt(root, "a", "b")]).toEqual(["1", "2"]);
  });

  test("names deeper than any of SQS's are not kept", () => {
    const deepest = Array.from({ length: limits.formNameParts }, () => "a");
    expect(valueAt(form(`${deepest.join(".")}=1`), ...deepest)).toBe("1");
    expect(valueAt(form(`${deepest.join(".")}.a=1`), ...deepest, "a")).toBeUndefined();
    expect(valueAt(form(`${"a.".repeat(500_000)}=1&b=2`), "b")).toBe("2");
  });

  test("names of inherited properties are ordinary names", () => {
    const root = form("__proto__.polluted=1&constructor=2");
    expect(valueAt(root, "__proto__", "polluted")).toBe("1");
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    expect(valueAt(form("a=1"), "toString")).toBeUndefined();
  });
});

describe("elements", () => {
  test("stand in the order of their numbers, whatever their order in the form", () => {
    expect(elements("L.10=c&L.2=b&L.1=a")).toEqual(["a", "b", "c"]);
  });

  test("may have gaps and absurd numbers", () => {
    expect(elements("L.99999999999999999999999999=z&L.3=b&L.4294967296=y&L.0=a")).toEqual([
      "a",
      "b",
      "y",
      "z",
    ]);
    expect(elements(`L.${"9".repeat(400)}=z&L.1=a`)).toEqual(["a", "z"]);
  });

  test("without a number come first", () => {
    expect(elements("L=All")).toEqual(["All"]);
    expect(elements("L.1=b&L=a")).toEqual(["a", "b"]);
  });

  test("an empty value without a number is an empty list, with a number an empty element", () => {
    expect(elements("L=")).toEqual([]);
    expect(elements("L.1=")).toEqual([""]);
  });
});
