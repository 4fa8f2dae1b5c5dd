import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SQS } from "@aws-sdk/client-sqs";
import { beforeEach, describe, expect, it } from "vitest";
import { root } from "../../scripts/local-settings.ts";
import { faultOf, type Sqs } from "../support/sdks.ts";
import { spawnServer, temporaryDir } from "../support/server.ts";

let dataDir: string;
beforeEach(() => {
  dataDir = temporaryDir();
});

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `npm run account` or `npm run access-key` on the data of this test, as a terminal does. */
async function run(script: "account" | "access-key", ...args: string[]): Promise<Answer> {
  const { PATH, HOME } = process.env;
  const path = join(root, "scripts", `${script}.ts`);
  const child = spawn(process.execPath, ["--no-warnings", path, ...args], {
    env: { PATH, HOME, DATA_DIR: dataDir },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      printed[name] += text;
    });
  }
  const [code] = await once(child, "close");
  return { code, ...printed };
}

/** The key in an answer that holds nothing else. */
function keyIn({ code, stdout, stderr }: Answer) {
  const [, accessKeyId, secretAccessKey] =
    /^AWS_ACCESS_KEY_ID=(AKIA[A-Z2-7]{16})\nAWS_SECRET_ACCESS_KEY=(\S{40})\n$/.exec(stdout) ?? [];
  if (code !== 0 || accessKeyId === undefined || secretAccessKey === undefined) {
    throw new Error(`exit code ${code}: ${stdout}${stderr}`);
  }
  return { accessKeyId, secretAccessKey };
}

function connect(url: string, answer: Answer): Sqs {
  return new SQS({ endpoint: url, region: "us-east-1", credentials: keyIn(answer), maxAttempts: 1 });
}

const account = "123456789012";

describe("npm run account", () => {
  it("creates accounts whose roots work in them, and lists them", async () => {
    const shop = await run("account", "create", "--name", "the shop's; -- 안녕");
    const id =
      /^Access key of the root of account (\d{12}) \(the shop's; -- 안녕\)\. The secret is not shown again\.\n$/.exec(
        shop.stderr,
      )?.[1];
    expect(id).toMatch(/^[1-9]/);
    const chosen = await run("account", "create", "--id", account);
    expect(chosen.stderr).toBe(
      `Access key of the root of account ${account}. The secret is not shown again.\n`,
    );

    const time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ";
    const { stdout } = await run("account", "list");
    const lines = [`${account}\t${time}\t\n`, `${id}\t${time}\tthe shop's; -- 안녕\n`].sort();
    expect(stdout).toMatch(new RegExp(`^${lines.join("")}$`));

    const { url } = await spawnServer(dataDir);
    for (const [answer, owner] of [
      [shop, id],
      [chosen, account],
    ] as const) {
      const { QueueUrl } = await connect(url, answer).createQueue({ QueueName: "q" });
      expect(QueueUrl).toBe(`${url}/${owner}/q`);
    }
  });

  it("creates no account twice, and gives no key when it refuses", async () => {
    keyIn(await run("account", "create", "--id", account));
    expect(await run("account", "create", "--id", account)).toEqual({
      code: 1,
      stdout: "",
      stderr: `There is an account ${account} already.\n`,
    });
    const { stdout } = await run("access-key", "list", "--account", account);
    expect(stdout.trim().split("\n")).toHaveLength(1);
  });

  it("refuses what it does not understand", async () => {
    const refused = { code: 1, stdout: "" };
    expect(await run("account")).toMatchObject({ ...refused, stderr: /^npm run account -- create/ });
    expect(await run("account", "make")).toMatchObject({ ...refused, stderr: /^npm run account -- create/ });
    expect(await run("account", "create", "--id", "12345678901")).toMatchObject({
      ...refused,
      stderr: '--id must be 12 digits, not "12345678901".\n',
    });
    for (const name of ["a".repeat(51), "two\nlines"]) {
      expect(await run("account", "create", "--name", name)).toMatchObject({
        ...refused,
        stderr: "--name must be at most 50 printable characters.\n",
      });
    }
  });
});

describe("npm run access-key", () => {
  const create = (...args: string[]) => run("access-key", "create", "--account", account, ...args);

  /** The first three columns of each line. */
  async function list(...args: string[]): Promise<string[]> {
    const { stdout } = await run("access-key", "list", "--account", account, ...args);
    return stdout.split("\n").map((line) => line.split("\t").slice(0, 3).join(" "));
  }

  it("gives a user what it was told to, and nothing otherwise", async () => {
    const policy = join(temporaryDir(), "policy.json");
    const Condition = { StringNotLike: { "aws:UserAgent": "it's; -- /* $$ \"" } };
    writeFileSync(
      policy,
      JSON.stringify(
        {
          Version: "2012-10-17",
          Statement: [{ Effect: "Allow", Action: "sqs:GetQueueUrl", Resource: "*", Condition }],
        },
        undefined,
        2,
      ),
    );
    const ofRoot = await create("--root");
    const all = await create("--user", "alice", "--allow-all");
    const limited = await create("--user", "bob", "--policy-file", policy);
    const nothing = await create("--user", "carol");
    const note = "The user may do nothing until IAM policies are given, or this again with --allow-all.\n";
    expect(ofRoot.stderr).toBe(
      `Access key of the root of account ${account}. The secret is not shown again.\n`,
    );
    expect(all.stderr).toBe(
      `Access key of user alice in account ${account}. The secret is not shown again.\n`,
    );
    expect(limited.stderr).not.toContain(note);
    expect(nothing.stderr).toContain(note);
    // Whoever has policies already keeps them, also under another spelling.
    const again = await create("--user", "ALICE");
    expect(again.stderr).not.toContain(note);

    const { url } = await spawnServer(dataDir);
    const QueueName = "q";
    for (const answer of [ofRoot, all, again]) {
      const { QueueUrl } = await connect(url, answer).createQueue({ QueueName });
      expect(QueueUrl).toBe(`${url}/${account}/q`);
    }
    const bob = connect(url, limited);
    expect((await bob.getQueueUrl({ QueueName })).QueueUrl).toBe(`${url}/${account}/q`);
    expect(await faultOf(bob.createQueue({ QueueName: "other" }))).toMatchObject({ code: "AccessDenied" });
    expect(await faultOf(connect(url, nothing).getQueueUrl({ QueueName }))).toMatchObject({ status: 403 });
  });

  it("lists keys with their owners", async () => {
    const alice = keyIn(await create("--user", "alice", "--allow-all")).accessKeyId;
    const ofRoot = keyIn(await create("--root")).accessKeyId;
    expect(await list()).toEqual([`${ofRoot} Active <root>`, `${alice} Active alice`, ""]);
    expect(await list("--root")).toEqual([`${ofRoot} Active <root>`, ""]);
    expect(await list("--user", "alice")).toEqual([`${alice} Active alice`, ""]);
  });

  it("disables and deletes a key, but no other account's", async () => {
    const id = keyIn(await create("--user", "alice", "--allow-all")).accessKeyId;
    const change = (what: string, of: string) => run("access-key", what, "--account", of, "--id", id);
    expect(await change("delete", "999999999999")).toEqual({
      code: 1,
      stdout: "",
      stderr: `Account 999999999999 has no access key ${id}.\n`,
    });
    expect(await change("disable", account)).toEqual({ code: 0, stdout: `${id} is inactive.\n`, stderr: "" });
    expect(await list()).toEqual([`${id} Inactive alice`, ""]);
    expect(await change("delete", account)).toEqual({ code: 0, stdout: `${id} is deleted.\n`, stderr: "" });
    expect(await list()).toEqual([""]);
  });

  it("refuses what it does not understand, before anything is stored", async () => {
    const dir = temporaryDir();
    const file = (name: string, text: string) => {
      writeFileSync(join(dir, name), text);
      return join(dir, name);
    };
    const allow = (Sid: string) =>
      JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Sid, Effect: "Allow", Action: "*", Resource: "*" }],
      });
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
    ];
    for (const [args, stderr] of refusals) {
      expect({ args, ...(await run("access-key", ...args)) }).toMatchObject({
        args,
        code: 1,
        stdout: "",
        stderr,
      });
    }
    expect(await list()).toEqual([""]);
  });
});
