import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import type { DataKey } from "../../src/encryption/data-key.ts";
import { dataKeyIdOf, Envelopes } from "../../src/encryption/envelope.ts";
import { toHex, utf8 } from "../../src/lib/bytes.ts";

const dataKey: DataKey = {
  id: "00112233-4455-4677-8899-aabbccddeeff",
  queueUid: "5b0f4d8e-6f0c-4f43-9a2e-0d6f1a2b3c4d",
  bytes: Uint8Array.from({ length: 32 }, (_, i) => i),
};
const messageId = "f81d4fae-7dec-41d0-a765-00a0c91e6bf6";
const form = 1;
const HEADER = 33;
const AROUND = HEADER + 12 + 16;

const envelopes = new Envelopes();
const seal = (text: string, by = envelopes) => by.seal(dataKey, utf8(text), { form, messageId });
const open = (sealed: Uint8Array, changes: Partial<DataKey> = {}, id = messageId) =>
  new Envelopes().open({ ...dataKey, ...changes }, sealed, id);
const saltOf = (sealed: Uint8Array) => toHex(sealed.subarray(17, HEADER));

describe("an envelope", () => {
  test.each(["", "x", "a longer text ".repeat(5000)])("opens to what was sealed", (text) => {
    expect([...open(seal(text))]).toEqual([...utf8(text)]);
  });

  test("is the form, the data key's id and 44 bytes around what is in it, and owns its whole buffer", () => {
    const sealed = seal("hello");
    expect(sealed.length).toBe(5 + AROUND);
    expect(sealed.buffer.byteLength).toBe(sealed.length);
    expect(sealed.byteOffset).toBe(0);
    expect(toHex(sealed.subarray(0, 17))).toBe("0100112233445546778899aabbccddeeff");
    expect(dataKeyIdOf(sealed)).toBe(dataKey.id);
    expect(Buffer.from(sealed).includes("hello")).toBe(false);
  });

  test("opens with a seal made earlier, so that stored messages stay readable", () => {
    expect(Buffer.from(open(Buffer.from(GOLDEN, "hex"))).toString()).toBe("hello");
  });

  test("is sealed as the description of the storage says", async () => {
    expect(await openByTheBook(seal("hello"))).toBe("hello");
    expect(await openByTheBook(Buffer.from(GOLDEN, "hex"))).toBe("hello");
  });

  test("opens from the middle of a larger buffer, as a record holds it", () => {
    const sealed = seal("hello");
    const whole = new Uint8Array(sealed.length + 20).fill(9);
    whole.set(sealed, 10);
    expect(Buffer.from(open(whole.subarray(10, 10 + sealed.length))).toString()).toBe("hello");
  });

  test("looks different every time, under one salt", () => {
    const [first, second] = [seal("hello"), seal("hello")];
    expect(saltOf(first)).toBe(saltOf(second));
    expect(toHex(first.subarray(HEADER))).not.toBe(toHex(second.subarray(HEADER)));
  });
});

describe("an envelope does not open", () => {
  const another = "a5a5a5a5-7dec-41d0-a765-00a0c91e6bf6";

  test("with any one of its bits changed, the form's and the key's included", () => {
    const sealed = seal("hello");
    for (let at = 0; at < sealed.length; at++) {
      for (let bit = 1; bit < 256; bit *= 2) {
        const changed = sealed.slice();
        changed[at] = (sealed[at] ?? 0) ^ bit;
        expect(() => open(changed), `bit ${bit} of byte ${at}`).toThrow("was changed, or is another's");
      }
    }
  });

  test("when it is cut short anywhere, or longer", () => {
    const sealed = seal("hello");
    for (let length = 0; length < sealed.length; length++) {
      expect(() => open(sealed.subarray(0, length)), `${length} bytes`).toThrow("was changed");
    }
    expect(() => open(Buffer.concat([sealed, Buffer.of(0)]))).toThrow("was changed");
  });

  test("as another message", () => {
    expect(() => open(seal("hello"), {}, another)).toThrow("is another's");
  });

  test("as a message of another queue, even under the same key", () => {
    expect(() => open(seal("hello"), { queueUid: another })).toThrow("is another's");
  });

  test("under another key of the same name", () => {
    expect(() => open(seal("hello"), { bytes: new Uint8Array(32) })).toThrow("is another's");
  });

  test("with the header of another message of the queue, sealed by another isolate", () => {
    const [sealed, other] = [seal("hello"), seal("hello", new Envelopes())];
    const mixed = Buffer.concat([other.subarray(0, HEADER), sealed.subarray(HEADER)]);
    expect(() => open(mixed)).toThrow("was changed");
  });

  test("and leaves others of its salt as they were", () => {
    const reader = new Envelopes();
    const [good, bad] = [seal("hello"), seal("hello").fill(0, HEADER + 12)];
    expect(() => reader.open(dataKey, bad, messageId)).toThrow("was changed");
    expect(Buffer.from(reader.open(dataKey, good, messageId)).toString()).toBe("hello");
    expect(() => reader.open(dataKey, bad, messageId)).toThrow("was changed");
  });

  test("and tells of no key when it is cut within its header", () => {
    expect(() => dataKeyIdOf(seal("").subarray(0, HEADER - 1))).toThrow("cut short");
    expect(dataKeyIdOf(seal("").subarray(0, HEADER))).toBe(dataKey.id);
  });
});

describe("salts", () => {
  test("are another in each isolate and for each data key", () => {
    const other = { ...dataKey, id: messageId };
    const ofOther = envelopes.seal(other, utf8("x"), { form, messageId });
    const salts = [seal("x"), seal("x", new Envelopes()), ofOther].map(saltOf);
    expect(new Set(salts).size).toBe(3);
  });

  test("are another when as many messages were sealed as one is good for", () => {
    const few = new Envelopes(3);
    const salts = Array.from({ length: 7 }, () => saltOf(seal("x", few)));
    expect([0, 3, 6].map((at) => salts.indexOf(salts[at] ?? ""))).toEqual([0, 3, 6]);
    expect(new Set(salts).size).toBe(3);
  });
});

const GOLDEN =
  "0100112233445546778899aabbccddeeff2472ca800e21f9e02ec974f3b51f6560038a0f65c048c949b41e7dba2bdbbbf0b044bab927653c4a48f57111f845388859";

/** What docs/storage.md says of an envelope, with another implementation of the ciphers. */
async function openByTheBook(sealed: Uint8Array): Promise<string> {
  const usage = { name: "HMAC", hash: "SHA-256" };
  const hmac = await crypto.subtle.importKey("raw", Buffer.from(dataKey.bytes), usage, false, ["sign"]);
  const salt = Buffer.concat([utf8("edge-sqs message key\n"), sealed.subarray(17, HEADER)]);
  const raw = await crypto.subtle.sign("HMAC", hmac, salt);
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
  const uuids = [dataKey.queueUid, messageId].map((uuid) => Buffer.from(uuid.replaceAll("-", ""), "hex"));
  const additionalData = Buffer.concat([sealed.subarray(0, HEADER), ...uuids]);
  const iv = Buffer.from(sealed.subarray(HEADER, HEADER + 12));
  const text = Buffer.from(sealed.subarray(HEADER + 12));
  const bytes = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, key, text);
  return Buffer.from(bytes).toString();
}
