import { beforeEach, describe, expect, it } from "vitest";
import { findAccessKey } from "../../../src/catalog/access-keys.ts";
import { openSecret } from "../../../src/encryption/secrets.ts";
import { testRootKeys } from "../../support/encryption.ts";
import { IamDesk, theirs } from "./iam-desk.ts";

let desk: IamDesk;
beforeEach(async () => {
  desk = new IamDesk();
  await desk.get("CreateUser", { UserName: "Alice" });
});

interface Key {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
}

async function create(parameters: Record<string, string> = { UserName: "Alice" }): Promise<Key> {
  const { AccessKey } = await desk.get("CreateAccessKey", parameters);
  return AccessKey as Key;
}

async function ids(parameters: Record<string, string> = { UserName: "Alice" }): Promise<string[]> {
  const { AccessKeyMetadata } = await desk.get("ListAccessKeys", parameters);
  return (AccessKeyMetadata as Key[]).map(({ AccessKeyId }) => AccessKeyId).sort();
}

const missing = (id: string) => `NoSuchEntity 404: The Access Key with id ${id} cannot be found.`;

describe("CreateAccessKey", () => {
  it("shows the secret once and keeps it sealed", async () => {
    const { AccessKey } = await desk.get("CreateAccessKey", { UserName: "ALICE" });
    expect(AccessKey).toEqual({
      UserName: "Alice",
      AccessKeyId: expect.stringMatching(/^AKIA[A-Z2-7]{16}$/),
      Status: "Active",
      SecretAccessKey: expect.stringMatching(/^[\w+/]{40}$/),
      CreateDate: desk.nowMs,
    });
    const { AccessKeyId, SecretAccessKey } = AccessKey as Key;
    const stored = await findAccessKey(desk.d1, AccessKeyId);
    const { User } = await desk.get("GetUser", { UserName: "Alice" });
    expect(stored).toMatchObject({ userName: "Alice", userId: (User as { UserId: string }).UserId });
    expect(stored?.sealedSecret).not.toContain(SecretAccessKey);
    expect(openSecret(testRootKeys, stored?.sealedSecret ?? "", `access-key/${AccessKeyId}`)).toEqual({
      ok: true,
      value: SecretAccessKey,
    });
    expect(await desk.get("ListAccessKeys", { UserName: "alice" })).toEqual({
      AccessKeyMetadata: [{ UserName: "Alice", AccessKeyId, Status: "Active", CreateDate: desk.nowMs }],
      IsTruncated: false,
      Marker: undefined,
    });
  });

  it("gives a user two keys, active or not, and no third", async () => {
    const { AccessKeyId } = await create();
    await desk.get("UpdateAccessKey", { UserName: "Alice", AccessKeyId, Status: "Inactive" });
    await create();
    expect(await desk.refusal("CreateAccessKey", { UserName: "Alice" })).toBe(
      "LimitExceeded 409: Cannot exceed quota for AccessKeysPerUser: 2",
    );
    await desk.get("DeleteAccessKey", { UserName: "Alice", AccessKeyId });
    await create();
  });

  it("of three at once gives two", async () => {
    const results = await Promise.all(
      [1, 2, 3].map(() => desk.perform("CreateAccessKey", { UserName: "Alice" })),
    );
    expect(results.filter(({ ok }) => ok)).toHaveLength(2);
    expect(await ids()).toHaveLength(2);
  });

  it("needs the user", async () => {
    expect(await desk.refusal("CreateAccessKey", { UserName: "bob" })).toBe(
      "NoSuchEntity 404: The user with name bob cannot be found.",
    );
  });

  it("gives no key to the next one of a name, who was not asked about", async () => {
    const owner = { account: "000000000000", userName: "Alice", userId: "AIDAOFANOTHER" };
    const key = { accessKeyId: "AKIAXXXXXXXXXXXXXXXX", sealedSecret: "sealed", createdAtSeconds: 0 };
    expect(await desk.identities.createKey(owner, key)).toBe("gone");
    expect(await ids()).toEqual([]);
  });
});

describe("the keys of an account's root", () => {
  it("are made by the root for itself, two of them, and listed apart from users'", async () => {
    await create();
    const root = await create({});
    expect(await findAccessKey(desk.d1, root.AccessKeyId)).toMatchObject({
      account: "000000000000",
      userName: "",
      userId: "000000000000",
    });
    await create({});
    expect(await desk.refusal("CreateAccessKey")).toBe(
      "LimitExceeded 409: Cannot exceed quota for AccessKeysPerUser: 2",
    );
    expect(await ids({})).toHaveLength(2);
    expect(await ids()).toHaveLength(1);
    expect(await desk.get("ListAccessKeys", { MaxItems: 1 })).toMatchObject({
      AccessKeyMetadata: [{ UserName: undefined, Status: "Active" }],
      IsTruncated: true,
    });
    await desk.get("UpdateAccessKey", { AccessKeyId: root.AccessKeyId, Status: "Inactive" });
    await desk.get("DeleteAccessKey", { AccessKeyId: root.AccessKeyId });
    expect(await ids({})).toHaveLength(1);
  });

  it("are nothing that a user could make, see or change, whatever its policies allow", async () => {
    const root = await create({});
    await desk.get("CreateUser", { UserName: "clerk" });
    desk.asUserWho("*");
    await create({});
    expect(await ids({})).not.toContain(root.AccessKeyId);
    const { AccessKeyId } = root;
    for (const owner of [{}, { UserName: "Alice" }] as Record<string, string>[]) {
      const change = { AccessKeyId, Status: "Inactive", ...owner };
      expect(await desk.refusal("UpdateAccessKey", change)).toBe(missing(AccessKeyId));
      expect(await desk.refusal("DeleteAccessKey", { AccessKeyId, ...owner })).toBe(missing(AccessKeyId));
    }
    expect(await desk.refusal("CreateAccessKey", { UserName: "" })).toMatch(/^ValidationError/);
    expect(await findAccessKey(desk.d1, AccessKeyId)).toMatchObject({ status: "Active" });
  });

  it("of another account are its own", async () => {
    const { AccessKeyId } = await create({});
    desk.asRoot(theirs);
    expect(await ids({})).toEqual([]);
    expect(await desk.refusal("DeleteAccessKey", { AccessKeyId })).toBe(missing(AccessKeyId));
    await create({});
    expect(await desk.asRoot().refusal("DeleteAccessKey", { AccessKeyId, UserName: "Alice" })).toBe(
      missing(AccessKeyId),
    );
  });
});

describe("UpdateAccessKey and DeleteAccessKey", () => {
  it("know only the keys of the user that is named", async () => {
    const { AccessKeyId } = await create();
    await desk.get("CreateUser", { UserName: "bob" });
    const named = { AccessKeyId, UserName: "bob" };
    expect(await desk.refusal("UpdateAccessKey", { ...named, Status: "Inactive" })).toBe(
      missing(AccessKeyId),
    );
    expect(await desk.refusal("DeleteAccessKey", named)).toBe(missing(AccessKeyId));
    await desk.asRoot(theirs).get("CreateUser", { UserName: "Alice" });
    expect(await desk.refusal("DeleteAccessKey", { AccessKeyId, UserName: "Alice" })).toBe(
      missing(AccessKeyId),
    );
    desk.asRoot();
    expect(await ids()).toEqual([AccessKeyId]);
  });

  it("change a key's status there and back", async () => {
    const { AccessKeyId } = await create();
    for (const Status of ["Inactive", "Active"]) {
      await desk.get("UpdateAccessKey", { UserName: "alice", AccessKeyId, Status });
      expect(await findAccessKey(desk.d1, AccessKeyId)).toMatchObject({ status: Status });
    }
  });

  it.each([
    [
      { AccessKeyId: "AKIAXXXXXXXXXXXXXXXX", Status: "Expired" },
      "Value 'Expired' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]",
    ],
    [
      { AccessKeyId: "AKIAXXXXXXXXXXX", Status: "Active" },
      "Value 'AKIAXXXXXXXXXXX' at 'accessKeyId' failed to satisfy constraint: Member must have length greater than or equal to 16",
    ],
    [
      { AccessKeyId: "AKIA-XXXXXXXXXXXXXXX", Status: "Active" },
      "Value 'AKIA-XXXXXXXXXXXXXXX' at 'accessKeyId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w]+",
    ],
  ])("refuse %o", async (parameters, problem) => {
    expect(await desk.refusal("UpdateAccessKey", { UserName: "Alice", ...parameters })).toBe(
      `ValidationError 400: 1 validation error detected: ${problem}`,
    );
  });
});
