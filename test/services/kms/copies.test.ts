import { beforeEach, describe, expect, it, vi } from "vitest";
import { Copies } from "../../../src/catalog/kms/copies.ts";
import { userCaller } from "../../support/callers.ts";
import { account, base64, delegation, KmsDesk, keyPolicy } from "./kms-desk.ts";

/** What an isolate remembers of keys, and how two isolates over one D1 see each other's changes. */

let desk: KmsDesk;
let KeyId: string;
let elsewhere: KmsDesk["kms"];
beforeEach(async () => {
  desk = new KmsDesk();
  KeyId = await desk.createKey();
  elsewhere = desk.anotherIsolate();
  return () => vi.restoreAllMocks();
});

const encrypt = async (name = KeyId) =>
  (await desk.call("Encrypt", { KeyId: name, Plaintext: base64("x") })).error ?? "done";

/** As another isolate would. */
async function inAnother<T>(work: () => Promise<T>): Promise<T> {
  const here = desk.kms;
  desk.kms = elsewhere;
  try {
    return await work();
  } finally {
    desk.kms = here;
  }
}

describe("an isolate that has used a key", () => {
  it("asks D1 no more for a minute", async () => {
    const CiphertextBlob = await desk.encrypt(KeyId);
    const before = desk.asked;
    for (let i = 0; i < 3; i++) {
      await desk.encrypt(KeyId);
      await desk.call("Decrypt", { CiphertextBlob });
      await desk.call("GenerateDataKey", { KeyId, KeySpec: "AES_256" });
    }
    expect(desk.asked).toBe(before);
    desk.nowMs += 50_000 - 1;
    await desk.encrypt(KeyId);
    expect(desk.asked).toBe(before);
    desk.nowMs += 1;
    await desk.encrypt(KeyId);
    // The key, and not again what it encrypts with, which never changes.
    expect(desk.asked).toBe(before + 1);
  });

  it("sees its own changes at once", async () => {
    expect(await encrypt()).toBe("done");
    await desk.call("DisableKey", { KeyId });
    expect(await encrypt()).toBe("DisabledException");
    await desk.call("EnableKey", { KeyId });
    expect(await encrypt()).toBe("done");
    await desk.call("ScheduleKeyDeletion", { KeyId });
    expect(await encrypt()).toBe("KMSInvalidStateException");
  });

  it("sees what another isolate closed within a minute", async () => {
    expect(await encrypt()).toBe("done");
    await inAnother(() => desk.call("DisableKey", { KeyId }));
    desk.nowMs += 49_999;
    expect(await encrypt()).toBe("done");
    desk.nowMs += 1;
    expect(await encrypt()).toBe("DisabledException");
  });

  it("sees at once what another isolate opened", async () => {
    await desk.call("DisableKey", { KeyId });
    expect(await encrypt()).toBe("DisabledException");
    await inAnother(() => desk.call("EnableKey", { KeyId }));
    expect(await encrypt()).toBe("done");

    await desk.addUser(account, "alice");
    const alice = userCaller(account, "alice");
    const asAlice = async () =>
      (await desk.call("Encrypt", { KeyId, Plaintext: base64("x") }, alice)).error ?? "done";
    expect(await asAlice()).toBe("AccessDeniedException");
    const Policy = keyPolicy(delegation, { Principal: { AWS: alice.arn }, Action: "kms:*" });
    await inAnother(() => desk.call("PutKeyPolicy", { KeyId, Policy }));
    expect(await asAlice()).toBe("done");
  });

  it("manages it by what D1 has now", async () => {
    expect(await encrypt()).toBe("done");
    await inAnother(() => desk.call("ScheduleKeyDeletion", { KeyId }));
    expect((await desk.call("EnableKey", { KeyId })).error).toBe("KMSInvalidStateException");
    expect(await desk.call("DescribeKey", { KeyId })).toMatchObject({
      KeyMetadata: { KeyState: "PendingDeletion" },
    });
    // And has learned by that.
    expect(await encrypt()).toBe("KMSInvalidStateException");
  });

  it("knows when it is gone without asking", async () => {
    desk.nowMs += 1;
    await desk.call("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
    desk.nowMs += 7 * 86_400_000 - 1;
    expect(await encrypt()).toBe("KMSInvalidStateException");
    desk.nowMs += 1;
    expect(await encrypt()).toBe("NotFoundException");
  });

  it("goes on with what it knows while D1 is away, without a pause between requests", async () => {
    const warned = vi.spyOn(console, "warn").mockReturnValue(undefined);
    const CiphertextBlob = await desk.encrypt(KeyId);
    await desk.call("CreateAlias", { AliasName: "alias/a", TargetKeyId: KeyId });
    expect(await encrypt("alias/a")).toBe("done");
    desk.away = true;
    desk.nowMs += 600_000;
    for (let i = 0; i < 3; i++) {
      expect(await encrypt()).toBe("done");
      expect(await encrypt("alias/a")).toBe("done");
      expect((await desk.call("Decrypt", { CiphertextBlob })).error).toBeUndefined();
    }
    // One request asked for the key and one for the alias; the others did not wait for D1.
    expect(warned).toHaveBeenCalledTimes(2);
    desk.nowMs += 5000;
    await encrypt();
    expect(warned).toHaveBeenCalledTimes(3);
    const other = "11111111-2222-3333-4444-555555555555";
    await expect(encrypt(other)).rejects.toThrow("D1 is away");
    await expect(desk.call("DisableKey", { KeyId })).rejects.toThrow("D1 is away");
  });

  it("does not remember that a key or an alias is missing", async () => {
    expect(await encrypt("alias/new")).toBe("NotFoundException");
    await inAnother(() => desk.call("CreateAlias", { AliasName: "alias/new", TargetKeyId: KeyId }));
    expect(await encrypt("alias/new")).toBe("done");
  });

  it("does not remember what it began to read before a change", async () => {
    const { keys } = desk.kms;
    const reading = keys.findKey(KeyId);
    const disabling = desk.call("DisableKey", { KeyId });
    await Promise.all([reading, disabling]);
    expect(await encrypt()).toBe("DisabledException");
  });
});

it("material is taken from D1 only if it is sealed for its key and version", async () => {
  const other = await desk.createKey();
  await desk.d1
    .prepare(
      "UPDATE kms_materials SET sealed_material = (SELECT sealed_material FROM kms_materials WHERE key_id = ?1) WHERE key_id = ?2",
    )
    .bind(KeyId, other)
    .run();
  await expect(encrypt(other)).rejects.toThrow("tampered with");
});

it("a copy of more than a minute answers nobody, though the request that reads it again hangs up each time", async () => {
  let nowMs = 0;
  const copies = new Copies<string>(10, () => nowMs);
  const never = () => new Promise<string>(() => undefined);
  const changed = async () => "new";
  await copies.find("k", async () => "old");
  for (nowMs of [50_000, 55_000]) {
    void copies.find("k", never);
    expect(await copies.find("k", changed)).toBe("old");
  }
  nowMs = 59_999;
  expect(await copies.find("k", changed)).toBe("old");
  nowMs = 60_000;
  void copies.find("k", never);
  expect(await copies.find("k", changed)).toBe("new");
});
