import { type LocalSettings, localSettings } from "./local-settings.ts";
import type { TlsFiles } from "./tls-identity.ts";

/**
 * What `npm start` says once it serves: where, with which credentials, and what to paste.
 *
 * @param kept the certificate that was made here: nobody vouches for it, so a client has to be told
 */
export function greeting(
  url: string,
  { dataDir, worker }: Pick<LocalSettings, "dataDir" | "worker">,
  kept?: TlsFiles,
): string {
  const secret = shown(worker.ROOT_SECRET_ACCESS_KEY);
  const exports = [
    `AWS_ENDPOINT_URL=${url} AWS_DEFAULT_REGION=${worker.DEFAULT_REGION}`,
    `AWS_ACCESS_KEY_ID=${worker.ROOT_ACCESS_KEY_ID} AWS_SECRET_ACCESS_KEY=${secret}`,
    ...(kept ? [`AWS_CA_BUNDLE=${kept.certPath} NODE_EXTRA_CA_CERTS=${kept.certPath}`] : []),
  ];
  return `
edge-sqs listens on ${url}
Access key ${worker.ROOT_ACCESS_KEY_ID}, secret ${secret}, account ${worker.ROOT_ACCOUNT_ID}, region ${worker.DEFAULT_REGION}. Data in ${dataDir}.

Try it with the AWS CLI, in another terminal; the one endpoint serves SQS, IAM, STS, KMS and SNS:

${exports.map((each) => `  export ${each}`).join("\n")}
  aws sqs create-queue --endpoint-url $AWS_ENDPOINT_URL --queue-name hello

Ctrl-C stops it.`;
}

/** The default is public anyway; an operator's own secret stays out of terminals and logs. */
function shown(secret: string): string {
  return secret === localSettings({}).worker.ROOT_SECRET_ACCESS_KEY ? secret : '"$ROOT_SECRET_ACCESS_KEY"';
}
