import { describe, expect, test } from "vitest";
import { NumberHeap } from "../../src/lib/number-heap.ts";
import { randomFrom } from "../support/random.ts";

describe("a heap of rows of numbers", () => {
  test("gives up its smallest row first", () => {
    const heap = heapOf([3], [1], [2]);
    expect(drained(heap)).toEqual([1, 2, 3]);
  });

  test("orders rows with the same first number by their second, and looks no further", () => {
    const heap = heapOf([5, 2, 0], [5, 1, 9], [4, 9, 9]);
    expect([heap.peek(0), heap.peek(1), heap.peek(2)]).toEqual([4, 9, 9]);
    heap.pop();
    expect([heap.peek(0), heap.peek(1), heap.peek(2)]).toEqual([5, 1, 9]);
    heap.pop();
    expect([heap.peek(0), heap.peek(1), heap.peek(2)]).toEqual([5, 2, 0]);
  });

  test("keeps equal rows, however many", () => {
    const heap = heapOf([7], [7], [7]);
    expect(drained(heap)).toEqual([7, 7, 7]);
  });

  test("when empty it shows nothing, gives nothing up and removes nothing", () => {
    const heap = new NumberHeap(2);
    heap.pop();
    expect(heap.size).toBe(0);
    expect(heap.peek()).toBeUndefined();
    expect(heap.remove(0, 1)).toBe(false);
    expect(heap.smallest(3, () => true)).toEqual([]);
    expect([...heap.rows()]).toEqual([]);
  });

  test("holds instants and positions exactly, up to 2^53 - 1", () => {
    const heap = heapOf([Number.MAX_SAFE_INTEGER], [Number.MAX_SAFE_INTEGER - 1]);
    expect(drained(heap)).toEqual([Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER]);
  });

  test("grows past its first 64 rows and forgets nothing", () => {
    for (const count of [63, 64, 65, 1000]) {
      const heap = new NumberHeap(2);
      for (let n = count; n > 0; n--) heap.push(n, -n);
      expect(heap.size).toBe(count);
      expect(drained(heap)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    }
  });

  test("is of use again after it was cleared", () => {
    const heap = new NumberHeap(1);
    for (let n = 0; n < 200; n++) heap.push(n);
    heap.clear();
    expect(heap.size).toBe(0);
    heap.push(1);
    expect(drained(heap)).toEqual([1]);
  });

  test("removes one row by the number in any column", () => {
    const heap = heapOf([1, 10], [2, 20], [3, 20], [4, 40]);
    expect(heap.remove(1, 20)).toBe(true);
    expect(heap.size).toBe(3);
    expect(heap.remove(1, 50)).toBe(false);
    expect(heap.remove(0, 4)).toBe(true);
    expect(heap.remove(1, 20)).toBe(true);
    expect(heap.remove(1, 20)).toBe(false);
    expect(drained(heap)).toEqual([1]);
  });

  test("shows its smallest rows in order and stays as it is", () => {
    const heap = heapOf([5, 50], [1, 10], [4, 40], [2, 20], [3, 30]);
    const even = (first: number) => first % 2 === 0;
    expect(heap.smallest(2, () => true)).toEqual([
      [1, 10],
      [2, 20],
    ]);
    expect(heap.smallest(9, even)).toEqual([
      [2, 20],
      [4, 40],
    ]);
    expect(heap.smallest(0, () => true)).toEqual([]);
    expect(drained(heap)).toEqual([1, 2, 3, 4, 5]);
  });

  test("looks at few rows for the smallest few of many", () => {
    const heap = new NumberHeap(1);
    for (let n = 0; n < 100_000; n++) heap.push(n);
    let looks = 0;
    const seen = heap.smallest(10, () => {
      looks++;
      return true;
    });
    expect(seen.map(([first]) => first)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(looks).toBe(10);
  });

  test("a row of one number shows 0 as its second", () => {
    expect(heapOf([8]).smallest(1, () => true)).toEqual([[8, 0]]);
  });

  test("keeps the rows a filter takes, whole and in order", () => {
    const heap = heapOf([4, 1, 7], [1, 2, 8], [3, 3, 9], [2, 4, 7]);
    heap.filter((first, second, third) => first > 1 && second !== 3 && third === 7);
    expect([...heap.rows()].map((row) => [...row]).sort()).toEqual([
      [2, 4, 7],
      [4, 1, 7],
    ]);
    expect(drained(heap)).toEqual([2, 4]);
  });

  test("agrees with a sorted list, whatever is pushed, popped, removed and filtered", () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = randomFrom(seed);
      const heap = new NumberHeap(2);
      let list: [number, number][] = [];
      for (let step = 0; step < 300; step++) {
        switch (random.between(0, 5)) {
          case 0:
            heap.pop();
            list.shift();
            break;
          case 1: {
            // Seconds are distinct, so that it is clear which row goes.
            const value = random.between(0, step);
            const at = list.findIndex(([, second]) => second === value);
            expect(heap.remove(1, value), `seed ${seed}`).toBe(at >= 0);
            if (at >= 0) list.splice(at, 1);
            break;
          }
          case 2:
            if (random.chance(0.9)) break;
            heap.filter((first) => first % 3 !== 0);
            list = list.filter(([first]) => first % 3 !== 0);
            break;
          default: {
            const row: [number, number] = [random.between(-20, 20), step];
            heap.push(...row);
            list.push(row);
            list.sort(([a, b], [c, d]) => a - c || b - d);
          }
        }
        expect([heap.size, heap.peek(0), heap.peek(1)], `seed ${seed}`).toEqual([
          list.length,
          list[0]?.[0],
          list[0]?.[1],
        ]);
      }
      expect(
        heap.smallest(list.length, () => true),
        `seed ${seed}`,
      ).toEqual(list);
    }
  });
});

function heapOf(...rows: number[][]): NumberHeap {
  const heap = new NumberHeap(rows[0]?.length ?? 1);
  for (const row of rows) heap.push(...row);
  return heap;
}

/** First numbers in the order in which the heap gives up its rows. */
function drained(heap: NumberHeap): number[] {
  const firsts: number[] = [];
  for (let first = heap.peek(); first !== undefined; first = heap.peek()) {
    firsts.push(first);
    heap.pop();
  }
  return firsts;
}
