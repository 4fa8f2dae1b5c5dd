import { readFileSync } from "node:fs";
import { isAccount, isUserName, newUserId } from "../src/auth/identity.ts";
import { parsePolicy } from "../src/auth/policy/document.ts";
import {
  type AccessKeyRow,
  accessKeySql,
  createParameters,
  createRootParameters,
  createUserParameters,
} from "../src/catalog/access-keys.ts";
import { limits } from "../src/queue/limits.ts";
import { parseCommandLine } from "./command-line.ts";
import { identitySql } from "./identity-sql.ts";
import { makeKey, type NewKey, showKey } from "./new-access-key.ts";
import { operatorDatabase, type RunSql } from "./operator-database.ts";
import { sqlText } from "./sql-text.ts";
import { runScript, UserError } from "./user-error.ts";

const usage = `npm run access-key -- create  --account 123456789012 --user alice [--allow-all | --policy-file policy.json]
npm run access-key -- create  --account 123456789012 --root
npm run access-key -- list    --account 123456789012 [--user alice | --root]
npm run access-key -- disable --account 123456789012 --id AKIA...
npm run access-key -- enable  --account 123456789012 --id AKIA...
npm run access-key -- delete  --account 123456789012 --id AKIA...

Each writes to this machine's data, with no server running on it; --remote to the deployment instead.
create makes the user if there is none, and seals the secret under ROOT_KEY. --policy-file gives the user the inline
policy "AccessKey", --allow-all the inline policy "FullAccess"; a key with --root may do everything in its account.
A change of a key takes up to a minute to be effective everywhere.`;

/**
 * `npm run access-key`: who may sign, for operators.
 *
 * @throws UserError with what is wrong with the arguments, or with the usage
 */
export async function accessKey(args: readonly string[], database = operatorDatabase): Promise<void> {
  const request = parseRequest(args);
  await commands[request.command](request, database(request));
}

interface Request {
  readonly command: keyof typeof commands;
  readonly account: string;
  /** Empty: the account's root. */
  readonly user: string | undefined;
  readonly id: string | undefined;
  readonly policy: InlinePolicy | undefined;
  readonly remote: boolean;
}

interface InlinePolicy {
  readonly name: string;
  readonly document: string;
}

const commands = {
  create: async (request: Request, run: RunSql) => {
    const user = request.user ?? missing("--user or --root");
    const key = makeKey(request);
    await (user === "" ? createForRoot(key, run) : createForUser(key, user, request.policy, run));
  },

  list: async ({ account, user }: Request, run: RunSql) => {
    const max = 1000;
    const sql =
      user === undefined
        ? sqlText(accessKeySql.listOfAccount, [account, max])
        : sqlText(accessKeySql.listOfUser, [account, user, max]);
    const [rows = []] = (await run([sql])) as AccessKeyRow[][];
    for (const row of rows) {
      const createdAt = new Date(row.created_at * 1000).toISOString().slice(0, 19);
      // Brackets are in no user's name.
      const owner = row.user_name === "" ? "<root>" : row.user_name;
      console.log([row.access_key_id, row.status, owner, row.user_id, `${createdAt}Z`].join("\t"));
    }
    if (rows.length === max) console.error(`Only the first ${max} are shown.`);
  },

  disable: (request: Request, run: RunSql) => setStatus(request, run, "Inactive"),
  enable: (request: Request, run: RunSql) => setStatus(request, run, "Active"),

  delete: async (request: Request, run: RunSql) => {
    const id = request.id ?? missing("--id");
    const [rows = []] = await run([sqlText(accessKeySql.delete, [id, request.account])]);
    confirm(rows, `${id} is deleted.`, request);
  },
};

async function createForRoot(key: NewKey, run: RunSql): Promise<void> {
  const { account, createdAtSeconds } = key.stored;
  await run([
    sqlText(identitySql.ensureAccount, [account, createdAtSeconds]),
    sqlText(accessKeySql.createRoot, createRootParameters(key.stored)),
  ]);
  showKey(key, `the root of account ${account}`);
}

/** User, policy and key at once: a key that signs is never seen without what its user was to be allowed. */
async function createForUser(
  key: NewKey,
  userName: string,
  policy: InlinePolicy | undefined,
  run: RunSql,
): Promise<void> {
  const { account, createdAtSeconds } = key.stored;
  const user = { account, userName, userId: newUserId(), createdAtSeconds };
  const allow = policy && [
    sqlText(identitySql.putUserPolicy, [account, userName, policy.name, policy.document]),
  ];
  const answers = await run([
    sqlText(identitySql.ensureAccount, [account, createdAtSeconds]),
    sqlText(accessKeySql.createUser, createUserParameters(user)),
    ...(allow ?? []),
    sqlText(accessKeySql.create, createParameters({ ...key.stored, userName })),
    sqlText(identitySql.countUserPolicies, [account, userName]),
  ]);
  showKey(key, `user ${userName} in account ${account}`);
  const [counted] = (answers.at(-1) ?? []) as { policies: number }[];
  if (counted?.policies === 0) {
    console.error("The user may do nothing until IAM policies are given, or this again with --allow-all.");
  }
}

async function setStatus(request: Request, run: RunSql, status: "Active" | "Inactive"): Promise<void> {
  const id = request.id ?? missing("--id");
  const [rows = []] = await run([sqlText(accessKeySql.setStatus, [id, request.account, status])]);
  confirm(rows, `${id} is ${status.toLowerCase()}.`, request);
}

function confirm(rows: readonly unknown[], done: string, { account, id }: Request): void {
  if (rows.length === 0) throw new UserError(`Account ${account} has no access key ${id}.`);
  console.log(done);
}

function parseRequest(args: readonly string[]): Request {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const options = {
    account: text,
    user: text,
    root: flag,
    "allow-all": flag,
    "policy-file": text,
    id: text,
    remote: flag,
  } as const;
  const { values, positionals } = parseCommandLine(args, options, usage);
  const [command = ""] = positionals;
  if (positionals.length !== 1 || !isCommand(command)) throw new UserError(usage);
  const account = values.account ?? missing("--account");
  if (!isAccount(account)) throw new UserError(`--account must be 12 digits, not "${account}".`);
  if (values.user !== undefined && !isUserName(values.user)) {
    throw new UserError(`--user must be 1 to 64 letters, digits or _+=,.@-, not "${values.user}".`);
  }
  if (values.root && values.user !== undefined) throw new UserError("--user and --root exclude each other.");
  const policy = chosenPolicy(values["allow-all"], values["policy-file"]);
  if (policy !== undefined && (command !== "create" || values.user === undefined)) {
    throw new UserError(`--allow-all and --policy-file are for create with --user.\n\n${usage}`);
  }
  const user = values.root ? "" : values.user;
  return { command, account, user, id: values.id, policy, remote: values.remote };
}

function chosenPolicy(allowAll: boolean, file: string | undefined): InlinePolicy | undefined {
  if (allowAll && file !== undefined)
    throw new UserError("--allow-all and --policy-file exclude each other.");
  if (allowAll) return { name: "FullAccess", document: fullAccess };
  return file === undefined ? undefined : { name: "AccessKey", document: readPolicy(file) };
}

const fullAccess = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
});

function readPolicy(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new UserError(error instanceof Error ? error.message : String(error));
  }
  const policy = parsePolicy(text, "identity");
  if (!policy.ok) throw new UserError(`${file} is no policy of a user: ${policy.error}`);
  // Without the layout, which counts towards no limit but takes its place in a command line.
  const document = JSON.stringify(JSON.parse(text));
  const max = limits.inlinePolicyCharacters.user;
  if (document.replace(/\s/g, "").length > max)
    throw new UserError(`${file} is longer than ${max} characters.`);
  return document;
}

function isCommand(word: string): word is keyof typeof commands {
  return Object.hasOwn(commands, word);
}

function missing(option: string): never {
  throw new UserError(`${option} is missing.\n\n${usage}`);
}

if (import.meta.main) await runScript(() => accessKey(process.argv.slice(2)));
