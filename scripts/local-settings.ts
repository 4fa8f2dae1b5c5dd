import { resolve } from "node:path";
import { UserError } from "./user-error.ts";

/** The Worker's variables, as `npm start` and `npm run dev` hand them over. */
export type WorkerSettings = {
  /** 12 digits. */
  readonly ROOT_ACCOUNT_ID: string;
  readonly ROOT_ACCESS_KEY_ID: string;
  readonly ROOT_SECRET_ACCESS_KEY: string;
  /** 32 bytes in base64: seals every other secret. */
  readonly ROOT_KEY: string;
  /** Older ones, with commas between them. */
  readonly ROOT_KEY_PREVIOUS?: string;
  readonly DATA_KEY_DAYS?: string;
  /** The operator's own AWS KMS: all or none of them. */
  readonly AWS_KMS_ENDPOINT?: string;
  readonly AWS_KMS_ACCOUNT_ID?: string;
  readonly AWS_KMS_ACCESS_KEY_ID?: string;
  readonly AWS_KMS_SECRET_ACCESS_KEY?: string;
  readonly AWS_KMS_SESSION_TOKEN?: string;
  readonly DEFAULT_REGION: string;
  readonly PUBLIC_URL?: string;
  readonly STRICT_SQS_TIMING?: string;
  readonly PROBE_CLIENTS: string;
  readonly CLIENT_IP_HEADER: string;
};

export interface LocalSettings {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Serve HTTPS, with a certificate made for this machine. */
  readonly https: boolean;
  /** Absolute path of the directory that holds all queues and messages. */
  readonly dataDir: string;
  readonly worker: WorkerSettings;
}

/** Where the repository is checked out: paths in settings are relative to it. */
export const root = resolve(import.meta.dirname, "..");

/**
 * The settings of a server on this machine: a default each, overridden by the variable of the same name.
 * The defaults are public, so they protect nothing: a server that others can reach must bring its own.
 *
 * @throws UserError when PORT is not a port.
 */
export function localSettings(env: NodeJS.ProcessEnv = process.env): LocalSettings {
  const optional = (name: keyof WorkerSettings) => (env[name] ? { [name]: env[name] } : {});
  return {
    host: env["HOST"] || "127.0.0.1",
    port: parsePort(env["PORT"] || "8787"),
    https: /^(1|true|on|yes)$/i.test(env["HTTPS"] ?? ""),
    dataDir: resolve(root, env["DATA_DIR"] || ".data"),
    worker: {
      ROOT_ACCOUNT_ID: env["ROOT_ACCOUNT_ID"] || "000000000000",
      ROOT_ACCESS_KEY_ID: env["ROOT_ACCESS_KEY_ID"] || "test",
      ROOT_SECRET_ACCESS_KEY: env["ROOT_SECRET_ACCESS_KEY"] || "test",
      ROOT_KEY: env["ROOT_KEY"] || "ZWRnZS1zcXMgbG9jYWwgcm9vdCBrZXksIG5vdCBzZWM=",
      ...optional("ROOT_KEY_PREVIOUS"),
      ...optional("DATA_KEY_DAYS"),
      ...optional("AWS_KMS_ENDPOINT"),
      ...optional("AWS_KMS_ACCOUNT_ID"),
      ...optional("AWS_KMS_ACCESS_KEY_ID"),
      ...optional("AWS_KMS_SECRET_ACCESS_KEY"),
      ...optional("AWS_KMS_SESSION_TOKEN"),
      DEFAULT_REGION: env["DEFAULT_REGION"] || "us-east-1",
      ...optional("PUBLIC_URL"),
      ...optional("STRICT_SQS_TIMING"),
      // Not the operator's to choose: the local runtime alone needs it.
      PROBE_CLIENTS: "on",
      // Whatever such a header says here, a client wrote it, unless the operator put a proxy in front.
      CLIENT_IP_HEADER: env["CLIENT_IP_HEADER"] ?? "",
    },
  };
}

function parsePort(value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port > 65_535)
    throw new UserError(`PORT must be 0 to 65535, not "${value}".`);
  return port;
}
