import { chooseCertificate, identityOf } from "./certificate-choice.ts";
import { greeting } from "./greeting.ts";
import { localSettings } from "./local-settings.ts";
import { startServer } from "./server.ts";
import { keptTlsFiles } from "./tls-identity.ts";
import { runScript, UserError } from "./user-error.ts";

/** `npm start`: serves the built Worker until Ctrl-C or SIGTERM. */
await runScript(async () => {
  const settings = localSettings();
  const { host, port, dataDir, worker } = settings;
  const certificate = chooseCertificate(process.argv.slice(2), settings.https);
  const server = await startServer({
    host,
    port,
    dataDir,
    settings: worker,
    ...(certificate === "none" ? {} : { tls: () => identityOf(certificate, dataDir) }),
  });

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // Miniflare's own listeners end the process at once, before the lock is released.
    process.removeAllListeners(signal);
    process.on(signal, () => server.stop().then(() => process.exit(0)));
  }

  console.log(greeting(server.url, settings, certificate === "kept" ? keptTlsFiles(dataDir) : undefined));

  const how = await server.died;
  throw new UserError(`The Workers runtime ended unexpectedly (${how}).`);
});
