import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { Log, LogLevel, Miniflare, type MiniflareOptions } from "miniflare";
import { type DataLock, lockDataDir } from "./data-lock.ts";
import { root } from "./local-settings.ts";
import { applyMigrations } from "./migrations.ts";
import { UserError } from "./user-error.ts";
import { migrationsDir, readWorkerConfig } from "./worker-config.ts";

export interface ServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Where queues and messages are kept; undefined: a temporary directory, gone with the server. */
  readonly dataDir: string | undefined;
  /** Variables of the Worker: README lists them. */
  readonly settings: Record<string, string>;
  /** The built Worker; `dist/index.js` unless given. */
  readonly script?: string;
  readonly migrations?: string;
  /** Drop what the Worker logs. */
  readonly quiet?: boolean;
  /** Where a profiler may connect to the runtime; undefined: nowhere. */
  readonly inspectorPort?: number;
}

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
  try {
    await assertPortIsFree(options);
    miniflare = new Miniflare(describeServer(options, readFileSync(script, "utf8")));
    await miniflare.ready;
    const runtime = watch.runtime();
    const database = (await miniflare.getD1Database("DB")) as unknown as D1Database;
    await applyMigrations(database, options.migrations ?? migrationsDir);
    const url = (await miniflare.unsafeGetDirectURL()).origin;
    return { url, workerdPid: runtime.pid, database, ...lifeOf({ miniflare, runtime, lock }) };
  } catch (error) {
    await miniflare?.dispose().catch(() => undefined);
    lock?.release();
    throw error;
  } finally {
    watch.stop();
  }
}

function describeServer(options: ServerOptions, code: string): MiniflareOptions {
  const config = readWorkerConfig();
  const variables = Object.entries(options.settings).map(([name, value]) => [name, { type: "text", value }]);
  return {
    // The entry socket, which only migrations use.
    host: "127.0.0.1",
    port: 0,
    ...(options.dataDir === undefined ? {} : { resourcePersistencePath: join(options.dataDir, "v3") }),
    // Both would reach for the network or for other servers on this machine.
    cf: false,
    enableDevRegistry: false,
    log: new Log(options.quiet ? LogLevel.NONE : LogLevel.ERROR),
    logRequests: false,
    ...(options.inspectorPort === undefined ? {} : { inspectorPort: options.inspectorPort }),
    handleStructuredLogs: ({ level, message }) => {
      if (options.quiet) return;
      if (level === "error" || level === "warn") console.error(message);
      else console.log(message);
    },
    workers: [
      {
        config: {
          name: config.name,
          compatibilityDate: config.compatibilityDate,
          compatibilityFlags: config.compatibilityFlags,
          manifest: {
            mainModule: "index.js",
            modulesRoot: root,
            modules: { "index.js": { type: "esm", contents: code } },
          },
          env: {
            DB: { type: "d1", id: config.localDatabaseId },
            QUEUE_SHARD: { type: "durable-object", worker: config.name, exportName: "QueueShard" },
            ...Object.fromEntries(variables),
          },
          exports: { QueueShard: { type: "durable-object", storage: "sqlite" } },
        },
        dev: { unsafeDirectSockets: [{ host: options.host, port: options.port }] },
      },
    ],
  };
}

/** Miniflare tells no process ids, but Node announces every child process on this channel. */
function watchForRuntime(lock: DataLock | undefined) {
  let runtime: ChildProcess | undefined;
  const announced = (message: unknown) => {
    const { process: child } = message as { process: ChildProcess };
    child.once("spawn", () => {
      if (!child.spawnfile.includes("workerd") || child.pid === undefined) return;
      runtime = child;
      lock?.recordRuntime(child.pid);
    });
  };
  subscribe("child_process", announced);
  return {
    runtime(): ChildProcess {
      if (runtime === undefined) throw new Error("no runtime was started");
      return runtime;
    },
    stop: () => unsubscribe("child_process", announced),
  };
}

function lifeOf(parts: { miniflare: Miniflare; runtime: ChildProcess; lock: DataLock | undefined }) {
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= parts.miniflare.dispose().finally(() => parts.lock?.release());
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
