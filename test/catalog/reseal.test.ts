import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { accessKeyOwner } from "../../src/auth/identity.ts";
import { DataKeys } from "../../src/catalog/data-keys.ts";
import { DeploymentSecret } from "../../src/catalog/deployment-secrets.ts";
import { resealSecrets, sealedTables } from "../../src/catalog/reseal.ts";
import { openSecret, rootKeys, sealedUnder, sealSecret } from "../../src/encryption/secrets.ts";
import { limits } from "../../src/queue/limits.ts";

const OLD = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const NEW = "ZWRnZS1zcXMgbG9jYWwgcm9vdCBrZXksIG5vdCBzZWM=";
const LOST = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const old = rootKeys(OLD);
const both = rootKeys(NEW, [OLD]);
const fresh = rootKeys(NEW);
const lost = rootKeys(LOST);

const log = { info: vi.spyOn(console, "log"), error: vi.spyOn(console, "error") };

beforeEach(async () => {
  for (const spy of Object.values(log)) spy.mockReturnValue();
  await env.DB.batch(
    ["access_keys", "data_keys", "deployment_secrets"].map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
  );
});
afterEach(() => {
  for (const spy of Object.values(log)) spy.mockReset();
});

async function storeAccessKey(accessKeyId: string, keys = old): Promise<void> {
  const sealedSecret = sealSecret(keys, {
    text: `secret of ${accessKeyId}`,
    owner: accessKeyOwner(accessKeyId),
  });
  await env.DB.prepare(
    `INSERT INTO access_keys (access_key_id, account, user_name, user_id, sealed_secret, status, created_at)
     VALUES (?1, '000000000000', '', '000000000000', ?2, 'Active', 1)`,
  )
    .bind(accessKeyId, sealedSecret)
    .run();
}

async function secretOf(accessKeyId: string, keys: typeof old): Promise<string | undefined> {
  const row = await env.DB.prepare("SELECT sealed_secret FROM access_keys WHERE access_key_id = ?1")
    .bind(accessKeyId)
    .first<{ sealed_secret: string }>();
  const text = openSecret(keys, row?.sealed_secret ?? "", accessKeyOwner(accessKeyId));
  return text.ok ? text.value : undefined;
}

/** How many secrets of all tables are sealed under each root key. */
async function counts(): Promise<Record<string, number>> {
  const { results } = await env.DB.prepare(
    `SELECT sealed_secret AS sealed FROM access_keys
     UNION ALL SELECT sealed_key FROM data_keys UNION ALL SELECT sealed FROM deployment_secrets`,
  ).all<{ sealed: string }>();
  const names = { [old.current.id]: "old", [fresh.current.id]: "new", [lost.current.id]: "lost" };
  const found: Record<string, number> = {};
  for (const { sealed } of results) {
    const name = names[sealedUnder(sealed) ?? ""] ?? "unknown";
    found[name] = (found[name] ?? 0) + 1;
  }
  return found;
}

/** A data key, with its queue. */
async function storeDataKey(keys = old): Promise<string> {
  const uid = crypto.randomUUID();
  const dataKeys = new DataKeys(env.DB, keys, { remember: () => undefined });
  const { id, sealedKey } = dataKeys.make(uid, 0);
  await env.DB.prepare(
    "INSERT INTO data_keys (key_id, queue_uid, sealed_key, created_at) VALUES (?1, ?2, ?3, 0)",
  )
    .bind(id, uid, sealedKey)
    .run();
  return id;
}

const dataKey = (id: string, keys: typeof old) =>
  new DataKeys(env.DB, keys, { remember: () => undefined }).find(id);

describe("sealing anew", () => {
  it("leaves every secret as it was, under the current root key alone", async () => {
    await storeAccessKey("AKIAONE");
    const id = await storeDataKey();
    const keyBefore = await dataKey(id, old);
    const blinding = await new DeploymentSecret(env.DB, old, "blinding").read();
    expect(await counts()).toEqual({ old: 3 });

    expect(await resealSecrets(env.DB, both)).toBe(3);

    expect(await counts()).toEqual({ new: 3 });
    expect(await secretOf("AKIAONE", fresh)).toBe("secret of AKIAONE");
    expect(await dataKey(id, fresh)).toEqual(keyBefore);
    expect(await new DeploymentSecret(env.DB, fresh, "blinding").read()).toEqual(blinding);
  });

  it("knows every place where something is sealed: a column's name says so", async () => {
    const { results } = await env.DB.prepare(
      "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE '%sealed%'",
    ).all<{ name: string; sql: string }>();
    const columns = results.flatMap(({ name, sql }) =>
      [...sql.matchAll(/^\s*(sealed\w*) /gm)].map(([, column]) => `${name}.${column}`),
    );
    expect(columns.length).toBeGreaterThanOrEqual(3);
    expect(sealedTables.map(({ place }) => place).sort()).toEqual(columns.sort());
  });

  it("tells when an old key is needed no more, and not before", async () => {
    await storeAccessKey("AKIAONE");
    const done = new RegExp(`^root key ${old.current.id} seals nothing in the catalog any more`);
    const said = () => log.info.mock.calls.flat().some((text) => done.test(String(text)));
    await resealSecrets(env.DB, both);
    expect(said()).toBe(false);
    await resealSecrets(env.DB, both);
    expect(said()).toBe(true);
  });

  it("writes no secret into the log", async () => {
    await storeAccessKey("AKIAONE");
    await resealSecrets(env.DB, both);
    expect(JSON.stringify([log.info.mock.calls, log.error.mock.calls])).not.toContain("secret of");
  });

  it("does nothing without an old key", async () => {
    await storeAccessKey("AKIAONE");
    expect(await resealSecrets(env.DB, fresh)).toBe(0);
    expect(await counts()).toEqual({ old: 1 });
  });

  it("takes a slice at a time, and none twice", async () => {
    for (let i = 0; i <= limits.resealedAtOnce; i++) await storeDataKey();
    expect(await resealSecrets(env.DB, both)).toBe(limits.resealedAtOnce);
    expect(await counts()).toEqual({ new: limits.resealedAtOnce, old: 1 });
    expect(await resealSecrets(env.DB, both)).toBe(1);
    expect(await resealSecrets(env.DB, both)).toBe(0);
  });

  it("leaves what is sealed under a key that nobody has", async () => {
    await storeAccessKey("AKIALOST", lost);
    await storeAccessKey("AKIAONE");
    expect(await resealSecrets(env.DB, both)).toBe(1);
    expect(await counts()).toEqual({ lost: 1, new: 1 });
  });

  it("passes over what does not open, however much of it stands before the others", async () => {
    for (let i = 0; i < limits.resealedAtOnce; i++) {
      const name = `A-${String(i).padStart(4, "0")}`;
      const foreign = sealSecret(old, { text: "x", owner: "another owner" });
      await env.DB.prepare("INSERT INTO deployment_secrets VALUES (?1, ?2)").bind(name, foreign).run();
    }
    const secret = await new DeploymentSecret(env.DB, old, "blinding").read();
    expect(await resealSecrets(env.DB, both)).toBe(1);
    expect(await new DeploymentSecret(env.DB, fresh, "blinding").read()).toEqual(secret);
    expect(log.error.mock.calls).toHaveLength(limits.resealedAtOnce);
    expect(String(log.error.mock.calls[0])).toBe(
      "the secret of A-0000 in deployment_secrets.sealed cannot be sealed anew: tampered with, or another's",
    );
  });

  it("never writes over a secret that was changed meanwhile", async () => {
    await storeAccessKey("AKIAONE");
    const meanwhile = sealSecret(old, { text: "a newer secret", owner: accessKeyOwner("AKIAONE") });
    const db = new Proxy(env.DB, {
      get(target, name) {
        const member = Reflect.get(target, name) as (...args: unknown[]) => unknown;
        if (name !== "batch") return member.bind(target);
        return async (...args: unknown[]) => {
          await env.DB.prepare("UPDATE access_keys SET sealed_secret = ?1").bind(meanwhile).run();
          return member.apply(target, args);
        };
      },
    });
    await resealSecrets(db, both);
    expect(await secretOf("AKIAONE", both)).toBe("a newer secret");
  });
});
