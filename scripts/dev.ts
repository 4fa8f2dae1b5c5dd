import { lockDataDir } from "./data-lock.ts";
import { localSettings } from "./local-settings.ts";
import { keepTlsIdentity, keptTlsFiles } from "./tls-identity.ts";
import { runScript } from "./user-error.ts";
import { runWrangler } from "./wrangler.ts";

/**
 * `npm run dev`: serves the source over the same data as `npm start`, and reloads when it changes. `--https` is
 * that of `npm start`; every other argument is wrangler's.
 */
await runScript(async () => {
  const { host, port, https, dataDir, worker } = localSettings();
  const args = process.argv.slice(2);
  const lock = await lockDataDir(dataDir);

  // CI answers wrangler's question before it migrates.
  const migrate = ["d1", "migrations", "apply", "DB", "--local", "--persist-to", dataDir];
  const migrated = await runWrangler(migrate, { env: { CI: "1" }, onStart: lock.recordRuntime });
  if (migrated.code !== 0) process.exit(migrated.code);

  const variables = Object.entries(worker).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const address = ["--ip", host, "--port", String(port)];
  const protocol = https || args.includes("--https") ? httpsArguments(dataDir) : [];
  const data = ["--local", "--persist-to", dataDir];
  const passedOn = args.filter((arg) => arg !== "--https");
  const { code } = await runWrangler(
    [
      "dev",
      ...address,
      ...protocol,
      ...data,
      ...variables,
      "--show-interactive-dev-session=false",
      ...passedOn,
    ],
    { onStart: lock.recordRuntime },
  );
  process.exit(code);
});

function httpsArguments(dataDir: string): string[] {
  keepTlsIdentity(dataDir, Date.now());
  const { certPath, keyPath } = keptTlsFiles(dataDir);
  return ["--local-protocol", "https", "--https-cert-path", certPath, "--https-key-path", keyPath];
}
