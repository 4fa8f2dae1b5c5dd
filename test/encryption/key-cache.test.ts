import { expect, test } from "vitest";
import { KeyCache } from "../../src/encryption/key-cache.ts";

test("as many keys are kept as there is room for, and not one more", () => {
  const cache = new KeyCache<number>(2);
  cache.put("a", 1);
  cache.put("b", 2);
  expect([cache.get("a"), cache.get("b")]).toEqual([1, 2]);
  cache.put("c", 3);
  expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([undefined, 2, 3]);
});

test("the longest unused makes room, and a key that was put again or asked for is not that one", () => {
  const cache = new KeyCache<number>(2);
  cache.put("a", 1);
  cache.put("b", 2);
  cache.get("a");
  cache.put("c", 3);
  expect([cache.get("a"), cache.get("b")]).toEqual([1, undefined]);
  cache.put("c", 4);
  cache.put("d", 5);
  expect([cache.get("a"), cache.get("c"), cache.get("d")]).toEqual([undefined, 4, 5]);
});

test("a key that is deleted is gone, and so are those that are dropped", () => {
  const cache = new KeyCache<number>(3);
  for (const [id, key] of Object.entries({ a: 1, b: 2, c: 3 })) cache.put(id, key);
  cache.delete("a");
  cache.delete("nothing");
  cache.drop((key) => key === 3);
  expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([undefined, 2, undefined]);
});
