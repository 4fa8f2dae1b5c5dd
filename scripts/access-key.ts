import { parseArgs } from "node:util";
import { accessKeyOwner, isAccount, isUserName, newAccessKey, newUserId } from "../src/auth/identity.ts";
import { type AccessKeyRow, accessKeySql, createParameters } from "../src/catalog/access-keys.ts";
import { rootKey, sealSecret } from "../src/encryption/secrets.ts";
import { lockDataDir } from "./data-lock.ts";
import { localSettings } from "./local-settings.ts";
import { sqlText } from "./sql-text.ts";
import { runScript, UserError } from "./user-error.ts";
import { runWrangler } from "./wrangler.ts";

const usage = `npm run access-key -- create  --account 123456789012 --user alice
npm run access-key -- list    --account 123456789012 [--user alice]
npm run access-key -- disable --account 123456789012 --id AKIA...
npm run access-key -- enable  --account 123456789012 --id AKIA...
npm run access-key -- delete  --account 123456789012 --id AKIA...

Each writes to this machine's data, with no server running on it; --remote to the deployment instead.
create seals the secret under ROOT_KEY. A change of a key takes up to a minute to be effective everywhere.`;

interface Request {
  readonly command: keyof typeof commands;
  readonly account: string;
  readonly user: string | undefined;
  readonly id: string | undefined;
  readonly remote: boolean;
}

/** Runs one statement and returns its rows. */
type Run = (sql: string) => Promise<unknown[]>;

const commands = {
  create: async (request: Request, run: Run) => {
    const userName = required(request.user, "--user");
    const sealing = rootKey(rootKeySetting(request.remote));
    const { accessKeyId, secretAccessKey } = newAccessKey();
    const sealedSecret = sealSecret(sealing, { text: secretAccessKey, owner: accessKeyOwner(accessKeyId) });
    const createdAtSeconds = Math.floor(Date.now() / 1000);
    const key = { account: request.account, userName, userId: newUserId(), status: "Active" } as const;
    const values = createParameters({ ...key, accessKeyId, sealedSecret, createdAtSeconds });
    await run(sqlText(accessKeySql.create, values));
    console.log(`AWS_ACCESS_KEY_ID=${accessKeyId}\nAWS_SECRET_ACCESS_KEY=${secretAccessKey}`);
    console.error(
      `Access key of user ${userName} in account ${request.account}. The secret is not shown again.`,
    );
  },

  list: async ({ account, user }: Request, run: Run) => {
    const max = 1000;
    const sql =
      user === undefined
        ? sqlText(accessKeySql.listOfAccount, [account, max])
        : sqlText(accessKeySql.listOfUser, [account, user, max]);
    const rows = (await run(sql)) as AccessKeyRow[];
    for (const row of rows) {
      const createdAt = new Date(row.created_at * 1000).toISOString().slice(0, 19);
      console.log([row.access_key_id, row.status, row.user_name, row.user_id, `${createdAt}Z`].join("\t"));
    }
    if (rows.length === max) console.error(`Only the first ${max} are shown.`);
  },

  disable: (request: Request, run: Run) => setStatus(request, run, "Inactive"),
  enable: (request: Request, run: Run) => setStatus(request, run, "Active"),

  delete: async (request: Request, run: Run) => {
    const id = required(request.id, "--id");
    const rows = await run(sqlText(accessKeySql.delete, [id, request.account]));
    confirm(rows, `${id} is deleted.`, request);
  },
};

async function setStatus(request: Request, run: Run, status: "Active" | "Inactive"): Promise<void> {
  const id = required(request.id, "--id");
  const rows = await run(sqlText(accessKeySql.setStatus, [id, request.account, status]));
  confirm(rows, `${id} is ${status.toLowerCase()}.`, request);
}

function confirm(rows: readonly unknown[], done: string, { account, id }: Request): void {
  if (rows.length === 0) throw new UserError(`Account ${account} has no access key ${id}.`);
  console.log(done);
}

function parseRequest(args: string[]): Request {
  const text = { type: "string" } as const;
  const options = {
    account: text,
    user: text,
    id: text,
    remote: { type: "boolean", default: false },
  } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UserError(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  }
  const { values, positionals } = parsed;
  const [command = ""] = positionals;
  if (positionals.length !== 1 || !isCommand(command)) throw new UserError(usage);
  const account = required(values.account, "--account");
  if (!isAccount(account)) throw new UserError(`--account must be 12 digits, not "${account}".`);
  if (values.user !== undefined && !isUserName(values.user)) {
    throw new UserError(`--user must be 1 to 64 letters, digits or _+=,.@-, not "${values.user}".`);
  }
  return { command, account, user: values.user, id: values.id, remote: values.remote };
}

function isCommand(word: string): word is keyof typeof commands {
  return Object.hasOwn(commands, word);
}

function required(value: string | undefined, option: string): string {
  if (value === undefined) throw new UserError(`${option} is missing.\n\n${usage}`);
  return value;
}

/** A deployment has a root key of its own; the local default would seal for nobody. */
function rootKeySetting(remote: boolean): string {
  const value = remote ? process.env["ROOT_KEY"] : localSettings().worker.ROOT_KEY;
  if (!/^[A-Za-z0-9+/]{43}=$/.test(value ?? "")) {
    throw new UserError("Set ROOT_KEY to the root key of the deployment: 32 bytes in base64.");
  }
  return value ?? "";
}

/** Takes the data for itself: a server that runs on it would not see the change, and could lose it. */
async function runLocally(sql: string): Promise<unknown[]> {
  const { dataDir } = localSettings();
  const { recordRuntime } = await lockDataDir(dataDir);
  const place = ["--local", "--persist-to", dataDir];
  // CI answers wrangler's question before it migrates.
  const options = { env: { CI: "1" }, onStart: recordRuntime, capture: true };
  const { code, output } = await runWrangler(["d1", "migrations", "apply", "DB", ...place], options);
  if (code !== 0) throw new UserError(`The database could not be migrated.\n${output}`);
  return execute(sql, place, recordRuntime);
}

function runRemotely(sql: string): Promise<unknown[]> {
  return execute(sql, ["--remote"]);
}

async function execute(
  sql: string,
  place: readonly string[],
  onStart?: (pid: number) => void,
): Promise<unknown[]> {
  const args = ["d1", "execute", "DB", ...place, "--yes", "--json", "--command", sql];
  const { code, output } = await runWrangler(args, { capture: true, ...(onStart ? { onStart } : {}) });
  if (code !== 0) throw new UserError(`The database refused.\n${output}`);
  const [answer] = JSON.parse(output) as { results: unknown[] }[];
  return answer?.results ?? [];
}

/** `npm run access-key`: who may sign, for operators. */
await runScript(async () => {
  const request = parseRequest(process.argv.slice(2));
  await commands[request.command](request, request.remote ? runRemotely : runLocally);
});
