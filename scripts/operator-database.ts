import { join } from "node:path";
import type { MiniflareOptions } from "miniflare";
import { lockDataDir } from "./data-lock.ts";
import { localSettings, root } from "./local-settings.ts";
import { applyMigrations } from "./migrations.ts";
import { watchForRuntime } from "./runtime-watch.ts";
import { UserError } from "./user-error.ts";
import { migrationsDir, readWorkerConfig } from "./worker-config.ts";
import { runWrangler } from "./wrangler.ts";

/** Runs statements as one transaction and returns the rows of each. */
export type RunSql = (statements: readonly string[]) => Promise<unknown[][]>;

/**
 * The database of a deployment, or that of this machine's data. The latter is taken for the time it runs: a
 * server on it would not see the change, and could lose it.
 *
 * @throws UserError when the data is in use, and with the database's own words when it refuses.
 */
export function operatorDatabase(of: { readonly remote: boolean }, wrangler = runWrangler): RunSql {
  return of.remote ? (statements) => runRemotely(statements, wrangler) : runLocally;
}

/** Its `batch` is one transaction. */
export function runOn(database: Pick<D1Database, "prepare" | "batch">): RunSql {
  return async (statements) => {
    const answers = await database
      .batch(statements.map((sql) => database.prepare(sql)))
      .catch((error) => Promise.reject(refusal(error instanceof Error ? error.message : String(error))));
    return answers.map(({ results }) => results);
  };
}

/** D1 runs the statements of one command in one transaction. */
async function runRemotely(
  statements: readonly string[],
  wrangler: typeof runWrangler,
): Promise<unknown[][]> {
  const sql = statements.join(";\n");
  const args = ["d1", "execute", "DB", "--remote", "--yes", "--json", "--command", sql];
  const { code, output } = await wrangler(args, { capture: true });
  if (code !== 0) throw refusal(output);
  const answers = JSON.parse(output) as { results: unknown[] }[];
  return answers.map(({ results }) => results);
}

/** Without wrangler, which takes several seconds to say the same. */
async function runLocally(statements: readonly string[]): Promise<unknown[][]> {
  const { dataDir } = localSettings();
  // Not at the top: it takes longer to load than all else, and most commands that fail never come here.
  const { Miniflare } = await import("miniflare");
  const lock = await lockDataDir(dataDir);
  const watch = watchForRuntime(lock);
  const miniflare = new Miniflare(describeDatabase(dataDir));
  try {
    const database = await miniflare.getD1Database("DB");
    await applyMigrations(database, migrationsDir);
    return await runOn(database)(statements);
  } finally {
    await miniflare.dispose();
    watch.stop();
    lock.release();
  }
}

function refusal(why: string): UserError {
  return new UserError(`The database refused.\n${why}`);
}

/** A runtime with a Worker that does nothing, and the database where `npm start` keeps it. */
function describeDatabase(dataDir: string): MiniflareOptions {
  const { name, compatibilityDate, localDatabaseId } = readWorkerConfig();
  const modules = { "nothing.js": { type: "esm", contents: "export default {}" } } as const;
  return {
    resourcePersistencePath: join(dataDir, "v3"),
    // Both would reach for the network or for other servers on this machine.
    cf: false,
    enableDevRegistry: false,
    logRequests: false,
    workers: [
      {
        config: {
          name,
          compatibilityDate,
          manifest: { mainModule: "nothing.js", modulesRoot: root, modules },
          env: { DB: { type: "d1", id: localDatabaseId } },
        },
      },
    ],
  };
}
