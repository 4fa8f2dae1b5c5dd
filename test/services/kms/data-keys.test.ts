import { beforeEach, describe, expect, it } from "vitest";
import { anonymous, type Caller, rootCaller } from "../../../src/auth/caller.ts";
import type { QueueId } from "../../../src/queue/settings.ts";
import { decryptDataKey, generateDataKey } from "../../../src/services/kms/data-keys.ts";
import { eraseDueKeys, rotateDueKeys } from "../../../src/services/kms/upkeep.ts";
import { policyTo, someFacts, userCaller } from "../../support/callers.ts";
import { account, base64, dayMs, delegation, KmsDesk, keyArn, keyPolicy, region } from "./kms-desk.ts";

const queue: QueueId = { account, region, name: "orders" };
const queueArn = `arn:aws:sqs:${region}:${account}:orders`;
const other = "111111111111";
const root = rootCaller(account, "test");
const viaSqs = { "kms:ViaService": `sqs.${region}.amazonaws.com` };

let desk: KmsDesk;
beforeEach(() => {
  desk = new KmsDesk();
});

const request = (caller: Caller) => {
  const { kms, nowMs } = desk;
  return { kms, caller, nowMs, facts: { ...someFacts, nowMs } };
};
const generate = (keyName: string, caller = root, of = queue) =>
  generateDataKey(request(caller), { keyName, queue: of });
const decrypt = (blob: Uint8Array, caller = root, of = queue) =>
  decryptDataKey(request(caller), { blob, queue: of });

async function made(keyName: string, caller = root, of = queue) {
  const key = await generate(keyName, caller, of);
  if (!key.ok) throw new Error(key.error.message);
  return key.value;
}

async function kindOf(answer: Promise<{ readonly ok: boolean; readonly error?: { readonly kind: string } }>) {
  const { ok, error } = await answer;
  return ok ? "allowed" : error?.kind;
}

describe("a queue's data key", () => {
  it("is 32 bytes, and opens again from its blob", async () => {
    const KeyId = await desk.createKey();
    const { plaintext, blob, keyArn: arn } = await made(KeyId);
    expect(plaintext.length).toBe(32);
    expect(arn).toBe(keyArn(KeyId));
    expect(await decrypt(blob)).toEqual({ ok: true, value: new Uint8Array(plaintext) });
    expect((await made(KeyId)).plaintext).not.toEqual(plaintext);
  });

  it("is made by a key's id, ARN, alias and alias ARN", async () => {
    const KeyId = await desk.createKey();
    await desk.call("CreateAlias", { AliasName: "alias/a", TargetKeyId: KeyId });
    for (const name of [KeyId, keyArn(KeyId), "alias/a", `arn:aws:kms:${region}:${account}:alias/a`]) {
      expect((await made(name)).keyArn).toBe(keyArn(KeyId));
    }
  });

  it("is encrypted in the queue's context, as AWS's SQS does it", async () => {
    const { blob } = await made(await desk.createKey());
    const CiphertextBlob = Buffer.from(blob).toString("base64");
    const EncryptionContext = { "aws:sqs:arn": queueArn };
    expect((await desk.call("Decrypt", { CiphertextBlob, EncryptionContext })).error).toBeUndefined();
    expect((await desk.call("Decrypt", { CiphertextBlob })).error).toBe("InvalidCiphertextException");
  });

  it("does not open for another queue, changed, or cut: that is corruption", async () => {
    const { blob } = await made(await desk.createKey());
    await expect(decrypt(blob, root, { ...queue, name: "other" })).rejects.toThrow("another queue's");
    const changed = blob.slice();
    changed[60] = (changed[60] ?? 0) ^ 1;
    await expect(decrypt(changed)).rejects.toThrow("was changed");
    for (const none of [new Uint8Array(), blob.slice(0, 40), Uint8Array.of(2), Uint8Array.of(9, ...blob)]) {
      await expect(decrypt(none)).rejects.toThrow("is none");
    }
  });

  it("stays readable when its key rotates", async () => {
    const KeyId = await desk.createKey();
    const { plaintext, blob } = await made(KeyId);
    await desk.call("RotateKeyOnDemand", { KeyId });
    expect(await decrypt(blob)).toEqual({ ok: true, value: new Uint8Array(plaintext) });
  });
});

describe("what KMS refuses", () => {
  const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
  const says = (text: string, code: string) =>
    expect.stringMatching(
      new RegExp(
        `^${text} \\(Service: AWSKMS; Status Code: 400; Error Code: ${code}; Request ID: ${uuid}; Proxy: null\\)$`,
      ),
    );

  it("SQS hands on in its own kinds", async () => {
    const KeyId = await desk.createKey();
    const { blob } = await made(KeyId);
    const both = async (error: object) => {
      expect(await generate(KeyId)).toEqual({ ok: false, error });
      expect(await decrypt(blob)).toEqual({ ok: false, error });
    };
    await desk.call("DisableKey", { KeyId });
    await both({ kind: "KmsDisabled", message: says(`${keyArn(KeyId)} is disabled.`, "DisabledException") });
    await desk.call("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
    const pending = says(`${keyArn(KeyId)} is pending deletion.`, "KMSInvalidStateException");
    await both({ kind: "KmsInvalidState", message: pending });
    desk.nowMs += 7 * dayMs;
    await eraseDueKeys(desk.kms, desk.nowMs);
    const gone = says(`Key '${keyArn(KeyId)}' does not exist`, "NotFoundException");
    expect(await generate(KeyId)).toEqual({ ok: false, error: { kind: "KmsNotFound", message: gone } });
    expect(await kindOf(decrypt(blob))).toBe("KmsAccessDenied");
  });

  it.each([
    ["nonsense", "Invalid keyId 'nonsense'"],
    ["alias/nobody", `Alias arn:aws:kms:${region}:${account}:alias/nobody is not found.`],
    ["alias/aws/s3", `Alias arn:aws:kms:${region}:${account}:alias/aws/s3 is not found.`],
    [`arn:aws:kms:eu-west-1:${account}:alias/a`, "Invalid arn eu-west-1"],
  ])("is KmsNotFound for %s", async (name, text) => {
    expect(await generate(name)).toEqual({
      ok: false,
      error: { kind: "KmsNotFound", message: says(text, "NotFoundException") },
    });
  });

  it("is KmsNotFound for the ARN of something else", async () => {
    expect(await kindOf(generate(queueArn))).toBe("KmsNotFound");
  });
});

describe("who may send and receive", () => {
  const alice = `arn:aws:iam::${account}:user/alice`;
  beforeEach(() => desk.addUser(account, "alice"));

  it("is asked of the caller, for kms:GenerateDataKey and kms:Decrypt each", async () => {
    const KeyId = await desk.createKey();
    const { blob } = await made(KeyId);
    const may = (...actions: string[]) => userCaller(account, "alice", policyTo("Allow", actions));
    const verdicts = async (caller: Caller) => [
      await kindOf(generate(KeyId, caller)),
      await kindOf(decrypt(blob, caller)),
    ];
    const denied = "KmsAccessDenied";
    expect(await verdicts(may("kms:GenerateDataKey*"))).toEqual(["allowed", denied]);
    expect(await verdicts(may("kms:Decrypt"))).toEqual([denied, "allowed"]);
    expect(await verdicts(may("sqs:*"))).toEqual([denied, denied]);
    expect(await verdicts(anonymous)).toEqual([denied, denied]);
    const refused = await generate(KeyId, may("sqs:*"));
    expect(refused).toMatchObject({
      error: {
        message: expect.stringContaining(
          `User: ${alice} is not authorized to perform: kms:GenerateDataKey on resource: ${keyArn(KeyId)} because no identity-based policy allows the kms:GenerateDataKey action (Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException; Request ID: `,
        ),
      },
    });
  });

  it("may depend on SQS being in between, and on the queue", async () => {
    const toAlice = {
      Principal: { AWS: alice },
      Action: ["kms:GenerateDataKey", "kms:Decrypt", "kms:Encrypt"],
    };
    const only = keyPolicy(delegation, {
      ...toAlice,
      Condition: { StringEquals: { ...viaSqs, "kms:EncryptionContext:aws:sqs:arn": queueArn } },
    });
    const KeyId = await desk.createKey({ Policy: only });
    const caller = userCaller(account, "alice");
    const { blob } = await made(KeyId, caller);
    expect(await kindOf(decrypt(blob, caller))).toBe("allowed");
    expect(await kindOf(generate(KeyId, caller, { ...queue, name: "other" }))).toBe("KmsAccessDenied");
    const EncryptionContext = { "aws:sqs:arn": queueArn };
    const directly = { KeyId, Plaintext: base64("x"), EncryptionContext };
    expect((await desk.call("Encrypt", directly, caller)).error).toBe("AccessDeniedException");
    const CiphertextBlob = Buffer.from(blob).toString("base64");
    expect((await desk.call("Decrypt", { CiphertextBlob, EncryptionContext }, caller)).error).toBe(
      "AccessDeniedException",
    );
  });

  it("may be a service, where the key's policy names it", async () => {
    const sns: Caller = {
      ...anonymous,
      kind: "service",
      service: "sns.amazonaws.com",
      source: { arn: "arn:aws:sns:us-east-1:000000000000:topic", account },
    };
    const toSns = {
      Principal: { Service: "sns.amazonaws.com" },
      Action: ["kms:GenerateDataKey*", "kms:Decrypt"],
    };
    const named = await desk.createKey({
      Policy: keyPolicy(delegation, {
        ...toSns,
        Condition: { ArnLike: { "aws:SourceArn": "arn:aws:sns:us-east-1:000000000000:*" } },
      }),
    });
    expect(await kindOf(generate(named, sns))).toBe("allowed");
    expect(await kindOf(generate(await desk.createKey(), sns))).toBe("KmsAccessDenied");
    expect(await kindOf(generate("alias/aws/sqs", sns))).toBe("KmsAccessDenied");
  });

  it("is not whoever does not sign, though the key is for everybody", async () => {
    const KeyId = await desk.createKey({ Policy: keyPolicy({ Principal: "*", Action: "kms:*" }) });
    const { blob } = await made(KeyId, userCaller(other, "bob", policyTo("Allow", "kms:*")));
    expect(await kindOf(generate(KeyId, anonymous))).toBe("KmsAccessDenied");
    expect(await kindOf(decrypt(blob, anonymous))).toBe("KmsAccessDenied");
  });

  it("may be another account, where both sides allow", async () => {
    const bob = userCaller(other, "bob", policyTo("Allow", "kms:*"));
    await desk.addUser(other, "bob");
    const shared = await desk.createKey({
      Policy: keyPolicy(delegation, { Principal: { AWS: bob.arn }, Action: "kms:*" }),
    });
    // The queue's own name for the key counts, not what it would mean to the caller.
    for (const name of [shared, keyArn(shared)]) expect(await kindOf(generate(name, bob))).toBe("allowed");
    expect(await kindOf(decrypt((await made(shared)).blob, bob))).toBe("allowed");
    expect(await kindOf(generate(shared, userCaller(other, "bob")))).toBe("KmsAccessDenied");
    const closed = await desk.createKey();
    expect(await kindOf(generate(closed, bob))).toBe("KmsAccessDenied");
    expect(await kindOf(decrypt((await made(closed)).blob, bob))).toBe("KmsAccessDenied");
    // Nor does it tell what is there.
    expect(await kindOf(generate("alias/nobody", bob))).toBe("KmsAccessDenied");
  });
});

describe("alias/aws/sqs", () => {
  it("is made on its first use, once for each account and region", async () => {
    const keys = await Promise.all([1, 2, 3].map(() => made("alias/aws/sqs")));
    const arns = new Set(keys.map(({ keyArn }) => keyArn));
    expect(arns.size).toBe(1);
    expect((await made(`arn:aws:kms:${region}:${account}:alias/aws/sqs`)).keyArn).toBe(keys[0]?.keyArn);
    const theirs = await made("alias/aws/sqs", rootCaller(other, "x"), { ...queue, account: other });
    const there = await made("alias/aws/sqs", root, { ...queue, region: "eu-west-1" });
    expect(new Set([...arns, theirs.keyArn, there.keyArn]).size).toBe(3);
    expect(await desk.call("ListAliases")).toMatchObject({ Aliases: [{ AliasName: "alias/aws/sqs" }] });
  });

  it("is made once by isolates that meet", async () => {
    const isolates = [desk.kms, desk.anotherIsolate(), desk.anotherIsolate()];
    const keys = await Promise.all(
      isolates.map((kms) => generateDataKey({ ...request(root), kms }, { keyName: "alias/aws/sqs", queue })),
    );
    expect(new Set(keys.map((key) => (key.ok ? key.value.keyArn : key.error.kind))).size).toBe(1);
    const { results } = await desk.d1.prepare("SELECT * FROM kms_keys").all();
    expect(results.length).toBe(1);
    expect((await desk.d1.prepare("SELECT * FROM kms_materials").all()).results.length).toBe(1);
  });

  it("is described with AWS as its manager, whoever looks first", async () => {
    expect(await desk.call("DescribeKey", { KeyId: "alias/aws/sqs" })).toMatchObject({
      KeyMetadata: { KeyManager: "AWS", KeyState: "Enabled", Enabled: true },
    });
  });

  it("is not made for an account by another one, nor by a name in another region", async () => {
    const KeyId = `arn:aws:kms:${region}:${other}:alias/aws/sqs`;
    expect((await desk.call("DescribeKey", { KeyId })).error).toBe("AccessDeniedException");
    expect((await desk.d1.prepare("SELECT * FROM kms_keys").all()).results).toEqual([]);
  });

  it("is for every principal of the account through SQS, and for nobody else", async () => {
    const anybody = userCaller(account, "anybody");
    const { blob, keyArn: arn } = await made("alias/aws/sqs", anybody);
    expect(await kindOf(decrypt(blob, anybody))).toBe("allowed");
    expect(
      await kindOf(generate("alias/aws/sqs", userCaller(account, "anybody", policyTo("Deny", "kms:*")))),
    ).toBe("KmsAccessDenied");
    const bob = userCaller(other, "bob", policyTo("Allow", "kms:*"));
    expect(await kindOf(generate("alias/aws/sqs", bob))).toBe("KmsAccessDenied");
    expect(await kindOf(decrypt(blob, bob))).toBe("KmsAccessDenied");
    const KeyId = arn.slice(arn.lastIndexOf("/") + 1);
    const directly = { KeyId, Plaintext: base64("x") };
    expect((await desk.call("Encrypt", directly, anybody)).error).toBe("AccessDeniedException");
    expect((await desk.call("Encrypt", directly)).error).toBe("AccessDeniedException");
  });

  it("is looked at by the account's own policies, and changed by nobody", async () => {
    const { keyArn: arn } = await made("alias/aws/sqs");
    const KeyId = arn.slice(arn.lastIndexOf("/") + 1);
    for (const action of [
      "DescribeKey",
      "GetKeyPolicy",
      "GetKeyRotationStatus",
      "ListKeyPolicies",
      "ListResourceTags",
      "ListKeyRotations",
    ]) {
      expect((await desk.call(action, { KeyId })).error, action).toBeUndefined();
    }
    const { Policy } = await desk.call("GetKeyPolicy", { KeyId });
    const changes: readonly (readonly [string, object])[] = [
      ["EnableKey", {}],
      ["DisableKey", {}],
      ["ScheduleKeyDeletion", {}],
      ["CancelKeyDeletion", {}],
      ["PutKeyPolicy", { Policy }],
      ["UpdateKeyDescription", { Description: "mine" }],
      ["TagResource", { Tags: [{ TagKey: "a", TagValue: "b" }] }],
      ["UntagResource", { TagKeys: ["a"] }],
      ["EnableKeyRotation", {}],
      ["DisableKeyRotation", {}],
      ["RotateKeyOnDemand", {}],
    ];
    const before = await desk.d1.prepare("SELECT * FROM kms_keys").all();
    for (const [action, input] of changes) {
      expect((await desk.call(action, { KeyId, ...input })).error, action).toBe("AccessDeniedException");
    }
    for (const AliasName of ["alias/mine", "alias/aws/mine"]) {
      expect((await desk.call("CreateAlias", { AliasName, TargetKeyId: KeyId })).error).toMatch(
        /^(AccessDenied|NotAuthorized)Exception$/,
      );
    }
    // Even if its policy let them.
    const open = keyPolicy({ Principal: "*", Action: "kms:*" });
    await desk.d1.prepare("UPDATE kms_keys SET policy = ?1").bind(open).run();
    for (const [action, input] of changes) {
      const { error } = await desk.call(action, {
        KeyId,
        ...input,
        ...("Policy" in input && { Policy: open }),
      });
      expect(error, action).toBe(
        action === "CancelKeyDeletion" ? "KMSInvalidStateException" : "AccessDeniedException",
      );
    }
    await desk.d1.prepare("UPDATE kms_keys SET policy = ?1").bind(Policy).run();
    expect(await desk.d1.prepare("SELECT * FROM kms_keys").all()).toEqual(before);
  });

  it("rotates every year", async () => {
    const { blob, plaintext } = await made("alias/aws/sqs");
    desk.nowMs += 365 * dayMs - 1;
    expect(await rotateDueKeys(desk.kms, desk.nowMs)).toBe(0);
    desk.nowMs += 1;
    expect(await rotateDueKeys(desk.kms, desk.nowMs)).toBe(1);
    expect(await decrypt(blob)).toEqual({ ok: true, value: new Uint8Array(plaintext) });
  });
});
