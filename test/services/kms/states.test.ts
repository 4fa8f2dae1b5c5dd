import { beforeEach, describe, expect, it } from "vitest";
import { base64, KmsDesk, keyArn } from "./kms-desk.ts";

let desk: KmsDesk;
let other: string;
beforeEach(async () => {
  desk = new KmsDesk();
  other = await desk.createKey();
});

type State = "Enabled" | "Disabled" | "PendingDeletion";

async function keyIn(state: State): Promise<{ KeyId: string; CiphertextBlob: string }> {
  const KeyId = await desk.createKey();
  const CiphertextBlob = await desk.encrypt(KeyId);
  await desk.call("CreateAlias", { AliasName: "alias/there", TargetKeyId: KeyId });
  if (state === "Disabled") await desk.call("DisableKey", { KeyId });
  if (state === "PendingDeletion") await desk.call("ScheduleKeyDeletion", { KeyId });
  return { KeyId, CiphertextBlob };
}

type Input = Readonly<Record<string, unknown>>;
type Operation = readonly [name: string, inState: readonly [string, string, string], more: Input];

/** For each state: whether it is done (+), or refused because the key is disabled (d) or pending deletion (p), or is
 * not pending deletion (n). */
const operations: readonly Operation[] = [
  ["DescribeKey", ["+", "+", "+"], {}],
  ["EnableKey", ["+", "+", "p"], {}],
  ["DisableKey", ["+", "+", "p"], {}],
  ["ScheduleKeyDeletion", ["+", "+", "p"], {}],
  ["CancelKeyDeletion", ["n", "n", "+"], {}],
  ["UpdateKeyDescription", ["+", "+", "p"], { Description: "d" }],
  ["GetKeyPolicy", ["+", "+", "+"], {}],
  ["ListKeyPolicies", ["+", "+", "+"], {}],
  ["EnableKeyRotation", ["+", "d", "p"], {}],
  ["DisableKeyRotation", ["+", "d", "p"], {}],
  ["GetKeyRotationStatus", ["+", "+", "+"], {}],
  ["RotateKeyOnDemand", ["+", "d", "p"], {}],
  ["ListKeyRotations", ["+", "+", "+"], {}],
  ["TagResource", ["+", "+", "p"], { Tags: [{ TagKey: "a", TagValue: "b" }] }],
  ["UntagResource", ["+", "+", "p"], { TagKeys: ["a"] }],
  ["ListResourceTags", ["+", "+", "+"], {}],
  ["ListAliases", ["+", "+", "+"], {}],
  ["Encrypt", ["+", "d", "p"], { Plaintext: base64("x") }],
  ["Decrypt", ["+", "d", "p"], {}],
  ["GenerateDataKey", ["+", "d", "p"], { KeySpec: "AES_256" }],
  ["GenerateDataKeyWithoutPlaintext", ["+", "d", "p"], { NumberOfBytes: 1 }],
];

const states: readonly State[] = ["Enabled", "Disabled", "PendingDeletion"];

const refusals: Readonly<Record<string, readonly [string, string]>> = {
  d: ["DisabledException", "is disabled."],
  p: ["KMSInvalidStateException", "is pending deletion."],
  n: ["KMSInvalidStateException", "is not pending deletion."],
};

function expected(verdict: string | undefined, KeyId: string) {
  const [error, text] = refusals[verdict ?? ""] ?? [];
  return error && { error, message: `${keyArn(KeyId)} ${text}` };
}

describe.each(states.map((state, column) => ({ state, column })))(
  "a key that is $state",
  ({ state, column }) => {
    it.each(operations)("and %s", async (name, inState, more) => {
      const { KeyId, CiphertextBlob } = await keyIn(state);
      const answer = await desk.call(name, { KeyId, ...(name === "Decrypt" && { CiphertextBlob }), ...more });
      const refusal = expected(inState[column], KeyId);
      if (refusal) expect(answer).toEqual(refusal);
      else expect(answer.error).toBeUndefined();
    });

    it("and PutKeyPolicy", async () => {
      const { KeyId } = await keyIn(state);
      const { Policy } = await desk.call("GetKeyPolicy", { KeyId });
      expect(await desk.call("PutKeyPolicy", { KeyId, Policy })).toEqual({});
    });

    it("and ReEncrypt, from it and to it", async () => {
      const { KeyId, CiphertextBlob } = await keyIn(state);
      const verdict = ["+", "d", "p"][column];
      const from = await desk.call("ReEncrypt", { CiphertextBlob, DestinationKeyId: other });
      const to = await desk.call("ReEncrypt", {
        CiphertextBlob: await desk.encrypt(other),
        DestinationKeyId: KeyId,
      });
      for (const answer of [from, to]) {
        const refusal = expected(verdict, KeyId);
        if (refusal) expect(answer).toEqual(refusal);
        else expect(answer.error).toBeUndefined();
      }
    });

    it("and its aliases", async () => {
      const { KeyId } = await keyIn(state);
      const toIt = state === "PendingDeletion" ? expected("p", KeyId) : {};
      expect(await desk.call("CreateAlias", { AliasName: "alias/new", TargetKeyId: KeyId })).toEqual(toIt);
      await desk.call("CreateAlias", { AliasName: "alias/others", TargetKeyId: other });
      expect(await desk.call("UpdateAlias", { AliasName: "alias/others", TargetKeyId: KeyId })).toEqual(toIt);
      // Away from it goes in any state.
      expect(await desk.call("UpdateAlias", { AliasName: "alias/there", TargetKeyId: other })).toEqual({});
      expect(await desk.call("DeleteAlias", { AliasName: "alias/there" })).toEqual({});
    });
  },
);

it("a change is refused that finds the key in another state than it was authorized in", async () => {
  const KeyId = await desk.createKey();
  const readKey = desk.kms.keys.readKey.bind(desk.kms.keys);
  let raced = false;
  desk.kms.keys.readKey = async (keyId) => {
    const key = await readKey(keyId);
    if (!raced) {
      raced = true;
      await desk.call("ScheduleKeyDeletion", { KeyId });
    }
    return key;
  };
  expect(await desk.call("EnableKey", { KeyId })).toEqual(expected("p", KeyId));
  expect(await desk.call("DescribeKey", { KeyId })).toMatchObject({
    KeyMetadata: { KeyState: "PendingDeletion" },
  });
});

it("changes that come together are made one upon the other", async () => {
  const KeyId = await desk.createKey();
  const tags = Array.from({ length: 10 }, (_, i) => ({ TagKey: `t${i}`, TagValue: "" }));
  await Promise.all([
    ...tags.map((tag) => desk.call("TagResource", { KeyId, Tags: [tag] })),
    desk.call("UpdateKeyDescription", { KeyId, Description: "d" }),
    desk.call("EnableKeyRotation", { KeyId }),
    desk.call("RotateKeyOnDemand", { KeyId }),
  ]);
  expect(await desk.call("ListResourceTags", { KeyId })).toMatchObject({ Tags: tags });
  expect(await desk.call("DescribeKey", { KeyId })).toMatchObject({ KeyMetadata: { Description: "d" } });
  expect(await desk.call("GetKeyRotationStatus", { KeyId })).toMatchObject({ KeyRotationEnabled: true });
  expect(await desk.call("ListKeyRotations", { KeyId })).toMatchObject({ Rotations: [{}] });
});
