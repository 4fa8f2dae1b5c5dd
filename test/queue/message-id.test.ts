import { expect, test } from "vitest";
import { messageIdOf } from "../../src/queue/message-id.ts";

const batch = "f81d4fae-7dec-41d0-a765-00a0c91e6bf6";

test("the first message has the batch's own id", () => {
  expect(messageIdOf(batch, 0)).toBe(batch);
});

test("the index is XORed into the last byte", () => {
  expect(messageIdOf(batch, 1)).toBe("f81d4fae-7dec-41d0-a765-00a0c91e6bf7");
  expect(messageIdOf(batch, 0xf6)).toBe("f81d4fae-7dec-41d0-a765-00a0c91e6b00");
  expect(messageIdOf(batch, 255)).toBe("f81d4fae-7dec-41d0-a765-00a0c91e6b09");
});

test("all 256 ids of a batch are distinct UUIDs", () => {
  const ids = Array.from({ length: 256 }, (_, index) => messageIdOf(batch, index));
  expect(new Set(ids).size).toBe(256);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test.each([-1, 256, 1.5])("an index of %d is our bug", (index) => {
  expect(() => messageIdOf(batch, index)).toThrow("at most 256");
});
