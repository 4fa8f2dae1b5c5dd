import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChildOptions, ChildResult } from "./child.ts";
import { newSecrets, type SecretName, secretNames } from "./deployment-secrets.ts";
import { runScript, UserError } from "./user-error.ts";
import { readWorkerConfig, workerConfigPath } from "./worker-config.ts";
import { runWrangler } from "./wrangler.ts";

export interface Deployment {
  readonly wrangler: (args: readonly string[], options?: ChildOptions) => Promise<ChildResult>;
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  /** `wrangler.toml`, which gets the id of the account's database. */
  readonly configPath: string;
}

/**
 * Creates or updates the deployment in the account that wrangler is logged in to. Every step may be run
 * again: what exists is kept, secrets above all.
 */
export async function deploy({ wrangler, env, say, configPath }: Deployment): Promise<void> {
  const { databaseName } = readWorkerConfig();
  const step = async (title: string, args: string[], options?: ChildOptions): Promise<ChildResult> => {
    say(`\n${title}\n  wrangler ${args.join(" ")}`);
    const result = await wrangler(args, options);
    if (result.code !== 0 && !options?.capture)
      throw new UserError("That step failed: nothing after it was done.");
    return result;
  };

  const list = ["d1", "list", "--json"];
  let databaseId = findDatabase(await step("Look for the database.", list, { capture: true }), databaseName);
  if (databaseId === undefined) {
    await step("There is none yet: create it.", ["d1", "create", databaseName]);
    databaseId = findDatabase(await step("Ask for its id.", list, { capture: true }), databaseName);
  }
  if (databaseId === undefined) throw new UserError(`The database ${databaseName} was not created.`);
  writeDatabaseId(configPath, databaseId);

  // CI answers wrangler's question before it migrates.
  await step("Migrate the database.", ["d1", "migrations", "apply", "DB", "--remote"], { env: { CI: "1" } });

  const listSecrets = ["secret", "list", "--format", "json"];
  const present = presentSecrets(await step("Look which secrets are set.", listSecrets, { capture: true }));
  const missing = secretNames.filter((name) => !present.includes(name));
  const secrets = newSecrets(missing, env);

  await withSecretsFile(secrets.values, (file) =>
    file === undefined
      ? step("Deploy.", ["deploy"])
      : step(`Deploy, and set ${missing.join(", ")}.`, ["deploy", "--secrets-file", file]),
  );
  if (secrets.generated.length > 0) {
    say(
      "\nGenerated just now and shown only this once. Without ROOT_KEY nothing stored can be read again:\n",
    );
    for (const name of secrets.generated) say(`  ${name}=${secrets.values[name]}`);
  }
}

/** Shows the steps of a deploy and lets wrangler check the bundle; needs neither account nor network. */
export async function dryRun({ wrangler, say }: Deployment): Promise<void> {
  const { databaseName } = readWorkerConfig();
  say(`A deploy would

  1. look for the D1 database ${databaseName}, and create it if there is none
       wrangler d1 list --json, wrangler d1 create ${databaseName}
  2. write that database's id into wrangler.toml
  3. migrate the database
       wrangler d1 migrations apply DB --remote
  4. look which secrets are set, and take the missing ones from the environment or generate them
       wrangler secret list
       ${secretNames.join(", ")}
  5. deploy, with the missing secrets in a file that is deleted afterwards
       wrangler deploy --secrets-file ...
  6. show the generated secrets, once

Now only
  wrangler deploy --dry-run --outdir dist`);
  const { code } = await wrangler(["deploy", "--dry-run", "--outdir", "dist"]);
  if (code !== 0) throw new UserError("The dry run failed.");
}

function findDatabase(answer: ChildResult, name: string): string | undefined {
  if (answer.code !== 0) throw new UserError(answer.output);
  const databases = JSON.parse(answer.output) as { name: string; uuid: string }[];
  return databases.find((database) => database.name === name)?.uuid;
}

/**
 * Only the answer that there is no such Worker means that nothing is set: taking any failure for it would
 * replace ROOT_KEY and lock away all that is stored.
 */
function presentSecrets(answer: ChildResult): string[] {
  if (answer.code === 0)
    return (JSON.parse(answer.output) as { name: string }[]).map((secret) => secret.name);
  if (/Worker "[^"]*" not found/.test(answer.output)) return [];
  throw new UserError(answer.output);
}

function writeDatabaseId(configPath: string, databaseId: string): void {
  const toml = readFileSync(configPath, "utf8");
  writeFileSync(configPath, toml.replace(/^database_id = ".*"$/m, `database_id = "${databaseId}"`));
}

/** In a file that only we may read, because arguments show in process lists. */
async function withSecretsFile(
  values: Partial<Record<SecretName, string>>,
  use: (file: string | undefined) => Promise<unknown>,
): Promise<void> {
  if (Object.keys(values).length === 0) {
    await use(undefined);
    return;
  }
  const dir = mkdtempSync(join(tmpdir(), "edge-sqs-"));
  const remove = () => rmSync(dir, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    const file = join(dir, "secrets.json");
    writeFileSync(file, JSON.stringify(values), { mode: 0o600 });
    await use(file);
  } finally {
    remove();
    process.off("exit", remove);
  }
}

if (import.meta.main) {
  await runScript(async () => {
    const deployment = {
      wrangler: runWrangler,
      env: process.env,
      say: console.log,
      configPath: workerConfigPath,
    };
    await (process.argv.includes("--dry-run") ? dryRun : deploy)(deployment);
  });
}
