import { join } from "node:path";
import { type ChildOptions, type ChildResult, runNode } from "./child.ts";
import { root } from "./local-settings.ts";
import { runScript } from "./user-error.ts";

/** Wrangler without reports to its makers, questions about them, or files outside the repository. */
export const quietEnvironment = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_LOG_PATH: join(root, ".wrangler/logs"),
  // Would fetch a sample of request.cf from the network, and record every request.
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  X_LOCAL_OBSERVABILITY: "false",
};

/** Runs the installed wrangler. Its launcher is left out: it passes no signals on. */
export function runWrangler(args: readonly string[], options: ChildOptions = {}): Promise<ChildResult> {
  const cli = join(root, "node_modules/wrangler/wrangler-dist/cli.js");
  return runNode([cli, ...args], { ...options, env: { ...quietEnvironment, ...options.env } });
}

if (import.meta.main) {
  await runScript(async () => {
    const { code } = await runWrangler(process.argv.slice(2));
    process.exit(code);
  });
}
