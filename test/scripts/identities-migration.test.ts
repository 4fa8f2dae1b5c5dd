import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, it } from "vitest";
import { migrationsDir } from "../../scripts/worker-config.ts";
import { parsePolicy } from "../../src/auth/policy/document.ts";

const files = readdirSync(migrationsDir).sort();
const upgrade = files.indexOf("0005_identities.sql");

let db: DatabaseSync;
beforeEach(() => {
  db = new DatabaseSync(":memory:");
  for (const file of files.slice(0, upgrade)) apply(file);
});

function apply(file: string): void {
  db.exec(readFileSync(join(migrationsDir, file), "utf8"));
}

const migrate = () => {
  for (const file of files.slice(upgrade)) apply(file);
};

const rows = (sql: string) =>
  db
    .prepare(sql)
    .all()
    .map((row) => ({ ...row }));

function addKey(id: string, account: string, userName: string, userId: string, createdAt: number): void {
  db.prepare("INSERT INTO access_keys VALUES (?, ?, ?, ?, 'sealed', 'Active', ?)").run(
    ...[id, account, userName, userId, createdAt],
  );
}

describe("the upgrade to identities", () => {
  it("makes a user with full access of everybody who has a key", () => {
    addKey("AKIA1", "111111111111", "alice", "AIDA1", 20);
    addKey("AKIA2", "111111111111", "alice", "AIDA1", 10);
    addKey("AKIA3", "111111111111", "bob", "AIDA2", 30);
    addKey("AKIA4", "222222222222", "alice", "AIDA3", 40);
    migrate();
    const user = { path: "/", tags: "{}" };
    expect(rows("SELECT * FROM users")).toEqual([
      { account: "111111111111", user_name: "alice", user_id: "AIDA1", created_at: 10, ...user },
      { account: "111111111111", user_name: "bob", user_id: "AIDA2", created_at: 30, ...user },
      { account: "222222222222", user_name: "alice", user_id: "AIDA3", created_at: 40, ...user },
    ]);
    expect(rows("SELECT * FROM accounts")).toEqual([
      { account_id: "111111111111", name: "", created_at: 10 },
      { account_id: "222222222222", name: "", created_at: 40 },
    ]);
    const policies = rows("SELECT account, owner_kind, owner_name, policy_name FROM inline_policies");
    expect(policies).toEqual(
      [
        ["111111111111", "alice"],
        ["111111111111", "bob"],
        ["222222222222", "alice"],
      ].map(([account, owner_name]) => {
        return { account, owner_kind: "user", owner_name, policy_name: "FullAccess" };
      }),
    );
    for (const { document } of rows("SELECT document FROM inline_policies")) {
      expect(JSON.parse(String(document))).toEqual({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
      });
      expect(parsePolicy(String(document), "identity")).toMatchObject({ ok: true });
    }
  });

  it("makes one user of names that differ in case alone, the oldest, and keeps all their keys", () => {
    addKey("AKIA1", "111111111111", "alice", "AIDA1", 20);
    addKey("AKIA2", "111111111111", "Alice", "AIDA2", 10);
    addKey("AKIA3", "111111111111", "ALICE", "AIDA3", 30);
    migrate();
    expect(rows("SELECT user_name, user_id FROM users")).toEqual([{ user_name: "Alice", user_id: "AIDA2" }]);
    const keys = ["AKIA1", "AKIA2", "AKIA3"];
    expect(rows("SELECT access_key_id, user_name, user_id, created_at FROM access_keys")).toEqual(
      [20, 10, 30].map((created_at, i) => {
        return { access_key_id: keys[i], user_name: "Alice", user_id: "AIDA2", created_at };
      }),
    );
    expect(rows("SELECT owner_name FROM inline_policies")).toEqual([{ owner_name: "Alice" }]);
  });

  it("makes nothing where there is no key", () => {
    migrate();
    for (const table of ["accounts", "users", "inline_policies", "roles", "policies", "attached_policies"]) {
      expect(rows(`SELECT * FROM ${table}`)).toEqual([]);
    }
  });

  it("keeps names unique without regard to case, within an account", () => {
    migrate();
    const insert = db.prepare("INSERT INTO users VALUES (?, ?, ?, '/', 0, '{}')");
    insert.run("111111111111", "alice", "AIDA1");
    insert.run("222222222222", "ALICE", "AIDA2");
    expect(() => insert.run("111111111111", "ALICE", "AIDA3")).toThrow("UNIQUE");
    expect(() => insert.run("111111111111", "bob", "AIDA1")).toThrow("UNIQUE");
  });

  it("finds where a policy is attached by its index", () => {
    migrate();
    const [plan] = rows(
      "EXPLAIN QUERY PLAN SELECT COUNT(*) FROM attached_policies WHERE policy_arn = 'a' AND account = 'b'",
    );
    expect(plan?.["detail"]).toMatch(
      /COVERING INDEX attached_policies_by_policy \(policy_arn=\? AND account=\?\)/,
    );
  });
});
