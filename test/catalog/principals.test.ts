import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { accessKeySql, createAccessKey, createRootParameters } from "../../src/catalog/access-keys.ts";
import { findPolicy, findPrincipalOfKey, findRole, principalsIn } from "../../src/catalog/principals.ts";

const account = "123456789012";
const other = "210987654321";
const key = "AKIAIOSFODNN7EXAMPLE";

beforeEach(async () => {
  const tables = ["access_keys", "users", "roles", "inline_policies", "policies", "attached_policies"];
  await env.DB.batch(tables.map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
});

const run = (sql: string, ...values: (string | number)[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .run();

const addUser = (
  userName: string,
  { of = account, path = "/", tags = "{}", userId = `AIDA${userName}` } = {},
) => run("INSERT INTO users VALUES (?1, ?2, ?3, ?4, 1, ?5)", of, userName, userId, path, tags);

const addKey = (userName: string, accessKeyId = key, of = account) =>
  createAccessKey(env.DB, {
    ...{ accessKeyId, account: of, userName, userId: `AIDA${userName}` },
    ...{ sealedSecret: "v1.k.n.c", status: "Active", createdAtSeconds: 1 },
  });

const addRole = (roleName: string, of = account) =>
  run(
    "INSERT INTO roles VALUES (?1, ?2, ?3, '/jobs/', '', '{\"trust\":1}', 7200, 1, '{\"Team\":\"red\"}')",
    of,
    roleName,
    `AROA${roleName}${of}`,
  );

type Owner = readonly ["user" | "role", string];
const addInline = ([kind, owner]: Owner, name: string, document: string, of = account) =>
  run("INSERT INTO inline_policies VALUES (?1, ?2, ?3, ?4, ?5)", of, kind, owner, name, document);
const addPolicy = (name: string, document: string, { of = account, path = "/" } = {}) =>
  run(
    "INSERT INTO policies VALUES (?1, ?2, ?3, ?4, '', ?5, 1, '{}')",
    of,
    name,
    `ANPA${name}`,
    path,
    document,
  );
const attach = ([kind, owner]: Owner, arn: string, of = account) =>
  run("INSERT INTO attached_policies VALUES (?1, ?2, ?3, ?4, 1)", of, kind, owner, arn);

describe("the principal of an access key", () => {
  it("is its user, as stored", async () => {
    await addUser("alice", { path: "/division/", tags: '{"Team":"red"}' });
    await addKey("alice");
    expect(await findPrincipalOfKey(env.DB, key)).toEqual({
      accessKeyId: key,
      account,
      userName: "alice",
      userId: "AIDAalice",
      path: "/division/",
      tags: { Team: "red" },
      sealedSecret: "v1.k.n.c",
      status: "Active",
      policies: [],
      awsPolicyArns: [],
    });
  });

  it("is none for a key that does not exist, or that is spelled otherwise", async () => {
    await addKey("alice");
    expect(await findPrincipalOfKey(env.DB, "AKIANONE")).toBeUndefined();
    expect(await findPrincipalOfKey(env.DB, key.toLowerCase())).toBeUndefined();
  });

  it("is none when the user is gone, or is another user of the same name", async () => {
    await addKey("alice");
    await run("DELETE FROM users");
    expect(await findPrincipalOfKey(env.DB, key)).toBeUndefined();
    await addUser("alice", { userId: "AIDANEW" });
    expect(await findPrincipalOfKey(env.DB, key)).toBeUndefined();
    await run("UPDATE users SET user_id = 'AIDAalice', account = ?1", other);
    expect(await findPrincipalOfKey(env.DB, key)).toBeUndefined();
  });

  it("is the account itself for a root's key", async () => {
    const ofRoot = {
      accessKeyId: key,
      account,
      sealedSecret: "s",
      status: "Active",
      createdAtSeconds: 1,
    } as const;
    await run(accessKeySql.createRoot, ...createRootParameters(ofRoot));
    expect(await findPrincipalOfKey(env.DB, key)).toMatchObject({
      ...{ userName: "", userId: account, path: "/", tags: {}, policies: [] },
    });
  });

  it("has inline and attached policies, the account's and AWS's", async () => {
    await addKey("alice");
    await addInline(["user", "alice"], "one", "inline 1");
    await addInline(["user", "ALICE"], "two", "inline 2");
    await addPolicy("plain", "attached 1");
    await addPolicy("deep", "attached 2", { path: "/a/b/" });
    await attach(["user", "alice"], `arn:aws:iam::${account}:policy/plain`);
    await attach(["user", "Alice"], `arn:aws:iam::${account}:policy/a/b/deep`);
    await attach(["user", "alice"], "arn:aws:iam::aws:policy/service-role/Something");
    const found = await findPrincipalOfKey(env.DB, key);
    expect(found?.policies.toSorted()).toEqual(["attached 1", "attached 2", "inline 1", "inline 2"]);
    expect(found?.awsPolicyArns).toEqual(["arn:aws:iam::aws:policy/service-role/Something"]);
  });

  it("does not have the policies of others: users, roles and accounts of the same name", async () => {
    await addKey("alice");
    await addUser("bob");
    await addRole("alice");
    await addPolicy("theirs", "theirs", { of: other });
    await addInline(["user", "bob"], "p", "bob's");
    await addInline(["role", "alice"], "p", "the role's");
    await addInline(["user", "alice"], "p", "another account's", other);
    await attach(["role", "alice"], "arn:aws:iam::aws:policy/A");
    await attach(["user", "alice"], "arn:aws:iam::aws:policy/A", other);
    // Attached by mistake: another account's document must not be read.
    await attach(["user", "alice"], `arn:aws:iam::${other}:policy/theirs`);
    expect(await findPrincipalOfKey(env.DB, key)).toMatchObject({
      policies: [],
      awsPolicyArns: [`arn:aws:iam::${other}:policy/theirs`],
    });
  });

  it("has AWS's policy and not the account's own of the same name", async () => {
    await addKey("alice");
    await addPolicy("AmazonSQSFullAccess", "own");
    await attach(["user", "alice"], "arn:aws:iam::aws:policy/AmazonSQSFullAccess");
    expect(await findPrincipalOfKey(env.DB, key)).toMatchObject({
      policies: [],
      awsPolicyArns: ["arn:aws:iam::aws:policy/AmazonSQSFullAccess"],
    });
  });
});

describe("a role", () => {
  it("is found by its name in any case, as stored, with its policies", async () => {
    await addRole("Worker");
    await addRole("Worker", other);
    await addInline(["role", "Worker"], "p", "inline");
    await addInline(["user", "Worker"], "p", "a user's");
    await addPolicy("deep", "attached", { path: "/a/" });
    await attach(["role", "worker"], `arn:aws:iam::${account}:policy/a/deep`);
    await attach(["role", "worker"], "arn:aws:iam::aws:policy/A");
    expect(await findRole(env.DB, account, "wORKER")).toEqual({
      account,
      roleName: "Worker",
      roleId: `AROAWorker${account}`,
      path: "/jobs/",
      tags: { Team: "red" },
      trustPolicy: '{"trust":1}',
      maxSessionSeconds: 7200,
      policies: ["inline", "attached"],
      awsPolicyArns: ["arn:aws:iam::aws:policy/A"],
    });
  });

  it("of another name or account is none", async () => {
    await addRole("Worker");
    expect(await findRole(env.DB, account, "Work")).toBeUndefined();
    expect(await findRole(env.DB, other, "Worker")).toBeUndefined();
  });
});

it("a managed policy is found by name, and tells its ARN", async () => {
  await addPolicy("Deep", "document", { path: "/a/b/" });
  expect({ ...(await findPolicy(env.DB, account, "deep")) }).toEqual({
    arn: `arn:aws:iam::${account}:policy/a/b/Deep`,
    document: "document",
  });
  expect(await findPolicy(env.DB, other, "Deep")).toBeUndefined();
});

it("principals are found without scanning a table", async () => {
  const scans: string[] = [];
  const explaining = {
    prepare: (sql: string) => {
      scans.push(sql);
      return env.DB.prepare(sql);
    },
    batch: env.DB.batch.bind(env.DB),
  } as unknown as D1Database;
  const principals = principalsIn(explaining);
  await principals.findPrincipalOfKey(key);
  await principals.findRole(account, "a");
  await principals.findPolicy(account, "a");
  expect(scans).toHaveLength(7);
  for (const sql of scans) {
    const values = sql.includes("?2") ? ["a", "b"] : ["a"];
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .bind(...values)
      .all<{ detail: string }>();
    expect(results.length).toBeGreaterThan(0);
    for (const { detail } of results) expect(detail, sql).toMatch(/^SEARCH .* USING PRIMARY KEY/);
  }
});
