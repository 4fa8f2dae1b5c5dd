import { beforeEach, describe, expect, it } from "vitest";
import { rotateDueKeys } from "../../../src/services/kms/upkeep.ts";
import { dayMs, KmsDesk, keyArn, textOf } from "./kms-desk.ts";

let desk: KmsDesk;
let KeyId: string;
beforeEach(async () => {
  desk = new KmsDesk();
  KeyId = await desk.createKey();
});

const rotations = async (more: object = {}) =>
  (await desk.call("ListKeyRotations", { KeyId, ...more }))["Rotations"] as readonly Record<
    string,
    unknown
  >[];
const status = () => desk.call("GetKeyRotationStatus", { KeyId });

describe("a rotation", () => {
  it("brings new material, and leaves readable what the former encrypted", async () => {
    const before = await desk.encrypt(KeyId, "before");
    desk.nowMs += dayMs;
    expect(await desk.call("RotateKeyOnDemand", { KeyId })).toEqual({ KeyId: keyArn(KeyId) });
    const after = await desk.encrypt(KeyId, "after");
    const decrypted = await Promise.all(
      [before, after].map((CiphertextBlob) => desk.call("Decrypt", { CiphertextBlob })),
    );
    expect(decrypted.map(({ Plaintext }) => textOf(Plaintext))).toEqual(["before", "after"]);
    const materials = decrypted.map(({ KeyMaterialId }) => KeyMaterialId);
    expect(new Set(materials).size).toBe(2);
    expect(await desk.call("DescribeKey", { KeyId })).toMatchObject({
      KeyMetadata: { CurrentKeyMaterialId: materials[1] },
    });
    const rotation = {
      KeyId,
      KeyMaterialId: materials[1],
      KeyMaterialState: "CURRENT",
      RotationDate: desk.nowMs / 1000,
      RotationType: "ON_DEMAND",
    };
    expect(await rotations()).toEqual([rotation]);
    expect(await rotations({ IncludeKeyMaterial: "ROTATIONS_ONLY" })).toEqual([rotation]);
    const first = { KeyId, KeyMaterialId: materials[0], KeyMaterialState: "NON_CURRENT" };
    expect(await rotations({ IncludeKeyMaterial: "ALL_KEY_MATERIAL" })).toEqual([first, rotation]);
    expect((await desk.call("ListKeyRotations", { KeyId, IncludeKeyMaterial: "x" })).error).toBe(
      "ValidationException",
    );
  });

  it("is listed page by page", async () => {
    for (let i = 0; i < 4; i++) await desk.call("RotateKeyOnDemand", { KeyId });
    const first = await desk.call("ListKeyRotations", { KeyId, Limit: 3 });
    expect(first).toMatchObject({ Rotations: [{}, {}, {}], Truncated: true });
    const second = await desk.call("ListKeyRotations", { KeyId, Limit: 3, Marker: first["NextMarker"] });
    expect(second).toMatchObject({ Rotations: [{ KeyMaterialState: "CURRENT" }], Truncated: false });
    const Marker = Buffer.from("x").toString("base64url");
    expect((await desk.call("ListKeyRotations", { KeyId, Marker })).error).toBe("InvalidMarkerException");
  });

  it("may be asked for 25 times", async () => {
    for (let i = 0; i < 25; i++)
      expect((await desk.call("RotateKeyOnDemand", { KeyId })).error).toBeUndefined();
    expect((await desk.call("RotateKeyOnDemand", { KeyId })).error).toBe("LimitExceededException");
    expect((await rotations()).length).toBe(25);
  });

  it("asked for by several at once is made once for each", async () => {
    await Promise.all(Array.from({ length: 5 }, () => desk.call("RotateKeyOnDemand", { KeyId })));
    expect((await rotations()).map(({ KeyMaterialState }) => KeyMaterialState)).toEqual([
      ...Array.from({ length: 4 }, () => "NON_CURRENT"),
      "CURRENT",
    ]);
  });
});

describe("a key that rotates by itself", () => {
  it.each([
    [undefined, 365],
    [90, 90],
    [2560, 2560],
  ])("does so every %j days, which makes it %i", async (RotationPeriodInDays, days) => {
    expect(await status()).toEqual({ KeyRotationEnabled: false, KeyId: keyArn(KeyId) });
    const startMs = desk.nowMs;
    expect(await desk.call("EnableKeyRotation", { KeyId, RotationPeriodInDays })).toEqual({});
    expect(await status()).toEqual({
      KeyRotationEnabled: true,
      KeyId: keyArn(KeyId),
      RotationPeriodInDays: days,
      NextRotationDate: (startMs + days * dayMs) / 1000,
    });
    for (const turn of [1, 2]) {
      desk.nowMs = startMs + turn * days * dayMs - 1;
      expect(await rotateDueKeys(desk.kms, desk.nowMs)).toBe(0);
      desk.nowMs++;
      expect(await rotateDueKeys(desk.kms, desk.nowMs)).toBe(1);
      expect(await rotateDueKeys(desk.kms, desk.nowMs)).toBe(0);
      expect((await rotations()).at(-1)).toMatchObject({
        RotationDate: desk.nowMs / 1000,
        RotationType: "AUTOMATIC",
      });
    }
    expect(await status()).toMatchObject({ NextRotationDate: (startMs + 3 * days * dayMs) / 1000 });
  });

  it.each([89, 2561])("does not every %i days", async (RotationPeriodInDays) => {
    const answer = await desk.call("EnableKeyRotation", { KeyId, RotationPeriodInDays });
    expect(answer.error).toBe("ValidationException");
    expect(await status()).toMatchObject({ KeyRotationEnabled: false });
  });

  it("keeps its date when it is told again, or rotated in between, and gets another with another period", async () => {
    await desk.call("EnableKeyRotation", { KeyId });
    const first = await status();
    desk.nowMs += dayMs;
    await desk.call("EnableKeyRotation", { KeyId, RotationPeriodInDays: 365 });
    await desk.call("RotateKeyOnDemand", { KeyId });
    expect(await status()).toEqual(first);
    await desk.call("EnableKeyRotation", { KeyId, RotationPeriodInDays: 100 });
    expect(await status()).toMatchObject({ NextRotationDate: (desk.nowMs + 100 * dayMs) / 1000 });
  });

  it("stops when it is told", async () => {
    await desk.call("EnableKeyRotation", { KeyId });
    expect(await desk.call("DisableKeyRotation", { KeyId })).toEqual({});
    expect(await status()).toEqual({ KeyRotationEnabled: false, KeyId: keyArn(KeyId) });
    desk.nowMs += 400 * dayMs;
    expect(await rotateDueKeys(desk.kms, desk.nowMs)).toBe(0);
  });

  it("waits while it is disabled", async () => {
    await desk.call("EnableKeyRotation", { KeyId });
    await desk.call("DisableKey", { KeyId });
    desk.nowMs += 400 * dayMs;
    expect(await rotateDueKeys(desk.kms, desk.nowMs)).toBe(0);
    expect(await status()).toMatchObject({ KeyRotationEnabled: true });
    await desk.call("EnableKey", { KeyId });
    expect(await rotateDueKeys(desk.kms, desk.nowMs)).toBe(1);
  });

  it("does not while its deletion is pending, and does again when that is taken back", async () => {
    await desk.call("EnableKeyRotation", { KeyId, RotationPeriodInDays: 90 });
    desk.nowMs += 89 * dayMs;
    await desk.call("ScheduleKeyDeletion", { KeyId });
    desk.nowMs += 2 * dayMs;
    expect(await status()).toEqual({ KeyRotationEnabled: false, KeyId: keyArn(KeyId) });
    expect(await rotateDueKeys(desk.kms, desk.nowMs)).toBe(0);
    await desk.call("CancelKeyDeletion", { KeyId });
    await desk.call("EnableKey", { KeyId });
    expect(await status()).toMatchObject({ KeyRotationEnabled: true, RotationPeriodInDays: 90 });
    expect(await rotateDueKeys(desk.kms, desk.nowMs)).toBe(1);
  });

  it("rotates once when two runs meet", async () => {
    await desk.call("EnableKeyRotation", { KeyId });
    desk.nowMs += 365 * dayMs;
    const other = desk.anotherIsolate();
    const counts = await Promise.all([rotateDueKeys(desk.kms, desk.nowMs), rotateDueKeys(other, desk.nowMs)]);
    expect(counts.sort()).toEqual([0, 1]);
    expect((await rotations()).length).toBe(1);
  });
});
