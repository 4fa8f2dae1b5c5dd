import {
  AlreadyExistsException,
  DisabledException,
  DryRunOperationException,
  IncorrectKeyException,
  InvalidCiphertextException,
  KMS,
  KMSInvalidStateException,
  KMSServiceException,
  LimitExceededException,
  MalformedPolicyDocumentException,
  NotFoundException,
  paginateListAliases,
  paginateListKeys,
  UnsupportedOperationException,
} from "@aws-sdk/client-kms";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import { createExternalKms } from "../../src/services/kms/external.ts";
import { addUser, type TestUser } from "../support/access-keys.ts";
import { failureOf } from "../support/sdks.ts";
import { defaults, startTestServer } from "../support/server.ts";

const region = "us-east-1";
const account = "000000000000";
const theirAccount = "111111111111";

let server: RunningServer;
let kms: KMS;
/** Of another account, where he may do everything. */
let bob: TestUser;

beforeAll(async () => {
  server = await startTestServer();
  kms = clientOf({ accessKeyId: "test", secretAccessKey: "test" });
  bob = await addUser(server, { account: theirAccount, userName: "bob" });
});
afterAll(() => server.stop());

const clientOf = (credentials: { accessKeyId: string; secretAccessKey: string }, at = region) =>
  new KMS({ endpoint: server.url, region: at, credentials, maxAttempts: 1 });
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (of: Uint8Array | undefined) => new TextDecoder().decode(of);

async function createKey(): Promise<{ KeyId: string; Arn: string }> {
  const { KeyMetadata } = await kms.createKey({});
  return { KeyId: KeyMetadata?.KeyId ?? "", Arn: KeyMetadata?.Arn ?? "" };
}

describe("keys, through the SDK", () => {
  it("are created, described, listed and given another description", async () => {
    const { KeyMetadata } = await kms.createKey({
      Description: "orders",
      KeyUsage: "ENCRYPT_DECRYPT",
      KeySpec: "SYMMETRIC_DEFAULT",
      MultiRegion: false,
      Tags: [{ TagKey: "team", TagValue: "a" }],
    });
    expect(KeyMetadata).toMatchObject({
      AWSAccountId: account,
      Description: "orders",
      KeyState: "Enabled",
      KeyManager: "CUSTOMER",
      EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
      CreationDate: expect.any(Date),
    });
    const KeyId = KeyMetadata?.KeyId ?? "";
    expect(KeyMetadata?.Arn).toBe(`arn:aws:kms:${region}:${account}:key/${KeyId}`);
    expect((await kms.describeKey({ KeyId })).KeyMetadata).toEqual(KeyMetadata);
    const listed: (string | undefined)[] = [];
    await createKey();
    for await (const page of paginateListKeys({ client: kms, pageSize: 1 }, {})) {
      listed.push(...(page.Keys ?? []).map((key) => key.KeyArn));
    }
    expect(listed).toContain(KeyMetadata?.Arn);
    expect(listed.length).toBeGreaterThan(1);
    await kms.updateKeyDescription({ KeyId, Description: "" });
    expect((await kms.describeKey({ KeyId })).KeyMetadata?.Description).toBe("");
    await kms.tagResource({ KeyId, Tags: [{ TagKey: "b", TagValue: "c" }] });
    await kms.untagResource({ KeyId, TagKeys: ["team"] });
    expect((await kms.listResourceTags({ KeyId })).Tags).toEqual([{ TagKey: "b", TagValue: "c" }]);
  });

  it("are disabled, enabled, and scheduled to end", async () => {
    const { KeyId, Arn } = await createKey();
    await kms.disableKey({ KeyId });
    const disabled = await failureOf(kms.encrypt({ KeyId, Plaintext: bytes("x") }));
    expect(disabled).toBeInstanceOf(DisabledException);
    expect(disabled.message).toBe(`${Arn} is disabled.`);
    await kms.enableKey({ KeyId });
    const { DeletionDate, KeyState } = await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 });
    expect(KeyState).toBe("PendingDeletion");
    expect(DeletionDate?.getTime()).toBeGreaterThan(Date.now() + 6.9 * 86_400_000);
    const pending = await failureOf(kms.encrypt({ KeyId, Plaintext: bytes("x") }));
    expect(pending).toBeInstanceOf(KMSInvalidStateException);
    expect(pending.message).toBe(`${Arn} is pending deletion.`);
    expect((await kms.cancelKeyDeletion({ KeyId })).KeyId).toBe(Arn);
    expect((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState).toBe("Disabled");
  });

  it("have aliases", async () => {
    const [one, two] = [await createKey(), await createKey()];
    const AliasName = "alias/sdk";
    await kms.createAlias({ AliasName, TargetKeyId: one.KeyId });
    const again = await failureOf(kms.createAlias({ AliasName, TargetKeyId: one.KeyId }));
    expect(again).toBeInstanceOf(AlreadyExistsException);
    await kms.updateAlias({ AliasName, TargetKeyId: two.Arn });
    expect((await kms.describeKey({ KeyId: AliasName })).KeyMetadata?.KeyId).toBe(two.KeyId);
    await kms.createAlias({ AliasName: "alias/sdk2", TargetKeyId: two.KeyId });
    const names: (string | undefined)[] = [];
    for await (const page of paginateListAliases({ client: kms, pageSize: 1 }, { KeyId: two.KeyId })) {
      names.push(...(page.Aliases ?? []).map((alias) => alias.AliasName));
    }
    expect(names).toEqual(["alias/sdk", "alias/sdk2"]);
    await kms.deleteAlias({ AliasName });
    const gone = await failureOf(kms.describeKey({ KeyId: AliasName }));
    expect(gone).toBeInstanceOf(NotFoundException);
    expect(gone.message).toBe(`Alias arn:aws:kms:${region}:${account}:alias/sdk is not found.`);
  });

  it("have policies", async () => {
    const { KeyId, Arn } = await createKey();
    const { Policy, PolicyName } = await kms.getKeyPolicy({ KeyId });
    expect(PolicyName).toBe("default");
    expect((await kms.listKeyPolicies({ KeyId })).PolicyNames).toEqual(["default"]);
    const statement = JSON.parse(Policy ?? "").Statement[0];
    const shared = {
      Version: "2012-10-17",
      Statement: [
        statement,
        {
          ...statement,
          Sid: "them",
          Principal: { AWS: theirAccount },
          Action: ["kms:Encrypt", "kms:DescribeKey"],
        },
      ],
    };
    const theirs = clientOf(bob);
    const denied = await failureOf(theirs.encrypt({ KeyId: Arn, Plaintext: bytes("x") }));
    expect(denied).toMatchObject({ name: "AccessDeniedException", $metadata: { httpStatusCode: 400 } });
    expect(denied).toBeInstanceOf(KMSServiceException);
    await kms.putKeyPolicy({ KeyId, Policy: JSON.stringify(shared) });
    expect((await theirs.encrypt({ KeyId: Arn, Plaintext: bytes("x") })).KeyId).toBe(Arn);
    expect((await failureOf(theirs.disableKey({ KeyId: Arn }))).name).toBe("AccessDeniedException");
    const lockOut = JSON.stringify({ ...shared, Statement: [shared.Statement[1]] });
    expect(await failureOf(kms.putKeyPolicy({ KeyId, Policy: lockOut }))).toBeInstanceOf(
      MalformedPolicyDocumentException,
    );
    expect(await failureOf(kms.putKeyPolicy({ KeyId, Policy: " ".repeat(32_769) }))).toBeInstanceOf(
      LimitExceededException,
    );
  });

  it("rotate", async () => {
    const { KeyId, Arn } = await createKey();
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: bytes("before") });
    expect((await kms.getKeyRotationStatus({ KeyId })).KeyRotationEnabled).toBe(false);
    await kms.enableKeyRotation({ KeyId, RotationPeriodInDays: 180 });
    expect(await kms.getKeyRotationStatus({ KeyId })).toMatchObject({
      KeyRotationEnabled: true,
      RotationPeriodInDays: 180,
      NextRotationDate: expect.any(Date),
    });
    await kms.disableKeyRotation({ KeyId });
    expect((await kms.getKeyRotationStatus({ KeyId })).KeyRotationEnabled).toBe(false);
    expect((await kms.rotateKeyOnDemand({ KeyId })).KeyId).toBe(Arn);
    expect((await kms.listKeyRotations({ KeyId })).Rotations).toMatchObject([
      { KeyId, RotationType: "ON_DEMAND", RotationDate: expect.any(Date), KeyMaterialState: "CURRENT" },
    ]);
    expect(text((await kms.decrypt({ CiphertextBlob })).Plaintext)).toBe("before");
  });
});

describe("cryptography, through the SDK", () => {
  it("encrypts, decrypts and encrypts again", async () => {
    const [one, two] = [await createKey(), await createKey()];
    const EncryptionContext = { a: "1", b: "2" };
    const { CiphertextBlob } = await kms.encrypt({
      KeyId: one.KeyId,
      Plaintext: bytes("héllo"),
      EncryptionContext,
    });
    const decrypted = await kms.decrypt({ CiphertextBlob, EncryptionContext: { b: "2", a: "1" } });
    expect(text(decrypted.Plaintext)).toBe("héllo");
    expect(decrypted.KeyId).toBe(one.Arn);
    const invalid = await failureOf(kms.decrypt({ CiphertextBlob }));
    expect(invalid).toBeInstanceOf(InvalidCiphertextException);
    const incorrect = kms.decrypt({ CiphertextBlob, EncryptionContext, KeyId: two.KeyId });
    expect(await failureOf(incorrect)).toBeInstanceOf(IncorrectKeyException);
    const moved = await kms.reEncrypt({
      CiphertextBlob,
      SourceEncryptionContext: EncryptionContext,
      DestinationKeyId: two.KeyId,
    });
    expect(moved).toMatchObject({ SourceKeyId: one.Arn, KeyId: two.Arn });
    expect(text((await kms.decrypt({ CiphertextBlob: moved.CiphertextBlob })).Plaintext)).toBe("héllo");
  });

  it("generates data keys and random bytes", async () => {
    const { KeyId } = await createKey();
    const made = await kms.generateDataKey({ KeyId, KeySpec: "AES_256" });
    expect(made.Plaintext?.length).toBe(32);
    expect((await kms.decrypt({ CiphertextBlob: made.CiphertextBlob })).Plaintext).toEqual(made.Plaintext);
    const without = await kms.generateDataKeyWithoutPlaintext({ KeyId, NumberOfBytes: 64 });
    expect(without).not.toHaveProperty("Plaintext");
    expect((await kms.decrypt({ CiphertextBlob: without.CiphertextBlob })).Plaintext?.length).toBe(64);
    expect((await kms.generateRandom({ NumberOfBytes: 20 })).Plaintext?.length).toBe(20);
    expect(await failureOf(kms.generateDataKey({ KeyId, KeySpec: "AES_256", DryRun: true }))).toBeInstanceOf(
      DryRunOperationException,
    );
  });

  it("says what is not done here", async () => {
    const { KeyId } = await createKey();
    const grant = kms.createGrant({
      KeyId,
      GranteePrincipal: `arn:aws:iam::${account}:root`,
      Operations: ["Decrypt"],
    });
    expect(await failureOf(grant)).toBeInstanceOf(UnsupportedOperationException);
    const asymmetric = kms.createKey({ KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" });
    expect(await failureOf(asymmetric)).toBeInstanceOf(UnsupportedOperationException);
  });

  it("keeps regions apart", async () => {
    const { Arn } = await createKey();
    const there = clientOf({ accessKeyId: "test", secretAccessKey: "test" }, "eu-west-1");
    const failure = await failureOf(there.describeKey({ KeyId: Arn }));
    expect(failure).toBeInstanceOf(NotFoundException);
    expect(failure.message).toBe(`Invalid arn ${region}`);
  });

  it("has the account's key for SQS, for SQS alone", async () => {
    const { KeyMetadata } = await kms.describeKey({ KeyId: "alias/aws/sqs" });
    expect(KeyMetadata).toMatchObject({ KeyManager: "AWS", KeyState: "Enabled" });
    const KeyId = KeyMetadata?.KeyId;
    const denied = await failureOf(kms.encrypt({ KeyId, Plaintext: bytes("x") }));
    expect(denied.name).toBe("AccessDeniedException");
    expect((await failureOf(kms.scheduleKeyDeletion({ KeyId }))).name).toBe("AccessDeniedException");
  });
});

it("answers are AWS JSON 1.1", async () => {
  let contentType: string | undefined;
  const client = clientOf({ accessKeyId: "test", secretAccessKey: "test" });
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      contentType = (result.response as { headers: Record<string, string> }).headers["content-type"];
      return result;
    },
    { step: "deserialize", priority: "low" },
  );
  await client.listKeys({});
  expect(contentType).toBe("application/x-amz-json-1.1");
});

describe("the KMS of another deployment", () => {
  it("gives data keys to ours, and opens them, as AWS's would", async () => {
    const elsewhere = await startTestServer({ settings: { ROOT_ACCOUNT_ID: "222222222222" } });
    try {
      const theirs = new KMS({
        ...{ endpoint: elsewhere.url, region, maxAttempts: 1 },
        credentials: { accessKeyId: "test", secretAccessKey: "test" },
      });
      const { KeyMetadata } = await theirs.createKey({});
      const keyArn = KeyMetadata?.Arn ?? "";
      await theirs.createAlias({ AliasName: "alias/queues", TargetKeyId: keyArn });
      const external = createExternalKms({
        endpoint: elsewhere.url,
        accessKeyId: defaults.worker.ROOT_ACCESS_KEY_ID,
        secretAccessKey: defaults.worker.ROOT_SECRET_ACCESS_KEY,
        sessionToken: undefined,
        account: "222222222222",
      });
      const context = new Map([["aws:sqs:arn", `arn:aws:sqs:${region}:${account}:q`]]);
      const aliasArn = `arn:aws:kms:${region}:222222222222:alias/queues`;
      expect(external.owns(aliasArn)).toBe(true);
      const made = await external.generateDataKey(aliasArn, context);
      if (!made.ok) throw new Error(made.error.message);
      expect(made.value.keyArn).toBe(keyArn);
      const { plaintext, ciphertext } = made.value;
      expect(await external.decrypt(keyArn, ciphertext, context)).toEqual({ ok: true, value: plaintext });
      expect(await external.decrypt(keyArn, ciphertext, new Map())).toMatchObject({
        error: { code: "InvalidCiphertextException" },
      });
      await theirs.disableKey({ KeyId: keyArn });
      expect(await external.generateDataKey(keyArn, context)).toEqual({
        ok: false,
        error: {
          code: "DisabledException",
          message: `${keyArn} is disabled.`,
          requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        },
      });
    } finally {
      await elsewhere.stop();
    }
  });

  it("is half set up nowhere: the deployment says what is missing", async () => {
    const half = await startTestServer({
      settings: { AWS_KMS_ENDPOINT: "https://kms.us-east-1.amazonaws.com" },
    });
    try {
      const health = await fetch(`${half.url}/health`);
      expect(health.status).toBe(500);
      expect(await health.json()).toEqual({
        status: "misconfigured",
        problem: expect.stringContaining("AWS_KMS_ACCOUNT_ID must be 12 digits"),
      });
    } finally {
      await half.stop();
    }
  });
});
