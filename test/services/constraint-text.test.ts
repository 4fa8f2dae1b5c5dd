import { expect, it } from "vitest";
import { brokenText, memberName, missingText, violationsText } from "../../src/services/constraint-text.ts";

it.each([
  ["KeyId", "keyId"],
  ["Tags.member.1.Value", "tags.1.member.value"],
  ["PublishBatchRequestEntries.member.12.Id", "publishBatchRequestEntries.12.member.id"],
  ["PolicyArns.member.2", "policyArns.2.member"],
  ["Entries.member.1.Tags.member.2.Key", "entries.1.member.tags.2.member.key"],
  ["Attributes.entry.key", "attributes.entry.key"],
])("the framework calls %s %s", (parameter, name) => {
  expect(memberName(parameter)).toBe(name);
});

it("one violation is told in the singular, and several are told at once", () => {
  const one = "Value null at 'a' failed to satisfy constraint: Member must not be null";
  const two =
    "Value 'x' at 'b' failed to satisfy constraint: Member must have length less than or equal to 0";
  expect(violationsText([missingText("a")])).toBe(`1 validation error detected: ${one}`);
  expect(
    violationsText([missingText("a"), brokenText("b", "x", "have length less than or equal to 0")]),
  ).toBe(`2 validation errors detected: ${one}; ${two}`);
});

it("a value that is not to be told is not", () => {
  expect(brokenText("plaintext", undefined, "have length less than or equal to 4096")).toBe(
    "Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096",
  );
});
