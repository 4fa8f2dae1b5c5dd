import { describe, expect, test } from "vitest";
import {
  fromBase64,
  fromBase64Url,
  fromUtf8,
  fromUtf8Strict,
  toBase64,
  toBase64Url,
  toHex,
  utf8,
  utf8Length,
} from "../../src/lib/bytes.ts";

describe("text and bytes", () => {
  test("UTF-8 goes there and back, a leading byte order mark included", () => {
    for (const text of ["", "a", "é€🎈", "\ufeffmarked", "\u0000"]) {
      expect(fromUtf8(utf8(text))).toBe(text);
      expect(fromUtf8Strict(utf8(text))).toBe(text);
      expect(utf8Length(text)).toBe(utf8(text).length);
    }
  });

  test("a lone surrogate counts and encodes as the three bytes of the replacement character", () => {
    expect(toHex(utf8("\ud800"))).toBe("efbfbd");
    expect(utf8Length("\ud800")).toBe(3);
  });

  test.each([
    ["a byte that begins nothing", [0x80]],
    ["a character that is cut off", [0xe2, 0x82]],
    ["a character in more bytes than it needs", [0xc0, 0x80]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a number above U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
  ])("%s is not UTF-8 when a client wrote it", (_what, bytes) => {
    expect(fromUtf8Strict(Uint8Array.from(bytes))).toBeUndefined();
    expect(fromUtf8(Uint8Array.from(bytes))).toContain("\ufffd");
  });
});

describe("bytes in print", () => {
  test("all three forms look at a view's own bytes alone", () => {
    const view = Uint8Array.of(0, 251, 255, 191, 0).subarray(1, 4);
    expect(toHex(view)).toBe("fbffbf");
    expect(toBase64(view)).toBe("+/+/");
    expect(toBase64Url(view)).toBe("-_-_");
  });

  test("every length comes back", () => {
    for (let length = 0; length < 10; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => 255 - i);
      expect(fromBase64(toBase64(bytes))).toEqual(bytes);
      expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
    }
  });

  test("base64 is read in one spelling only", () => {
    expect(fromBase64("AA==")).toEqual(Uint8Array.of(0));
    for (const text of ["AA", "AA=", "AB==", "AA==\n", " AA==", "A", "-_-_", "AA==AA=="]) {
      expect(fromBase64(text), text).toBeUndefined();
    }
  });

  test("base64url is read in one spelling only", () => {
    expect(fromBase64Url("AA")).toEqual(Uint8Array.of(0));
    for (const text of ["AA==", "AB", "A", "+/+/", "A A"]) expect(fromBase64Url(text), text).toBeUndefined();
  });

  test("what is read owns its whole buffer", () => {
    expect(fromBase64("AA==")?.buffer.byteLength).toBe(1);
    expect(fromBase64Url("AA")?.buffer.byteLength).toBe(1);
  });
});
