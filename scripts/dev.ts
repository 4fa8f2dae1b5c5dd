import { lockDataDir } from "./data-lock.ts";
import { localSettings } from "./local-settings.ts";
import { runScript } from "./user-error.ts";
import { runWrangler } from "./wrangler.ts";

/** `npm run dev`: serves the source over the same data as `npm start`, and reloads when it changes. */
await runScript(async () => {
  const { host, port, dataDir, worker } = localSettings();
  const lock = await lockDataDir(dataDir);

  // CI answers wrangler's question before it migrates.
  const migrate = ["d1", "migrations", "apply", "DB", "--local", "--persist-to", dataDir];
  const migrated = await runWrangler(migrate, { env: { CI: "1" }, onStart: lock.recordRuntime });
  if (migrated.code !== 0) process.exit(migrated.code);

  const variables = Object.entries(worker).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const address = ["--ip", host, "--port", String(port)];
  const data = ["--local", "--persist-to", dataDir];
  const passedOn = process.argv.slice(2);
  const { code } = await runWrangler(
    ["dev", ...address, ...data, ...variables, "--show-interactive-dev-session=false", ...passedOn],
    { onStart: lock.recordRuntime },
  );
  process.exit(code);
});
