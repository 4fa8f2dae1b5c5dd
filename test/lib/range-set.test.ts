import { describe, expect, test } from "vitest";
import { RangeSet } from "../../src/lib/range-set.ts";
import { randomFrom } from "../support/random.ts";

describe("a set of ranges", () => {
  test("keeps neighbours as one range, whichever comes first", () => {
    const set = setOf(3, 1, 2);
    expect([...set.ranges()]).toEqual([[1, 3]]);
    expect(set.size).toBe(3);
  });

  test("keeps numbers apart that do not touch", () => {
    const set = setOf(5, 1, 3);
    expect([...set.ranges()]).toEqual([
      [1, 1],
      [3, 3],
      [5, 5],
    ]);
    expect([0, 1, 2, 3, 4, 5, 6].filter((value) => set.has(value))).toEqual([1, 3, 5]);
  });

  test("grows a range at either end, and joins two over the gap between them", () => {
    const set = setOf(2, 3, 6, 7);
    set.add(4);
    set.add(1);
    expect([...set.ranges()]).toEqual([
      [1, 4],
      [6, 7],
    ]);
    set.add(5);
    expect([...set.ranges()]).toEqual([[1, 7]]);
  });

  test("counts a number once that is added again", () => {
    const set = setOf(1, 2, 3, 2, 1, 3);
    expect(set.size).toBe(3);
    expect([...set.ranges()]).toEqual([[1, 3]]);
  });

  test("loses what is below a bound, also in the middle of a range", () => {
    const set = setOf(1, 2, 3, 6, 7, 9);
    set.removeBelow(1);
    expect(set.size).toBe(6);
    set.removeBelow(3);
    expect([...set.ranges()]).toEqual([
      [3, 3],
      [6, 7],
      [9, 9],
    ]);
    set.removeBelow(7);
    expect([...set.ranges()]).toEqual([
      [7, 7],
      [9, 9],
    ]);
    expect(set.size).toBe(2);
    set.removeBelow(10);
    expect([...set.ranges()]).toEqual([]);
    expect(set.size).toBe(0);
  });

  test("when empty has nothing and loses nothing", () => {
    const set = new RangeSet();
    set.removeBelow(5);
    expect([set.size, set.has(0), [...set.ranges()]]).toEqual([0, false, []]);
  });

  test("is read back from its ranges", () => {
    const set = setOf(1, 2, 3, 6, 7, 9);
    const copy = new RangeSet();
    for (const [first, last] of set.ranges()) copy.addRange(first, last);
    expect([...copy.ranges()]).toEqual([...set.ranges()]);
    expect(copy.size).toBe(6);
    expect(copy.has(6)).toBe(true);
    expect(copy.has(8)).toBe(false);
  });

  test("is of use again after it was cleared", () => {
    const set = setOf(1, 2, 5);
    set.clear();
    expect([set.size, set.has(1), [...set.ranges()]]).toEqual([0, false, []]);
    set.add(7);
    expect([...set.ranges()]).toEqual([[7, 7]]);
  });

  test("keeps a million neighbours as one range", () => {
    const set = new RangeSet();
    for (let value = 0; value < 1_000_000; value++) set.add(value);
    expect([...set.ranges()]).toEqual([[0, 999_999]]);
    expect(set.size).toBe(1_000_000);
  });

  test("agrees with a plain set, whatever is added and removed", () => {
    for (let seed = 0; seed < 30; seed++) {
      const random = randomFrom(seed);
      const span = random.pick([5, 40, 300]);
      const set = new RangeSet();
      let plain = new Set<number>();
      let low = 0;
      for (let step = 0; step < 300; step++) {
        if (random.chance(0.05)) {
          low += random.between(0, span / 2);
          set.removeBelow(low);
          plain = new Set([...plain].filter((value) => value >= low));
        } else {
          // Some lie below the last bound: nothing says that they cannot come back.
          const value = random.between(low - 3, low + span);
          set.add(value);
          plain.add(value);
        }
        const probe = random.between(low - 5, low + span + 5);
        expect(
          { size: set.size, ranges: [...set.ranges()], has: set.has(probe) },
          `seed ${seed}, step ${step}, ${probe}`,
        ).toEqual({ size: plain.size, ranges: rangesOf(plain), has: plain.has(probe) });
      }
    }
  });
});

function setOf(...values: number[]): RangeSet {
  const set = new RangeSet();
  for (const value of values) set.add(value);
  return set;
}

/** What a plain set's numbers are as ranges. */
function rangesOf(values: ReadonlySet<number>): [number, number][] {
  const sorted = [...values].sort((a, b) => a - b);
  const firsts = sorted.filter((value) => !values.has(value - 1));
  const lasts = sorted.filter((value) => !values.has(value + 1));
  return firsts.map((first, i) => [first, lasts[i] ?? Number.NaN]);
}
