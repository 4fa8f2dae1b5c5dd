import { isAccount } from "../src/auth/identity.ts";
import { accessKeySql, createRootParameters } from "../src/catalog/access-keys.ts";
import { limits } from "../src/queue/limits.ts";
import { newAccountId } from "./account-id.ts";
import { parseCommandLine } from "./command-line.ts";
import { type AccountRow, identitySql } from "./identity-sql.ts";
import { makeKey, showKey } from "./new-access-key.ts";
import { operatorDatabase, type RunSql } from "./operator-database.ts";
import { sqlText } from "./sql-text.ts";
import { runScript, UserError } from "./user-error.ts";

const usage = `npm run account -- create [--name shop] [--id 123456789012]
npm run account -- list

create makes an account and an access key of its root, which may do everything in it and nothing elsewhere.
Each writes to this machine's data, with no server running on it; --remote to the deployment instead.
The account of ROOT_ACCOUNT_ID is there from the start and need not be made.`;

/**
 * `npm run account`: the accounts of a deployment, for operators.
 *
 * @throws UserError with what is wrong with the arguments, or with the usage
 */
export async function account(args: readonly string[], database = operatorDatabase): Promise<void> {
  const request = parseRequest(args);
  await commands[request.command](request, database(request));
}

interface Request {
  readonly command: keyof typeof commands;
  readonly name: string;
  readonly id: string | undefined;
  readonly remote: boolean;
}

const commands = {
  create: async ({ name, id, remote }: Request, run: RunSql) => {
    const accountId = id ?? newAccountId();
    const key = makeKey({ account: accountId, remote });
    const statements = [
      sqlText(identitySql.createAccount, [accountId, name, key.stored.createdAtSeconds]),
      sqlText(accessKeySql.createRoot, createRootParameters(key.stored)),
    ];
    await run(statements).catch((error) => {
      const exists = error instanceof UserError && /UNIQUE.*accounts\.account_id/.test(error.message);
      throw exists ? new UserError(`There is an account ${accountId} already.`) : error;
    });
    showKey(key, `the root of account ${accountId}${name === "" ? "" : ` (${name})`}`);
  },

  list: async (_: Request, run: RunSql) => {
    const max = 1000;
    const [rows = []] = (await run([sqlText(identitySql.listAccounts, [max])])) as AccountRow[][];
    for (const row of rows) {
      const createdAt = new Date(row.created_at * 1000).toISOString().slice(0, 19);
      console.log([row.account_id, `${createdAt}Z`, row.name].join("\t"));
    }
    if (rows.length === max) console.error(`Only the first ${max} are shown.`);
  },
};

function parseRequest(args: readonly string[]): Request {
  const text = { type: "string" } as const;
  const options = { name: text, id: text, remote: { type: "boolean", default: false } } as const;
  const { values, positionals } = parseCommandLine(args, options, usage);
  const [command = ""] = positionals;
  if (positionals.length !== 1 || !isCommand(command)) throw new UserError(usage);
  const { name = "", id, remote } = values;
  if (id !== undefined && !isAccount(id)) throw new UserError(`--id must be 12 digits, not "${id}".`);
  if (!isAccountName(name)) {
    throw new UserError(`--name must be at most ${limits.accountNameLength} printable characters.`);
  }
  return { command, name, id, remote };
}

/** What a list shows in one line. */
function isAccountName(text: string): boolean {
  return [...text].length <= limits.accountNameLength && !/\p{C}/u.test(text);
}

function isCommand(word: string): word is keyof typeof commands {
  return Object.hasOwn(commands, word);
}

if (import.meta.main) await runScript(() => account(process.argv.slice(2)));
