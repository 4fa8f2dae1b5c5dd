import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The part of D1 that migrations need. */
export interface MigratedDatabase {
  prepare(sql: string): Statement;
  batch(statements: Statement[]): Promise<{ results: unknown[] }[]>;
}

interface Statement {
  bind(...values: string[]): Statement;
}

/**
 * Applies the files of `dir` that the database has not seen, in order of name, each in a transaction.
 * They are recorded where `wrangler d1 migrations apply` records them, so either can go on from the other.
 *
 * @returns the names of those applied now.
 */
export async function applyMigrations(database: MigratedDatabase, dir: string): Promise<string[]> {
  const [, answer] = await database.batch([database.prepare(createTable), database.prepare(listApplied)]);
  const rows = (answer?.results ?? []) as { name: string }[];
  const applied = new Set(rows.map((row) => row.name));
  const pending = readdirSync(dir)
    .filter((name) => name.endsWith(".sql") && !applied.has(name))
    .sort();
  for (const name of pending) {
    const sql = readFileSync(join(dir, name), "utf8");
    try {
      await database.batch([database.prepare(sql), database.prepare(record).bind(name)]);
    } catch (error) {
      throw new Error(`Migration ${name} failed.`, { cause: error });
    }
  }
  return pending;
}

const createTable = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;
const listApplied = "SELECT name FROM d1_migrations";
const record = "INSERT INTO d1_migrations(name) VALUES (?1)";
