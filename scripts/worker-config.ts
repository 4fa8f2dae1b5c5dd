import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./local-settings.ts";

export const workerConfigPath = join(root, "wrangler.toml");
export const migrationsDir = join(root, "migrations");

/** What a server needs to know of `wrangler.toml`, so that each is written down once. */
export interface WorkerConfig {
  /** With the class it names the objects' storage: `{name}-QueueShard`. */
  readonly name: string;
  readonly compatibilityDate: string;
  readonly compatibilityFlags: string[];
  readonly databaseName: string;
  /** Names the storage of the database on this machine. */
  readonly localDatabaseId: string;
}

/** Reads one line per value instead of parsing TOML: the file is ours, and no TOML reader is installed. */
export function readWorkerConfig(toml = readFileSync(workerConfigPath, "utf8")): WorkerConfig {
  const value = (key: string): string => {
    const found = new RegExp(`^${key} = "([^"]+)"$`, "m").exec(toml)?.[1];
    if (found === undefined) throw new Error(`wrangler.toml has no line: ${key} = "..."`);
    return found;
  };
  const list = (key: string): string[] => {
    const found = new RegExp(`^${key} = \\[([^\\]]*)\\]$`, "m").exec(toml)?.[1];
    if (found === undefined) throw new Error(`wrangler.toml has no line: ${key} = [...]`);
    return [...found.matchAll(/"([^"]+)"/g)].map(([, item = ""]) => item);
  };
  return {
    name: value("name"),
    compatibilityDate: value("compatibility_date"),
    compatibilityFlags: list("compatibility_flags"),
    databaseName: value("database_name"),
    localDatabaseId: value("preview_database_id"),
  };
}
