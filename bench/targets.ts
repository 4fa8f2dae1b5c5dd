import { basename, join } from "node:path";
import { localSettings, root } from "../scripts/local-settings.ts";
import { type RunningServer, startServer } from "../scripts/server.ts";
import { UserError } from "../scripts/user-error.ts";
import { runWrangler } from "../scripts/wrangler.ts";
import type { Account } from "./signer.ts";

/** Bundles a Worker of the bench as `npm run build` bundles ours. @returns the path of the script */
export async function bundle(entry: string, outDir: string): Promise<string> {
  const { code, output } = await runWrangler(["deploy", entry, "--dry-run", "--outdir", outDir], {
    env: { WRANGLER_LOG: "warn" },
    capture: true,
  });
  if (code !== 0) throw new UserError(`${entry} could not be bundled:\n${output}`);
  return join(outDir, `${basename(entry, ".ts")}.js`);
}

export interface ServeOptions {
  readonly script: string;
  readonly dataDir: string;
}

/** Serves a built Worker on a free port of this machine, by the way that `npm start` takes. */
export function serve({ script, dataDir }: ServeOptions): Promise<RunningServer> {
  return startServer({
    host: "127.0.0.1",
    port: 0,
    dataDir,
    settings: localSettings({}).worker,
    script,
    quiet: true,
  });
}

export const builtWorker = join(root, "dist/index.js");

export function localAccount(endpoint: string): Account {
  const { worker } = localSettings({});
  return {
    endpoint,
    accessKeyId: worker.ROOT_ACCESS_KEY_ID,
    secretAccessKey: worker.ROOT_SECRET_ACCESS_KEY,
    region: worker.DEFAULT_REGION,
  };
}

export function accountFromEnvironment(endpoint: string, env: NodeJS.ProcessEnv = process.env): Account {
  return {
    endpoint,
    accessKeyId: env["AWS_ACCESS_KEY_ID"] || "test",
    secretAccessKey: env["AWS_SECRET_ACCESS_KEY"] || "test",
    sessionToken: env["AWS_SESSION_TOKEN"],
    region: env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || "us-east-1",
  };
}
