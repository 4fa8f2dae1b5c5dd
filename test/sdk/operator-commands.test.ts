import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SQS } from "@aws-sdk/client-sqs";
import { expect, it } from "vitest";
import { root } from "../../scripts/local-settings.ts";
import { faultOf, type Sqs } from "../support/sdks.ts";
import { spawnServer, temporaryDir } from "../support/server.ts";

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `npm run account` or `npm run access-key` on a data directory, as a terminal does. */
async function run(dataDir: string, script: "account" | "access-key", ...args: string[]): Promise<Answer> {
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

/** With the key in an answer that holds nothing else. */
function connect(url: string, { code, stdout, stderr }: Answer): Sqs {
  const [, accessKeyId, secretAccessKey] =
    /^AWS_ACCESS_KEY_ID=(AKIA[A-Z2-7]{16})\nAWS_SECRET_ACCESS_KEY=(\S{40})\n$/.exec(stdout) ?? [];
  if (code !== 0 || accessKeyId === undefined || secretAccessKey === undefined) {
    throw new Error(`exit code ${code}: ${stdout}${stderr}`);
  }
  const credentials = { accessKeyId, secretAccessKey };
  return new SQS({ endpoint: url, region: "us-east-1", credentials, maxAttempts: 1 });
}

const account = "123456789012";

// What the commands say and refuse is tested in test/scripts, without the second that each process takes.
it("accounts and keys of operators work with a server on the same data, each for what it was told to", async () => {
  const dataDir = temporaryDir();
  const QueueName = "q";
  const policy = join(temporaryDir(), "policy.json");
  const Condition = { StringNotLike: { "aws:UserAgent": "it's; -- /* $$ \"" } };
  const statement = { Effect: "Allow", Action: "sqs:GetQueueUrl", Resource: "*", Condition };
  writeFileSync(policy, JSON.stringify({ Version: "2012-10-17", Statement: [statement] }, undefined, 2));

  const shop = await run(dataDir, "account", "create", "--id", account, "--name", "the shop's; -- 안녕");
  expect(await run(dataDir, "account", "create", "--id", account)).toEqual({
    code: 1,
    stdout: "",
    stderr: `There is an account ${account} already.\n`,
  });
  const create = (...args: string[]) => run(dataDir, "access-key", "create", "--account", account, ...args);
  const all = await create("--user", "alice", "--allow-all");
  const limited = await create("--user", "bob", "--policy-file", policy);
  const nothing = await create("--user", "carol");

  const { url } = await spawnServer(dataDir);
  for (const answer of [shop, all]) {
    const { QueueUrl } = await connect(url, answer).createQueue({ QueueName });
    expect(QueueUrl).toBe(`${url}/${account}/${QueueName}`);
  }
  const bob = connect(url, limited);
  expect((await bob.getQueueUrl({ QueueName })).QueueUrl).toBe(`${url}/${account}/${QueueName}`);
  expect(await faultOf(bob.createQueue({ QueueName: "other" }))).toMatchObject({ code: "AccessDenied" });
  expect(await faultOf(connect(url, nothing).getQueueUrl({ QueueName }))).toMatchObject({ status: 403 });
});
