import { beforeEach, describe, expect, it } from "vitest";
import { anonymous, type Caller, rootCaller } from "../../../src/auth/caller.ts";
import { policyOf } from "../../../src/auth/policy/document.ts";
import type { QueueKey, QueueKms } from "../../../src/encryption/queue-kms.ts";
import type { QueueId } from "../../../src/queue/settings.ts";
import { externalBlob } from "../../../src/services/kms/data-key-blob.ts";
import type { ExternalKms } from "../../../src/services/kms/external.ts";
import { queueKms } from "../../../src/services/kms/queue-kms.ts";
import { policyTo, someFacts, userCaller } from "../../support/callers.ts";
import { account, delegation, KmsDesk, keyArn, keyPolicy, region } from "./kms-desk.ts";

/** What is asked of KMS for every call, whatever data keys an isolate has. */

const queue: QueueId = { account, region, name: "orders" };
const root = rootCaller(account, "test");

let desk: KmsDesk;
beforeEach(() => {
  desk = new KmsDesk();
});

const kmsOf = (caller: Caller, kms = desk.kms) => {
  const { nowMs } = desk;
  return queueKms({ kms, caller, nowMs, facts: { ...someFacts, nowMs } });
};

async function kindOf(answer: Promise<{ readonly ok: boolean; readonly error?: { readonly kind: string } }>) {
  const { ok, error } = await answer;
  return ok ? "allowed" : error?.kind;
}

/** Whether the caller may seal, receive at all, and open what is sealed. */
async function verdicts(kms: QueueKms, key: QueueKey, blob: Uint8Array) {
  return [
    await kindOf(kms.maySeal(key)),
    await kindOf(kms.mayOpen(key)),
    await kindOf(kms.mayDecrypt({ blob, queue })),
  ];
}

async function blobUnder(keyName: string) {
  const made = await kmsOf(root).generateDataKey({ keyName, queue });
  if (!made.ok) throw new Error(made.error.message);
  return made.value.blob;
}

describe("whether a caller may use the key of a queue", () => {
  const no = "KmsAccessDenied";

  it.each([
    [
      ["kms:GenerateDataKey", "kms:Decrypt"],
      ["allowed", "allowed", "allowed"],
    ],
    [["kms:GenerateDataKey"], [no, no, no]],
    [["kms:Decrypt"], [no, "allowed", "allowed"]],
    [["sqs:*"], [no, no, no]],
  ])("takes both permissions to send, and one to receive: %j", async (actions, expected) => {
    const KeyId = await desk.createKey();
    const blob = await blobUnder(KeyId);
    const caller = userCaller(account, "alice", policyTo("Allow", actions));
    expect(await verdicts(kmsOf(caller), { keyName: KeyId, queue }, blob)).toEqual(expected);
  });

  it("is told with the ARN of the key that a name leads to now", async () => {
    const [one, two] = [await desk.createKey(), await desk.createKey()];
    await desk.call("CreateAlias", { AliasName: "alias/a", TargetKeyId: one });
    const key = { keyName: "alias/a", queue };
    expect(await kmsOf(root).maySeal(key)).toEqual({ ok: true, value: keyArn(one) });
    const blob = await blobUnder("alias/a");
    await desk.call("UpdateAlias", { AliasName: "alias/a", TargetKeyId: two });
    expect(await kmsOf(root).maySeal(key)).toEqual({ ok: true, value: keyArn(two) });
    expect(await kmsOf(root).mayOpen(key)).toEqual({ ok: true, value: keyArn(two) });
    expect(await kmsOf(root).mayDecrypt({ blob, queue })).toEqual({ ok: true, value: keyArn(one) });
  });

  it.each([
    ["DisableKey", "KmsDisabled"],
    ["ScheduleKeyDeletion", "KmsInvalidState"],
  ])("depends on its state: %s", async (action, kind) => {
    const KeyId = await desk.createKey();
    const blob = await blobUnder(KeyId);
    await desk.call(action, { KeyId });
    expect(await verdicts(kmsOf(root), { keyName: KeyId, queue }, blob)).toEqual([kind, kind, kind]);
  });

  it("does not depend on the alias, to receive: a data key names its KMS key itself", async () => {
    const alice = userCaller(account, "alice");
    await desk.addUser(account, "alice");
    const byAlias = { StringEquals: { "kms:RequestAlias": "alias/a" } };
    const toAlice = { Principal: { AWS: alice.arn }, Action: ["kms:GenerateDataKey", "kms:Decrypt"] };
    const KeyId = await desk.createKey({ Policy: keyPolicy(delegation, { ...toAlice, Condition: byAlias }) });
    await desk.call("CreateAlias", { AliasName: "alias/a", TargetKeyId: KeyId });
    const key = { keyName: "alias/a", queue };
    expect((await kmsOf(alice).generateDataKey(key)).ok).toBe(true);
    expect(await verdicts(kmsOf(alice), key, await blobUnder(KeyId))).toEqual([no, no, no]);
    const denial = { ...toAlice, Effect: "Deny", Action: "kms:Decrypt", Condition: byAlias };
    const Policy = keyPolicy(delegation, toAlice, denial);
    expect((await desk.call("PutKeyPolicy", { KeyId, Policy })).error).toBeUndefined();
    expect(await verdicts(kmsOf(alice), key, await blobUnder(KeyId))).toEqual([
      ...["allowed", "allowed", "allowed"],
    ]);
  });

  it("is seen within a minute in an isolate that has not heard of a change", async () => {
    const KeyId = await desk.createKey();
    const key = { keyName: KeyId, queue };
    const elsewhere = desk.anotherIsolate();
    const blob = await blobUnder(KeyId);
    expect(await verdicts(kmsOf(root, elsewhere), key, blob)).toEqual(["allowed", "allowed", "allowed"]);
    await desk.call("DisableKey", { KeyId });
    desk.nowMs += 60_000;
    expect(await verdicts(kmsOf(root, elsewhere), key, blob)).toEqual([
      ...["KmsDisabled", "KmsDisabled", "KmsDisabled"],
    ]);
  });
});

describe("the key of a KMS elsewhere", () => {
  const other = "222222222222";
  const arn = keyArn("11111111-2222-3333-4444-555555555555", other);
  const calls: string[] = [];
  const external: ExternalKms = {
    owns: (name) => name.includes(`:${other}:`),
    generateDataKey: async () => {
      calls.push("generate");
      return {
        ok: true,
        value: { plaintext: new Uint8Array(32), ciphertext: new Uint8Array(9), keyArn: arn },
      };
    },
    decrypt: async () => {
      calls.push("decrypt");
      return { ok: true, value: new Uint8Array(32) };
    },
  };
  const blob = externalBlob(arn, new Uint8Array(9));
  const key = { keyName: arn, queue };
  beforeEach(() => {
    calls.length = 0;
    desk.kms = desk.anotherIsolate(external);
  });

  it("is not asked whether the caller may: only its use can tell", async () => {
    const kms = kmsOf(userCaller(account, "alice"));
    expect(await kms.maySeal(key)).toEqual({ ok: true, value: undefined });
    expect(await kms.mayOpen(key)).toEqual({ ok: true, value: undefined });
    expect(await kms.mayDecrypt({ blob, queue })).toEqual({ ok: true, value: arn });
    expect(calls).toEqual([]);
  });

  it("is never used for who does not sign, for the other KMS would not know", async () => {
    const kms = kmsOf(anonymous);
    expect(await verdicts(kms, key, blob)).toEqual(["KmsAccessDenied", "KmsAccessDenied", "KmsAccessDenied"]);
    expect(await kindOf(kms.generateDataKey(key))).toBe("KmsAccessDenied");
    expect(await kindOf(kms.decryptDataKey({ blob, queue }))).toBe("KmsAccessDenied");
    expect(calls).toEqual([]);
  });

  it("is not mistaken for one that the same account has here, named without its ARN", async () => {
    const home = { account: other, region, name: "orders" };
    const theirs = rootCaller(other, "x");
    const KeyId = await desk.createKey({}, theirs);
    const answer = await kmsOf(theirs).maySeal({ keyName: KeyId, queue: home });
    expect(answer).toEqual({ ok: true, value: keyArn(KeyId, other) });
    expect(calls).toEqual([]);
  });
});

describe("data keys are kept together", () => {
  const role = (session: string, more: Partial<Caller> = {}): Caller => ({
    ...root,
    kind: "role",
    arn: `arn:aws:sts::${account}:assumed-role/r/${session}`,
    roleArn: `arn:aws:iam::${account}:role/r`,
    userId: `AROAX:${session}`,
    accessKeyId: `ASIA${session}`,
    ...more,
  });
  const principalOf = (caller: Caller) => kmsOf(caller).principal;
  const sns = (topic: string): Caller => ({
    ...anonymous,
    kind: "service",
    service: "sns.amazonaws.com",
    source: { arn: topic, account },
  });

  it("for the sessions of a role", () => {
    expect(principalOf(role("one"))).toBe(principalOf(role("two")));
  });

  it("and for nobody else", () => {
    const sessionPolicies = [policyOf(JSON.stringify(policyTo("Allow", "*")), "identity")];
    const callers = [
      root,
      role("one"),
      role("one", { sessionPolicies }),
      role("two", { sessionPolicies }),
      role("one", { userId: "AROAY:one" }),
      userCaller(account, "alice"),
      userCaller(account, "bob"),
      { ...userCaller(account, "alice"), userId: "AIDAANOTHERALICE" },
      anonymous,
      sns("arn:aws:sns:us-east-1:000000000000:a"),
      sns("arn:aws:sns:us-east-1:000000000000:b"),
    ];
    expect(new Set(callers.map(principalOf)).size).toBe(callers.length);
  });
});
