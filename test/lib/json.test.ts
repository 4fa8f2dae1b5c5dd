import { expect, it } from "vitest";
import { canonicalJson, parseJsonObject } from "../../src/lib/json.ts";

it("reads objects and nothing else", () => {
  expect(parseJsonObject('{"a":1}')).toEqual({ a: 1 });
  for (const text of ["", " ", "x", "1", "null", '"a"', "[]", '{"a":1}}']) {
    expect(parseJsonObject(text), text).toBeUndefined();
  }
});

it("spells equal values alike and different ones differently", () => {
  const spell = (text: string) => canonicalJson(JSON.parse(text));
  expect(spell('{ "b": [1, {"d":2,"c":null}], "a": "x" }')).toBe('{"a":"x","b":[1,{"c":null,"d":2}]}');
  expect(spell('{"a":"1"}')).not.toBe(spell('{"a":1}'));
  expect(spell("[1,2]")).not.toBe(spell("[2,1]"));
});

it("keeps a key that objects have by nature", () => {
  expect(canonicalJson(JSON.parse('{"__proto__":1}'))).toBe('{"__proto__":1}');
});
