import { err, ok, type Result } from "./lib/result.ts";

/** The bindings of `wrangler.toml` and the settings and secrets of a deployment, as the runtime hands them over. */
export interface Bindings {
  readonly DB: D1Database;
  readonly QUEUE_SHARD: DurableObjectNamespace<import("./shard/queue-shard.ts").QueueShard>;
  readonly ROOT_ACCOUNT_ID?: string;
  readonly ROOT_ACCESS_KEY_ID?: string;
  readonly ROOT_SECRET_ACCESS_KEY?: string;
  readonly ROOT_KEY?: string;
  readonly ROOT_KEY_PREVIOUS?: string;
  readonly DATA_KEY_DAYS?: string;
  readonly AWS_KMS_ENDPOINT?: string;
  readonly AWS_KMS_ACCESS_KEY_ID?: string;
  readonly AWS_KMS_SECRET_ACCESS_KEY?: string;
  readonly AWS_KMS_SESSION_TOKEN?: string;
  readonly AWS_KMS_ACCOUNT_ID?: string;
  readonly DEFAULT_REGION?: string;
  readonly PUBLIC_URL?: string;
  readonly STRICT_SQS_TIMING?: string;
  readonly PROBE_CLIENTS?: string;
  readonly CLIENT_IP_HEADER?: string;
}

/** What a deployment is set to. README lists each with its default. */
export interface Settings {
  /** 12 digits. */
  readonly rootAccountId: string;
  readonly rootAccessKeyId: string;
  readonly rootSecretAccessKey: string;
  /** 32 bytes in base64: seals every other secret. */
  readonly rootKey: string;
  /** Root keys of before, likewise: they only open what they have sealed. */
  readonly previousRootKeys: readonly string[];
  /** A queue is given a new data key after so many days; 0: never. */
  readonly dataKeyDays: number;
  /** Where the KMS keys of one account are, if not here; undefined: all are. */
  readonly externalKms: ExternalKmsSettings | undefined;
  readonly defaultRegion: string;
  /** Origin for queue URLs, without a trailing slash; undefined: the host that the client called. */
  readonly publicUrl: string | undefined;
  /** Keep SQS's 60-second waits after DeleteQueue and PurgeQueue. */
  readonly strictTiming: boolean;
  /** The runtime does not tell that a client has hung up: see `HeldAnswer`. On for `npm start` and `npm run dev`. */
  readonly probeClients: boolean;
  /**
   * The header that tells a client's address, in lower case, or empty if none can be trusted: Cloudflare's own, which it
   * sets itself. `npm start` and `npm run dev` trust none.
   */
  readonly clientIpHeader: string;
}

export interface ExternalKmsSettings {
  /** An origin, such as `https://kms.{region}.amazonaws.com`, where the key's region takes the place of `{region}`. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  /** 12 digits: keys whose ARN names this account are there. */
  readonly account: string;
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
    rootKey: secret("ROOT_KEY", rootKeyForm, "32 bytes in base64"),
    previousRootKeys: (env.ROOT_KEY_PREVIOUS ?? "")
      .split(",")
      .map((key) => key.trim())
      .filter((key) => key !== ""),
    dataKeyDays: Number(env.DATA_KEY_DAYS || DATA_KEY_DAYS),
    externalKms: readExternalKms(env, problems),
    defaultRegion: env.DEFAULT_REGION || "us-east-1",
    publicUrl: env.PUBLIC_URL ? env.PUBLIC_URL.replace(/\/+$/, "") : undefined,
    strictTiming: isOn(env.STRICT_SQS_TIMING),
    probeClients: isOn(env.PROBE_CLIENTS),
    clientIpHeader: (env.CLIENT_IP_HEADER ?? "cf-connecting-ip").toLowerCase(),
  };
  if (!/^[a-z0-9-]{1,32}$/.test(settings.defaultRegion))
    problems.push("DEFAULT_REGION must be a region name");
  if (!settings.previousRootKeys.every((key) => rootKeyForm.test(key))) {
    problems.push("ROOT_KEY_PREVIOUS must be keys of 32 bytes in base64, with commas between them");
  }
  if (!/^\d{0,4}$/.test(env.DATA_KEY_DAYS ?? "")) problems.push("DATA_KEY_DAYS must be 0 to 9999");
  if (settings.publicUrl !== undefined && !/^https?:\/\/[^/]+$/.test(settings.publicUrl)) {
    problems.push("PUBLIC_URL must be an origin such as https://sqs.example.com");
  }
  return problems.length === 0 ? ok(settings) : err(problems.join("; "));
}

/** 43 characters, the last of which has two bits that must be 0. */
const rootKeyForm = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** As long as most rules ask for keys to be exchanged. */
const DATA_KEY_DAYS = 90;

/** Half a KMS is none: what it should protect would not be. */
function readExternalKms(env: Bindings, problems: string[]): ExternalKmsSettings | undefined {
  const endpoint = env.AWS_KMS_ENDPOINT ?? "";
  const accessKeyId = env.AWS_KMS_ACCESS_KEY_ID ?? "";
  const secretAccessKey = env.AWS_KMS_SECRET_ACCESS_KEY ?? "";
  const account = env.AWS_KMS_ACCOUNT_ID ?? "";
  const sessionToken = env.AWS_KMS_SESSION_TOKEN || undefined;
  if (endpoint + accessKeyId + secretAccessKey + account === "" && sessionToken === undefined)
    return undefined;
  // Data keys come back in clear: nobody may listen, except on this machine.
  if (
    !/^(?:https:\/\/[\w.{}-]+(?::\d+)?|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?)\/?$/.test(
      endpoint,
    )
  ) {
    problems.push("AWS_KMS_ENDPOINT must be an origin such as https://kms.{region}.amazonaws.com");
  }
  if (!/^\w{1,128}$/.test(accessKeyId)) {
    problems.push("AWS_KMS_ACCESS_KEY_ID must be 1 to 128 letters, digits or _");
  }
  if (!/^\S{1,128}$/.test(secretAccessKey)) {
    problems.push("AWS_KMS_SECRET_ACCESS_KEY must be 1 to 128 characters without spaces");
  }
  if (!/^\d{12}$/.test(account)) problems.push("AWS_KMS_ACCOUNT_ID must be 12 digits");
  if (sessionToken !== undefined && !/^[!-~]+$/.test(sessionToken)) {
    problems.push("AWS_KMS_SESSION_TOKEN must be printable and without spaces");
  }
  return { endpoint, accessKeyId, secretAccessKey, sessionToken, account };
}

function isOn(value: string | undefined): boolean {
  return /^(1|true|on|yes)$/i.test(value ?? "");
}
