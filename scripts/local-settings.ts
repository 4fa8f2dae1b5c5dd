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
  readonly DEFAULT_REGION: string;
  readonly PUBLIC_URL?: string;
  readonly STRICT_SQS_TIMING?: string;
  readonly PROBE_CLIENTS: string;
};

export interface LocalSettings {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
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
  const optional = (name: "PUBLIC_URL" | "STRICT_SQS_TIMING") => (env[name] ? { [name]: env[name] } : {});
  return {
    host: env["HOST"] || "127.0.0.1",
    port: parsePort(env["PORT"] || "8787"),
    dataDir: resolve(root, env["DATA_DIR"] || ".data"),
    worker: {
      ROOT_ACCOUNT_ID: env["ROOT_ACCOUNT_ID"] || "000000000000",
      ROOT_ACCESS_KEY_ID: env["ROOT_ACCESS_KEY_ID"] || "test",
      ROOT_SECRET_ACCESS_KEY: env["ROOT_SECRET_ACCESS_KEY"] || "test",
      ROOT_KEY: env["ROOT_KEY"] || "ZWRnZS1zcXMgbG9jYWwgcm9vdCBrZXksIG5vdCBzZWM=",
      DEFAULT_REGION: env["DEFAULT_REGION"] || "us-east-1",
      ...optional("PUBLIC_URL"),
      ...optional("STRICT_SQS_TIMING"),
      // Not the operator's to choose: the local runtime alone needs it.
      PROBE_CLIENTS: "on",
    },
  };
}

function parsePort(value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port > 65_535)
    throw new UserError(`PORT must be 0 to 65535, not "${value}".`);
  return port;
}
