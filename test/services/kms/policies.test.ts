import { beforeEach, describe, expect, it } from "vitest";
import type { Caller } from "../../../src/auth/caller.ts";
import { rootCaller } from "../../../src/auth/caller.ts";
import { policyOf } from "../../../src/auth/policy/document.ts";
import { policyTo, userCaller } from "../../support/callers.ts";
import { account, base64, delegation, KmsDesk, keyArn, keyPolicy, region } from "./kms-desk.ts";

const other = "111111111111";
const alice = `arn:aws:iam::${account}:user/alice`;
const bob = `arn:aws:iam::${other}:user/bob`;

let desk: KmsDesk;
beforeEach(async () => {
  desk = new KmsDesk();
  for (const name of ["alice", "carol"]) await desk.addUser(account, name);
  await desk.addUser(other, "bob");
});

const root = rootCaller(account, "test");
const user = (name: string, ...policies: readonly object[]) => userCaller(account, name, ...policies);
const mayAll = policyTo("Allow", "kms:*");

function session(sessionPolicy?: object): Caller {
  return {
    kind: "role",
    account,
    arn: `arn:aws:sts::${account}:assumed-role/worker/s`,
    roleArn: `arn:aws:iam::${account}:role/worker`,
    userId: "AROAWORKER:s",
    accessKeyId: "ASIA",
    policies: [policyOf(JSON.stringify(mayAll), "identity")],
    ...(sessionPolicy && { sessionPolicies: [policyOf(JSON.stringify(sessionPolicy), "identity")] }),
  };
}

/** A key with this policy, whoever may change it then. */
async function keyWith(...statements: readonly object[]): Promise<string> {
  return await desk.createKey({ Policy: keyPolicy(...statements), BypassPolicyLockoutSafetyCheck: true });
}

const encryptAs = async (KeyId: string, caller: Caller, EncryptionContext?: Record<string, string>) =>
  (await desk.call("Encrypt", { KeyId, Plaintext: base64("x"), EncryptionContext }, caller)).error ??
  "allowed";
const denied = "AccessDeniedException";
const allowed = "allowed";

describe("in the key's own account", () => {
  const toAlice = { Principal: { AWS: alice }, Action: "kms:Encrypt" };
  const toRoot = { ...delegation, Action: "kms:Encrypt" };
  const cases: readonly (readonly [string, readonly object[], Caller, string])[] = [
    ["the policy names the user", [toAlice], user("alice"), allowed],
    ["the policy names another user", [toAlice], user("carol"), denied],
    ["the user's own policies alone allow", [toAlice], user("carol", mayAll), denied],
    ["the policy names the account, and the user's policies allow", [toRoot], user("carol", mayAll), allowed],
    [
      "the policy names the account by its number",
      [{ ...toRoot, Principal: { AWS: account } }],
      user("carol", mayAll),
      allowed,
    ],
    ["the policy names the account, and the user's policies are silent", [toRoot], user("carol"), denied],
    [
      "the policy names the account for another action",
      [{ ...delegation, Action: "kms:Decrypt" }],
      user("carol", mayAll),
      denied,
    ],
    ["the account's root, whom the policy names", [toRoot], root, allowed],
    ["the account's root, whom the policy does not name", [toAlice], root, denied],
    ["the account's root, whom the policy denies", [toRoot, { ...toRoot, Effect: "Deny" }], root, denied],
    ["everybody is allowed", [{ Principal: "*", Action: "kms:*" }], user("carol"), allowed],
    ["the user's own policies deny", [toAlice], user("alice", policyTo("Deny", "kms:Encrypt")), denied],
    ["the policy denies", [toAlice, { ...toAlice, Effect: "Deny" }], user("alice", mayAll), denied],
    [
      "the delegation is bound to a condition that holds",
      [{ ...toRoot, Condition: { StringEquals: { "kms:CallerAccount": account } } }],
      user("carol", mayAll),
      allowed,
    ],
    [
      "the delegation is bound to a condition that does not hold",
      [{ ...toRoot, Condition: { StringEquals: { "kms:CallerAccount": other } } }],
      user("carol", mayAll),
      denied,
    ],
    ["a session of a role, by delegation", [toRoot], session(), allowed],
    ["a session that its session policy limits", [toRoot], session(policyTo("Allow", "kms:Decrypt")), denied],
    ["a service", [{ Principal: { Service: "sns.amazonaws.com" }, Action: "kms:*" }], root, denied],
  ];

  it.each(cases)("%s", async (_, statements, caller, verdict) => {
    expect(await encryptAs(await keyWith(...statements), caller)).toBe(verdict);
  });

  it("the denial says whose policies are silent", async () => {
    const call = async (KeyId: string, caller: Caller) =>
      (await desk.call("Encrypt", { KeyId, Plaintext: base64("x") }, caller)).message;
    const KeyId = await keyWith(toAlice);
    const says = (why: string, key = KeyId) =>
      `User: arn:aws:iam::${account}:user/carol is not authorized to perform: kms:Encrypt on resource: ${keyArn(key)} ${why}`;
    expect(await call(KeyId, user("carol", mayAll))).toBe(
      says("because no resource-based policy allows the kms:Encrypt action"),
    );
    const ofDefault = await desk.createKey();
    expect(await call(ofDefault, user("carol"))).toBe(
      says("because no identity-based policy allows the kms:Encrypt action", ofDefault),
    );
    expect(await call(ofDefault, user("carol", mayAll, policyTo("Deny", "kms:Encrypt")))).toBe(
      says("with an explicit deny in an identity-based policy", ofDefault),
    );
  });

  it("a user's permission may be for some keys only", async () => {
    const [one, two] = [await desk.createKey(), await desk.createKey()];
    const mayOne = user("alice", policyTo("Allow", "kms:*", { Resource: keyArn(one) }));
    expect(await encryptAs(one, mayOne)).toBe(allowed);
    expect(await encryptAs(two, mayOne)).toBe(denied);
  });

  it("what is about no key, the user's policies alone decide", async () => {
    for (const action of ["CreateKey", "ListKeys", "ListAliases", "GenerateRandom"]) {
      const input = action === "GenerateRandom" ? { NumberOfBytes: 1 } : {};
      expect((await desk.call(action, input, user("alice"))).error).toBe(denied);
      expect(
        (await desk.call(action, input, user("alice", policyTo("Allow", `kms:${action}`)))).error,
      ).toBeUndefined();
      expect(
        (await desk.call(action, input, user("alice", mayAll, policyTo("Deny", `kms:${action}`)))).error,
      ).toBe(denied);
    }
  });

  it("a key is made with tags only by whoever may tag", async () => {
    const mayCreate = user("alice", policyTo("Allow", "kms:CreateKey"));
    const Tags = [{ TagKey: "a", TagValue: "b" }];
    expect((await desk.call("CreateKey", {}, mayCreate)).error).toBeUndefined();
    expect((await desk.call("CreateKey", { Tags }, mayCreate)).error).toBe(denied);
    const mayTag = user(
      "alice",
      policyTo("Allow", ["kms:CreateKey", "kms:TagResource"], {
        Condition: { StringEquals: { "aws:RequestTag/a": "b" } },
      }),
    );
    expect((await desk.call("CreateKey", { Tags }, mayTag)).error).toBeUndefined();
    expect((await desk.call("CreateKey", { Tags: [{ TagKey: "a", TagValue: "c" }] }, mayTag)).error).toBe(
      denied,
    );
  });
});

describe("from another account", () => {
  const toBob = { Principal: { AWS: bob }, Action: ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"] };
  const toThem = { ...toBob, Principal: { AWS: `arn:aws:iam::${other}:root` } };
  const bobWith = (...policies: readonly object[]) => userCaller(other, "bob", ...policies);
  const cases: readonly (readonly [string, readonly object[], Caller, string])[] = [
    ["both sides allow", [delegation, toBob], bobWith(mayAll), allowed],
    ["both sides allow, by account", [delegation, toThem], bobWith(mayAll), allowed],
    ["the other account's root, by account", [delegation, toThem], rootCaller(other, "x"), allowed],
    ["the key's policy alone allows", [delegation, toBob], bobWith(), denied],
    ["the caller's policies alone allow", [delegation], bobWith(mayAll), denied],
    ["the other account's root, of whom nothing is said", [delegation], rootCaller(other, "x"), denied],
    ["the caller's policies deny", [delegation, toBob], bobWith(mayAll, policyTo("Deny", "kms:*")), denied],
  ];

  it.each(cases)("%s", async (_, statements, caller, verdict) => {
    expect(await encryptAs(keyArn(await keyWith(...statements)), caller)).toBe(verdict);
  });

  it("a key is named by ARN only: an id means a key of one's own", async () => {
    const KeyId = await keyWith(delegation, toBob);
    expect(await desk.call("Encrypt", { KeyId, Plaintext: base64("x") }, bobWith(mayAll))).toEqual({
      error: "NotFoundException",
      message: `Key '${keyArn(KeyId, other)}' does not exist`,
    });
  });

  it("an alias is named by ARN as well", async () => {
    await desk.call("CreateAlias", {
      AliasName: "alias/shared",
      TargetKeyId: await keyWith(delegation, toBob),
    });
    expect(await encryptAs(`arn:aws:kms:${region}:${account}:alias/shared`, bobWith(mayAll))).toBe(allowed);
  });

  it("a key that is not for the caller looks like one that is not there, and so does an alias", async () => {
    const KeyId = await keyWith(delegation);
    await desk.call("CreateAlias", { AliasName: "alias/ours", TargetKeyId: KeyId });
    const missing = "11111111-2222-3333-4444-555555555555";
    const arn = (name: string) => `arn:aws:kms:${region}:${account}:${name}`;
    const told = async (name: string, caller: Caller) => {
      const answer = await desk.call("DescribeKey", { KeyId: arn(name) }, caller);
      return JSON.stringify(answer).replaceAll(arn(name), "it");
    };
    for (const caller of [
      bobWith(mayAll),
      bobWith(),
      rootCaller(other, "x"),
      bobWith(policyTo("Deny", "kms:*")),
    ]) {
      const there = await told(`key/${KeyId}`, caller);
      expect(there).toContain(denied);
      expect(await told(`key/${missing}`, caller)).toBe(there);
      expect(await told("alias/ours", caller)).toBe(there);
      expect(await told("alias/nobodys", caller)).toBe(there);
    }
    expect(await desk.call("ListAliases", { KeyId: keyArn(KeyId) }, rootCaller(other, "x"))).toEqual({
      error: "NotFoundException",
      message: `Key '${keyArn(KeyId)}' does not exist`,
    });
  });

  it("a ciphertext tells no more of its key", async () => {
    const CiphertextBlob = await desk.encrypt(await keyWith(delegation));
    const foreign = Buffer.from(CiphertextBlob, "base64");
    const madeUp = Buffer.from(foreign);
    madeUp.fill(7, 1, 17);
    const answers = [foreign, madeUp].map((blob) =>
      desk.call("Decrypt", { CiphertextBlob: blob.toString("base64") }, rootCaller(other, "x")),
    );
    const [there, missing] = await Promise.all(answers);
    expect(there).toEqual({
      error: denied,
      message:
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
    });
    expect(missing).toEqual(there);
  });

  it("nobody manages a key, whatever its policy says", async () => {
    const KeyId = keyArn(await keyWith(delegation, { Principal: { AWS: other }, Action: "kms:*" }));
    const calls: readonly (readonly [string, object])[] = [
      ["EnableKey", {}],
      ["DisableKey", {}],
      ["ScheduleKeyDeletion", {}],
      ["CancelKeyDeletion", {}],
      ["UpdateKeyDescription", { Description: "x" }],
      ["GetKeyPolicy", {}],
      ["PutKeyPolicy", { Policy: keyPolicy(delegation) }],
      ["ListKeyPolicies", {}],
      ["EnableKeyRotation", {}],
      ["DisableKeyRotation", {}],
      ["RotateKeyOnDemand", {}],
      ["ListKeyRotations", {}],
      ["TagResource", { Tags: [] }],
      ["UntagResource", { TagKeys: [] }],
      ["ListResourceTags", {}],
    ];
    for (const [action, input] of calls) {
      expect((await desk.call(action, { KeyId, ...input }, rootCaller(other, "x"))).error, action).toBe(
        denied,
      );
    }
    const alias = { AliasName: "alias/theirs", TargetKeyId: KeyId };
    expect((await desk.call("CreateAlias", alias, rootCaller(other, "x"))).error).toBe(denied);
    for (const action of ["DescribeKey", "GetKeyRotationStatus"]) {
      expect((await desk.call(action, { KeyId }, rootCaller(other, "x"))).error, action).toBeUndefined();
    }
  });
});

describe("conditions", () => {
  const when = (Condition: object, more: object = {}) => ({
    Principal: { AWS: alice },
    Action: "kms:*",
    Condition,
    ...more,
  });
  const alices = user("alice");

  it("ask for the encryption context", async () => {
    const KeyId = await keyWith(when({ StringEquals: { "kms:EncryptionContext:aws:sqs:arn": "q" } }));
    expect(await encryptAs(KeyId, alices, { "aws:sqs:arn": "q" })).toBe(allowed);
    expect(await encryptAs(KeyId, alices, { "aws:sqs:arn": "q", more: "x" })).toBe(allowed);
    expect(await encryptAs(KeyId, alices, { "aws:sqs:arn": "p" })).toBe(denied);
    expect(await encryptAs(KeyId, alices)).toBe(denied);
  });

  it("ask which keys the encryption context has", async () => {
    const KeyId = await keyWith(
      when({ "ForAnyValue:StringEquals": { "kms:EncryptionContextKeys": ["a", "b"] } }),
    );
    expect(await encryptAs(KeyId, alices, { b: "", c: "" })).toBe(allowed);
    expect(await encryptAs(KeyId, alices, { B: "" })).toBe(denied);
    expect(await encryptAs(KeyId, alices)).toBe(denied);
  });

  it("are not evaded by a second key that differs by case alone", async () => {
    const KeyId = await keyWith(
      when({}),
      when({ StringEquals: { "kms:EncryptionContext:project": "secret" } }, { Effect: "Deny" }),
    );
    expect(await encryptAs(KeyId, alices, { Project: "secret" })).toBe(denied);
    expect(await encryptAs(KeyId, alices, { project: "x", Project: "secret" })).toBe("ValidationException");
    expect(await encryptAs(KeyId, alices, { Project: "secret", project: "x" })).toBe("ValidationException");
    expect(await encryptAs(KeyId, alices, { project: "x" })).toBe(allowed);
  });

  it("ask through which alias the key was named, and which it has", async () => {
    const byRequest = await keyWith(delegation, when({ StringEquals: { "kms:RequestAlias": "alias/a" } }));
    await desk.call("CreateAlias", { AliasName: "alias/a", TargetKeyId: byRequest });
    expect(await encryptAs("alias/a", alices)).toBe(allowed);
    expect(await encryptAs(byRequest, alices)).toBe(denied);
    const byResource = await keyWith(
      delegation,
      when({ "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/b" } }),
    );
    expect(await encryptAs(byResource, alices)).toBe(denied);
    await desk.call("CreateAlias", { AliasName: "alias/b", TargetKeyId: byResource });
    expect(await encryptAs(byResource, alices)).toBe(allowed);
    await desk.call("DeleteAlias", { AliasName: "alias/b" });
    expect(await encryptAs(byResource, alices)).toBe(denied);
  });

  it("ask for the key's tags", async () => {
    const KeyId = await keyWith(delegation, when({ StringEquals: { "aws:ResourceTag/team": "a" } }));
    expect(await encryptAs(KeyId, alices)).toBe(denied);
    await desk.call("TagResource", { KeyId, Tags: [{ TagKey: "team", TagValue: "a" }] });
    expect(await encryptAs(KeyId, alices)).toBe(allowed);
    await desk.call("UntagResource", { KeyId, TagKeys: ["team"] });
    expect(await encryptAs(KeyId, alices)).toBe(denied);
  });

  it("ask for what one operation is about", async () => {
    const KeyId = await keyWith(
      delegation,
      when(
        { NumericGreaterThan: { "kms:ScheduleKeyDeletionPendingWindowInDays": 29 } },
        { Action: "kms:ScheduleKeyDeletion" },
      ),
      when({ NumericLessThan: { "kms:RotationPeriodInDays": 100 } }, { Action: "kms:EnableKeyRotation" }),
      when({ Bool: { "kms:BypassPolicyLockoutSafetyCheck": "false" } }, { Action: "kms:PutKeyPolicy" }),
    );
    const asAlice = async (action: string, input: object) =>
      (await desk.call(action, { KeyId, ...input }, alices)).error ?? allowed;
    const Policy = keyPolicy(delegation, when({}));
    expect(await asAlice("EnableKeyRotation", {})).toBe(denied);
    expect(await asAlice("EnableKeyRotation", { RotationPeriodInDays: 99 })).toBe(allowed);
    expect(await asAlice("PutKeyPolicy", { Policy, BypassPolicyLockoutSafetyCheck: true })).toBe(denied);
    expect(await asAlice("ScheduleKeyDeletion", { PendingWindowInDays: 29 })).toBe(denied);
    expect(await asAlice("ScheduleKeyDeletion", {})).toBe(allowed);
  });

  it("are not met by ViaService where the client comes itself", async () => {
    const KeyId = await keyWith(when({ StringEquals: { "kms:ViaService": `sqs.${region}.amazonaws.com` } }));
    expect(await encryptAs(KeyId, alices)).toBe(denied);
    expect(await encryptAs(KeyId, alices, { "kms:ViaService": `sqs.${region}.amazonaws.com` })).toBe(denied);
  });
});

describe("ReEncrypt", () => {
  it("asks both keys, each for its own permission", async () => {
    const from = await keyWith(delegation, { Principal: { AWS: alice }, Action: "kms:ReEncryptFrom" });
    const to = await keyWith(delegation, { Principal: { AWS: alice }, Action: "kms:ReEncryptTo" });
    const call = async (source: string, DestinationKeyId: string) => {
      const CiphertextBlob = await desk.encrypt(source);
      return (
        (await desk.call("ReEncrypt", { CiphertextBlob, DestinationKeyId }, user("alice"))).error ?? allowed
      );
    };
    expect(await call(from, to)).toBe(allowed);
    expect(await call(to, from)).toBe(denied);
    expect(await call(from, from)).toBe(denied);
    expect(await call(to, to)).toBe(denied);
  });
});

describe("the policy of a key", () => {
  const Policy = keyPolicy(delegation, { Principal: { AWS: alice }, Action: "kms:Encrypt" });

  it("is the default one where none is given: the account's own policies decide", async () => {
    const KeyId = await desk.createKey();
    const { Policy, PolicyName } = await desk.call("GetKeyPolicy", { KeyId });
    expect(PolicyName).toBe("default");
    expect(JSON.parse(String(Policy))).toEqual({
      Version: "2012-10-17",
      Id: "key-default-1",
      Statement: [
        {
          Sid: "Enable IAM User Permissions",
          Effect: "Allow",
          Principal: { AWS: `arn:aws:iam::${account}:root` },
          Action: "kms:*",
          Resource: "*",
        },
      ],
    });
    expect(await desk.call("ListKeyPolicies", { KeyId })).toEqual({
      PolicyNames: ["default"],
      Truncated: false,
    });
  });

  it("is shown to the character as it was put, and in force at once", async () => {
    const KeyId = await desk.createKey();
    const spaced = ` ${Policy.replaceAll(",", " ,\n")}\t`;
    expect(await encryptAs(KeyId, user("alice"))).toBe(denied);
    expect(await desk.call("PutKeyPolicy", { KeyId, PolicyName: "default", Policy: spaced })).toEqual({});
    expect(await desk.call("GetKeyPolicy", { KeyId })).toMatchObject({ Policy: spaced });
    expect(await encryptAs(KeyId, user("alice"))).toBe(allowed);
    expect(await encryptAs(KeyId, user("carol"))).toBe(denied);
  });

  it("has one name", async () => {
    const KeyId = await desk.createKey();
    for (const [action, more] of [
      ["GetKeyPolicy", {}],
      ["PutKeyPolicy", { Policy }],
    ] as const) {
      expect(await desk.call(action, { KeyId, PolicyName: "mine", ...more })).toEqual({
        error: "NotFoundException",
        message: "No such policy exists",
      });
    }
  });

  it.each([
    ["no JSON", "{"],
    ["no statement", `{"Version":"2012-10-17","Statement":[]}`],
    ["a misspelled element", keyPolicy({ ...delegation, Conditions: {} })],
    ["no principal", keyPolicy({ Action: "kms:*" })],
    [
      "a user who does not exist",
      keyPolicy(delegation, { Principal: { AWS: `arn:aws:iam::${account}:user/nobody` }, Action: "kms:*" }),
    ],
    [
      "another account's user who does not exist",
      keyPolicy(delegation, { Principal: { AWS: `arn:aws:iam::${other}:user/nobody` }, Action: "kms:*" }),
    ],
    [
      "somebody who does not exist in NotPrincipal",
      keyPolicy(delegation, {
        NotPrincipal: { AWS: `arn:aws:iam::${account}:role/nobody` },
        Action: "kms:*",
        Effect: "Deny",
      }),
    ],
  ])("is refused with %s", async (_, text) => {
    const KeyId = await desk.createKey();
    const more = { Policy: text, BypassPolicyLockoutSafetyCheck: true };
    expect((await desk.call("PutKeyPolicy", { KeyId, ...more })).error).toBe(
      "MalformedPolicyDocumentException",
    );
    expect((await desk.call("CreateKey", more)).error).toBe("MalformedPolicyDocumentException");
  });

  it("has at most 32 KB", async () => {
    const KeyId = await desk.createKey();
    const long = (bytes: number) => Policy + " ".repeat(bytes - Policy.length);
    expect(await desk.call("PutKeyPolicy", { KeyId, Policy: long(32_768) })).toEqual({});
    for (const [action, input] of [
      ["PutKeyPolicy", { KeyId }],
      ["CreateKey", {}],
    ] as const) {
      const answer = await desk.call(action, { ...input, Policy: long(32_769) });
      expect(answer.error).toBe("LimitExceededException");
    }
    expect((await desk.call("PutKeyPolicy", { KeyId, Policy: "" })).error).toBe("ValidationException");
  });

  it("means the users that it named then, and nobody made again under their names", async () => {
    const KeyId = await desk.createKey({ Policy });
    const again = { ...user("alice"), userId: "AIDAANOTHERALICEXXXXX" };
    expect(await encryptAs(KeyId, user("alice"))).toBe(allowed);
    expect(await encryptAs(KeyId, again)).toBe(denied);
  });
});

describe("the lock-out check", () => {
  const lockOut = {
    error: "MalformedPolicyDocumentException",
    message: "The new key policy will not allow you to update the key policy in the future.",
  };
  const manages = (principal: string) => ({
    Principal: { AWS: principal },
    Action: ["kms:PutKeyPolicy", "kms:GetKeyPolicy"],
  });
  const cases: readonly (readonly [string, readonly object[], Caller, boolean])[] = [
    ["the account, for root", [delegation], root, true],
    ["the account, for a user", [delegation], user("alice", mayAll), true],
    ["the user who asks", [manages(alice)], user("alice", mayAll), true],
    ["another user", [manages(`arn:aws:iam::${account}:user/carol`)], user("alice", mayAll), false],
    ["a user, asked by root", [manages(alice)], root, false],
    ["the account, without PutKeyPolicy", [{ ...delegation, Action: "kms:Get*" }], root, false],
    ["the account, and denied", [delegation, { ...delegation, Effect: "Deny" }], root, false],
    [
      "the account on a condition that does not hold",
      [{ ...delegation, Condition: { Bool: { "aws:MultiFactorAuthPresent": "true" } } }],
      root,
      false,
    ],
  ];

  it.each(cases)("of a policy that lets manage: %s", async (_, statements, caller, passes) => {
    const Policy = keyPolicy(...statements);
    const KeyId = await desk.createKey();
    for (const [action, input] of [
      ["PutKeyPolicy", { KeyId }],
      ["CreateKey", {}],
    ] as const) {
      const answer = await desk.call(action, { ...input, Policy }, caller);
      if (passes) expect(answer.error).toBeUndefined();
      else expect(answer).toEqual(lockOut);
    }
  });

  it("is waived by whoever says so, who is locked out then", async () => {
    const KeyId = await desk.createKey();
    const Policy = keyPolicy(manages(alice));
    expect(await desk.call("PutKeyPolicy", { KeyId, Policy, BypassPolicyLockoutSafetyCheck: true })).toEqual(
      {},
    );
    expect((await desk.call("PutKeyPolicy", { KeyId, Policy: keyPolicy(delegation) })).error).toBe(denied);
    expect((await desk.call("GetKeyPolicy", { KeyId })).error).toBe(denied);
    expect((await desk.call("GetKeyPolicy", { KeyId }, user("alice"))).error).toBeUndefined();
  });
});
