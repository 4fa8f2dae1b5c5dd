import { once } from "node:events";
import { createServer } from "node:net";
import { SQS, type SQSClientConfig } from "@aws-sdk/client-sqs";
import { describe, expect, it, onTestFinished } from "vitest";
import { readRuntime } from "../../scripts/data-lock.ts";
import { isRunning, type ProcessIdentity } from "../../scripts/process-identity.ts";
import {
  defaults,
  refusedStart,
  type ServerProcess,
  spawnServer,
  startTestServer,
  temporaryDir,
} from "../support/server.ts";

describe("npm start", () => {
  it("says where it listens, which credentials to use, and what to paste", async () => {
    const dataDir = temporaryDir();
    const server = await spawnServer(dataDir);
    expect(server.output()).toContain(`edge-sqs listens on ${server.url}\n`);
    expect(server.output()).toContain(
      "Access key test, secret test, account 000000000000, region us-east-1.",
    );
    expect(server.output()).toContain(`Data in ${dataDir}.`);
    expect(server.output()).toContain(
      [
        `  export AWS_ENDPOINT_URL=${server.url} AWS_DEFAULT_REGION=us-east-1`,
        "  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test",
        "  aws sqs create-queue --endpoint-url $AWS_ENDPOINT_URL --queue-name hello",
      ].join("\n"),
    );
    const health = await fetch(`${server.url}/health`);
    expect(health.status).toBe(200);
  });

  it("takes its settings from the environment, and keeps an operator's secret off the screen", async () => {
    const server = await spawnServer(temporaryDir(), {
      env: { ROOT_ACCOUNT_ID: "123456789012", ROOT_SECRET_ACCESS_KEY: "do-not-print-me" },
    });
    const client = connect(server.url, {
      credentials: { accessKeyId: "test", secretAccessKey: "do-not-print-me" },
    });
    const { QueueUrl } = await client.createQueue({ QueueName: "q" });
    expect(QueueUrl).toBe(`${server.url}/123456789012/q`);
    expect(server.output()).not.toContain("do-not-print-me");
  });

  it("refuses a port that is taken, in one line", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void other.close());
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    expect(await refusedStart(temporaryDir(), { PORT: String(port) })).toEqual({
      code: 1,
      output: `Cannot listen on 127.0.0.1:${port}: another program listens there. Choose another with PORT and HOST.\n`,
    });
  });

  it("refuses a port that is none", async () => {
    expect(await refusedStart(temporaryDir(), { PORT: "65536" })).toEqual({
      code: 1,
      output: 'PORT must be 0 to 65535, not "65536".\n',
    });
  });

  it("refuses a data directory that another server has, and leaves that server alone", async () => {
    const dataDir = temporaryDir();
    const first = await spawnServer(dataDir);
    expect(await refusedStart(dataDir, {})).toEqual({
      code: 1,
      output: `${dataDir} is in use by another server, process ${first.pid}.\n`,
    });
    expect((await fetch(`${first.url}/health`)).status).toBe(200);
    await first.stop("SIGTERM");
    const second = await spawnServer(dataDir);
    expect((await fetch(`${second.url}/health`)).status).toBe(200);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("stops on %s and leaves no process", async (signal) => {
    const dataDir = temporaryDir();
    const server = await spawnServer(dataDir);
    const runtime = runtimeOf(dataDir);
    expect(isRunning(runtime)).toBe(true);
    expect(await server.stop(signal)).toBe(0);
    expect(isRunning(runtime)).toBe(false);
    expect(readRuntime(dataDir)).toBeUndefined();
  });

  it("ends with an error when the runtime dies", async () => {
    const dataDir = temporaryDir();
    const server = await spawnServer(dataDir);
    process.kill(runtimeOf(dataDir).pid, "SIGKILL");
    expect(await server.ended).toBe(1);
    expect(server.output()).toContain("The Workers runtime ended unexpectedly (SIGKILL).\n");
    expect(readRuntime(dataDir)).toBeUndefined();
  });

  it("replaces the runtime that a killed server left behind, and keeps its messages", async () => {
    const dataDir = temporaryDir();
    const first = await spawnServer(dataDir);
    await send(first, "survivor");
    const orphan = runtimeOf(dataDir);
    expect(await first.stop("SIGKILL")).toBe("SIGKILL");
    expect(isRunning(orphan)).toBe(true);

    const second = await spawnServer(dataDir);
    expect(isRunning(orphan)).toBe(false);
    expect(await receive(second)).toBe("survivor");
  });

  it("keeps messages through a kill of script and runtime alike", async () => {
    const dataDir = temporaryDir();
    const first = await spawnServer(dataDir);
    await send(first, "survivor");
    const runtime = runtimeOf(dataDir);
    await first.kill();
    const second = await spawnServer(dataDir);
    expect(isRunning(runtime)).toBe(false);
    expect(await receive(second)).toBe("survivor");
  });
});

it("a local server does the work of a deployment's cron trigger when it is due, and for no client", async () => {
  let due = async () => {};
  let cancelled = false;
  const server = await startTestServer({
    schedule: (run) => {
      due = run;
      return () => {
        cancelled = true;
      };
    },
  });
  onTestFinished(() => server.stop());
  const sqs = connect(server.url);
  const { QueueUrl } = await sqs.createQueue({ QueueName: "q" });
  await sqs.sendMessage({ QueueUrl, MessageBody: "left over" });
  // As a deletion that was cut short leaves it.
  await server.database.batch([
    server.database.prepare(
      `INSERT INTO deleted_queues
         (uid, account, region, name, version, handle_key, created_at, modified_at, attributes, deleted_at, tried_at)
       SELECT uid, account, region, name, version, handle_key, created_at, modified_at, attributes, 0, 0 FROM queues`,
    ),
    server.database.prepare("DELETE FROM queues"),
  ]);
  const unfinished = () => server.database.prepare("SELECT COUNT(*) AS n FROM deleted_queues").first("n");

  for (const path of ["local/scheduled", "handler/scheduled", "mf/scheduled"]) {
    const answer = await fetch(`${server.url}/cdn-cgi/${path}?cron=*/5+*+*+*+*`);
    expect(answer.ok).toBe(false);
  }
  expect(await unfinished()).toBe(1);
  await due();
  expect(await unfinished()).toBe(0);
  await server.stop();
  expect(cancelled).toBe(true);
});

describe("npm run dev", () => {
  it("sees what npm start stored, and the other way round, and leaves no process", async () => {
    const dataDir = temporaryDir();
    const before = await spawnServer(dataDir);
    await send(before, "from start");
    await before.stop("SIGTERM");

    const dev = await spawnServer(dataDir, {
      script: "dev",
      args: ["--inspector-port", "0"],
    });
    const wrangler = runtimeOf(dataDir);
    expect(dev.output()).toContain("No migrations to apply");
    expect(await receive(dev)).toBe("from start");
    await send(dev, "from dev");
    await dev.stop("SIGTERM");
    expect(isRunning(wrangler)).toBe(false);

    const after = await spawnServer(dataDir);
    expect(await receive(after)).toBe("from dev");
  });
});

async function send(server: ServerProcess, body: string): Promise<void> {
  const client = connect(server.url);
  const { QueueUrl } = await client.createQueue({ QueueName: "q" });
  await client.sendMessage({ QueueUrl, MessageBody: body });
}

/** The one message that is visible, which stays leased for hours. */
async function receive(server: ServerProcess): Promise<string | undefined> {
  const client = connect(server.url);
  const { QueueUrl } = await client.getQueueUrl({ QueueName: "q" });
  const { Messages } = await client.receiveMessage({ QueueUrl, VisibilityTimeout: 43_200 });
  expect(Messages).toHaveLength(1);
  return Messages?.[0]?.Body;
}

function runtimeOf(dataDir: string): ProcessIdentity {
  const runtime = readRuntime(dataDir);
  if (runtime === undefined) throw new Error("the lock names no runtime");
  return runtime;
}

function connect(url: string, config: SQSClientConfig = {}): SQS {
  const { worker } = defaults;
  const credentials = {
    accessKeyId: worker.ROOT_ACCESS_KEY_ID,
    secretAccessKey: worker.ROOT_SECRET_ACCESS_KEY,
  };
  return new SQS({ endpoint: url, region: worker.DEFAULT_REGION, credentials, maxAttempts: 1, ...config });
}
