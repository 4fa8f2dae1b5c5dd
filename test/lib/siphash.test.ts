import { describe, expect, it } from "vitest";
import { sipHash } from "../../src/lib/siphash.ts";

/** The first of the published vectors: key 00 … 0f, message 00, 01, … of each length. */
const VECTORS = [
  "310e0edd47db6f72",
  "fd67dc93c539f874",
  "5a4fa9d909806c0d",
  "2d7efbd796666785",
  "b7877127e09427cf",
  "8da699cd64557618",
  "cee3fe586e46c9cb",
  "37d1018bf50002ab",
  "6224939a79f5f593",
];

const key = Uint8Array.from({ length: 16 }, (_, i) => i);

describe("SipHash-2-4", () => {
  it.each([...VECTORS.entries()])("of %i bytes is the published value", (length, expected) => {
    const message = Uint8Array.from({ length }, (_, i) => i);
    expect(Buffer.from(sipHash(key, message)).toString("hex")).toBe(expected);
  });

  it("is the same for a view into a larger buffer", () => {
    const padded = Uint8Array.from([9, 9, 9, ...key, 9]);
    expect(sipHash(padded.subarray(3, 19), Uint8Array.of(0))).toEqual(sipHash(key, Uint8Array.of(0)));
  });

  it("differs with every bit of the key and of the message", () => {
    const message = Uint8Array.from({ length: 55 }, (_, i) => 7 * i);
    const seen = new Set([Buffer.from(sipHash(key, message)).toString("hex")]);
    for (const bytes of [key, message]) {
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = bytes.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const digest = bytes === key ? sipHash(flipped, message) : sipHash(key, flipped);
        seen.add(Buffer.from(digest).toString("hex"));
      }
    }
    expect(seen.size).toBe(1 + 8 * (key.length + message.length));
  });

  it("takes no key of another length", () => {
    expect(() => sipHash(new Uint8Array(15), message())).toThrow(RangeError);
    expect(() => sipHash(new Uint8Array(17), message())).toThrow(RangeError);
  });
});

function message(): Uint8Array {
  return Uint8Array.of(1);
}
