import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { positionOf } from "../../src/queue/position.ts";
import { issueHandle, readHandle } from "../../src/queue/receipt-handle.ts";
import { testSettings } from "../support/fake-queue.ts";
import { randomFrom } from "../support/random.ts";

const settings = testSettings();
const receipt = { shard: 0, epoch: 7, position: positionOf(1_234_567, 89), nonce: 0xdeadbeef };
const handle = issueHandle(settings, receipt);

test("what was issued is read back", () => {
  const random = randomFrom(1);
  for (let round = 0; round < 200; round++) {
    const issued = {
      shard: random.between(0, 0xffff),
      epoch: random.between(0, 0xffffffff),
      position: positionOf(random.between(0, 2 ** 41 - 1), random.between(0, 4095)),
      nonce: random.between(0, 0xffffffff),
    };
    expect(readHandle(settings, issueHandle(settings, issued))).toEqual(issued);
  }
});

test("the format is fixed: handles outlive a release", () => {
  expect(handle).toBe("AQAAAAAABwAAABLWhwBZ3q2-72T1quPjKzzr");
});

test("a handle is 36 characters that need no escaping in a URL", () => {
  expect(handle).toMatch(/^[A-Za-z0-9_-]{36}$/);
});

test("changing any one character makes it invalid", () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (let at = 0; at < handle.length; at++) {
    for (const other of alphabet) {
      if (other === handle[at]) continue;
      const changed = handle.slice(0, at) + other + handle.slice(at + 1);
      expect(readHandle(settings, changed), changed).toBeUndefined();
    }
  }
});

test("a handle is bound to its queue: neither another key nor another queue takes it", () => {
  expect(readHandle({ ...settings, handleKey: "AAECAwQFBgcICQoLDA0ODg" }, handle)).toBeUndefined();
  expect(readHandle({ ...settings, uid: "5b0f4d8e-6f0c-4f43-9a2e-0d6f1a2b3c4e" }, handle)).toBeUndefined();
});

test("a change of the queue's settings leaves its handles valid", () => {
  expect(readHandle(testSettings({ visibilitySeconds: 5 }), handle)).toEqual(receipt);
});

test("another spelling of the same bytes is invalid", () => {
  const standard = Buffer.from(handle, "base64url").toString("base64");
  expect(standard).not.toBe(handle);
  expect(readHandle(settings, standard)).toBeUndefined();
  expect(readHandle(settings, `${handle}=`)).toBeUndefined();
  expect(readHandle(settings, `${handle}\n`)).toBeUndefined();
});

test.each([
  "",
  "x",
  "garbage",
  "\u{1f600}".repeat(18),
  "\0".repeat(36),
  "A".repeat(36),
  "A".repeat(1_000_000),
])("text that is no handle is undefined and never throws", (text) => {
  expect(readHandle(settings, text)).toBeUndefined();
});
