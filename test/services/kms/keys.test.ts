import { beforeEach, describe, expect, it } from "vitest";
import { eraseDueKeys } from "../../../src/services/kms/upkeep.ts";
import { account, base64, dayMs, KmsDesk, keyArn, textOf } from "./kms-desk.ts";

let desk: KmsDesk;
beforeEach(() => {
  desk = new KmsDesk();
});

const missing = "11111111-2222-3333-4444-555555555555";

describe("a new key", () => {
  it("is described as KMS describes it", async () => {
    const { KeyMetadata } = await desk.call("CreateKey", { Description: "orders" });
    const { KeyId } = KeyMetadata as { KeyId: string };
    expect(KeyId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(KeyMetadata).toEqual({
      AWSAccountId: account,
      KeyId,
      Arn: keyArn(KeyId),
      CreationDate: desk.nowMs / 1000,
      Enabled: true,
      Description: "orders",
      KeyUsage: "ENCRYPT_DECRYPT",
      KeyState: "Enabled",
      Origin: "AWS_KMS",
      KeyManager: "CUSTOMER",
      CustomerMasterKeySpec: "SYMMETRIC_DEFAULT",
      KeySpec: "SYMMETRIC_DEFAULT",
      EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
      MultiRegion: false,
      CurrentKeyMaterialId: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await desk.call("DescribeKey", { KeyId })).toEqual({ KeyMetadata });
    expect(await desk.call("DescribeKey", { KeyId: keyArn(KeyId) })).toEqual({ KeyMetadata });
  });

  it.each([
    [{ KeySpec: "RSA_2048" }, "KeySpec RSA_2048 is not supported."],
    [{ CustomerMasterKeySpec: "HMAC_256" }, "KeySpec HMAC_256 is not supported."],
    [{ KeyUsage: "SIGN_VERIFY" }, "KeyUsage SIGN_VERIFY is not supported."],
    [{ Origin: "EXTERNAL" }, "Origin EXTERNAL is not supported."],
    [{ CustomKeyStoreId: "cks-1" }, "A custom key store is not supported."],
    [{ XksKeyId: "x" }, "A custom key store is not supported."],
    [{ MultiRegion: true }, "A multi-Region key is not supported."],
  ])("of another kind is not made: %j", async (input, message) => {
    expect(await desk.call("CreateKey", input)).toEqual({ error: "UnsupportedOperationException", message });
    expect(await desk.call("ListKeys")).toMatchObject({ Keys: [] });
  });

  it("may say what it is anyway", async () => {
    const kind = { KeySpec: "SYMMETRIC_DEFAULT", CustomerMasterKeySpec: "SYMMETRIC_DEFAULT" };
    await desk.createKey({ ...kind, KeyUsage: "ENCRYPT_DECRYPT", Origin: "AWS_KMS", MultiRegion: false });
  });

  it("has a description of at most 8192 characters", async () => {
    const KeyId = await desk.createKey({ Description: "x".repeat(8192) });
    const long = { Description: "x".repeat(8193) };
    for (const [action, input] of [
      ["CreateKey", long],
      ["UpdateKeyDescription", { KeyId, ...long }],
    ] as const) {
      const { error, message } = await desk.call(action, input);
      expect(error).toBe("ValidationException");
      expect(message).toMatch(
        /^1 validation error detected: Value 'x+' at 'description' failed to satisfy constraint: Member must have length less than or equal to 8192$/,
      );
    }
    await desk.call("UpdateKeyDescription", { KeyId, Description: "" });
    expect(await desk.call("DescribeKey", { KeyId })).toMatchObject({ KeyMetadata: { Description: "" } });
  });
});

describe("a name that leads to no key", () => {
  it.each([
    [missing, `Key '${keyArn(missing)}' does not exist`],
    [keyArn(missing), `Key '${keyArn(missing)}' does not exist`],
    [
      "mrk-d3b95762d3b95762d3b95762d3b95762",
      `Key '${keyArn("mrk-d3b95762d3b95762d3b95762d3b95762")}' does not exist`,
    ],
    ["fake-key-id", "Invalid keyId 'fake-key-id'"],
    ["134f2428cec14b25a1ae9048164dba47", "Invalid keyId '134f2428cec14b25a1ae9048164dba47'"],
    ["mrk-fake-key-id", "Invalid keyId 'mrk-fake-key-id'"],
    ["alias/nobody", `Alias arn:aws:kms:us-east-1:${account}:alias/nobody is not found.`],
    [
      `arn:aws:kms:us-east-1:${account}:alias/nobody`,
      `Alias arn:aws:kms:us-east-1:${account}:alias/nobody is not found.`,
    ],
    [`arn:aws:kms:eu-west-1:${account}:key/${missing}`, "Invalid arn eu-west-1"],
  ])("%s is answered with NotFoundException", async (KeyId, message) => {
    expect(await desk.call("DescribeKey", { KeyId })).toEqual({ error: "NotFoundException", message });
    const encrypt = await desk.call("Encrypt", { KeyId, Plaintext: base64("x") });
    expect(encrypt).toEqual({ error: "NotFoundException", message });
  });

  it("is an InvalidArnException if it is the ARN of something else", async () => {
    for (const KeyId of [
      "arn:aws:sqs:us-east-1:000000000000:queue",
      `arn:aws:kms:us-east-1:${account}:grant/x`,
    ]) {
      expect((await desk.call("DescribeKey", { KeyId })).error).toBe("InvalidArnException");
    }
  });

  it("may be a key of another region, which has its own", async () => {
    const KeyId = await desk.createKey();
    desk.region = "eu-west-1";
    expect(await desk.call("DescribeKey", { KeyId })).toEqual({
      error: "NotFoundException",
      message: `Key 'arn:aws:kms:eu-west-1:${account}:key/${KeyId}' does not exist`,
    });
    expect(await desk.call("ListKeys")).toMatchObject({ Keys: [] });
  });

  it("is too short or too long with a ValidationException", async () => {
    expect((await desk.call("DescribeKey", { KeyId: "" })).error).toBe("ValidationException");
    expect((await desk.call("DescribeKey", { KeyId: "x".repeat(2048) })).error).toBe("NotFoundException");
    expect((await desk.call("DescribeKey", { KeyId: "x".repeat(2049) })).error).toBe("ValidationException");
    expect(await desk.call("DescribeKey")).toEqual({
      error: "ValidationException",
      message:
        "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null",
    });
  });

  it("is an alias, where KMS takes keys only", async () => {
    const KeyId = await desk.createKey();
    await desk.call("CreateAlias", { AliasName: "alias/a", TargetKeyId: KeyId });
    for (const action of [
      "EnableKey",
      "DisableKey",
      "ScheduleKeyDeletion",
      "GetKeyPolicy",
      "EnableKeyRotation",
    ]) {
      expect(await desk.call(action, { KeyId: "alias/a" })).toEqual({
        error: "NotFoundException",
        message: "Invalid keyId 'alias/a'",
      });
    }
  });
});

describe("keys are listed", () => {
  it("page by page, by id", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push(await desk.createKey());
    ids.sort();
    const first = await desk.call("ListKeys", { Limit: 2 });
    expect(first).toEqual({
      Keys: ids.slice(0, 2).map((KeyId) => ({ KeyId, KeyArn: keyArn(KeyId) })),
      Truncated: true,
      NextMarker: expect.any(String),
    });
    const second = await desk.call("ListKeys", { Limit: 3, Marker: first["NextMarker"] });
    expect(second).toEqual({
      Keys: ids.slice(2).map((KeyId) => ({ KeyId, KeyArn: keyArn(KeyId) })),
      Truncated: false,
    });
    expect(await desk.call("ListKeys")).toMatchObject({ Truncated: false });
  });

  it("with a limit from 1 to 1000, and a marker that a list gave", async () => {
    for (const Limit of [0, 1001]) {
      expect((await desk.call("ListKeys", { Limit })).error).toBe("ValidationException");
    }
    for (const Limit of [1, 1000]) expect(await desk.call("ListKeys", { Limit })).toMatchObject({ Keys: [] });
    const long = (length: number) => Buffer.from("a".repeat(length)).toString("base64url");
    expect((await desk.call("ListKeys", { Marker: long(2048) })).error).toBeUndefined();
    for (const Marker of ["%%", "", long(2049)]) {
      expect((await desk.call("ListKeys", { Marker })).error).toBe("InvalidMarkerException");
    }
  });
});

describe("the end of a key", () => {
  it.each([
    [undefined, 30],
    [7, 7],
    [30, 30],
  ])("is scheduled %j days ahead, which makes it %i", async (PendingWindowInDays, days) => {
    const KeyId = await desk.createKey();
    const deletionDate = desk.nowMs / 1000 + days * 86_400;
    expect(await desk.call("ScheduleKeyDeletion", { KeyId, PendingWindowInDays })).toEqual({
      KeyId: keyArn(KeyId),
      DeletionDate: deletionDate,
      KeyState: "PendingDeletion",
      PendingWindowInDays: days,
    });
    expect(await desk.call("DescribeKey", { KeyId })).toMatchObject({
      KeyMetadata: { KeyState: "PendingDeletion", Enabled: false, DeletionDate: deletionDate },
    });
  });

  it.each([6, 31, 0, -1])("is not %i days ahead", async (PendingWindowInDays) => {
    const KeyId = await desk.createKey();
    expect((await desk.call("ScheduleKeyDeletion", { KeyId, PendingWindowInDays })).error).toBe(
      "ValidationException",
    );
    expect(await desk.call("DescribeKey", { KeyId })).toMatchObject({ KeyMetadata: { KeyState: "Enabled" } });
  });

  it("can be taken back, which leaves the key disabled and what it encrypted readable", async () => {
    const KeyId = await desk.createKey();
    const CiphertextBlob = await desk.encrypt(KeyId);
    await desk.call("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
    desk.nowMs += 7 * dayMs - 1;
    expect(await desk.call("CancelKeyDeletion", { KeyId })).toEqual({ KeyId: keyArn(KeyId) });
    expect((await desk.call("Decrypt", { CiphertextBlob })).error).toBe("DisabledException");
    await desk.call("EnableKey", { KeyId });
    desk.nowMs += dayMs;
    expect(await eraseDueKeys(desk.kms, desk.nowMs)).toBe(0);
    expect(textOf((await desk.call("Decrypt", { CiphertextBlob }))["Plaintext"])).toBe("secret");
  });

  it.each([
    ["erased", true],
    ["not erased yet", false],
  ])("is at its date to the millisecond, %s", async (_, erased) => {
    const KeyId = await desk.createKey();
    const CiphertextBlob = await desk.encrypt(KeyId);
    await desk.call("CreateAlias", { AliasName: "alias/a", TargetKeyId: KeyId });
    await desk.call("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
    desk.nowMs += 7 * dayMs - 1;
    if (erased) expect(await eraseDueKeys(desk.kms, desk.nowMs)).toBe(0);
    expect((await desk.call("Decrypt", { CiphertextBlob })).error).toBe("KMSInvalidStateException");
    expect(await desk.call("ListKeys")).toMatchObject({ Keys: [{ KeyId }] });
    expect(await desk.call("ListAliases")).toMatchObject({ Aliases: [{ AliasName: "alias/a" }] });

    desk.nowMs += 1;
    if (erased) expect(await eraseDueKeys(desk.kms, desk.nowMs)).toBe(1);
    const gone = { error: "NotFoundException", message: `Key '${keyArn(KeyId)}' does not exist` };
    expect(await desk.call("DescribeKey", { KeyId })).toEqual(gone);
    expect(await desk.call("CancelKeyDeletion", { KeyId })).toEqual(gone);
    expect(await desk.call("Encrypt", { KeyId, Plaintext: base64("x") })).toEqual(gone);
    expect(await desk.call("ListAliases", { KeyId })).toEqual(gone);
    expect((await desk.call("DescribeKey", { KeyId: "alias/a" })).error).toBe("NotFoundException");
    expect((await desk.call("DeleteAlias", { AliasName: "alias/a" })).error).toBe("NotFoundException");
    expect((await desk.call("Decrypt", { CiphertextBlob })).error).toBe("AccessDeniedException");
    expect(await desk.call("ListKeys")).toMatchObject({ Keys: [] });
    expect(await desk.call("ListAliases")).toMatchObject({ Aliases: [] });
    // Its name is free again.
    const other = await desk.createKey();
    expect(await desk.call("CreateAlias", { AliasName: "alias/a", TargetKeyId: other })).toEqual({});
  });

  it("leaves nothing of it", async () => {
    const [KeyId, other] = [await desk.createKey(), await desk.createKey()];
    await desk.call("RotateKeyOnDemand", { KeyId });
    await desk.call("CreateAlias", { AliasName: "alias/a", TargetKeyId: KeyId });
    await desk.call("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
    await desk.call("ScheduleKeyDeletion", { KeyId: other, PendingWindowInDays: 8 });
    desk.nowMs += 7 * dayMs;
    expect(await eraseDueKeys(desk.kms, desk.nowMs)).toBe(1);
    const rows = async (table: string) => (await desk.d1.prepare(`SELECT * FROM ${table}`).all()).results;
    expect(await rows("kms_keys")).toMatchObject([{ key_id: other }]);
    expect(await rows("kms_materials")).toMatchObject([{ key_id: other }]);
    expect(await rows("kms_aliases")).toEqual([]);
  });
});

describe("tags", () => {
  it("are set with the key, added, overwritten, taken away and listed", async () => {
    const KeyId = await desk.createKey({ Tags: [{ TagKey: "b", TagValue: "1" }] });
    const Tags = [
      { TagKey: "b", TagValue: "2" },
      { TagKey: "a", TagValue: "" },
      { TagKey: "__proto__", TagValue: "x" },
    ];
    expect(await desk.call("TagResource", { KeyId, Tags })).toEqual({});
    expect(await desk.call("ListResourceTags", { KeyId })).toEqual({
      Tags: [
        { TagKey: "__proto__", TagValue: "x" },
        { TagKey: "a", TagValue: "" },
        { TagKey: "b", TagValue: "2" },
      ],
      Truncated: false,
    });
    const first = await desk.call("ListResourceTags", { KeyId, Limit: 2 });
    expect(first).toMatchObject({ Tags: [{}, { TagKey: "a" }], Truncated: true });
    expect(await desk.call("ListResourceTags", { KeyId, Marker: first["NextMarker"] })).toEqual({
      Tags: [{ TagKey: "b", TagValue: "2" }],
      Truncated: false,
    });
    await desk.call("UntagResource", { KeyId, TagKeys: ["b", "__proto__", "nobody's"] });
    expect(await desk.call("ListResourceTags", { KeyId })).toMatchObject({ Tags: [{ TagKey: "a" }] });
  });

  it("are at most 50, in all", async () => {
    const tags = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => ({ TagKey: `k${from + i}`, TagValue: "v" }));
    const KeyId = await desk.createKey({ Tags: tags(0, 49) });
    expect(await desk.call("TagResource", { KeyId, Tags: tags(48, 50) })).toEqual({});
    expect((await desk.call("TagResource", { KeyId, Tags: tags(50, 51) })).error).toBe(
      "LimitExceededException",
    );
    expect((await desk.call("CreateKey", { Tags: tags(0, 51) })).error).toBe("LimitExceededException");
  });

  it.each([
    [{ TagKey: "aws:x", TagValue: "" }, "TagException"],
    [{ TagKey: "a\u0007", TagValue: "" }, "TagException"],
    [{ TagKey: "a", TagValue: "<" }, "TagException"],
    [{ TagKey: "", TagValue: "" }, "ValidationException"],
    [{ TagKey: "k".repeat(129), TagValue: "" }, "ValidationException"],
    [{ TagKey: "k", TagValue: "v".repeat(257) }, "ValidationException"],
  ])("are refused: %j", async (tag, error) => {
    const KeyId = await desk.createKey();
    expect((await desk.call("TagResource", { KeyId, Tags: [tag] })).error).toBe(error);
    expect((await desk.call("CreateKey", { Tags: [tag] })).error).toBe(error);
    const twice = [
      { TagKey: "a", TagValue: "1" },
      { TagKey: "a", TagValue: "2" },
    ];
    expect((await desk.call("TagResource", { KeyId, Tags: twice })).error).toBe("TagException");
  });
});

it("what is not done here is said to be unsupported", async () => {
  const KeyId = await desk.createKey();
  for (const action of ["CreateGrant", "ListGrants", "RetireGrant", "Sign", "GenerateMac", "ReplicateKey"]) {
    expect(await desk.call(action, { KeyId })).toEqual({
      error: "UnsupportedOperationException",
      message: `${action} is not supported.`,
    });
  }
});
