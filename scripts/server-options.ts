import { join } from "node:path";
import { Log, LogLevel, type MiniflareOptions } from "miniflare";
import type { TlsIdentity } from "./certificate.ts";
import type { Schedule } from "./cron.ts";
import { root } from "./local-settings.ts";
import { readWorkerConfig } from "./worker-config.ts";

export interface ServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Where queues and messages are kept; undefined: a temporary directory, gone with the server. */
  readonly dataDir: string | undefined;
  /** Variables of the Worker: README lists them. */
  readonly settings: Record<string, string>;
  /** Serve HTTPS, and it alone, with this certificate; asked for once the data directory is locked. */
  readonly tls?: () => TlsIdentity;
  /** The built Worker; `dist/index.js` unless given. */
  readonly script?: string;
  readonly migrations?: string;
  /** Drop what the Worker logs. */
  readonly quiet?: boolean;
  /** Where a profiler may connect to the runtime; undefined: nowhere. */
  readonly inspectorPort?: number;
  /** When to do the Worker's scheduled work: every five minutes unless given. */
  readonly schedule?: Schedule;
}

/** The runtime, the Worker and its storage, in Miniflare's words. */
export function describeServer(options: ServerOptions, code: string): MiniflareOptions {
  const config = readWorkerConfig();
  const built = { "index.js": { type: "esm", contents: code } } as const;
  const plain = { mainModule: "index.js", modules: built };
  const secure = {
    mainModule: "https.js",
    modules: { ...built, "https.js": { type: "esm", contents: httpsModule } },
  } as const;
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
          manifest: { modulesRoot: root, ...(options.tls === undefined ? plain : secure) },
          env: {
            DB: { type: "d1", id: config.localDatabaseId },
            QUEUE_SHARD: { type: "durable-object", worker: config.name, exportName: "QueueShard" },
            ...Object.fromEntries(variables),
          },
          exports: { QueueShard: { type: "durable-object", storage: "sqlite" } },
        },
        dev: {
          // Behind a TLS front it is the front's alone.
          unsafeDirectSockets: [
            options.tls === undefined
              ? { host: options.host, port: options.port }
              : { host: "127.0.0.1", port: 0 },
          ],
        },
      },
    ],
  };
}

/**
 * The main module of a Worker that clients reach through a TLS front: the built one, told that its URLs are https.
 * The front alone reaches the runtime's socket. It says so by no header, for anyone could send one.
 */
const httpsModule = `
import worker from "./index.js";
export * from "./index.js";
export default {
  ...worker,
  fetch: (request, env, ctx) =>
    worker.fetch(new Request(request.url.replace(/^http:/, "https:"), request), env, ctx),
};
`;
