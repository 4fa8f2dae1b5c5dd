import { expect, test } from "vitest";
import { packUuid, unpackUuid } from "../../src/lib/uuid.ts";

const UUID = "00ff80c3-a90b-4c1d-8e7f-ffffffffff01";

test("a UUID packs into 16 characters, one a byte, and back", () => {
  const packed = packUuid(UUID);
  expect(packed).toBe("\x00\xff\x80\xc3\xa9\x0b\x4c\x1d\x8e\x7f\xff\xff\xff\xff\xff\x01");
  expect(unpackUuid(packed)).toBe(UUID);
});

test("its spelling in capitals is the same UUID", () => {
  expect(packUuid(UUID.toUpperCase())).toBe(packUuid(UUID));
});

test.each(["", "no", UUID.slice(1), `${UUID}00`, UUID.replace("0", "g"), UUID.slice(0, -2)])(
  "%j is refused",
  (text) => {
    expect(() => packUuid(text)).toThrow(RangeError);
  },
);
