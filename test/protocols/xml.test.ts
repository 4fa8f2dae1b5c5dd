import { expect, test } from "vitest";
import { escapeXml, textElement } from "../../src/protocols/xml.ts";

test.each([
  ["plain text", "plain text"],
  ["", ""],
  ["a&b<c>d\"e'f", "a&amp;b&lt;c&gt;d&quot;e'f"],
  ["&amp;", "&amp;amp;"],
  ["]]>", "]]&gt;"],
  ["\r\n\t\n", "&#xD;\n\t\n"],
  ["<<", "&lt;&lt;"],
  ["ends with <", "ends with &lt;"],
  ["é ☃ \ud83d\ude00 \u0085 \u2028", "é ☃ \ud83d\ude00 \u0085 \u2028"],
  ["\u0000\u0001\u0008\u000b\u000c\u000e\u001f", "\ufffd".repeat(7)],
  ["\ufffd\ufffe\uffff", "\ufffd".repeat(3)],
])("%j is written as %j", (text, escaped) => {
  expect(escapeXml(text)).toBe(escaped);
});

test("an element holds its text escaped", () => {
  expect(textElement("Body", "1 < 2")).toBe("<Body>1 &lt; 2</Body>");
});
