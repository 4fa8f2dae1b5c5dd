import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { Miniflare } from "miniflare";
import { everyFiveMinutes, keepSchedule } from "./cron.ts";
import { type DataLock, lockDataDir } from "./data-lock.ts";
import { root } from "./local-settings.ts";
import { applyMigrations } from "./migrations.ts";
import { watchForRuntime } from "./runtime-watch.ts";
import { describeServer, type ServerOptions } from "./server-options.ts";
import { startTlsFront, type TlsFront } from "./tls-front.ts";
import { UserError } from "./user-error.ts";
import { migrationsDir } from "./worker-config.ts";

export interface RunningServer {
  /** Without a trailing slash. */
  readonly url: string;
  readonly workerdPid: number | undefined;
  /** The catalog's, for tests that need what no request can make. */
  readonly database: D1Database;
  /** Resolves, saying how, when the runtime ends though nobody called `stop`. The server is stopped by then. */
  readonly died: Promise<string>;
  stop(): Promise<void>;
}

/**
 * Serves the built Worker on this machine with its database and objects, and migrates the database first.
 *
 * Clients reach the Worker's own socket: the entry socket that Miniflare puts before it costs 60 % of the
 * requests a second. Files lie where `wrangler dev --persist-to` keeps them, so both see the same queues.
 *
 * @throws UserError when the port is taken, the data directory is in use, or the Worker is not built.
 */
export function startServer(options: ServerOptions): Promise<RunningServer> {
  // One at a time: a start recognises its runtime as the child process that appears meanwhile.
  const started = previousStart.then(() => start(options));
  previousStart = started.catch(() => undefined);
  return started;
}

let previousStart: Promise<unknown> = Promise.resolve();

async function start(options: ServerOptions): Promise<RunningServer> {
  const script = options.script ?? join(root, "dist/index.js");
  if (!existsSync(script)) throw new UserError(`${script} is missing: run npm run build first.`);
  const lock = options.dataDir === undefined ? undefined : await lockDataDir(options.dataDir);
  const watch = watchForRuntime(lock);
  let miniflare: Miniflare | undefined;
  let front: TlsFront | undefined;
  try {
    const identity = options.tls?.();
    await assertPortIsFree(options);
    miniflare = new Miniflare(describeServer(options, readFileSync(script, "utf8")));
    await miniflare.ready;
    const runtime = watch.runtime();
    const database = (await miniflare.getD1Database("DB")) as unknown as D1Database;
    await applyMigrations(database, options.migrations ?? migrationsDir);
    const direct = await miniflare.unsafeGetDirectURL();
    if (identity !== undefined) {
      const { host, port } = options;
      front = await startTlsFront({ host, port, identity, upstreamPort: Number(direct.port) });
    }
    const url = front === undefined ? direct.origin : `https://${reachable(options.host)}:${front.port}`;
    const unschedule = keepSchedule(miniflare, options.schedule ?? everyFiveMinutes);
    const life = lifeOf({ miniflare, runtime, lock, front, unschedule });
    return { url, workerdPid: runtime.pid, database, ...life };
  } catch (error) {
    await front?.stop();
    await miniflare?.dispose().catch(() => undefined);
    lock?.release();
    throw error;
  } finally {
    watch.stop();
  }
}

/** Under which name a client on this machine finds who listens on `host`. */
function reachable(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

interface Parts {
  readonly miniflare: Miniflare;
  readonly runtime: ChildProcess;
  readonly lock: DataLock | undefined;
  readonly front: TlsFront | undefined;
  readonly unschedule: () => void;
}

function lifeOf(parts: Parts) {
  let stopping: Promise<void> | undefined;
  const stopAll = async () => {
    parts.unschedule();
    await parts.front?.stop();
    await parts.miniflare.dispose();
  };
  const stop = () => {
    stopping ??= stopAll().finally(() => parts.lock?.release());
    return stopping;
  };
  const died = new Promise<string>((resolve) => {
    parts.runtime.once("exit", (code, signal) => {
      if (stopping !== undefined) return;
      // At once, or Miniflare starts another runtime and the failure goes unseen.
      stop().finally(() => resolve(signal ?? `exit code ${code}`));
    });
  });
  return { died, stop };
}

/** Asked here because the runtime's own answer to a port that is taken names neither port nor remedy. */
function assertPortIsFree({ host, port }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "another program listens there" : error.message;
      reject(new UserError(`Cannot listen on ${host}:${port}: ${why}. Choose another with PORT and HOST.`));
    });
    probe.listen({ host, port }, () => probe.close(() => resolve()));
  });
}
