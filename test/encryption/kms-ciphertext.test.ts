import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  materialOfCiphertext,
  openUnderKmsKey,
  sealUnderKmsKey,
} from "../../src/encryption/kms-ciphertext.ts";
import {
  type KmsMaterial,
  kmsMaterialId,
  newKmsMaterial,
  openKmsMaterial,
} from "../../src/encryption/kms-material.ts";
import { rootKeys } from "../../src/encryption/secrets.ts";
import { fromUtf8, utf8 } from "../../src/lib/bytes.ts";
import { testRootKeys } from "../support/encryption.ts";

const keyId = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";
const material: KmsMaterial = { keyId, version: 3, bytes: new Uint8Array(32).fill(9) };
const plaintext = utf8("a secret of some length");
const context = new Map([
  ["aws:sqs:arn", "arn:aws:sqs:us-east-1:000000000000:q"],
  ["z", ""],
  ["é", "\ud800"],
]);
const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const sealed = (of = material) => sealUnderKmsKey(of, { plaintext, context });

describe("a ciphertext of KMS", () => {
  it("opens under its key, in its context", () => {
    const ciphertext = sealed();
    expect(openUnderKmsKey(material, { ciphertext, context })).toEqual(plaintext);
    const nothing = sealUnderKmsKey(material, { plaintext: new Uint8Array(), context: new Map() });
    expect(openUnderKmsKey(material, { ciphertext: nothing, context: new Map() })).toEqual(new Uint8Array());
  });

  it("says which key and which of its materials opens it", () => {
    expect(materialOfCiphertext(sealed())).toEqual({ keyId, version: 3 });
    expect(materialOfCiphertext(sealed({ ...material, version: 0xffff_ffff }))?.version).toBe(0xffff_ffff);
  });

  it("is told by where it stands in a buffer as well", () => {
    const within = new Uint8Array(500);
    const ciphertext = sealed();
    within.set(ciphertext, 7);
    const view = within.subarray(7, 7 + ciphertext.length);
    expect(materialOfCiphertext(view)).toEqual({ keyId, version: 3 });
    expect(openUnderKmsKey(material, { ciphertext: view, context })).toEqual(plaintext);
  });

  it("has these bytes, so that it is read by later versions", () => {
    const bytes = sealed();
    expect(bytes.length).toBe(1 + 16 + 4 + 16 + 12 + plaintext.length + 16);
    expect(Buffer.from(bytes.subarray(0, 21)).toString("hex")).toBe(`01${keyId.replaceAll("-", "")}00000003`);
    const stored =
      "010a1b2c3d4e5f4a6b8c7d9e0f1a2b3c4d000000036b1677a9a53faf0ef6bb539289c70bf757660a78fb0637ef32ba73a3fb14049af7a8850c1f428d43b0e538704b41f7de749fd558f62c7940da1f361dc62fc19fb3ce6f";
    expect(openUnderKmsKey(material, { ciphertext: fromHex(stored), context })).toEqual(plaintext);
  });

  it("never comes out twice the same", () => {
    const several = Array.from({ length: 100 }, () => Buffer.from(sealed()).toString("hex"));
    expect(new Set(several.map((hex) => hex.slice(42, 74))).size).toBe(100);
    expect(new Set(several.map((hex) => hex.slice(74, 98))).size).toBe(100);
  });

  it("does not open with any bit of any byte changed", () => {
    const ciphertext = sealed();
    for (let at = 0; at < ciphertext.length; at++) {
      for (const bit of [1, 128]) {
        const changed = ciphertext.slice();
        changed[at] = (changed[at] ?? 0) ^ bit;
        expect(openUnderKmsKey(material, { ciphertext: changed, context }), `byte ${at}`).toBeUndefined();
        // Nor if whoever opens it believes the key that it names.
        const named = materialOfCiphertext(changed);
        if (named) {
          const believed = { ...material, ...named };
          expect(openUnderKmsKey(believed, { ciphertext: changed, context }), `byte ${at}`).toBeUndefined();
        }
      }
    }
  });

  it("does not open cut or lengthened", () => {
    const ciphertext = sealed();
    for (let length = 0; length < ciphertext.length; length++) {
      expect(openUnderKmsKey(material, { ciphertext: ciphertext.slice(0, length), context })).toBeUndefined();
    }
    const longer = new Uint8Array(ciphertext.length + 1);
    longer.set(ciphertext);
    expect(openUnderKmsKey(material, { ciphertext: longer, context })).toBeUndefined();
  });

  it("does not open under other material, whatever that is called", () => {
    const ciphertext = sealed();
    for (const other of [
      { ...material, bytes: new Uint8Array(randomBytes(32)) },
      { ...material, version: 2 },
      { ...material, keyId: "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4e" },
    ]) {
      expect(openUnderKmsKey(other, { ciphertext, context })).toBeUndefined();
    }
  });

  it("opens in the same context in any other order", () => {
    const backwards = new Map(Array.from(context).reverse());
    expect(openUnderKmsKey(material, { ciphertext: sealed(), context: backwards })).toEqual(plaintext);
  });

  it.each([
    ["none", []],
    [
      "less",
      [
        ["aws:sqs:arn", "arn:aws:sqs:us-east-1:000000000000:q"],
        ["z", ""],
      ],
    ],
    ["more", [...context, ["a", "b"]]],
    ["another value", [...context, ["z", " "]]],
    [
      "another case",
      [
        ["AWS:SQS:ARN", "arn:aws:sqs:us-east-1:000000000000:q"],
        ["z", ""],
        ["é", "\ud800"],
      ],
    ],
    ["another lone surrogate", [...context, ["é", "\ud801"]]],
    ["the replacement character", [...context, ["é", "\ufffd"]]],
  ] as [string, [string, string][]][])("does not open in another context: %s", (_, pairs) => {
    expect(openUnderKmsKey(material, { ciphertext: sealed(), context: new Map(pairs) })).toBeUndefined();
  });

  it("has a context whose pairs cannot be divided otherwise", () => {
    const contexts = [
      [["ab", "c"]],
      [["a", "bc"]],
      [["a", 'b","c']],
      [['a","b', "c"]],
      [
        ["a", "b"],
        ["c", ""],
      ],
      [
        ["a", ""],
        ["b", "c"],
      ],
    ].map((pairs) => new Map(pairs as [string, string][]));
    for (const [i, made] of contexts.entries()) {
      const ciphertext = sealUnderKmsKey(material, { plaintext, context: made });
      for (const [j, used] of contexts.entries()) {
        const opened = openUnderKmsKey(material, { ciphertext, context: used });
        expect(opened !== undefined, `${i} in ${j}`).toBe(i === j);
      }
    }
  });
});

describe("the material of a KMS key", () => {
  const name = { keyId, version: 1 };

  it("is 32 random bytes, sealed for its key and version", () => {
    const stored = newKmsMaterial(testRootKeys, name);
    const opened = openKmsMaterial(testRootKeys, stored, name);
    expect(opened).toEqual({ ...name, bytes: expect.any(Uint8Array) });
    expect(opened.bytes.length).toBe(32);
    expect(newKmsMaterial(testRootKeys, name)).not.toBe(stored);
    expect(fromUtf8(utf8(stored))).not.toContain(Buffer.from(opened.bytes).toString("base64"));
  });

  it("does not open for another key or version, or under another root key", () => {
    const stored = newKmsMaterial(testRootKeys, name);
    const otherRoot = rootKeys(Buffer.alloc(32, 1).toString("base64"));
    expect(() => openKmsMaterial(testRootKeys, stored, { ...name, version: 2 })).toThrow("tampered with");
    expect(() =>
      openKmsMaterial(testRootKeys, stored, { ...name, keyId: keyId.replace("0a", "0b") }),
    ).toThrow("tampered with");
    expect(() => openKmsMaterial(otherRoot, stored, name)).toThrow("another root key");
  });

  it("has an id that depends on nothing but its name", () => {
    expect(kmsMaterialId(name)).toBe(kmsMaterialId({ ...name }));
    expect(kmsMaterialId(name)).toMatch(/^[0-9a-f]{64}$/);
    expect(kmsMaterialId({ ...name, version: 2 })).not.toBe(kmsMaterialId(name));
  });
});
