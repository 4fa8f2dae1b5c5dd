import { expect, it } from "vitest";
import { matchesWildcard } from "../../src/queue/wildcard.ts";

it.each([
  ["*", ""],
  ["*", "anything"],
  ["abc", "abc"],
  ["a?c", "abc"],
  ["a*", "a"],
  ["*c", "abc"],
  ["a*b*c", "aXbXbXc"],
  ["**a", "ba"],
  ["a.c", "a.c"],
])("%s matches %j", (pattern, text) => {
  expect(matchesWildcard(pattern, text)).toBe(true);
});

it.each([
  ["", "a"],
  ["abc", "ab"],
  ["ab", "abc"],
  ["a?", "a"],
  ["a.c", "abc"],
  ["a*b", "aXbX"],
  ["A", "a"],
])("%s does not match %j", (pattern, text) => {
  expect(matchesWildcard(pattern, text)).toBe(false);
});

it("stays fast where backtracking would take for ever", () => {
  expect(matchesWildcard(`${"*a".repeat(2000)}b`, "a".repeat(5000))).toBe(false);
});
