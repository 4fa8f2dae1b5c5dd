import { env } from "cloudflare:workers";
import { beforeEach, expect, it } from "vitest";
import { DeploymentSecret } from "../../src/catalog/deployment-secrets.ts";
import { rootKeys } from "../../src/encryption/secrets.ts";

const keys = rootKeys("ZWRnZS1zcXMgbG9jYWwgcm9vdCBrZXksIG5vdCBzZWM=");
const otherKeys = rootKeys("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
const isolate = (sealing = keys, name = "blinding") => new DeploymentSecret(env.DB, sealing, name);
const rows = async () => (await env.DB.prepare("SELECT * FROM deployment_secrets").all()).results;

beforeEach(async () => {
  await env.DB.prepare("DELETE FROM deployment_secrets").run();
});

it("is 32 bytes, sealed, and the same for every isolate", async () => {
  const secret = await isolate().read();
  expect(secret).toHaveLength(32);
  expect(await isolate().read()).toEqual(secret);
  expect(await rows()).toEqual([{ name: "blinding", sealed: expect.stringMatching(/^v1\.[\w-]{8}\./) }]);
});

it("is one secret when twenty isolates ask for it first at once", async () => {
  const secrets = await Promise.all(Array.from({ length: 20 }, () => isolate().read()));
  expect(new Set(secrets.map(String)).size).toBe(1);
});

it("is another under another name, and opens under no other", async () => {
  const secret = await isolate().read();
  expect(await isolate(keys, "other").read()).not.toEqual(secret);
  await env.DB.prepare(
    "UPDATE deployment_secrets SET sealed = (SELECT sealed FROM deployment_secrets WHERE name = 'blinding')",
  ).run();
  await expect(isolate(keys, "other").read()).rejects.toThrow("tampered with, or another's");
});

it("is asked for once an isolate", async () => {
  const here = isolate();
  const secret = await here.read();
  await env.DB.prepare("DELETE FROM deployment_secrets").run();
  expect(await here.read()).toEqual(secret);
});

it("is never made anew because it does not open", async () => {
  await isolate().read();
  const before = await rows();
  await expect(isolate(otherKeys).read()).rejects.toThrow("sealed under another root key");
  expect(await rows()).toEqual(before);
});
