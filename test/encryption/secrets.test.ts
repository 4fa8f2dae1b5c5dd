import { describe, expect, it } from "vitest";
import { openSecret, rootKey, rootKeys, sealedUnder, sealSecret } from "../../src/encryption/secrets.ts";

const [newest, older, oldest] = [
  "ZWRnZS1zcXMgbG9jYWwgcm9vdCBrZXksIG5vdCBzZWM=",
  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
  "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
] as const;
const key = rootKey(newest);
const otherKey = rootKey(older);
const owner = "access-key/AKIAIOSFODNN7EXAMPLE";
const text = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

describe("a sealed secret", () => {
  it.each(["", "x", text, "schlüssel 안녕", "a".repeat(10_000)])("opens to what was sealed", (text) => {
    expect(openSecret(key, sealSecret(key, { text, owner }), owner)).toEqual({ ok: true, value: text });
  });

  it("says its format and its key, and does not show the secret", () => {
    const sealed = sealSecret(key, { text, owner });
    expect(sealed).toMatch(/^v1\.[\w-]{8}\.[\w-]{16}\.[\w-]+$/);
    expect(sealed.split(".")[1]).toBe(key.id);
    expect(sealed).not.toContain(text);
  });

  it("looks different every time", () => {
    expect(sealSecret(key, { text, owner })).not.toBe(sealSecret(key, { text, owner }));
  });

  it("opens with a seal made earlier, so that stored secrets stay readable", () => {
    const stored =
      "v1.fp2k2BaF.c7tMA9Nj8Qc7gruk.iFsj2_Puru65lb2Gm2_bAccytgtDKAutHky79jXSj4G15rbFBQ9Z1WTZN5v6lb00Ph0Z1pFKkSg";
    expect(openSecret(key, stored, owner)).toEqual({ ok: true, value: text });
  });

  it("does not open for another owner", () => {
    const sealed = sealSecret(key, { text, owner });
    expect(openSecret(key, sealed, "access-key/AKIAANOTHER")).toEqual({
      ok: false,
      error: "tampered with, or another's",
    });
  });

  it("names its reason when it was sealed under another root key", () => {
    const sealed = sealSecret(otherKey, { text, owner });
    expect(openSecret(key, sealed, owner)).toEqual({ ok: false, error: "sealed under another root key" });
  });

  it("does not open under another root key, even one of the same id", () => {
    const sealed = sealSecret(otherKey, { text, owner });
    expect(openSecret({ id: otherKey.id, bytes: key.bytes }, sealed, owner)).toEqual({
      ok: false,
      error: "tampered with, or another's",
    });
  });

  it("does not open with any one of its characters changed", () => {
    const sealed = sealSecret(key, { text, owner });
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.slice(0, at) + (sealed[at] === "A" ? "B" : "A") + sealed.slice(at + 1);
      expect(openSecret(key, changed, owner), `character ${at}`).toMatchObject({ ok: false });
    }
  });

  it("does not open when it is cut short or longer", () => {
    const sealed = sealSecret(key, { text, owner });
    for (let length = 0; length < sealed.length; length++) {
      expect(openSecret(key, sealed.slice(0, length), owner)).toMatchObject({ ok: false });
    }
    expect(openSecret(key, `${sealed}AAAA`, owner)).toMatchObject({ ok: false });
    expect(openSecret(key, `${sealed}.`, owner)).toEqual({ ok: false, error: "not a sealed secret" });
  });

  it.each([
    "",
    "secret",
    "v2.a.b.c",
    "v1..",
    "v1...",
    `v1.${key.id}.AAAA.AAAA`,
    `v1.${key.id}.AAAAAAAAAAAAAAAA.AAAA`,
  ])("is told from what is none: %j", (sealed) => {
    expect(openSecret(key, sealed, owner)).toEqual({ ok: false, error: "not a sealed secret" });
  });
});

describe("a root key", () => {
  it("always has the same id, which another key does not have", () => {
    expect(rootKey("ZWRnZS1zcXMgbG9jYWwgcm9vdCBrZXksIG5vdCBzZWM=").id).toBe(key.id);
    expect(otherKey.id).not.toBe(key.id);
  });

  it.each(["", "AAAA", "A".repeat(43), `${"A".repeat(46)}==`])(
    "is 32 bytes and nothing else: %j",
    (base64) => {
      expect(() => rootKey(base64)).toThrow("a root key is 32 bytes in base64");
    },
  );
});

describe("a ring of root keys", () => {
  const ring = rootKeys(newest, [older, oldest]);

  it("seals under the current key", () => {
    const sealed = sealSecret(ring, { text, owner });
    expect(sealedUnder(sealed)).toBe(key.id);
    expect(openSecret(key, sealed, owner)).toEqual({ ok: true, value: text });
  });

  it.each([newest, older, oldest])("opens what any of its keys has sealed: %s", (base64) => {
    const sealed = sealSecret(rootKey(base64), { text, owner });
    expect(openSecret(ring, sealed, owner)).toEqual({ ok: true, value: text });
  });

  it("does not open what a key has sealed that is not in it", () => {
    const sealed = sealSecret(rootKey(oldest), { text, owner });
    expect(openSecret(rootKeys(newest, [older]), sealed, owner)).toEqual({
      ok: false,
      error: "sealed under another root key",
    });
  });

  it("does not open what names one of its keys and was sealed under another", () => {
    const [version, , ...rest] = sealSecret(ring, { text, owner }).split(".");
    expect(openSecret(ring, [version, otherKey.id, ...rest].join("."), owner)).toEqual({
      ok: false,
      error: "tampered with, or another's",
    });
  });

  it("has no previous key that is the current one", () => {
    expect(rootKeys(newest, [newest, older]).previous.map(({ id }) => id)).toEqual([otherKey.id]);
    expect(rootKeys(newest).previous).toEqual([]);
  });
});

it.each(["", "secret", "v2.abc.d.e", "v1..d.e"])("nothing is sealed under a key in %j", (sealed) => {
  expect(sealedUnder(sealed)).toBeUndefined();
});
