import { localSettings } from "./local-settings.ts";
import { startServer } from "./server.ts";
import { runScript, UserError } from "./user-error.ts";

/** `npm start`: serves the built Worker until Ctrl-C or SIGTERM. */
await runScript(async () => {
  const { host, port, dataDir, worker } = localSettings();
  const server = await startServer({ host, port, dataDir, settings: worker });

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // Miniflare's own listeners end the process at once, before the lock is released.
    process.removeAllListeners(signal);
    process.on(signal, () => server.stop().then(() => process.exit(0)));
  }

  console.log(`
edge-sqs listens on ${server.url}
Access key ${worker.ROOT_ACCESS_KEY_ID}, secret ${shown(worker.ROOT_SECRET_ACCESS_KEY)}, account ${worker.ROOT_ACCOUNT_ID}, region ${worker.DEFAULT_REGION}. Data in ${dataDir}.

Try it with the AWS CLI, in another terminal:

  export AWS_ENDPOINT_URL_SQS=${server.url} AWS_DEFAULT_REGION=${worker.DEFAULT_REGION}
  export AWS_ACCESS_KEY_ID=${worker.ROOT_ACCESS_KEY_ID} AWS_SECRET_ACCESS_KEY=${shown(worker.ROOT_SECRET_ACCESS_KEY)}
  aws sqs create-queue --endpoint-url $AWS_ENDPOINT_URL_SQS --queue-name hello

Ctrl-C stops it.`);

  const how = await server.died;
  throw new UserError(`The Workers runtime ended unexpectedly (${how}).`);
});

/** The default is public anyway; an operator's own secret stays out of terminals and logs. */
function shown(secret: string): string {
  return secret === localSettings({}).worker.ROOT_SECRET_ACCESS_KEY ? secret : '"$ROOT_SECRET_ACCESS_KEY"';
}
