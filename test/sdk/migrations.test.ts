import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Miniflare } from "miniflare";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { applyMigrations } from "../../scripts/migrations.ts";
import { temporaryDir } from "../support/server.ts";

let dir: string;
let databaseDir: string;

beforeEach(() => {
  dir = join(temporaryDir(), "migrations");
  databaseDir = temporaryDir();
  mkdirSync(dir);
});

const file = (name: string, sql: string) => writeFileSync(join(dir, name), sql);

/** Opens the database anew, as the next start of the server does. */
async function open() {
  const miniflare = new Miniflare({
    cf: false,
    enableDevRegistry: false,
    logRequests: false,
    resourcePersistencePath: databaseDir,
    workers: [
      {
        config: {
          name: "empty",
          compatibilityDate: "2026-10-23",
          manifest: {
            mainModule: "a.js",
            modulesRoot: dir,
            modules: { "a.js": { type: "esm", contents: "export default {}" } },
          },
          env: { DB: { type: "d1", id: "test" } },
        },
      },
    ],
  });
  onTestFinished(() => miniflare.dispose());
  return await miniflare.getD1Database("DB");
}

it("a migration is applied once, in order of name, and never again", async () => {
  file("0002_rows.sql", "INSERT INTO a VALUES (2);");
  file("0001_table.sql", "-- a table; with a comment\nCREATE TABLE a(x INTEGER);\nINSERT INTO a VALUES (1);");
  expect(await applyMigrations(await open(), dir)).toEqual(["0001_table.sql", "0002_rows.sql"]);

  const again = await open();
  expect(await applyMigrations(again, dir)).toEqual([]);
  file("0003_more.sql", "INSERT INTO a VALUES (3);");
  expect(await applyMigrations(again, dir)).toEqual(["0003_more.sql"]);
  const { results } = await again.prepare("SELECT x FROM a ORDER BY x").all();
  expect(results).toEqual([{ x: 1 }, { x: 2 }, { x: 3 }]);
});

it("a migration that fails leaves nothing of itself, and is tried again", async () => {
  const database = await open();
  file("0001_half.sql", "CREATE TABLE a(x INTEGER);\nINSERT INTO missing VALUES (1);");
  await expect(applyMigrations(database, dir)).rejects.toThrow("Migration 0001_half.sql failed.");
  file("0001_half.sql", "CREATE TABLE a(x INTEGER);");
  expect(await applyMigrations(database, dir)).toEqual(["0001_half.sql"]);
});
