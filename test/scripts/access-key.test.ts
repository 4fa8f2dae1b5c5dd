import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { accessKey } from "../../scripts/access-key.ts";
import { type Answer, operatorDesk } from "./operator-desk.ts";

const account = "123456789012";

let run: (...args: string[]) => Promise<Answer>;
let dir: string;
beforeEach(() => {
  const desk = operatorDesk();
  run = (...args) => desk.run(accessKey, ...args);
  dir = mkdtempSync(join(tmpdir(), "edge-sqs-key-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
});

function file(name: string, text: string): string {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
}

const create = (...args: string[]) => run("create", "--account", account, ...args);

/** The first three columns of each line. */
async function list(...args: string[]): Promise<string[]> {
  const { stdout } = await run("list", "--account", account, ...args);
  return stdout.split("\n").map((line) => line.split("\t").slice(0, 3).join(" "));
}

function idIn({ stdout, stderr }: Answer): string {
  const id = /^AWS_ACCESS_KEY_ID=(AKIA[A-Z2-7]{16})\nAWS_SECRET_ACCESS_KEY=\S{40}\n$/.exec(stdout)?.[1];
  if (id === undefined) throw new Error(`${stdout}${stderr}`);
  return id;
}

const mayDoNothing =
  "The user may do nothing until IAM policies are given, or this again with --allow-all.\n";

function allow(Sid: string): string {
  const statement = { Sid, Effect: "Allow", Action: "*", Resource: "*" };
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
}

describe("npm run access-key", () => {
  it("says whose a new key is, and of a user without policies that it may do nothing", async () => {
    const ofRoot = await create("--root");
    expect(ofRoot.stderr).toBe(
      `Access key of the root of account ${account}. The secret is not shown again.\n`,
    );
    const note = `Access key of user alice in account ${account}. The secret is not shown again.\n`;
    const nothing = await create("--user", "alice");
    expect(nothing.stderr).toBe(note + mayDoNothing);
    const all = await create("--user", "alice", "--allow-all");
    expect(all.stderr).toBe(note);
    const limited = await create("--user", "bob", "--policy-file", file("policy.json", allow("One")));
    expect(limited.stderr).not.toContain(mayDoNothing);
    // Whoever has policies already keeps them, also under another spelling.
    const again = await create("--user", "ALICE");
    expect(again.stderr).not.toContain(mayDoNothing);
    const ids = [ofRoot, nothing, all, limited, again].map(idIn);
    expect(new Set(ids).size).toBe(5);
  });

  it("lists keys with their owners", async () => {
    const alice = idIn(await create("--user", "alice", "--allow-all"));
    const ofRoot = idIn(await create("--root"));
    expect(await list()).toEqual([`${ofRoot} Active <root>`, `${alice} Active alice`, ""]);
    expect(await list("--root")).toEqual([`${ofRoot} Active <root>`, ""]);
    expect(await list("--user", "alice")).toEqual([`${alice} Active alice`, ""]);
  });

  it("disables, enables and deletes a key, but no other account's", async () => {
    const id = idIn(await create("--user", "alice", "--allow-all"));
    const change = (what: string, of: string) => run(what, "--account", of, "--id", id);
    for (const what of ["disable", "enable", "delete"]) {
      expect(await change(what, "999999999999")).toEqual({
        code: 1,
        stdout: "",
        stderr: `Account 999999999999 has no access key ${id}.\n`,
      });
    }
    expect(await change("disable", account)).toEqual({ code: 0, stdout: `${id} is inactive.\n`, stderr: "" });
    expect(await list()).toEqual([`${id} Inactive alice`, ""]);
    expect(await change("enable", account)).toEqual({ code: 0, stdout: `${id} is active.\n`, stderr: "" });
    expect(await list()).toEqual([`${id} Active alice`, ""]);
    expect(await change("delete", account)).toEqual({ code: 0, stdout: `${id} is deleted.\n`, stderr: "" });
    expect(await list()).toEqual([""]);
  });

  it("refuses what it does not understand, before anything is stored", async () => {
    const ofUser = ["--account", account, "--user", "alice"];
    const refusals: [string[], RegExp][] = [
      [["create", "--user", "alice"], /^--account is missing/],
      [["create", "--account", account], /^--user or --root is missing/],
      [["create", ...ofUser, "--root"], /^--user and --root exclude each other/],
      [
        ["create", "--account", account, "--root", "--allow-all"],
        /^--allow-all and --policy-file are for create/,
      ],
      [["list", ...ofUser, "--allow-all"], /^--allow-all and --policy-file are for create/],
      [["create", ...ofUser, "--allow-all", "--policy-file", "x"], /exclude each other/],
      [["create", ...ofUser, "--policy-file", join(dir, "missing")], /ENOENT/],
      [["create", ...ofUser, "--policy-file", file("json", "{")], /json is no policy of a user: /],
      [["create", ...ofUser, "--policy-file", file("empty", "{}")], /empty is no policy of a user: /],
      [
        ["create", ...ofUser, "--policy-file", file("long", allow("x".repeat(2048)))],
        /longer than 2048 characters/,
      ],
      [["create", "--account", account, "--user", "a b"], /^--user must be/],
      [["create", "--account", "1", "--user", "alice"], /^--account must be 12 digits/],
      [["disable", "--account", account], /^--id is missing/],
      [["create", ...ofUser, "--everything"], /Unknown option '--everything'/],
      [["make", ...ofUser], /^npm run access-key -- create/],
    ];
    for (const [args, stderr] of refusals) {
      expect({ args, ...(await run(...args)) }).toMatchObject({ args, code: 1, stdout: "", stderr });
    }
    expect(await list()).toEqual([""]);
  });
});
