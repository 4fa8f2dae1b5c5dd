import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { readRuntime } from "../../scripts/data-lock.ts";
import { localSettings, root } from "../../scripts/local-settings.ts";
import { isRunning } from "../../scripts/process-identity.ts";
import { type RunningServer, startServer } from "../../scripts/server.ts";
import type { ServerOptions } from "../../scripts/server-options.ts";

/** The settings of a server that nobody set up; tests must not depend on the developer's environment. */
export const defaults = localSettings({});

/** Serves `dist/` from this process on a free port: the quick way, for everything but crashes and signals. */
export function startTestServer(
  options: { dataDir?: string; settings?: Record<string, string> } & Pick<
    ServerOptions,
    "tls" | "schedule"
  > = {},
): Promise<RunningServer> {
  return startServer({
    ...options,
    host: "127.0.0.1",
    port: 0,
    dataDir: options.dataDir,
    settings: { ...defaults.worker, ...options.settings },
    quiet: true,
  });
}

/** A script of ours running as a process of its own, as users run it. */
export interface ServerProcess {
  /** Without a trailing slash. */
  readonly url: string;
  readonly pid: number;
  /** Resolves when the process has ended, with its exit code or the name of the signal. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Everything printed so far. */
  output(): string;
  /** Sends a signal and waits for the end. */
  stop(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>;
  /** SIGKILL to the script and to the runtime that it started, as a machine that loses power. */
  kill(): Promise<void>;
}

/**
 * Starts `scripts/serve.ts` or `scripts/dev.ts` and waits until it serves.
 *
 * @throws what it printed, when it ends instead.
 */
export async function spawnServer(
  dataDir: string,
  options: { script?: "serve" | "dev"; args?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<ServerProcess> {
  const script = runScript(dataDir, options);
  const url = await script.printed(/(?:listens|Ready) on (https?:\/\/\S+)/);
  return {
    url,
    pid: script.pid,
    ended: script.ended,
    output: script.output,
    async stop(signal) {
      process.kill(script.pid, signal);
      return await script.ended;
    },
    async kill() {
      process.kill(script.pid, "SIGKILL");
      killRuntime(dataDir);
      await script.ended;
    },
  };
}

/** Runs `scripts/serve.ts` where it is expected to refuse; gives its exit code and what it printed. */
export async function refusedStart(dataDir: string, env: NodeJS.ProcessEnv, args: readonly string[] = []) {
  const script = runScript(dataDir, { env, args });
  return { code: await script.ended, output: script.output() };
}

function runScript(
  dataDir: string,
  options: { script?: "serve" | "dev"; args?: readonly string[]; env?: NodeJS.ProcessEnv },
) {
  const { PATH, HOME } = process.env;
  const path = join(root, "scripts", `${options.script ?? "serve"}.ts`);
  const child = spawn(process.execPath, ["--no-warnings", path, ...(options.args ?? [])], {
    env: { PATH, HOME, PORT: "0", DATA_DIR: dataDir, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let onOutput = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      onOutput();
    });
  }
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await ended;
    // Killed without its runtime, or failed half way: nothing may outlive the test.
    killRuntime(dataDir);
  });
  return {
    pid: child.pid ?? 0,
    ended,
    output: () => output,
    /** Waits until `form` has been printed and gives its first group. */
    printed: (form: RegExp) =>
      new Promise<string>((resolve, reject) => {
        onOutput = () => {
          const found = form.exec(output)?.[1];
          if (found !== undefined) resolve(found);
        };
        onOutput();
        ended.then(() => reject(new Error(output)));
      }),
  };
}

function killRuntime(dataDir: string): void {
  const runtime = readRuntime(dataDir);
  if (runtime !== undefined && isRunning(runtime)) process.kill(runtime.pid, "SIGKILL");
}

/** A directory that goes away with the test. */
export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "edge-sqs-test-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  return dir;
}
