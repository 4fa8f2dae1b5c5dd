import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { type Bodies, createBodies, KMS_KEY } from "../../src/encryption/bodies.ts";
import type { DataKeySource } from "../../src/encryption/data-key.ts";
import { KmsDataKeys } from "../../src/encryption/kms-data-keys.ts";
import { utf8 } from "../../src/lib/bytes.ts";
import { queueDoesNotExist, sqsError } from "../../src/queue/errors.ts";
import type { QueueSettings } from "../../src/queue/settings.ts";
import { DataKeysInHand, noKms, openedBy } from "../support/encryption.ts";
import { testSettings } from "../support/fake-queue.ts";
import { KmsInHand } from "../support/kms-in-hand.ts";

const settings = testSettings();
const plainSettings = testSettings({ sqsManagedSse: false });
const id = "f81d4fae-7dec-41d0-a765-00a0c91e6bf6";
const another = "a5a5a5a5-7dec-41d0-a765-00a0c91e6bf6";

/** Bodies of one isolate; those of one source share their data keys, as D1 does it. */
function isolate(keys: DataKeySource = new DataKeysInHand()) {
  const bodies = createBodies(keys);
  return {
    bodies,
    async seal(of: QueueSettings, bytes: Uint8Array, messageId = id) {
      const seal = await bodies.forSealing(of, noKms);
      if (!seal.ok) throw new Error(seal.error.kind);
      return seal.value(bytes, messageId);
    },
    open(of: QueueSettings, bytes: Uint8Array, sealedAs = id) {
      return openedBy(bodies, of, { bytes, sealedAs, kms: noKms });
    },
  };
}

describe.each([
  ["encrypted", settings, 1],
  ["plain", plainSettings, 0],
])("a message to a queue that is %s", (_, queue, form) => {
  test.each([new Uint8Array(), utf8("hello"), new Uint8Array(70_000).fill(7)])(
    "opens again, in another isolate too",
    async (bytes) => {
      const keys = new DataKeysInHand();
      const sealed = await isolate(keys).seal(queue, bytes);
      expect(sealed[0]).toBe(form);
      expect([...(await isolate(keys).open(queue, sealed))]).toEqual([...bytes]);
    },
  );

  test("owns its whole buffer, whatever it was sealed from", async () => {
    const sealed = await isolate().seal(queue, new Uint8Array(1000).subarray(10, 20));
    expect(sealed.byteOffset).toBe(0);
    expect(sealed.buffer.byteLength).toBe(sealed.length);
  });

  test("opens though its queue is set otherwise by now", async () => {
    const { seal, open } = isolate();
    const sealed = await seal(queue, utf8("hello"));
    for (const later of [settings, plainSettings]) {
      expect([...(await open(later, sealed))]).toEqual([...utf8("hello")]);
    }
  });
});

test("the plain form is a 0 before the bytes", async () => {
  expect(await isolate().seal(plainSettings, utf8("hi"))).toEqual(Uint8Array.of(0, 0x68, 0x69));
});

describe("a sealed message", () => {
  test("opens in a queue that it was moved to, under the key of its own", async () => {
    const { seal, open } = isolate();
    const sealed = await seal(settings, utf8("hello"));
    const elsewhere = { ...settings, uid: another };
    expect([...(await open(elsewhere, sealed))]).toEqual([...utf8("hello")]);
  });

  test("opens when its queue has been given another data key, which new messages are sealed under", async () => {
    const keys = new DataKeysInHand();
    const { seal, open } = isolate(keys);
    const before = await seal(settings, utf8("before"));
    keys.rotate(settings.uid);
    const after = await seal(settings, utf8("after"));
    expect(before.subarray(1, 17)).not.toEqual(after.subarray(1, 17));
    expect([...(await open(settings, before))]).toEqual([...utf8("before")]);
    expect([...(await open(settings, after))]).toEqual([...utf8("after")]);
  });

  test("does not open as another message", async () => {
    const { seal, open } = isolate();
    await expect(open(settings, await seal(settings, utf8("hello")), another)).rejects.toThrow("another's");
  });

  test("whose data key is not there is an error that names the key", async () => {
    const sealed = await isolate().seal(settings, utf8("hello"));
    await expect(isolate().open(settings, sealed)).rejects.toThrow(/there is no data key [0-9a-f-]{36}/);
  });

  test("that would turn plain by its first byte alone shows nothing of what was sealed", async () => {
    const { seal, open } = isolate();
    const sealed = await seal(settings, utf8("hello"));
    sealed[0] = 0;
    const shown = await open(settings, sealed);
    expect(Buffer.from(shown).includes("hello")).toBe(false);
  });
});

describe("under a KMS key", () => {
  const kmsSettings = testSettings({ sqsManagedSse: false, kmsMasterKeyId: "alias/k" });

  async function sealUnder(kms: KmsInHand, bodies: Bodies, texts: readonly string[]) {
    const seal = await bodies.forSealing(kmsSettings, kms.as());
    if (!seal.ok) throw new Error(seal.error.kind);
    return texts.map((text) => seal.value(utf8(text), id));
  }

  test("a batch is sealed under one data key, and opened in another isolate by asking for it once", async () => {
    const kms = new KmsInHand();
    const texts = Array.from({ length: 10 }, (_, i) => `message ${i}`);
    const sealed = await sealUnder(kms, isolate().bodies, texts);
    expect(kms.generated).toBe(1);
    expect(sealed.map(([form]) => form)).toEqual(texts.map(() => 2));
    expect(sealed.some((bytes) => Buffer.from(bytes).includes("message"))).toBe(false);

    const asked = { decrypted: kms.decrypted, asked: kms.asked };
    const open = await isolate().bodies.forOpening(kmsSettings, kms.as());
    if (!open.ok) throw new Error(open.error.kind);
    const opened = await Promise.all(sealed.map((bytes) => open.value(bytes, id)));
    expect(opened.map((bytes) => bytes.ok && Buffer.from(bytes.value).toString())).toEqual(texts);
    // Once whether it may receive at all, and once for the data key.
    expect(kms).toMatchObject({ decrypted: asked.decrypted + 1, asked: asked.asked + 2 });
  });

  test("a queue reads all that was ever sent to it, however it was set then and is now", async () => {
    const kms = new KmsInHand();
    const { bodies } = isolate();
    const times = [settings, kmsSettings, plainSettings, kmsSettings, settings];
    const sealed: Uint8Array[] = [];
    for (const [index, then] of times.entries()) {
      const seal = await bodies.forSealing(then, kms.as());
      if (!seal.ok) throw new Error(seal.error.kind);
      sealed.push(seal.value(utf8(`${index}`), id));
    }
    expect(sealed.map(([form]) => form)).toEqual([1, 2, 0, 2, 1]);
    for (const now of [settings, kmsSettings, plainSettings]) {
      const opened = await Promise.all(
        sealed.map((bytes) => openedBy(bodies, now, { bytes, sealedAs: id, kms: kms.as() })),
      );
      expect(opened.map((bytes) => Buffer.from(bytes).toString())).toEqual(["0", "1", "2", "3", "4"]);
    }
  });

  test("nothing is sealed, nor may be received, when the key refuses", async () => {
    const kms = new KmsInHand();
    const { bodies } = isolate();
    const error = sqsError("KmsDisabled", "no");
    kms.refusal = error;
    expect(await bodies.forSealing(kmsSettings, kms.as())).toEqual({ ok: false, error });
    expect(await bodies.forOpening(kmsSettings, kms.as())).toEqual({ ok: false, error });
    expect(kms.generated).toBe(0);
  });

  test("a message is refused, and not its queue, where only its own key refuses", async () => {
    const kms = new KmsInHand();
    const { bodies } = isolate();
    const [sealed = new Uint8Array()] = await sealUnder(kms, bodies, ["hello"]);
    const error = sqsError("KmsAccessDenied", "no");
    kms.decryptRefusal = error;
    for (const now of [settings, plainSettings, kmsSettings]) {
      const open = await bodies.forOpening(now, kms.as());
      expect(open.ok && (await open.value(sealed, id))).toEqual({ ok: false, error });
    }
  });

  test("each message that is sealed counts towards the end of its data key", async () => {
    const kms = new KmsInHand();
    const kmsDataKeys = new KmsDataKeys(KMS_KEY, () => 0, 3);
    const bodies = createBodies(new DataKeysInHand(), { kmsDataKeys });
    await sealUnder(kms, bodies, ["a", "b"]);
    await sealUnder(kms, bodies, ["c"]);
    expect(kms.generated).toBe(1);
    await sealUnder(kms, bodies, ["d"]);
    expect(kms.generated).toBe(2);
  });
});

test.each([Uint8Array.of(9, 1, 2), new Uint8Array()])(
  "a form that this release does not know is an error, not a message",
  async (sealed) => {
    await expect(isolate().open(settings, sealed)).rejects.toThrow(`unknown form ${sealed[0]}`);
  },
);

describe("before anything is stored or leased", () => {
  const gone: DataKeySource = { current: () => undefined, find: () => undefined };
  const away: DataKeySource = {
    current: () => Promise.reject(new Error("D1 is away")),
    find: () => Promise.reject(new Error("D1 is away")),
  };

  test("a queue that was deleted refuses to be sealed for", async () => {
    const refused = await isolate(gone).bodies.forSealing(settings, noKms);
    expect(refused).toEqual({ ok: false, error: queueDoesNotExist });
  });

  test("a key that is neither at hand nor to be had fails the call", async () => {
    const { bodies } = isolate(away);
    await expect(bodies.forSealing(settings, noKms)).rejects.toThrow("D1 is away");
    await expect(bodies.forOpening({ ...settings, dataKeyId: id }, noKms)).rejects.toThrow("D1 is away");
  });

  test("a plain queue asks for no key", async () => {
    const { bodies } = isolate(away);
    expect((await bodies.forSealing(plainSettings, noKms)).ok).toBe(true);
    expect((await bodies.forOpening({ ...plainSettings, dataKeyId: id }, noKms)).ok).toBe(true);
  });
});
