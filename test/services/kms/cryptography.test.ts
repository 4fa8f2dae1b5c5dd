import { beforeEach, describe, expect, it } from "vitest";
import { base64, KmsDesk, keyArn, textOf } from "./kms-desk.ts";

let desk: KmsDesk;
let KeyId: string;
beforeEach(async () => {
  desk = new KmsDesk();
  KeyId = await desk.createKey();
});

const EncryptionContext = { a: "1", b: "2" };
const invalid = { error: "InvalidCiphertextException", message: "" };

describe("Encrypt and Decrypt", () => {
  it("give back what was encrypted, and say by which key", async () => {
    const encrypted = await desk.call("Encrypt", { KeyId, Plaintext: base64("secret"), EncryptionContext });
    expect(encrypted).toEqual({
      CiphertextBlob: expect.any(String),
      KeyId: keyArn(KeyId),
      EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
    });
    const { CiphertextBlob } = encrypted;
    const { KeyMetadata } = await desk.call("DescribeKey", { KeyId });
    for (const more of [{}, { KeyId }, { EncryptionAlgorithm: "SYMMETRIC_DEFAULT", GrantTokens: ["x"] }]) {
      const decrypted = await desk.call("Decrypt", { CiphertextBlob, EncryptionContext, ...more });
      expect({ ...decrypted, Plaintext: textOf(decrypted["Plaintext"]) }).toEqual({
        KeyId: keyArn(KeyId),
        Plaintext: "secret",
        EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
        KeyMaterialId: (KeyMetadata as { CurrentKeyMaterialId: string }).CurrentKeyMaterialId,
      });
    }
  });

  it("take 1 to 4096 bytes", async () => {
    for (const length of [1, 4096]) {
      const CiphertextBlob = await desk.encrypt(KeyId, "x".repeat(length));
      expect(textOf((await desk.call("Decrypt", { CiphertextBlob }))["Plaintext"])).toBe("x".repeat(length));
    }
    for (const [length, bound] of [
      [0, "greater than or equal to 1"],
      [4097, "less than or equal to 4096"],
    ] as const) {
      expect(await desk.call("Encrypt", { KeyId, Plaintext: base64("x".repeat(length)) })).toEqual({
        error: "ValidationException",
        message: `1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length ${bound}`,
      });
    }
    const long = { CiphertextBlob: base64("x".repeat(6145)) };
    expect((await desk.call("Decrypt", long)).error).toBe("ValidationException");
    expect(await desk.call("Decrypt", { CiphertextBlob: base64("x".repeat(6144)) })).toEqual(invalid);
  });

  it("agree on the context in any order, and in no other context", async () => {
    const CiphertextBlob = await desk.encrypt(KeyId, "secret", { EncryptionContext });
    const decrypt = (context: object | undefined) =>
      desk.call("Decrypt", { CiphertextBlob, EncryptionContext: context });
    expect((await decrypt({ b: "2", a: "1" })).error).toBeUndefined();
    for (const context of [
      undefined,
      {},
      { a: "1" },
      { a: "1", b: "3" },
      { a: "2", b: "1" },
      { A: "1", b: "2" },
    ]) {
      expect(await decrypt(context)).toEqual(invalid);
    }
    const bare = await desk.encrypt(KeyId);
    expect(
      (await desk.call("Decrypt", { CiphertextBlob: bare, EncryptionContext: {} })).error,
    ).toBeUndefined();
    expect(await desk.call("Decrypt", { CiphertextBlob: bare, EncryptionContext })).toEqual(invalid);
  });

  it("take a context of at most 8 KiB", async () => {
    const context = (bytes: number) => ({ EncryptionContext: { é: "x".repeat(bytes - 2) } });
    await desk.encrypt(KeyId, "x", context(8192));
    for (const action of ["Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "Decrypt"]) {
      const input = { KeyId, Plaintext: base64("x"), CiphertextBlob: base64("x"), KeySpec: "AES_256" };
      expect((await desk.call(action, { ...input, ...context(8193) })).error, action).toBe(
        "ValidationException",
      );
    }
  });

  it("do not take what is no ciphertext, whatever key is named", async () => {
    const short = base64(`\u0001${"x".repeat(63)}`);
    for (const blob of [base64("x"), base64("x".repeat(100)), short]) {
      expect(await desk.call("Decrypt", { CiphertextBlob: blob, KeyId })).toEqual(invalid);
      expect(await desk.call("Decrypt", { CiphertextBlob: blob })).toEqual(invalid);
      expect(await desk.call("ReEncrypt", { CiphertextBlob: blob, DestinationKeyId: KeyId })).toEqual(
        invalid,
      );
    }
  });

  it("do not take a ciphertext that names material its key never had", async () => {
    const blob = Buffer.from(await desk.encrypt(KeyId), "base64");
    for (const version of [0, 2, 0xffff_ffff]) {
      blob.writeUInt32BE(version, 17);
      expect(await desk.call("Decrypt", { CiphertextBlob: blob.toString("base64") })).toEqual(invalid);
    }
  });

  it("mind which key the client says it is", async () => {
    const CiphertextBlob = await desk.encrypt(KeyId);
    const other = await desk.createKey();
    expect(await desk.call("Decrypt", { CiphertextBlob, KeyId: other })).toEqual({
      error: "IncorrectKeyException",
      message: "The key ID in the request does not identify a CMK that can perform this operation.",
    });
    const again = { CiphertextBlob, SourceKeyId: other, DestinationKeyId: other };
    expect((await desk.call("ReEncrypt", again)).error).toBe("IncorrectKeyException");
    const missing = "11111111-2222-3333-4444-555555555555";
    expect((await desk.call("Decrypt", { CiphertextBlob, KeyId: missing })).error).toBe("NotFoundException");
  });

  it("do not take a ciphertext of another region", async () => {
    const CiphertextBlob = await desk.encrypt(KeyId);
    desk.region = "eu-west-1";
    expect((await desk.call("Decrypt", { CiphertextBlob })).error).toBe("AccessDeniedException");
  });

  it("know the algorithm of symmetric keys only", async () => {
    const CiphertextBlob = await desk.encrypt(KeyId);
    for (const [algorithm, error] of [
      ["RSAES_OAEP_SHA_256", "InvalidKeyUsageException"],
      ["ROT13", "ValidationException"],
    ]) {
      const encrypt = { KeyId, Plaintext: base64("x"), EncryptionAlgorithm: algorithm };
      expect((await desk.call("Encrypt", encrypt)).error).toBe(error);
      expect((await desk.call("Decrypt", { CiphertextBlob, EncryptionAlgorithm: algorithm })).error).toBe(
        error,
      );
      for (const member of ["SourceEncryptionAlgorithm", "DestinationEncryptionAlgorithm"]) {
        const again = { CiphertextBlob, DestinationKeyId: KeyId, [member]: algorithm };
        expect((await desk.call("ReEncrypt", again)).error).toBe(error);
      }
    }
  });
});

describe("ReEncrypt", () => {
  it("moves a text to another key and context", async () => {
    const CiphertextBlob = await desk.encrypt(KeyId, "secret", { EncryptionContext });
    const other = await desk.createKey();
    const moved = await desk.call("ReEncrypt", {
      CiphertextBlob,
      SourceEncryptionContext: EncryptionContext,
      DestinationKeyId: other,
      DestinationEncryptionContext: { c: "3" },
    });
    expect(moved).toEqual({
      CiphertextBlob: expect.any(String),
      SourceKeyId: keyArn(KeyId),
      KeyId: keyArn(other),
      SourceEncryptionAlgorithm: "SYMMETRIC_DEFAULT",
      DestinationEncryptionAlgorithm: "SYMMETRIC_DEFAULT",
      SourceKeyMaterialId: expect.stringMatching(/^[0-9a-f]{64}$/),
      DestinationKeyMaterialId: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const input = { CiphertextBlob: moved["CiphertextBlob"], EncryptionContext: { c: "3" } };
    const decrypted = await desk.call("Decrypt", input);
    expect(decrypted).toMatchObject({
      KeyId: keyArn(other),
      KeyMaterialId: moved["DestinationKeyMaterialId"],
    });
    expect(textOf(decrypted["Plaintext"])).toBe("secret");
    const wrong = { CiphertextBlob, DestinationKeyId: other };
    expect(await desk.call("ReEncrypt", wrong)).toEqual(invalid);
  });
});

describe("GenerateDataKey", () => {
  it.each([
    [{ KeySpec: "AES_256" }, 32],
    [{ KeySpec: "AES_128" }, 16],
    [{ NumberOfBytes: 1 }, 1],
    [{ NumberOfBytes: 1024 }, 1024],
  ])("gives bytes and their ciphertext: %j", async (input, length) => {
    const made = await desk.call("GenerateDataKey", { KeyId, EncryptionContext, ...input });
    expect(Object.keys(made).sort()).toEqual(["CiphertextBlob", "KeyId", "KeyMaterialId", "Plaintext"]);
    expect(Buffer.from(String(made["Plaintext"]), "base64").length).toBe(length);
    const { CiphertextBlob } = made;
    const decrypted = await desk.call("Decrypt", { CiphertextBlob, EncryptionContext });
    expect(decrypted).toMatchObject({ Plaintext: made["Plaintext"], KeyMaterialId: made["KeyMaterialId"] });
    const again = await desk.call("GenerateDataKey", {
      KeyId,
      ...input,
      NumberOfBytes: 32,
      KeySpec: undefined,
    });
    expect(again["Plaintext"]).not.toBe(made["Plaintext"]);
  });

  it("WithoutPlaintext gives the ciphertext alone", async () => {
    const made = await desk.call("GenerateDataKeyWithoutPlaintext", { KeyId, NumberOfBytes: 24 });
    expect(Object.keys(made).sort()).toEqual(["CiphertextBlob", "KeyId", "KeyMaterialId"]);
    const { Plaintext } = await desk.call("Decrypt", { CiphertextBlob: made["CiphertextBlob"] });
    expect(Buffer.from(String(Plaintext), "base64").length).toBe(24);
  });

  it.each([
    [{}, "Please specify either number of bytes or key spec."],
    [{ KeySpec: "AES_256", NumberOfBytes: 32 }, "Please specify either number of bytes or key spec."],
    [
      { NumberOfBytes: 0 },
      "1 validation error detected: Value '0' at 'numberOfBytes' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ],
    [
      { NumberOfBytes: 1025 },
      "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024",
    ],
    [
      { KeySpec: "AES_512" },
      "1 validation error detected: Value 'AES_512' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [AES_256, AES_128]",
    ],
    [
      { KeySpec: "toString" },
      "1 validation error detected: Value 'toString' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [AES_256, AES_128]",
    ],
  ])("refuses %j", async (input, message) => {
    for (const action of ["GenerateDataKey", "GenerateDataKeyWithoutPlaintext"]) {
      expect(await desk.call(action, { KeyId, ...input })).toEqual({ error: "ValidationException", message });
    }
  });
});

describe("GenerateRandom", () => {
  it("gives 1 to 1024 bytes", async () => {
    for (const NumberOfBytes of [1, 1024]) {
      const { Plaintext } = await desk.call("GenerateRandom", { NumberOfBytes });
      expect(Buffer.from(String(Plaintext), "base64").length).toBe(NumberOfBytes);
    }
    for (const NumberOfBytes of [0, 1025]) {
      expect((await desk.call("GenerateRandom", { NumberOfBytes })).error).toBe("ValidationException");
    }
    expect(await desk.call("GenerateRandom")).toEqual({
      error: "ValidationException",
      message: "NumberOfBytes is required.",
    });
  });
});

it("a dry run is told that it would have been done, and nothing of what it asked for", async () => {
  const CiphertextBlob = await desk.encrypt(KeyId);
  const DryRun = true;
  const calls: readonly (readonly [string, object])[] = [
    ["Encrypt", { KeyId, Plaintext: base64("x") }],
    ["Decrypt", { CiphertextBlob }],
    ["GenerateDataKey", { KeyId, KeySpec: "AES_256" }],
    ["GenerateDataKeyWithoutPlaintext", { KeyId, KeySpec: "AES_256" }],
    ["ReEncrypt", { CiphertextBlob, DestinationKeyId: KeyId }],
  ];
  for (const [action, input] of calls) {
    expect(await desk.call(action, { ...input, DryRun }), action).toEqual({
      error: "DryRunOperationException",
      message: "The request would have succeeded, but the DryRun option is set.",
    });
  }
  await desk.call("DisableKey", { KeyId });
  for (const [action, input] of calls) {
    expect((await desk.call(action, { ...input, DryRun })).error, action).toBe("DisabledException");
  }
});

it("an enclave's attestation is not checked, so nothing is given to one", async () => {
  const CiphertextBlob = await desk.encrypt(KeyId);
  const Recipient = { KeyEncryptionAlgorithm: "RSAES_OAEP_SHA_256", AttestationDocument: "eA==" };
  for (const action of ["Decrypt", "GenerateDataKey", "GenerateRandom"]) {
    const input = { KeyId, CiphertextBlob, NumberOfBytes: 8, Recipient };
    expect((await desk.call(action, input)).error, action).toBe("UnsupportedOperationException");
  }
});

it("nothing that a key encrypts with is stored in clear", async () => {
  await desk.call("RotateKeyOnDemand", { KeyId });
  const { results } = await desk.d1.prepare("SELECT * FROM kms_materials").all<{ sealed_material: string }>();
  expect(results.length).toBe(2);
  for (const { sealed_material } of results)
    expect(sealed_material).toMatch(/^v1\.[\w-]{8}\.[\w-]{16}\.[\w-]{80}$/);
});
