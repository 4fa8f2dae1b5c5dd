import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { createBodies } from "../../src/encryption/bodies.ts";
import type { DataKeySource } from "../../src/encryption/data-key.ts";
import { utf8 } from "../../src/lib/bytes.ts";
import { queueDoesNotExist } from "../../src/queue/errors.ts";
import type { QueueSettings } from "../../src/queue/settings.ts";
import { DataKeysInHand } from "../support/encryption.ts";
import { testSettings } from "../support/fake-queue.ts";

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
      const seal = await bodies.forSealing(of);
      if (!seal.ok) throw new Error(seal.error.kind);
      return seal.value(bytes, messageId);
    },
    async open(of: QueueSettings, sealed: Uint8Array, sealedAs = id) {
      const open = await bodies.forOpening(of);
      if (!open.ok) throw new Error(open.error.kind);
      return open.value(sealed, sealedAs);
    },
  };
}

describe.each([
  ["encrypted", settings, 1],
  ["plain", plainSettings, 0],
  ["encrypted under a KMS key", testSettings({ sqsManagedSse: false, kmsMasterKeyId: "alias/k" }), 1],
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
    const refused = await isolate(gone).bodies.forSealing(settings);
    expect(refused).toEqual({ ok: false, error: queueDoesNotExist });
  });

  test("a key that is neither at hand nor to be had fails the call", async () => {
    const { bodies } = isolate(away);
    await expect(bodies.forSealing(settings)).rejects.toThrow("D1 is away");
    await expect(bodies.forOpening({ ...settings, dataKeyId: id })).rejects.toThrow("D1 is away");
  });

  test("a plain queue asks for no key", async () => {
    const { bodies } = isolate(away);
    expect((await bodies.forSealing(plainSettings)).ok).toBe(true);
    expect((await bodies.forOpening({ ...plainSettings, dataKeyId: id })).ok).toBe(true);
  });
});
