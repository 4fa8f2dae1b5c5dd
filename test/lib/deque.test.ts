import { describe, expect, test } from "vitest";
import { Deque } from "../../src/lib/deque.ts";
import { randomFrom } from "../support/random.ts";

describe("a deque", () => {
  test("gives up first what came first", () => {
    const deque = dequeOf(1, 2, 3);
    expect(deque.first).toBe(1);
    expect([deque.shift(), deque.shift(), deque.shift(), deque.shift()]).toEqual([1, 2, 3, undefined]);
  });

  test("when empty shows nothing, gives nothing up and is of use again", () => {
    const deque = dequeOf(1);
    deque.shift();
    expect([deque.size, deque.first, deque.shift(), [...deque]]).toEqual([0, undefined, undefined, []]);
    deque.push(2);
    expect([deque.size, deque.first, [...deque]]).toEqual([1, 2, [2]]);
  });

  test("shows what is in it in order, and stays as it is", () => {
    const deque = dequeOf(1, 2, 3);
    deque.shift();
    expect([...deque]).toEqual([2, 3]);
    expect(deque.size).toBe(2);
  });

  test("keeps what a filter takes, in order", () => {
    const deque = dequeOf(1, 2, 3, 4, 5);
    deque.shift();
    deque.filter((item) => item % 2 === 1);
    expect([...deque]).toEqual([3, 5]);
    deque.push(7);
    expect([deque.first, deque.size, [...deque]]).toEqual([3, 3, [3, 5, 7]]);
  });

  test("loses nothing when it reclaims the space of what has left", () => {
    for (const left of [31, 32, 33, 34, 63, 64, 65, 66, 100]) {
      const deque = dequeOf(...Array.from({ length: 100 }, (_, i) => i));
      for (let i = 0; i < left; i++) expect(deque.shift()).toBe(i);
      expect(deque.size).toBe(100 - left);
      expect(deque.first).toBe(left < 100 ? left : undefined);
      expect([...deque]).toEqual(Array.from({ length: 100 - left }, (_, i) => left + i));
    }
  });

  test("agrees with an array, whatever is pushed, shifted and filtered", () => {
    for (let seed = 0; seed < 15; seed++) {
      const random = randomFrom(seed);
      const deque = new Deque<number>();
      let array: number[] = [];
      for (let step = 0; step < 600; step++) {
        if (random.chance(0.02)) {
          const divisor = random.between(2, 5);
          deque.filter((item) => item % divisor !== 0);
          array = array.filter((item) => item % divisor !== 0);
        } else if (random.chance(step < 300 ? 0.3 : 0.7)) {
          expect(deque.shift(), `seed ${seed}`).toBe(array.shift());
        } else {
          deque.push(step);
          array.push(step);
        }
        expect([deque.size, deque.first, ...deque], `seed ${seed}`).toEqual([
          array.length,
          array[0],
          ...array,
        ]);
      }
    }
  });
});

function dequeOf(...items: number[]): Deque<number> {
  const deque = new Deque<number>();
  for (const item of items) deque.push(item);
  return deque;
}
