import { expect, test } from "vitest";
import { toHex, utf8 } from "../../src/lib/bytes.ts";
import type { MessageAttribute } from "../../src/queue/message-attributes.ts";
import { attributeDigest, md5 } from "../../src/queue/message-digest.ts";

function text(name: string, value: string, dataType = "String"): MessageAttribute {
  return { name, dataType, value };
}

const hello = text("Hello", "There");
const general = text("General", "Kenobi");
const help = text("Help.Me", "Me");

test("a body's digest is the MD5 of its UTF-8", () => {
  expect(toHex(md5("Test Message"))).toBe("d1d4180b7e411c4be86b00fb2ee103eb");
  expect(md5("ø")).toEqual(md5(utf8("ø")));
});

test.each<[string, MessageAttribute[], string]>([
  ["one String", [text("k", "x")], "a45daa70926828a2f0a1db3418e6feb4"],
  ["another", [hello], "a311262e065454b75da111d535b8dacd"],
  ["two", [hello, general], "fca026605781cb4126a1e9044df24232"],
  ["three", [hello, general, help], "4c360f3fdafd970e05fae2f149d997f5"],
  ["three, sent in another order", [help, general, hello], "4c360f3fdafd970e05fae2f149d997f5"],
  ["a Number", [text("timestamp", "1493147359900", "Number")], "235c5c510d26fb653d073faed50ae77c"],
  [
    "the trace header",
    [text("AWSTraceHeader", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")],
    "5ae4d5d7636402d80f4eb6d213245a88",
  ],
])("SQS's recorded digest of %s", (_, attributes, digest) => {
  expect(attributeDigest(attributes)).toBe(digest);
});

test("bytes and text of the same content have different digests", () => {
  expect(attributeDigest([{ name: "k", dataType: "Binary", value: utf8("x") }])).not.toBe(
    attributeDigest([text("k", "x", "Binary")]),
  );
});

test("a custom label counts as part of the type", () => {
  expect(attributeDigest([text("k", "1", "Number.int")])).not.toBe(
    attributeDigest([text("k", "1", "Number")]),
  );
});

test("lengths are those of UTF-8, for names, types and values", () => {
  const input = [
    [0, 0, 0, 2, 0xc3, 0xb8],
    [0, 0, 0, 9, ...utf8("String.é")],
    [1, 0, 0, 0, 4, 0xf0, 0x9f, 0x98, 0x80],
  ];
  expect(attributeDigest([text("ø", "\u{1f600}", "String.é")])).toBe(
    toHex(md5(Uint8Array.from(input.flat()))),
  );
});

test("names sort by their UTF-8 bytes, not by UTF-16 units", () => {
  const wide = text("\u{20000}", "a");
  const high = text("\uff21", "b");
  const part = ({ name, value }: MessageAttribute): number[] =>
    [name, "String"]
      .flatMap((t) => [0, 0, 0, utf8(t).length, ...utf8(t)])
      .concat(1, 0, 0, 0, 1, ...utf8(String(value)));
  const inByteOrder = Uint8Array.from([...part(high), ...part(wide)]);
  expect(attributeDigest([wide, high])).toBe(toHex(md5(inByteOrder)));
});
