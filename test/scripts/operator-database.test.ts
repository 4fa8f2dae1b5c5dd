import { expect, it } from "vitest";
import { operatorDatabase } from "../../scripts/operator-database.ts";

it("a deployment's database gets all statements in one command, and gives the rows of each", async () => {
  const asked: (readonly string[])[] = [];
  const run = operatorDatabase({ remote: true }, async (args) => {
    asked.push(args);
    return { code: 0, output: JSON.stringify([{ results: [] }, { results: [{ a: 1 }, { a: 2 }] }]) };
  });
  expect(await run(["INSERT INTO t VALUES ('a;b')", "SELECT a FROM t"])).toEqual([[], [{ a: 1 }, { a: 2 }]]);
  const sql = "INSERT INTO t VALUES ('a;b');\nSELECT a FROM t";
  expect(asked).toEqual([["d1", "execute", "DB", "--remote", "--yes", "--json", "--command", sql]]);
});

it("a deployment's database that refuses says why", async () => {
  const run = operatorDatabase({ remote: true }, async () => ({ code: 1, output: "not logged in" }));
  await expect(run(["SELECT 1"])).rejects.toThrow("The database refused.\nnot logged in");
});
