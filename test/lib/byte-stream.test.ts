import { describe, expect, test } from "vitest";
import { ByteReader, ByteWriter } from "../../src/lib/byte-stream.ts";
import { toHex } from "../../src/lib/bytes.ts";
import { randomFrom } from "../support/random.ts";

const MAX = Number.MAX_SAFE_INTEGER;

describe("a whole number from 0 on", () => {
  test.each([
    [0, "00"],
    [127, "7f"],
    [128, "8001"],
    [16_383, "ff7f"],
    [16_384, "808001"],
    [2 ** 31 - 1, "ffffffff07"],
    [2 ** 31, "8080808008"],
    [2 ** 32, "8080808010"],
    [2 ** 35 - 1, "ffffffff7f"],
    [2 ** 35, "808080808001"],
    [MAX, "ffffffffffffff0f"],
  ])("%d is %s", (value, hex) => {
    const bytes = new ByteWriter().uint(value).finish();
    expect(toHex(bytes)).toBe(hex);
    expect(new ByteReader(bytes).uint()).toBe(value);
  });

  test("takes one more byte with every 7 bits, and comes back on both sides of each step", () => {
    for (let bits = 7; bits < 53; bits += 7) {
      const written = (value: number) => new ByteWriter().uint(value).finish();
      expect(written(2 ** bits - 1).length).toBe(bits / 7);
      expect(written(2 ** bits).length).toBe(bits / 7 + 1);
      for (const value of [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]) {
        expect(new ByteReader(written(value)).uint()).toBe(value);
      }
    }
  });

  test("of any size comes back", () => {
    const random = randomFrom(1);
    const values = Array.from({ length: 20_000 }, () => random.between(0, 2 ** random.between(0, 53) - 1));
    const writer = new ByteWriter(1);
    for (const value of values) writer.uint(value);
    const reader = new ByteReader(writer.finish());
    expect(values.map(() => reader.uint())).toEqual(values);
    expect(reader.done).toBe(true);
  });
});

describe("a whole number of either sign", () => {
  test.each([
    [0, "00"],
    [-1, "01"],
    [1, "02"],
    [-64, "7f"],
    [64, "8001"],
    [-65, "8101"],
  ])("%d is %s", (value, hex) => {
    const bytes = new ByteWriter().int(value).finish();
    expect(toHex(bytes)).toBe(hex);
    expect(new ByteReader(bytes).int()).toBe(value);
  });

  test("comes back up to 2^52 - 1 on either side", () => {
    for (const value of [2 ** 31, 2 ** 40 + 1, 2 ** 52 - 1]) {
      for (const signed of [value, -value]) {
        expect(new ByteReader(new ByteWriter().int(signed).finish()).int()).toBe(signed);
      }
    }
  });
});

describe("fixed numbers, bytes and texts", () => {
  test("stand one after another, the lowest byte of a u32 first", () => {
    const bytes = new ByteWriter()
      .u8(255)
      .u32(0xdeadbeef)
      .raw(Uint8Array.of(1, 2))
      .latin1("é")
      .text("é")
      .text("")
      .finish();
    expect(toHex(bytes)).toBe("ffefbeadde0102e902c3a900");
    const reader = new ByteReader(bytes);
    expect(reader.u8()).toBe(255);
    expect(reader.u32()).toBe(0xdeadbeef);
    expect([...reader.raw(2)]).toEqual([1, 2]);
    expect(reader.latin1(1)).toBe("é");
    expect(reader.done).toBe(false);
    expect([reader.text(), reader.text()]).toEqual(["é", ""]);
    expect(reader.done).toBe(true);
  });

  test("every byte survives as a character", () => {
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, value) => value));
    const bytes = new ByteWriter().latin1(all).finish();
    expect(bytes.length).toBe(256);
    expect(new ByteReader(bytes).latin1(256)).toBe(all);
  });

  test("characters of one to four bytes come back", () => {
    const text = "aé€🎈\u0000\ud7ff\uffff";
    expect(new ByteReader(new ByteWriter().text(text).finish()).text()).toBe(text);
  });
});

describe("a writer", () => {
  test.each([1, 7, 8, 256])("of capacity %d grows as it needs", (capacity) => {
    const writer = new ByteWriter(capacity).uint(MAX).u32(7).text("x".repeat(300)).raw(new Uint8Array(1000));
    expect(writer.length).toBe(8 + 4 + 2 + 300 + 1000);
    const reader = new ByteReader(writer.finish());
    expect([reader.uint(), reader.u32(), reader.text().length, reader.raw(1000).length]).toEqual([
      MAX,
      7,
      300,
      1000,
    ]);
    expect(reader.done).toBe(true);
  });

  test("finishes with bytes that own their buffer and that it does not touch again", () => {
    const writer = new ByteWriter().u8(1);
    const bytes = writer.finish();
    writer.u8(2);
    expect([...bytes]).toEqual([1]);
    expect(bytes.buffer.byteLength).toBe(1);
    expect([...writer.finish()]).toEqual([1, 2]);
  });

  test("shows what was written without copying it", () => {
    const writer = new ByteWriter(64).u8(1).u8(2);
    expect([...writer.written()]).toEqual([1, 2]);
    expect(writer.written().buffer.byteLength).toBe(64);
  });
});

describe("a reader", () => {
  test("reads bytes that stand in the middle of a buffer", () => {
    const whole = Uint8Array.of(9, 9, 1, 2, 9);
    const reader = new ByteReader(whole.subarray(2, 4));
    expect([reader.u8(), reader.u8(), reader.done]).toEqual([1, 2, true]);
    expect(() => reader.u8()).toThrow(RangeError);
  });

  test("gives out bytes as a view, not a copy", () => {
    const whole = Uint8Array.of(1, 2, 3);
    const view = new ByteReader(whole).raw(2);
    whole[0] = 7;
    expect([...view]).toEqual([7, 2]);
  });

  test.each<[string, (writer: ByteWriter) => ByteWriter, (reader: ByteReader) => unknown]>([
    ["u8", (to) => to.u8(1), (from) => from.u8()],
    ["u32", (to) => to.u32(1), (from) => from.u32()],
    ["uint", (to) => to.uint(MAX), (from) => from.uint()],
    ["int", (to) => to.int(-300), (from) => from.int()],
    ["raw", (to) => to.raw(new Uint8Array(5)), (from) => from.raw(5)],
    ["latin1", (to) => to.latin1("abc"), (from) => from.latin1(3)],
    ["text", (to) => to.text("abc"), (from) => from.text()],
  ])("throws a RangeError for a %s that is cut off anywhere", (_name, write, read) => {
    const bytes = write(new ByteWriter()).finish();
    expect(() => read(new ByteReader(bytes))).not.toThrow();
    for (let length = 0; length < bytes.length; length++) {
      expect(() => read(new ByteReader(bytes.subarray(0, length)))).toThrow(RangeError);
    }
  });
});
