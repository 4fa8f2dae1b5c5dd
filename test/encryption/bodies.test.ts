import { expect, test } from "vitest";
import { openBody, sealBody } from "../../src/encryption/bodies.ts";
import { utf8 } from "../../src/lib/bytes.ts";
import { testSettings } from "../support/fake-queue.ts";

const settings = testSettings();
const id = "f81d4fae-7dec-41d0-a765-00a0c91e6bf6";

test.each([new Uint8Array(), utf8("hello"), new Uint8Array(70_000).fill(7)])(
  "what was sealed opens again",
  async (bytes) => {
    expect(await openBody(settings, await sealBody(settings, bytes, id), id)).toEqual(bytes);
  },
);

test("the plain form is a 0 before the bytes", async () => {
  expect(await sealBody(settings, utf8("hi"), id)).toEqual(Uint8Array.of(0, 0x68, 0x69));
});

test("sealed bytes own their whole buffer, whatever they were sealed from", async () => {
  const sealed = await sealBody(settings, new Uint8Array(1000).subarray(10, 20), id);
  expect(sealed.byteOffset).toBe(0);
  expect(sealed.buffer.byteLength).toBe(11);
});

test("a form that this release does not know is an error, not a message", async () => {
  await expect(async () => openBody(settings, Uint8Array.of(9, 1, 2), id)).rejects.toThrow("unknown form 9");
  await expect(async () => openBody(settings, new Uint8Array(), id)).rejects.toThrow(
    "unknown form undefined",
  );
});
