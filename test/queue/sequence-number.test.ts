import { expect, test } from "vitest";
import { positionOf } from "../../src/queue/position.ts";
import { sequenceNumberOf } from "../../src/queue/sequence-number.ts";

const positions = [
  0,
  1,
  9,
  10,
  positionOf(1, 0),
  positionOf(1, 4095),
  positionOf(2, 0),
  999_999_999_999_999,
  1_000_000_000_000_000,
  Number.MAX_SAFE_INTEGER,
];

test.each(positions)("position %d has twenty digits", (position) => {
  expect(sequenceNumberOf(position)).toMatch(/^\d{20}$/);
  expect(BigInt(sequenceNumberOf(position))).toBe(18_850_000_000_000_000_000n + BigInt(position));
});

test("later positions have larger numbers, compared as text too", () => {
  const numbers = positions.map(sequenceNumberOf);
  expect(numbers.toSorted()).toEqual(numbers);
  expect(new Set(numbers).size).toBe(positions.length);
});
