import { env } from "cloudflare:workers";
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { KmsKeyStore } from "../../src/catalog/kms/key-store.ts";
import type { KmsKey } from "../../src/catalog/kms/keys.ts";
import { resealSecrets } from "../../src/catalog/reseal.ts";
import { openUnderKmsKey, sealUnderKmsKey } from "../../src/encryption/kms-ciphertext.ts";
import { rootKeys } from "../../src/encryption/secrets.ts";
import { err, ok } from "../../src/lib/result.ts";
import { limits } from "../../src/queue/limits.ts";

const oldRoot = "ZWRnZS1zcXMgbG9jYWwgcm9vdCBrZXksIG5vdCBzZWM=";
const newRoot = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const account = "000000000000";
const region = "us-east-1";
const nowMs = 1_700_000_000_000;

let keys: KmsKeyStore;
beforeEach(async () => {
  for (const table of ["kms_aliases", "kms_materials", "kms_keys"]) await env.DB.exec(`DELETE FROM ${table}`);
  keys = new KmsKeyStore(env.DB, rootKeys(oldRoot), () => nowMs);
});

function newKey(more: Partial<KmsKey> = {}): KmsKey {
  return {
    ...{ keyId: randomUUID(), account, region, manager: "CUSTOMER", state: "Enabled", description: "d" },
    ...{ policy: "{}", policyIds: { arn: "AIDA" }, tags: { a: "b" }, aliases: [], createdAtMs: nowMs },
    ...{
      deletionAtMs: undefined,
      materialVersion: 1,
      rotation: undefined,
      onDemandRotations: 0,
      revision: 1,
    },
    ...more,
  };
}

async function created(more: Partial<KmsKey> = {}): Promise<KmsKey> {
  const key = newKey(more);
  expect(await keys.createKey(key)).toBe(true);
  return key;
}

const alias = (key: KmsKey, name: string) => ({
  ...{ account, region, name, targetKeyId: key.keyId, createdAtMs: nowMs, updatedAtMs: nowMs },
});

const countOf = async (table: string) =>
  await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first("n");

describe("a KMS key in D1", () => {
  it("comes back as it was stored, with the names of its aliases", async () => {
    const rotation = { days: 90, nextAtMs: nowMs + 5 };
    const key = await created({ rotation, state: "Disabled" });
    await keys.createAlias(alias(key, "alias/b"));
    await keys.createAlias(alias(key, "alias/a"));
    const { aliases, ...rest } = (await keys.readKey(key.keyId)) ?? {};
    expect(new Set(aliases)).toEqual(new Set(["alias/a", "alias/b"]));
    expect({ ...rest, aliases: [] }).toEqual(key);
    expect(await keys.findMaterial({ keyId: key.keyId, version: 1 })).toMatchObject({
      bytes: { length: 32 },
    });
    expect(await keys.findMaterial({ keyId: key.keyId, version: 2 })).toBeUndefined();
    expect(await keys.readKey(randomUUID())).toBeUndefined();
  });

  it("is one of at most 10,000 of its account and region", async () => {
    const template = await created();
    await env.DB.prepare(
      `INSERT INTO kms_keys
       SELECT 'k' || n, account, region, manager, state, description, policy, policy_ids, tags, created_at,
         deletion_at, material_version, rotation_days, rotation_at, on_demand_rotations, revision
       FROM kms_keys, (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?1) SELECT n FROM c)
       WHERE key_id = ?2`,
    )
      .bind(limits.kmsKeys - 2, template.keyId)
      .run();
    expect(await keys.createKey(newKey())).toBe(true);
    const tooMany = newKey();
    expect(await keys.createKey(tooMany)).toBe(false);
    expect(await keys.findMaterial({ keyId: tooMany.keyId, version: 1 })).toBeUndefined();
    expect(await keys.createKey(newKey({ region: "eu-west-1" }))).toBe(true);
    expect(await keys.createKey(newKey({ account: "111111111111" }))).toBe(true);
  });

  it("takes concurrent changes one upon the other", async () => {
    const key = await created({ tags: {} });
    const isolates = Array.from({ length: 5 }, () => new KmsKeyStore(env.DB, rootKeys(oldRoot), () => nowMs));
    await Promise.all(
      isolates.map((store, i) =>
        store.changeKey(key, (current) => ok({ ...current, tags: { ...current.tags, [`t${i}`]: "" } })),
      ),
    );
    const changed = await keys.readKey(key.keyId);
    expect(Object.keys(changed?.tags ?? {}).sort()).toEqual(["t0", "t1", "t2", "t3", "t4"]);
    expect(changed?.revision).toBe(6);
  });

  it("is not changed by a change that refuses, or once it is erased", async () => {
    const key = await created();
    expect(await keys.changeKey(key, () => err("no"))).toEqual({ ok: false, error: "no" });
    expect(await keys.readKey(key.keyId)).toEqual(key);
    await env.DB.exec("DELETE FROM kms_keys");
    expect(await keys.changeKey(key, (current) => ok({ ...current, state: "Disabled" }))).toBeUndefined();
    expect(await keys.rotateKey(key, { type: "ON_DEMAND", nowMs }, (current) => ok(current))).toBeUndefined();
    expect(await countOf("kms_materials")).toBe(1);
  });

  it("is given one new material for each rotation, however many meet", async () => {
    const key = await created();
    const isolates = Array.from({ length: 4 }, () => new KmsKeyStore(env.DB, rootKeys(oldRoot), () => nowMs));
    await Promise.all(
      isolates.map((store) => store.rotateKey(key, { type: "ON_DEMAND", nowMs }, (current) => ok(current))),
    );
    expect((await keys.readKey(key.keyId))?.materialVersion).toBe(5);
    const listed = await keys.listMaterials({ keyId: key.keyId, after: 0, limit: 10 });
    expect(listed.map(({ version, rotation }) => [version, rotation])).toEqual([
      [1, undefined],
      [2, "ON_DEMAND"],
      [3, "ON_DEMAND"],
      [4, "ON_DEMAND"],
      [5, "ON_DEMAND"],
    ]);
  });

  it("is made once behind AWS's alias, however many isolates need it", async () => {
    const isolates = Array.from({ length: 4 }, () => new KmsKeyStore(env.DB, rootKeys(oldRoot), () => nowMs));
    const aliases = await Promise.all(
      isolates.map((store) => store.ensureManagedKey(newKey({ manager: "AWS" }), "alias/aws/sqs")),
    );
    expect(new Set(aliases.map(({ targetKeyId }) => targetKeyId)).size).toBe(1);
    expect([await countOf("kms_keys"), await countOf("kms_materials")]).toEqual([1, 1]);
    expect((await keys.readKey(aliases[0]?.targetKeyId ?? ""))?.aliases).toEqual(["alias/aws/sqs"]);
  });

  it("is erased at its date with all that is its own", async () => {
    const due = await created({ state: "PendingDeletion", deletionAtMs: nowMs });
    const later = await created({ state: "PendingDeletion", deletionAtMs: nowMs + 1 });
    const staying = await created();
    await env.DB.prepare("UPDATE kms_keys SET deletion_at = NULL WHERE key_id = ?1").bind(due.keyId).run();
    for (const key of [due, staying]) await keys.createAlias(alias(key, `alias/${key.keyId}`));
    await env.DB.prepare("UPDATE kms_keys SET deletion_at = ?1 WHERE key_id = ?2")
      .bind(nowMs, due.keyId)
      .run();
    expect(await keys.eraseDueKeys(nowMs - 1)).toEqual([]);
    expect(await keys.eraseDueKeys(nowMs)).toEqual([due.keyId]);
    expect(await keys.readKey(due.keyId)).toBeUndefined();
    expect(await keys.findMaterial({ keyId: due.keyId, version: 1 })).toBeUndefined();
    expect([await countOf("kms_keys"), await countOf("kms_materials"), await countOf("kms_aliases")]).toEqual(
      [2, 2, 1],
    );
    expect(await keys.readKey(later.keyId)).toMatchObject({ deletionAtMs: nowMs + 1 });
  });
});

describe("the material of KMS keys", () => {
  it("is sealed anew under another root key, and opens what it sealed before", async () => {
    const key = await created();
    await keys.rotateKey(key, { type: "ON_DEMAND", nowMs }, (current) => ok(current));
    const sealed = [];
    for (const version of [1, 2]) {
      const material = await keys.findMaterial({ keyId: key.keyId, version });
      if (!material) throw new Error("no material");
      const context = new Map([["a", "b"]]);
      sealed.push({
        version,
        ciphertext: sealUnderKmsKey(material, { plaintext: new Uint8Array([version]), context }),
      });
    }
    await resealSecrets(env.DB, rootKeys(newRoot, [oldRoot]));
    const afterwards = new KmsKeyStore(env.DB, rootKeys(newRoot), () => nowMs);
    for (const { version, ciphertext } of sealed) {
      const material = await afterwards.findMaterial({ keyId: key.keyId, version });
      if (!material) throw new Error("no material");
      const opened = openUnderKmsKey(material, { ciphertext, context: new Map([["a", "b"]]) });
      expect(opened).toEqual(new Uint8Array([version]));
    }
    const withOld = new KmsKeyStore(env.DB, rootKeys(oldRoot), () => nowMs);
    await expect(withOld.findMaterial({ keyId: key.keyId, version: 1 })).rejects.toThrow("another root key");
  });
});

describe("every statement", () => {
  const plan = async (sql: string) => {
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`).all<{ detail: string }>();
    return results.map(({ detail }) => detail).join("; ");
  };

  it.each([
    ["SELECT * FROM kms_keys WHERE key_id = 'a'", /^SEARCH kms_keys USING PRIMARY KEY/],
    [
      "SELECT key_id FROM kms_keys WHERE account = 'a' AND region = 'b' AND key_id > 'c' AND (deletion_at IS NULL OR deletion_at > 1) ORDER BY key_id LIMIT 9",
      /^SEARCH kms_keys USING INDEX kms_keys_by_account \(account=\? AND region=\? AND key_id>\?\)$/,
    ],
    [
      "SELECT count(*) FROM kms_keys WHERE account = 'a' AND region = 'b'",
      /^SEARCH kms_keys USING COVERING INDEX kms_keys_by_account/,
    ],
    [
      "SELECT * FROM kms_keys WHERE rotation_at <= 1 AND state = 'Enabled' ORDER BY rotation_at LIMIT 9",
      /^SEARCH kms_keys USING INDEX kms_keys_by_rotation \(rotation_at<\?\)$/,
    ],
    [
      "SELECT key_id FROM kms_keys WHERE deletion_at <= 1 ORDER BY deletion_at, key_id LIMIT 9",
      /^SEARCH kms_keys USING COVERING INDEX kms_keys_by_deletion \(deletion_at<\?\)$/,
    ],
    [
      "SELECT name FROM kms_aliases WHERE target_key_id = 'a' AND name > 'b' ORDER BY name LIMIT 9",
      /^SEARCH kms_aliases USING COVERING INDEX kms_aliases_by_key \(target_key_id=\? AND name>\?\)$/,
    ],
    [
      "SELECT version FROM kms_materials WHERE key_id = 'a' AND version > 1 ORDER BY version LIMIT 9",
      /^SEARCH kms_materials USING PRIMARY KEY \(key_id=\? AND version>\?\)$/,
    ],
    [
      "SELECT key_id || '/' || version AS id, sealed_material AS sealed FROM kms_materials WHERE substr(sealed_material, 4, 8) = 'a' AND key_id || '/' || version > 'b' ORDER BY key_id || '/' || version LIMIT 9",
      /^SEARCH kms_materials USING INDEX kms_materials_by_root_key \(<expr>=\? AND <expr>>\?\)$/,
    ],
  ])("finds its rows by an index: %s", async (sql, expected) => {
    expect(await plan(sql)).toMatch(expected);
  });
});
