import { beforeEach, describe, expect, it } from "vitest";
import { rootCaller } from "../../../src/auth/caller.ts";
import { policyTo, userCaller } from "../../support/callers.ts";
import { account, base64, KmsDesk, keyArn, region } from "./kms-desk.ts";

let desk: KmsDesk;
let KeyId: string;
beforeEach(async () => {
  desk = new KmsDesk();
  KeyId = await desk.createKey();
});

const aliasArn = (name: string, of = account) => `arn:aws:kms:${region}:${of}:${name}`;
const create = (AliasName: string, TargetKeyId = KeyId) =>
  desk.call("CreateAlias", { AliasName, TargetKeyId });

describe("an alias", () => {
  it("stands for its key wherever KMS takes an alias, by name and by ARN", async () => {
    expect(await create("alias/orders")).toEqual({});
    for (const name of ["alias/orders", aliasArn("alias/orders")]) {
      expect(await desk.call("DescribeKey", { KeyId: name })).toMatchObject({ KeyMetadata: { KeyId } });
      const { CiphertextBlob, KeyId: used } = await desk.call("Encrypt", {
        KeyId: name,
        Plaintext: base64("x"),
      });
      expect(used).toBe(keyArn(KeyId));
      expect(await desk.call("Decrypt", { CiphertextBlob, KeyId: name })).toMatchObject({
        KeyId: keyArn(KeyId),
      });
      expect((await desk.call("GenerateDataKey", { KeyId: name, KeySpec: "AES_128" })).error).toBeUndefined();
      const again = { CiphertextBlob, SourceKeyId: name, DestinationKeyId: name };
      expect((await desk.call("ReEncrypt", again)).error).toBeUndefined();
    }
  });

  it("may stand for a key by its ARN", async () => {
    expect(await create("alias/orders", keyArn(KeyId))).toEqual({});
  });

  it("is one of its account and region", async () => {
    const theirs = rootCaller("111111111111", "x");
    const other = await desk.createKey({}, theirs);
    await create("alias/orders");
    const alias = { AliasName: "alias/orders", TargetKeyId: other };
    expect(await desk.call("CreateAlias", alias, theirs)).toEqual({});
    expect(await desk.call("ListAliases", {}, theirs)).toMatchObject({
      Aliases: [{ AliasArn: aliasArn("alias/orders", "111111111111"), TargetKeyId: other }],
    });
    desk.region = "eu-west-1";
    const here = await desk.createKey();
    expect(await create("alias/orders", here)).toEqual({});
    expect(await desk.call("DescribeKey", { KeyId: "alias/orders" })).toMatchObject({
      KeyMetadata: { KeyId: here },
    });
  });

  it("is not made twice", async () => {
    await create("alias/orders");
    for (const target of [KeyId, await desk.createKey()]) {
      expect(await create("alias/orders", target)).toEqual({
        error: "AlreadyExistsException",
        message: `An alias with the name ${aliasArn("alias/orders")} already exists`,
      });
    }
    expect(await create("alias/Orders")).toEqual({});
  });

  it.each([
    ["orders", "ValidationException", /^Alias must start with the prefix "alias\/"\./],
    ["alias/ü", "ValidationException", /Value 'alias\/ü' at 'aliasName' .* regular expression pattern/],
    ["", "ValidationException", /2 validation errors detected/],
    [`alias/${"x".repeat(251)}`, "ValidationException", /length less than or equal to 256/],
    ["alias/", "InvalidAliasNameException", /contains invalid characters/],
    ["alias/a:b", "InvalidAliasNameException", /^alias\/a:b contains invalid characters for an alias$/],
    ["alias/aws/sqs", "NotAuthorizedException", /reserved/],
    ["alias/aws/mine", "NotAuthorizedException", /reserved/],
  ])("cannot be called %s", async (name, error, message) => {
    for (const action of ["CreateAlias", "UpdateAlias", "DeleteAlias"]) {
      const answer = await desk.call(action, { AliasName: name, TargetKeyId: KeyId });
      expect(answer).toEqual({ error, message: expect.stringMatching(message) });
    }
  });

  it("may have a name of 256 characters", async () => {
    expect(await create(`alias/${"x".repeat(250)}`)).toEqual({});
    expect(await create("alias/a/b_c-D/9")).toEqual({});
  });

  it("cannot stand for another alias", async () => {
    await create("alias/orders");
    for (const target of ["alias/orders", aliasArn("alias/orders")]) {
      for (const action of ["CreateAlias", "UpdateAlias"]) {
        const AliasName = action === "CreateAlias" ? "alias/second" : "alias/orders";
        expect(await desk.call(action, { AliasName, TargetKeyId: target })).toEqual({
          error: "ValidationException",
          message: "Aliases must refer to keys. Not aliases",
        });
      }
    }
  });

  it("cannot stand for a key that is not there", async () => {
    await create("alias/orders");
    const missing = "11111111-2222-3333-4444-555555555555";
    for (const name of ["alias/new", "alias/orders"]) {
      const action = name === "alias/new" ? "CreateAlias" : "UpdateAlias";
      expect((await desk.call(action, { AliasName: name, TargetKeyId: missing })).error).toBe(
        "NotFoundException",
      );
      expect((await desk.call(action, { AliasName: name, TargetKeyId: "x" })).error).toBe(
        "NotFoundException",
      );
    }
  });

  it("is one of at most 50 of its key", async () => {
    for (let i = 0; i < 49; i++) expect(await create(`alias/a${i}`)).toEqual({});
    expect(await create("alias/a49")).toEqual({});
    expect((await create("alias/a50")).error).toBe("LimitExceededException");
    const other = await desk.createKey();
    await create("alias/others", other);
    const move = (AliasName: string, TargetKeyId: string) =>
      desk.call("UpdateAlias", { AliasName, TargetKeyId });
    expect((await move("alias/others", KeyId)).error).toBe("LimitExceededException");
    expect(await move("alias/a0", KeyId)).toEqual({});
    expect(await move("alias/a0", other)).toEqual({});
    expect(await move("alias/others", KeyId)).toEqual({});
  });
});

describe("an alias that is changed", () => {
  it("stands for the other key at once; what the former encrypted stays readable", async () => {
    await create("alias/orders");
    const CiphertextBlob = await desk.encrypt("alias/orders");
    const other = await desk.createKey();
    desk.nowMs += 5000;
    expect(await desk.call("UpdateAlias", { AliasName: "alias/orders", TargetKeyId: other })).toEqual({});
    expect(await desk.call("Encrypt", { KeyId: "alias/orders", Plaintext: base64("x") })).toMatchObject({
      KeyId: keyArn(other),
    });
    expect(await desk.call("Decrypt", { CiphertextBlob })).toMatchObject({ KeyId: keyArn(KeyId) });
    expect(await desk.call("ListAliases")).toEqual({
      Aliases: [
        {
          AliasName: "alias/orders",
          AliasArn: aliasArn("alias/orders"),
          TargetKeyId: other,
          CreationDate: (desk.nowMs - 5000) / 1000,
          LastUpdatedDate: desk.nowMs / 1000,
        },
      ],
      Truncated: false,
    });
  });

  it("is deleted without its key, and its name is free", async () => {
    await create("alias/orders");
    expect(await desk.call("DeleteAlias", { AliasName: "alias/orders" })).toEqual({});
    const gone = { error: "NotFoundException", message: `Alias ${aliasArn("alias/orders")} is not found.` };
    expect(await desk.call("DescribeKey", { KeyId: "alias/orders" })).toEqual(gone);
    expect(await desk.call("DeleteAlias", { AliasName: "alias/orders" })).toEqual(gone);
    expect(await desk.call("UpdateAlias", { AliasName: "alias/orders", TargetKeyId: KeyId })).toEqual(gone);
    expect(await desk.call("DescribeKey", { KeyId })).toMatchObject({ KeyMetadata: { KeyState: "Enabled" } });
    expect(await create("alias/orders")).toEqual({});
  });
});

describe("aliases are listed", () => {
  it("by name, page by page, of all keys or of one", async () => {
    const other = await desk.createKey();
    for (const name of ["c", "a", "e"]) await create(`alias/${name}`);
    for (const name of ["d", "b"]) await create(`alias/${name}`, other);
    const names = async (input: object) => {
      const { Aliases, ...rest } = await desk.call("ListAliases", input as Record<string, unknown>);
      return {
        names: (Aliases as { AliasName: string }[]).map(({ AliasName }) => AliasName.slice(6)),
        ...rest,
      };
    };
    expect(await names({})).toEqual({ names: ["a", "b", "c", "d", "e"], Truncated: false });
    const first = await names({ Limit: 2 });
    expect(first).toEqual({ names: ["a", "b"], Truncated: true, NextMarker: expect.any(String) });
    const marker = "NextMarker" in first ? first.NextMarker : "";
    expect(await names({ Limit: 3, Marker: marker })).toEqual({ names: ["c", "d", "e"], Truncated: false });
    expect(await names({ KeyId: other })).toEqual({ names: ["b", "d"], Truncated: false });
    expect(await names({ KeyId: keyArn(KeyId), Limit: 2 })).toMatchObject({
      names: ["a", "c"],
      Truncated: true,
    });
  });

  it("with a limit from 1 to 100", async () => {
    for (const Limit of [0, 101]) {
      expect((await desk.call("ListAliases", { Limit })).error).toBe("ValidationException");
    }
    for (const Limit of [1, 100])
      expect(await desk.call("ListAliases", { Limit })).toMatchObject({ Aliases: [] });
  });

  it("of a key that is there, in the caller's account", async () => {
    expect((await desk.call("ListAliases", { KeyId: "alias/a" })).error).toBe("NotFoundException");
    expect((await desk.call("ListAliases", { KeyId }, rootCaller("111111111111", "x"))).error).toBe(
      "NotFoundException",
    );
  });
});

it("an alias asks for a permission on itself and on each key", async () => {
  await desk.addUser(account, "alice");
  const [mine, theirs] = [KeyId, await desk.createKey()];
  const onAlias = { Resource: aliasArn("alias/mine") };
  const can = (...policies: object[]) => userCaller(account, "alice", ...policies);
  const onKey = (id: string) => policyTo("Allow", "kms:*Alias", { Resource: keyArn(id) });
  const both = can(policyTo("Allow", "kms:*Alias", onAlias), onKey(mine));
  const call = async (action: string, AliasName: string, TargetKeyId: string, caller = both) =>
    (await desk.call(action, { AliasName, TargetKeyId }, caller)).error ?? "allowed";
  const denied = "AccessDeniedException";
  expect(await call("CreateAlias", "alias/mine", mine, can(onKey(mine)))).toBe(denied);
  expect(await call("CreateAlias", "alias/mine", mine, can(policyTo("Allow", "kms:*", onAlias)))).toBe(
    denied,
  );
  expect(await call("CreateAlias", "alias/mine", theirs)).toBe(denied);
  expect(await call("CreateAlias", "alias/other", mine)).toBe(denied);
  expect(await call("CreateAlias", "alias/mine", mine)).toBe("allowed");
  expect(await call("UpdateAlias", "alias/mine", theirs)).toBe(denied);
  await desk.call("UpdateAlias", { AliasName: "alias/mine", TargetKeyId: theirs });
  expect(await call("UpdateAlias", "alias/mine", mine)).toBe(denied);
  expect(await call("DeleteAlias", "alias/mine", mine)).toBe(denied);
  await desk.call("UpdateAlias", { AliasName: "alias/mine", TargetKeyId: mine });
  expect(await call("DeleteAlias", "alias/mine", mine)).toBe("allowed");
});
