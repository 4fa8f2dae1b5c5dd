import { readFileSync } from "node:fs";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

/**
 * What the catalog uses of D1, over SQLite in memory: its true SQL runs in plain Node.
 *
 * @param migrations file names, in order
 */
export function sqliteD1(...migrations: readonly string[]): D1Database {
  const db = new DatabaseSync(":memory:");
  for (const file of migrations) {
    db.exec(readFileSync(`${import.meta.dirname}/../../migrations/${file}`, "utf8"));
  }
  const d1 = {
    prepare: (sql: string) => new Statement(db, sql, []),
    async batch(statements: readonly Statement[]) {
      db.exec("BEGIN");
      try {
        const results = statements.map((statement) => statement.execute());
        db.exec("COMMIT");
        return results;
      } catch (cause) {
        db.exec("ROLLBACK");
        throw cause;
      }
    },
  };
  return d1 as unknown as D1Database;
}

class Statement {
  readonly #db: DatabaseSync;
  readonly #sql: string;
  readonly #values: readonly SQLInputValue[];

  constructor(db: DatabaseSync, sql: string, values: readonly SQLInputValue[]) {
    this.#db = db;
    this.#sql = sql;
    this.#values = values;
  }

  bind(...values: SQLInputValue[]): Statement {
    return new Statement(this.#db, this.#sql, values);
  }

  execute() {
    // D1 numbers its parameters; node:sqlite takes `?1` for a name.
    const named = Object.fromEntries(this.#values.map((value, i) => [`?${i + 1}`, value]));
    return { success: true, results: this.#db.prepare(this.#sql).all(named) };
  }

  async all() {
    return this.execute();
  }

  async run() {
    return this.execute();
  }

  async first() {
    return this.execute().results[0] ?? null;
  }
}
