import { createSecretKey, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  kmsHeader,
  openUnderDataKey,
  readKmsHeader,
  sealUnderDataKey,
} from "../../src/encryption/kms-envelope.ts";
import { fromUtf8, utf8 } from "../../src/lib/bytes.ts";
import { testSettings } from "../support/fake-queue.ts";

const id = "f81d4fae-7dec-41d0-a765-00a0c91e6bf6";
const another = "a5a5a5a5-7dec-41d0-a765-00a0c91e6bf6";
const queue = testSettings();
const blob = new Uint8Array(300).fill(9);
const key = createSecretKey(randomBytes(32));
const header = kmsHeader(2, { blob, queue });

const seal = (text: string) => sealUnderDataKey({ header, key }, utf8(text), id);
const open = (sealed: Uint8Array, as = id) =>
  fromUtf8(openUnderDataKey({ headerBytes: readKmsHeader(sealed).headerBytes, key }, sealed, as));

describe("a message under a data key of KMS", () => {
  it("says what opens it: form, uid, data key and ARN, each behind its length", () => {
    const arn = "arn:aws:sqs:us-east-1:000000000000:orders";
    const expected = [
      ...[2, ...Buffer.from("5b0f4d8e6f0c4f439a2e0d6f1a2b3c4d", "hex")],
      ...[300 >> 8, 300 & 255, ...blob],
      ...[0, arn.length, ...utf8(arn)],
    ];
    const sealed = seal("hello");
    expect([...sealed.subarray(0, expected.length)]).toEqual(expected);
    expect(sealed.length).toBe(expected.length + 12 + "hello".length + 16);
    const { account, region, name } = queue;
    expect(readKmsHeader(sealed)).toEqual({
      blob,
      queue: { account, region, name },
      headerBytes: expected.length,
    });
  });

  it.each(["", "hello", "x".repeat(70_000)])("opens again", (text) => {
    expect(open(seal(text))).toBe(text);
  });

  it("owns its whole buffer, and is never sealed alike", () => {
    const sealed = seal("hello");
    expect(sealed.buffer.byteLength).toBe(sealed.length);
    expect(seal("hello")).not.toEqual(sealed);
  });

  it("does not open as another message, nor under another key", () => {
    expect(() => open(seal("hello"), another)).toThrow("another's");
    const other = { headerBytes: header.length, key: createSecretKey(randomBytes(32)) };
    expect(() => openUnderDataKey(other, seal("hello"), id)).toThrow("was changed");
  });

  it("does not open with a single byte changed, wherever", () => {
    const sealed = seal("hello");
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => open(changed), `byte ${at}`).toThrow();
    }
  });

  it("does not open when it is cut, wherever", () => {
    const sealed = seal("hello");
    for (let length = 1; length < sealed.length; length++) {
      expect(() => open(sealed.slice(0, length)), `${length} bytes`).toThrow(
        /cut short|was changed|names no queue/,
      );
    }
  });

  it("is read as well where it is a view into something larger", () => {
    const sealed = seal("hello");
    const around = new Uint8Array(sealed.length + 20).fill(7);
    around.set(sealed, 10);
    expect(open(around.subarray(10, 10 + sealed.length))).toBe("hello");
  });
});
