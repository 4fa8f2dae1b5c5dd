import { beforeEach, describe, expect, it } from "vitest";
import { KmsDataKeys, type KmsQueue } from "../../src/encryption/kms-data-keys.ts";
import { readKmsHeader } from "../../src/encryption/kms-envelope.ts";
import { sqsError } from "../../src/queue/errors.ts";
import type { QueueAttributes } from "../../src/queue/settings.ts";
import { testSettings } from "../support/fake-queue.ts";
import { KmsInHand } from "../support/kms-in-hand.ts";

const disabled = sqsError("KmsDisabled", "no");

let kms: KmsInHand;
let nowMs: number;
let keys: KmsDataKeys;
beforeEach(() => {
  kms = new KmsInHand();
  nowMs = 1_700_000_000_000;
  keys = new KmsDataKeys(2, () => nowMs, 3);
});

function queueOf(attributes: Partial<QueueAttributes> = {}, more: object = {}): KmsQueue {
  const settings = testSettings({ sqsManagedSse: false, kmsMasterKeyId: "alias/k", ...attributes });
  return { ...settings, ...more } as KmsQueue;
}

const queue = queueOf();

async function sealing(of = queue, by = kms.as()) {
  const key = await keys.sealingKey(of, by);
  if (!key.ok) throw new Error(key.error.kind);
  return key.value;
}

async function opening(header: Uint8Array, of = queue, by = kms.as()) {
  return await keys.openingKey(readKmsHeader(header), of, by);
}

describe("a data key to seal with", () => {
  it("is made once, and opened once to see that it can be", async () => {
    const first = await sealing();
    expect(await sealing()).toBe(first);
    expect([kms.generated, kms.decrypted]).toEqual([1, 1]);
  });

  it.each([
    [{}, 300_000],
    [{ kmsDataKeyReuseSeconds: 60 }, 60_000],
    [{ kmsDataKeyReuseSeconds: 86_400 }, 86_400_000],
  ])("is used again for as long as its queue says: %j", async (attributes, reuseMs) => {
    const of = queueOf(attributes);
    const first = await sealing(of);
    nowMs += reuseMs - 1;
    expect(await sealing(of)).toBe(first);
    nowMs += 1;
    expect(await sealing(of)).not.toBe(first);
  });

  it("is used for so many messages and no more", async () => {
    const first = await sealing();
    first.messagesLeft -= 2;
    expect(await sealing()).toBe(first);
    first.messagesLeft -= 1;
    expect(await sealing()).not.toBe(first);
  });

  it("is another for each caller, queue, and name of a key", async () => {
    const all = [
      await sealing(),
      await sealing(queue, kms.as("bob")),
      await sealing(queueOf({}, { uid: "00000000-6f0c-4f43-9a2e-0d6f1a2b3c4d" })),
      await sealing(queueOf({ kmsMasterKeyId: "alias/other" })),
    ];
    expect(new Set(all).size).toBe(4);
    expect(await sealing()).toBe(all[0]);
  });

  it("is another at once when its alias leads to another KMS key", async () => {
    const first = await sealing();
    kms.keyArn = "arn:aws:kms:us-east-1:000000000000:key/2";
    const second = await sealing();
    expect(second).not.toBe(first);
    expect(await sealing()).toBe(second);
  });

  it("is not given to who may not, though it is at hand, and is given again when he may", async () => {
    const first = await sealing();
    kms.refusal = disabled;
    expect(await keys.sealingKey(queue, kms.as())).toEqual({ ok: false, error: disabled });
    kms.refusal = undefined;
    expect(await sealing()).toBe(first);
  });

  it("is not given to who may not have it opened: nothing is stored that he cannot receive", async () => {
    kms.decryptRefusal = disabled;
    expect(await keys.sealingKey(queue, kms.as())).toEqual({ ok: false, error: disabled });
    kms.decryptRefusal = undefined;
    expect((await keys.sealingKey(queue, kms.as())).ok).toBe(true);
    expect(kms.generated).toBe(2);
  });

  it("that KMS opens as something else is not used", async () => {
    const by = {
      ...kms.as(),
      decryptDataKey: async () => ({ ok: true, value: new Uint8Array(32) }) as const,
    };
    await expect(keys.sealingKey(queue, by)).rejects.toThrow("KMS opens the data key that it made");
  });
});

describe("a data key to open with", () => {
  it("is opened once for each caller, though who may is asked each time", async () => {
    const { header } = await sealing();
    const before = { decrypted: kms.decrypted, asked: kms.asked };
    const first = await opening(header);
    expect(await opening(header)).toEqual(first);
    expect(kms).toMatchObject({ decrypted: before.decrypted + 1, asked: before.asked + 2 });
    await opening(header, queue, kms.as("bob"));
    expect(kms.decrypted).toBe(before.decrypted + 2);
  });

  it("is not the one that was made to seal with: that may be sealed with, and no more", async () => {
    const { header } = await sealing();
    const before = kms.decrypted;
    await opening(header);
    expect(kms.decrypted).toBe(before + 1);
  });

  it("is opened again when the time is over that the receiving queue says", async () => {
    const { header } = await sealing();
    const from = queueOf({ kmsDataKeyReuseSeconds: 60 });
    await opening(header, from);
    const before = kms.decrypted;
    nowMs += 59_999;
    await opening(header, from);
    expect(kms.decrypted).toBe(before);
    nowMs += 1;
    await opening(header, from);
    expect(kms.decrypted).toBe(before + 1);
  });

  it("is not given to who may not, though it is at hand", async () => {
    const { header } = await sealing();
    await opening(header);
    kms.decryptRefusal = disabled;
    expect(await opening(header)).toEqual({ ok: false, error: disabled });
  });

  it("that opened for its own queue opens for no other", async () => {
    const { header } = await sealing();
    const dataKey = readKmsHeader(header);
    await keys.openingKey(dataKey, queue, kms.as());
    const elsewhere = { ...dataKey, queue: { ...dataKey.queue, name: "other" } };
    await expect(keys.openingKey(elsewhere, queue, kms.as())).rejects.toThrow("another queue's");
  });

  it("is what it was made to be", async () => {
    const { header, key } = await sealing();
    const opened = await opening(header);
    expect(opened.ok && opened.value.equals(key)).toBe(true);
  });
});

describe("with a KMS elsewhere", () => {
  beforeEach(() => {
    kms.elsewhere = true;
  });

  it("messages are sealed and opened without a call until the time is over, be it away or refusing", async () => {
    const first = await sealing();
    await opening(first.header);
    const before = kms.generated + kms.decrypted;
    for (const fault of [{ away: true }, { refusal: disabled }]) {
      Object.assign(kms, { away: false, refusal: undefined, ...fault });
      expect(await sealing()).toBe(first);
      expect((await keys.mayOpen(queue, kms.as())).ok).toBe(true);
      expect((await opening(first.header)).ok).toBe(true);
    }
    expect(kms.generated + kms.decrypted).toBe(before);
  });

  it("all is refused when the time is over, before a message is leased", async () => {
    const { header } = await sealing();
    await opening(header);
    nowMs += 299_999;
    kms.refusal = disabled;
    expect((await keys.mayOpen(queue, kms.as())).ok).toBe(true);
    nowMs += 1;
    const refused = { ok: false, error: disabled };
    expect(await keys.sealingKey(queue, kms.as())).toEqual(refused);
    expect(await keys.mayOpen(queue, kms.as())).toEqual(refused);
    expect(await opening(header)).toEqual(refused);
  });

  it("that is away, a call fails that has no key at hand", async () => {
    const { header } = await sealing();
    nowMs += 300_000;
    kms.away = true;
    await expect(keys.sealingKey(queue, kms.as())).rejects.toThrow("away");
    await expect(keys.mayOpen(queue, kms.as())).rejects.toThrow("away");
    await expect(opening(header)).rejects.toThrow("away");
  });

  it("who receives has a key tried first, and then no more until the time is over", async () => {
    expect((await keys.mayOpen(queue, kms.as())).ok).toBe(true);
    expect([kms.generated, kms.decrypted]).toEqual([1, 1]);
    nowMs += 299_999;
    await keys.mayOpen(queue, kms.as());
    expect(kms.generated).toBe(1);
    nowMs += 1;
    await keys.mayOpen(queue, kms.as());
    expect(kms.generated).toBe(2);
    await keys.mayOpen(queue, kms.as("bob"));
    expect(kms.generated).toBe(3);
  });

  it("that opens what is under the queue's key need not be tried again, of another key it has to", async () => {
    const { header } = await sealing();
    kms.keyArn = "arn:aws:kms:us-east-1:000000000000:key/2";
    const other = await sealing(queueOf({ kmsMasterKeyId: "alias/other" }));
    nowMs += 200_000;
    await opening(header);
    nowMs += 100_000;
    kms.away = true;
    expect((await keys.mayOpen(queue, kms.as())).ok).toBe(true);
    kms.away = false;
    await opening(other.header);
    nowMs += 200_000;
    kms.away = true;
    await expect(keys.mayOpen(queue, kms.as())).rejects.toThrow("away");
  });

  it.each(["refuses", "is away"])(
    "that %s to open what was leased is tried before the next lease",
    async (how) => {
      const { header } = await sealing();
      if (how === "refuses") kms.refusal = disabled;
      else kms.away = true;
      expect((await keys.mayOpen(queue, kms.as())).ok).toBe(true);
      const answer = async (asked: Promise<{ readonly ok: boolean }>) =>
        await asked.then(
          ({ ok }) => ok,
          () => false,
        );
      expect(await answer(opening(header))).toBe(false);
      expect(await answer(keys.mayOpen(queue, kms.as()))).toBe(false);
      // Those who send have a key that works.
      expect((await keys.sealingKey(queue, kms.as())).ok).toBe(true);
      Object.assign(kms, { away: false, refusal: undefined });
      expect(await answer(keys.mayOpen(queue, kms.as()))).toBe(true);
      expect(await answer(opening(header))).toBe(true);
    },
  );
});
