import { parseCommandLine } from "./command-line.ts";
import { type LocalSettings, localSettings } from "./local-settings.ts";
import { startServer } from "./server.ts";
import { keepTlsIdentity, keptTlsFiles, readTlsIdentity, type TlsFiles } from "./tls-identity.ts";
import { runScript, UserError } from "./user-error.ts";

const usage = `npm start                                  serves HTTP
npm start -- --https                       serves HTTPS, with a certificate made for localhost; so does HTTPS=1
npm start -- --cert cert.pem --key key.pem serves HTTPS, with a certificate of yours`;

/** `npm start`: serves the built Worker until Ctrl-C or SIGTERM. */
await runScript(async () => {
  const settings = localSettings();
  const { host, port, dataDir, worker } = settings;
  const certificate = chooseCertificate(process.argv.slice(2), settings);
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

  console.log(`
edge-sqs listens on ${server.url}
Access key ${worker.ROOT_ACCESS_KEY_ID}, secret ${shown(worker.ROOT_SECRET_ACCESS_KEY)}, account ${worker.ROOT_ACCOUNT_ID}, region ${worker.DEFAULT_REGION}. Data in ${dataDir}.

Try it with the AWS CLI, in another terminal; the one endpoint serves SQS, IAM, STS, KMS and SNS:

  export AWS_ENDPOINT_URL=${server.url} AWS_DEFAULT_REGION=${worker.DEFAULT_REGION}
  export AWS_ACCESS_KEY_ID=${worker.ROOT_ACCESS_KEY_ID} AWS_SECRET_ACCESS_KEY=${shown(worker.ROOT_SECRET_ACCESS_KEY)}${
    certificate === "kept" ? trustHint(keptTlsFiles(dataDir)) : ""
  }
  aws sqs create-queue --endpoint-url $AWS_ENDPOINT_URL --queue-name hello

Ctrl-C stops it.`);

  const how = await server.died;
  throw new UserError(`The Workers runtime ended unexpectedly (${how}).`);
});

/** None at all, the one that is made for the data directory and kept there, or the operator's. */
type CertificateChoice = "none" | "kept" | TlsFiles;

function chooseCertificate(args: readonly string[], { https }: LocalSettings): CertificateChoice {
  const text = { type: "string" } as const;
  const options = { https: { type: "boolean" }, cert: text, key: text } as const;
  const { values, positionals } = parseCommandLine(args, options, usage);
  if (positionals.length > 0) throw new UserError(usage);
  const { cert, key } = values;
  if (cert !== undefined && key !== undefined) return { certPath: cert, keyPath: key };
  if (cert !== undefined || key !== undefined) throw new UserError(`--cert needs --key.\n\n${usage}`);
  return values.https || https ? "kept" : "none";
}

function identityOf(certificate: "kept" | TlsFiles, dataDir: string) {
  return certificate === "kept" ? keepTlsIdentity(dataDir, Date.now()) : readTlsIdentity(certificate);
}

/** Nobody vouches for a certificate that was made here, so a client has to be told. */
function trustHint({ certPath }: TlsFiles): string {
  return `
  export AWS_CA_BUNDLE=${certPath} NODE_EXTRA_CA_CERTS=${certPath}`;
}

/** The default is public anyway; an operator's own secret stays out of terminals and logs. */
function shown(secret: string): string {
  return secret === localSettings({}).worker.ROOT_SECRET_ACCESS_KEY ? secret : '"$ROOT_SECRET_ACCESS_KEY"';
}
