import { expect, it } from "vitest";
import { hasRepeatedMember } from "../../../src/auth/policy/repeated-member.ts";

it.each([
  "{}",
  '{"a":1,"b":2}',
  '{"a":{"a":{"a":1}},"b":{"a":1}}',
  '{"a":[{"b":1},{"b":1}],"b":1}',
  '{"a":"a","b":"a"}',
  '{"a":"\\"a\\":1","b":"{","c":"}"}',
  '{"A":1,"a":2}',
  '{"a":["a","a"]}',
])("%s names no member twice", (json) => {
  expect(hasRepeatedMember(json)).toBe(false);
});

it.each([
  '{"a":1,"a":1}',
  '{ "a" : 1 , "a" : 2 }',
  '{"a":{"b":1,"c":{"d":1},"b":2}}',
  '[{"a":1},{"a":1,"a":2}]',
  '{"a":[{"b":1}],"a":2}',
  '{"a":1,"\\u0061":2}',
  '{"a\\"b":1,"a\\u0022b":2}',
  '{"__proto__":1,"__proto__":2}',
  '{"":1,"":2}',
])("%s names a member twice", (json) => {
  expect(hasRepeatedMember(json)).toBe(true);
});
