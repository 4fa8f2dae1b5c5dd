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
  it("serves with the settings of its environment, and on SIGINT stops and leaves no process", async () => {
    const dataDir = temporaryDir();
    const env = { ROOT_ACCOUNT_ID: "123456789012", ROOT_SECRET_ACCESS_KEY: "do-not-print-me" };
    const server = await spawnServer(dataDir, { env });
    const credentials = { accessKeyId: "test", secretAccessKey: "do-not-print-me" };
    const { QueueUrl } = await connect(server.url, { credentials }).createQueue({ QueueName: "q" });
    expect(QueueUrl).toBe(`${server.url}/123456789012/q`);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    expect(server.output()).toContain(`edge-sqs listens on ${server.url}\n`);
    expect(server.output()).toContain(`Data in ${dataDir}.`);
    expect(server.output()).not.toContain("do-not-print-me");

    const runtime = runtimeOf(dataDir);
    expect(isRunning(runtime)).toBe(true);
    expect(await server.stop("SIGINT")).toBe(0);
    expect(isRunning(runtime)).toBe(false);
    expect(readRuntime(dataDir)).toBeUndefined();
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

  it("refuses a data directory that another server has, until that one has stopped on SIGTERM", async () => {
    const dataDir = temporaryDir();
    const first = await spawnServer(dataDir);
    const runtime = runtimeOf(dataDir);
    expect(await refusedStart(dataDir, {})).toEqual({
      code: 1,
      output: `${dataDir} is in use by another server, process ${first.pid}.\n`,
    });
    expect((await fetch(`${first.url}/health`)).status).toBe(200);
    expect(await first.stop("SIGTERM")).toBe(0);
    expect(isRunning(runtime)).toBe(false);
    expect(readRuntime(dataDir)).toBeUndefined();
    const second = await spawnServer(dataDir);
    expect((await fetch(`${second.url}/health`)).status).toBe(200);
  });

  it("keeps messages, whichever of script and runtime is killed, and leaves no runtime behind", async () => {
    const dataDir = temporaryDir();
    const first = await spawnServer(dataDir);
    await send(first, "first");
    const orphan = runtimeOf(dataDir);
    expect(await first.stop("SIGKILL")).toBe("SIGKILL");
    expect(isRunning(orphan)).toBe(true);

    const second = await spawnServer(dataDir);
    expect(isRunning(orphan)).toBe(false);
    expect(await receive(second)).toBe("first");
    await send(second, "second");
    const runtime = runtimeOf(dataDir);
    await second.kill();

    const third = await spawnServer(dataDir);
    expect(isRunning(runtime)).toBe(false);
    expect(await receive(third)).toBe("second");
    process.kill(runtimeOf(dataDir).pid, "SIGKILL");
    expect(await third.ended).toBe(1);
    expect(third.output()).toContain("The Workers runtime ended unexpectedly (SIGKILL).\n");
    expect(readRuntime(dataDir)).toBeUndefined();
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
