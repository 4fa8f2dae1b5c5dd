import { cpSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Deployment, deploy, dryRun } from "../../scripts/deploy.ts";
import { newSecrets, secretNames } from "../../scripts/deployment-secrets.ts";
import { workerConfigPath } from "../../scripts/worker-config.ts";
import { readSettings } from "../../src/env.ts";

/** An account at Cloudflare as far as `wrangler` shows it; the real one cannot be had in a test. */
class Account {
  readonly databases: { name: string; uuid: string }[] = [];
  secrets: Record<string, string> | undefined;
  failing: string | undefined;
  readonly commands: string[] = [];
  secretsFile: { path: string; mode: number } | undefined;

  wrangler: Deployment["wrangler"] = async (args) => {
    this.commands.push(args[0] === "deploy" ? "deploy" : args.slice(0, 2).join(" "));
    if (this.failing !== undefined && args.join(" ").startsWith(this.failing)) {
      return { code: 1, output: "Authentication error [code: 10000]" };
    }
    if (args[0] === "d1" && args[1] === "create")
      this.databases.push({ name: args[2] ?? "", uuid: "new-id" });
    if (args[0] === "d1" && args[1] === "list") return { code: 0, output: JSON.stringify(this.databases) };
    if (args[0] === "secret") return this.listSecrets();
    if (args[0] === "deploy") this.uploadSecrets(args);
    return { code: 0, output: "" };
  };

  private listSecrets() {
    if (this.secrets === undefined) return { code: 1, output: 'X [ERROR] Worker "edge-sqs" not found.' };
    return { code: 0, output: JSON.stringify(Object.keys(this.secrets).map((name) => ({ name }))) };
  }

  private uploadSecrets(args: readonly string[]) {
    this.secrets ??= {};
    const path = args[args.indexOf("--secrets-file") + 1];
    if (!args.includes("--secrets-file") || path === undefined) return;
    this.secretsFile = { path, mode: statSync(path).mode & 0o777 };
    Object.assign(this.secrets, JSON.parse(readFileSync(path, "utf8")));
  }
}

let dir: string;
let account: Account;
let said: string[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "edge-sqs-deploy-"));
  account = new Account();
  said = [];
  cpSync(workerConfigPath, join(dir, "wrangler.toml"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const deployment = (env: NodeJS.ProcessEnv = {}): Deployment => ({
  wrangler: account.wrangler,
  env,
  say: (line) => said.push(line),
  configPath: join(dir, "wrangler.toml"),
});

describe("the first deploy", () => {
  it("creates the database, migrates it, and deploys with its id", async () => {
    await deploy(deployment());
    expect(account.commands).toEqual([
      "d1 list",
      "d1 create",
      "d1 list",
      "d1 migrations",
      "secret list",
      "deploy",
    ]);
    expect(readFileSync(deployment().configPath, "utf8")).toBe(
      readFileSync(workerConfigPath, "utf8").replace(/^database_id = .*$/m, 'database_id = "new-id"'),
    );
  });

  it("generates secrets that the Worker accepts, and shows them once", async () => {
    await deploy(deployment());
    const settings = readSettings({ ...account.secrets } as never);
    expect(settings).toMatchObject({ ok: true });
    const printed = said.join("\n");
    for (const name of secretNames) expect(printed).toContain(`${name}=${account.secrets?.[name]}`);
  });

  it("takes secrets from the environment and does not show those", async () => {
    await deploy(deployment({ ROOT_ACCOUNT_ID: "123456789012", ROOT_SECRET_ACCESS_KEY: "my-own" }));
    expect(account.secrets).toMatchObject({
      ROOT_ACCOUNT_ID: "123456789012",
      ROOT_SECRET_ACCESS_KEY: "my-own",
    });
    expect(said.join("\n")).not.toContain("my-own");
  });

  it("hands secrets over in a file that only its owner can read, and removes it", async () => {
    await deploy(deployment());
    expect(account.secretsFile?.mode).toBe(0o600);
    expect(() => statSync(account.secretsFile?.path ?? "")).toThrow("ENOENT");
  });

  it("shows every step before it runs", async () => {
    await deploy(deployment());
    const steps = said.filter((line) => line.includes("\n  wrangler "));
    expect(steps).toHaveLength(account.commands.length);
  });
});

describe("a later deploy", () => {
  it("keeps the database and every secret", async () => {
    await deploy(deployment());
    const before = { ...account.secrets };
    account.commands.length = 0;
    await deploy(deployment({ ROOT_KEY: "another" }));
    expect(account.commands).toEqual(["d1 list", "d1 migrations", "secret list", "deploy"]);
    expect(account.secrets).toEqual(before);
  });

  it("sets only the secret that is missing", async () => {
    account.secrets = { ROOT_ACCOUNT_ID: "a", ROOT_ACCESS_KEY_ID: "b", ROOT_KEY: "c" };
    await deploy(deployment());
    expect(account.secrets).toMatchObject({ ROOT_ACCOUNT_ID: "a", ROOT_ACCESS_KEY_ID: "b", ROOT_KEY: "c" });
    expect(account.secrets?.["ROOT_SECRET_ACCESS_KEY"]).toMatch(/^\S{40}$/);
  });

  it("generates nothing when it cannot learn which secrets are set", async () => {
    account.secrets = {};
    account.failing = "secret list";
    await expect(deploy(deployment())).rejects.toThrow("Authentication error");
    expect(account.secrets).toEqual({});
    expect(account.commands).not.toContain("deploy");
  });
});

it.each(["d1 list", "d1 create", "d1 migrations"])("a deploy ends where %s fails", async (failing) => {
  account.failing = failing;
  await expect(deploy(deployment())).rejects.toThrow();
  expect(account.commands.at(-1)).toBe(failing);
});

it("a dry run asks nothing of the account and changes no file", async () => {
  await dryRun(deployment());
  expect(account.commands).toEqual(["deploy"]);
  expect(readFileSync(deployment().configPath, "utf8")).toBe(readFileSync(workerConfigPath, "utf8"));
});

it("refuses a secret of the wrong form before anything is deployed", () => {
  expect(() => newSecrets(["ROOT_ACCOUNT_ID"], { ROOT_ACCOUNT_ID: "12345678901" })).toThrow(
    "ROOT_ACCOUNT_ID must be 12 digits.",
  );
  expect(() => newSecrets(["ROOT_KEY"], { ROOT_KEY: "short" })).toThrow(
    "ROOT_KEY must be 32 bytes in base64.",
  );
});
