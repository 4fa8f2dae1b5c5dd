import { expect, test } from "vitest";
import { attributeSelector } from "../../src/queue/attribute-selectors.ts";

const names = ["Hello", "Help.Me", "General", "hello"];

test.each<[string[], string[]]>([
  [[], []],
  [["All"], names],
  [[".*"], names],
  [["*"], names],
  [["nothing", "All"], names],
  [["Hello"], ["Hello"]],
  [
    ["hello", "General"],
    ["General", "hello"],
  ],
  [["Hel.*"], ["Hello", "Help.Me"]],
  [["Help.*"], ["Help.Me"]],
  [["Help.Me"], ["Help.Me"]],
  [["Hello.*"], ["Hello"]],
  [["Hel*"], []],
  [["all"], []],
  [["", "..", "AWS.x", "%%"], []],
])("%j selects %j", (selectors, selected) => {
  expect(names.filter(attributeSelector(selectors))).toEqual(selected);
});
