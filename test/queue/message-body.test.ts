import { expect, test } from "vitest";
import { checkBodyCharacters, firstForbiddenCharacter } from "../../src/queue/message-body.ts";

test.each([
  ["tab", "\t"],
  ["line feed", "\n"],
  ["carriage return", "\r"],
  ["U+0020", " "],
  ["U+007F", "\x7f"],
  ["U+D7FF", "\ud7ff"],
  ["U+E000", "\ue000"],
  ["U+FFFD", "\ufffd"],
  ["U+10000", "\u{10000}"],
  ["U+1FFFE", "\u{1fffe}"],
  ["U+10FFFF", "\u{10ffff}"],
])("a body may hold %s", (_, character) => {
  expect(checkBodyCharacters(`a${character}b${character}`)).toBeUndefined();
});

test.each([
  ["NUL", "\0", "0"],
  ["U+0008", "\b", "8"],
  ["U+000B", "\v", "B"],
  ["U+000C", "\f", "C"],
  ["U+000E", "\x0e", "E"],
  ["U+001F", "\x1f", "1F"],
  ["U+FFFE", "\ufffe", "FFFE"],
  ["U+FFFF", "\uffff", "FFFF"],
  ["the first half of a pair before a letter", "\ud800x", "D800"],
  ["the first half of a pair at the end", "\udbff", "DBFF"],
  ["the first half of a pair twice", "\ud83d\ud83d\ude00", "D83D"],
  ["the second half of a pair", "\udc00", "DC00"],
  ["the second half of a pair, last", "\udfff", "DFFF"],
])("a body with %s is refused by the character's number", (_, text, hex) => {
  expect(checkBodyCharacters(`a${text}`)).toEqual({
    kind: "InvalidMessageContents",
    message:
      `Invalid binary character '#x${hex}' was found in the message body, the set of allowed characters is ` +
      "#x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF].",
  });
});

test("the first offender is named", () => {
  expect(firstForbiddenCharacter("ok \u{1f600} \x01 \0")).toBe(1);
});
