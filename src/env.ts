import { err, ok, type Result } from "./lib/result.ts";

/** The bindings of `wrangler.toml` and the settings and secrets of a deployment, as the runtime hands them over. */
export interface Bindings {
  readonly DB: D1Database;
  readonly QUEUE_SHARD: DurableObjectNamespace<import("./shard/queue-shard.ts").QueueShard>;
  readonly ROOT_ACCOUNT_ID?: string;
  readonly ROOT_ACCESS_KEY_ID?: string;
  readonly ROOT_SECRET_ACCESS_KEY?: string;
  readonly ROOT_KEY?: string;
  readonly DEFAULT_REGION?: string;
  readonly PUBLIC_URL?: string;
  readonly STRICT_SQS_TIMING?: string;
  readonly PROBE_CLIENTS?: string;
}

/** What a deployment is set to. README lists each with its default. */
export interface Settings {
  /** 12 digits. */
  readonly rootAccountId: string;
  readonly rootAccessKeyId: string;
  readonly rootSecretAccessKey: string;
  /** 32 bytes in base64: seals every other secret. */
  readonly rootKey: string;
  readonly defaultRegion: string;
  /** Origin for queue URLs, without a trailing slash; undefined: the host that the client called. */
  readonly publicUrl: string | undefined;
  /** Keep SQS's 60-second waits after DeleteQueue and PurgeQueue. */
  readonly strictTiming: boolean;
  /** The runtime does not tell that a client has hung up: see `HeldAnswer`. On for `npm start` and `npm run dev`. */
  readonly probeClients: boolean;
}

/**
 * Reads the settings, or says which are missing or malformed. The Worker has no credentials of its own:
 * `npm start` and `npm run dev` hand it the local ones, a deployment must bring its secrets.
 */
export function readSettings(env: Bindings): Result<Settings, string> {
  const problems: string[] = [];
  const secret = (
    name: "ROOT_ACCOUNT_ID" | "ROOT_ACCESS_KEY_ID" | "ROOT_SECRET_ACCESS_KEY" | "ROOT_KEY",
    form: RegExp,
    says: string,
  ): string => {
    const value = env[name] ?? "";
    if (value === "") problems.push(`${name} is not set`);
    else if (!form.test(value)) problems.push(`${name} must be ${says}`);
    return value;
  };
  const settings: Settings = {
    rootAccountId: secret("ROOT_ACCOUNT_ID", /^\d{12}$/, "12 digits"),
    rootAccessKeyId: secret("ROOT_ACCESS_KEY_ID", /^\w{1,128}$/, "1 to 128 letters, digits or _"),
    rootSecretAccessKey: secret(
      "ROOT_SECRET_ACCESS_KEY",
      /^\S{1,128}$/,
      "1 to 128 characters without spaces",
    ),
    rootKey: secret("ROOT_KEY", /^[A-Za-z0-9+/]{43}=$/, "32 bytes in base64"),
    defaultRegion: env.DEFAULT_REGION || "us-east-1",
    publicUrl: env.PUBLIC_URL ? env.PUBLIC_URL.replace(/\/+$/, "") : undefined,
    strictTiming: isOn(env.STRICT_SQS_TIMING),
    probeClients: isOn(env.PROBE_CLIENTS),
  };
  if (!/^[a-z0-9-]{1,32}$/.test(settings.defaultRegion))
    problems.push("DEFAULT_REGION must be a region name");
  if (settings.publicUrl !== undefined && !/^https?:\/\/[^/]+$/.test(settings.publicUrl)) {
    problems.push("PUBLIC_URL must be an origin such as https://sqs.example.com");
  }
  return problems.length === 0 ? ok(settings) : err(problems.join("; "));
}

function isOn(value: string | undefined): boolean {
  return /^(1|true|on|yes)$/i.test(value ?? "");
}
