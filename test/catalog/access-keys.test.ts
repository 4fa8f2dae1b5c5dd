import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { sqlText } from "../../scripts/sql-text.ts";
import { createCredentials } from "../../src/auth/credentials.ts";
import { accessKeyOwner, newAccessKey, newUserId } from "../../src/auth/identity.ts";
import { sessionKeys } from "../../src/auth/session-token.ts";
import {
  type AccessKey,
  accessKeySql,
  createAccessKey,
  createParameters,
  createRootParameters,
  deleteAccessKey,
  findAccessKey,
  listAccessKeysOfAccount,
  listAccessKeysOfUser,
  setAccessKeyStatus,
} from "../../src/catalog/access-keys.ts";
import { principalsIn } from "../../src/catalog/principals.ts";
import { rootKeys, sealSecret } from "../../src/encryption/secrets.ts";

const account = "123456789012";
const key = (accessKeyId: string, change: Partial<AccessKey> = {}): AccessKey => ({
  accessKeyId,
  account,
  userName: "alice",
  userId: "AIDAALICE",
  sealedSecret: "v1.k.n.c",
  status: "Active",
  createdAtSeconds: 1_795_000_000,
  ...change,
});

beforeEach(async () => {
  await env.DB.batch([env.DB.prepare("DELETE FROM access_keys"), env.DB.prepare("DELETE FROM users")]);
});

describe("access keys in D1", () => {
  it("are found as they were stored", async () => {
    expect(await createAccessKey(env.DB, key("AKIA1"))).toEqual(key("AKIA1"));
    expect(await findAccessKey(env.DB, "AKIA1")).toEqual(key("AKIA1"));
    expect(await findAccessKey(env.DB, "akia1")).toBeUndefined();
    expect(await findAccessKey(env.DB, "AKIA2")).toBeUndefined();
  });

  it("of one user share the id and the spelling of the first", async () => {
    await createAccessKey(env.DB, key("AKIA1"));
    const second = key("AKIA2", { userName: "Alice", userId: "AIDANEW" });
    expect(await createAccessKey(env.DB, second)).toMatchObject({ userName: "alice", userId: "AIDAALICE" });
  });

  it("bring their user into being, once, and leave it as it was made", async () => {
    await createAccessKey(env.DB, key("AKIA1"));
    await env.DB.prepare("UPDATE users SET path = '/team/', tags = '{\"a\":\"b\"}'").run();
    await createAccessKey(
      env.DB,
      key("AKIA2", { userName: "ALICE", userId: "AIDANEW", createdAtSeconds: 1 }),
    );
    const { results } = await env.DB.prepare("SELECT * FROM users").all();
    const user = { account, user_name: "alice", user_id: "AIDAALICE", created_at: 1_795_000_000 };
    expect(results).toEqual([{ ...user, path: "/team/", tags: '{"a":"b"}' }]);
  });

  it("that are not stored leave no user behind", async () => {
    await createAccessKey(env.DB, key("AKIA1"));
    const taken = key("AKIA1", { userName: "bob", userId: "AIDABOB" });
    await expect(createAccessKey(env.DB, taken)).rejects.toThrow("UNIQUE");
    expect(await env.DB.prepare("SELECT COUNT(*) AS n FROM users").first("n")).toBe(1);
  });

  it("of an account's root belong to no user", async () => {
    const { sealedSecret, status, createdAtSeconds } = key("AKIA1");
    const root = { accessKeyId: "AKIA1", account, sealedSecret, status, createdAtSeconds };
    await env.DB.prepare(sqlText(accessKeySql.createRoot, createRootParameters(root))).run();
    expect(await findAccessKey(env.DB, "AKIA1")).toEqual({ ...root, userName: "", userId: account });
    expect(await env.DB.prepare("SELECT COUNT(*) AS n FROM users").first("n")).toBe(0);
    expect(await listAccessKeysOfUser(env.DB, { account, userName: "", max: 10 })).toHaveLength(1);
  });

  it("are not stored for a user that does not exist", async () => {
    const sql = sqlText(accessKeySql.create, createParameters(key("AKIA1")));
    expect((await env.DB.prepare(sql).all()).results).toEqual([]);
    expect(await findAccessKey(env.DB, "AKIA1")).toBeUndefined();
  });

  it("of different users, or of users of one name in different accounts, have different ids", async () => {
    await createAccessKey(env.DB, key("AKIA1"));
    const bob = key("AKIA2", { userName: "bob", userId: "AIDABOB" });
    const other = key("AKIA3", { account: "210987654321", userId: "AIDAOTHER" });
    expect(await createAccessKey(env.DB, bob)).toEqual(bob);
    expect(await createAccessKey(env.DB, other)).toEqual(other);
  });

  it("are never overwritten", async () => {
    await createAccessKey(env.DB, key("AKIA1"));
    await expect(createAccessKey(env.DB, key("AKIA1", { sealedSecret: "another" }))).rejects.toThrow(
      "UNIQUE",
    );
    expect(await findAccessKey(env.DB, "AKIA1")).toEqual(key("AKIA1"));
  });

  it("are disabled, enabled and deleted by their own account only", async () => {
    await createAccessKey(env.DB, key("AKIA1"));
    const other = { accessKeyId: "AKIA1", account: "210987654321" };
    expect(await setAccessKeyStatus(env.DB, { ...other, status: "Inactive" })).toBe(false);
    expect(await deleteAccessKey(env.DB, other)).toBe(false);
    expect(await findAccessKey(env.DB, "AKIA1")).toEqual(key("AKIA1"));

    const own = { accessKeyId: "AKIA1", account };
    expect(await setAccessKeyStatus(env.DB, { ...own, status: "Inactive" })).toBe(true);
    expect(await findAccessKey(env.DB, "AKIA1")).toEqual(key("AKIA1", { status: "Inactive" }));
    expect(await setAccessKeyStatus(env.DB, { ...own, status: "Active" })).toBe(true);
    expect(await deleteAccessKey(env.DB, own)).toBe(true);
    expect(await findAccessKey(env.DB, "AKIA1")).toBeUndefined();
    expect(await deleteAccessKey(env.DB, own)).toBe(false);
  });

  it("have one of two states", async () => {
    const odd = key("AKIA1", { status: "Expired" as "Active" });
    await expect(createAccessKey(env.DB, odd)).rejects.toThrow("CHECK");
  });

  it("are listed by user and by account, in order, up to a number", async () => {
    for (const id of ["AKIA3", "AKIA1"]) await createAccessKey(env.DB, key(id));
    await createAccessKey(env.DB, key("AKIA0", { userName: "bob", userId: "AIDABOB" }));
    await createAccessKey(env.DB, key("AKIA2", { account: "210987654321", userId: "AIDAOTHER" }));
    const ids = (keys: AccessKey[]) => keys.map((key) => key.accessKeyId);
    expect(ids(await listAccessKeysOfUser(env.DB, { account, userName: "alice", max: 10 }))).toEqual([
      "AKIA1",
      "AKIA3",
    ]);
    expect(ids(await listAccessKeysOfUser(env.DB, { account, userName: "alice", max: 1 }))).toEqual([
      "AKIA1",
    ]);
    expect(ids(await listAccessKeysOfUser(env.DB, { account, userName: "carol", max: 10 }))).toEqual([]);
    expect(ids(await listAccessKeysOfAccount(env.DB, { account, max: 10 }))).toEqual([
      "AKIA1",
      "AKIA3",
      "AKIA0",
    ]);
    expect(ids(await listAccessKeysOfAccount(env.DB, { account, max: 2 }))).toEqual(["AKIA1", "AKIA3"]);
  });

  it("are looked up by index", async () => {
    const plan = async (sql: string) => {
      const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`).all<{ detail: string }>();
      return results.map((row) => row.detail).join("; ");
    };
    expect(await plan("SELECT * FROM access_keys WHERE access_key_id = 'a'")).toMatch(/PRIMARY KEY/);
    expect(
      await plan("SELECT * FROM access_keys WHERE account = 'a' AND user_name = 'b' ORDER BY access_key_id"),
    ).toMatch(/^SEARCH access_keys USING INDEX access_keys_by_user \(account=\? AND user_name=\?\)$/);
    expect(
      await plan("SELECT * FROM access_keys WHERE account = 'a' ORDER BY user_name, access_key_id"),
    ).toMatch(/^SEARCH access_keys USING INDEX access_keys_by_user \(account=\?\)$/);
  });

  it("let their user sign, until they are disabled", async () => {
    const keys = rootKeys("ZWRnZS1zcXMgbG9jYWwgcm9vdCBrZXksIG5vdCBzZWM=");
    const { accessKeyId, secretAccessKey } = newAccessKey();
    const userId = newUserId();
    const secret = { text: secretAccessKey, owner: accessKeyOwner(accessKeyId) };
    await createAccessKey(env.DB, key(accessKeyId, { userId, sealedSecret: sealSecret(keys, secret) }));

    const root = { rootAccountId: "000000000000", rootAccessKeyId: "test", rootSecretAccessKey: "test" };
    const credentials = createCredentials(root, principalsIn(env.DB), {
      rootKeys: keys,
      sessionKeys: sessionKeys(keys),
    });
    expect(await credentials.find(accessKeyId, undefined, 0)).toMatchObject({
      secretAccessKey,
      caller: { account, arn: `arn:aws:iam::${account}:user/alice`, userId, accessKeyId },
    });
    await setAccessKeyStatus(env.DB, { accessKeyId, account, status: "Inactive" });
    credentials.forget(accessKeyId);
    expect(await credentials.find(accessKeyId, undefined, 1)).toBeUndefined();
  });
});

describe("a statement with its values written in", () => {
  it.each(["", "it's", "''", "'; DROP TABLE access_keys; --", "?1 ?2", "\\", "$&", '"', "안녕\n", "/* */"])(
    "holds %j as text",
    async (text) => {
      const sql = sqlText("SELECT ?1 AS a, ?2 AS b, ?1 AS c", [text, -7]);
      expect(await env.DB.prepare(sql).first()).toEqual({ a: text, b: -7, c: text });
    },
  );

  it("is not made with a value missing, or one that SQL cannot hold", () => {
    expect(() => sqlText("SELECT ?2", ["a"])).toThrow("no value for ?2");
    expect(() => sqlText("SELECT ?1", ["a\0b"])).toThrow("NUL");
    expect(() => sqlText("SELECT ?1", [1.5])).toThrow("not a whole number");
    expect(() => sqlText("SELECT ?1", [Number.NaN])).toThrow("not a whole number");
  });
});
