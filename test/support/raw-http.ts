import { createHash } from "node:crypto";
import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { presign, type Signing, signInHeader } from "../auth/signer.ts";
import { defaults } from "./server.ts";

/** A request over the wire, spelled out. */
export interface Exchange {
  readonly method: string;
  /** With its query string, if it has one. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Signer {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  /** When it signs; now unless given. */
  readonly atMs?: number;
}

export const rootSigner: Signer = {
  accessKeyId: defaults.worker.ROOT_ACCESS_KEY_ID,
  secretAccessKey: defaults.worker.ROOT_SECRET_ACCESS_KEY,
  region: defaults.worker.DEFAULT_REGION,
};

/** An AWS JSON request as today's SDKs send it, unsigned. */
export function jsonExchange(action: string, input: unknown, path = "/"): Exchange {
  return {
    method: "POST",
    path,
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `AmazonSQS.${action}`,
      "x-amzn-query-mode": "true",
    },
    body: typeof input === "string" ? input : JSON.stringify(input),
  };
}

/** A Query request with its parameters in a form, unsigned. */
export function formExchange(parameters: Readonly<Record<string, string>>, path = "/"): Exchange {
  return {
    method: "POST",
    path,
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    body: encodeParameters(parameters),
  };
}

/** A Query request with its parameters in the URL, unsigned. */
export function getExchange(parameters: Readonly<Record<string, string>>, path = "/"): Exchange {
  return { method: "GET", path: `${path}?${encodeParameters(parameters)}`, headers: {}, body: "" };
}

/** Signed in the Authorization header, all its headers included. Path and query must be in canonical form. */
export function signed(url: string, wire: Exchange, signer: Signer = rootSigner): Exchange {
  const isText = typeof wire.body === "string";
  const headers = {
    host: new URL(url).host,
    ...wire.headers,
    // The signer hashes text; of other bytes it is told the hash, as the header may state it.
    ...(isText ? {} : { "x-amz-content-sha256": createHash("sha256").update(wire.body).digest("hex") }),
  };
  const request = signInHeader(signingOf({ ...wire, headers }, signer));
  const authorization = request.headers.get("authorization") ?? "";
  const date = request.headers.get("x-amz-date") ?? "";
  return { ...wire, headers: { ...headers, "x-amz-date": date, authorization } };
}

/** A GET that carries its signature in the URL. */
export function presigned(
  url: string,
  wire: Exchange,
  expiresSeconds: number,
  signer = rootSigner,
): Exchange {
  const headers = { host: new URL(url).host };
  const signing = signingOf({ ...wire, headers }, signer);
  const { path, query } = presign({ ...signing, expires: String(expiresSeconds) });
  return { ...wire, path: `${path}?${query}`, headers };
}

export interface ExchangeOptions {
  /** Without a whole answer by then the exchange is given up. */
  readonly timeoutMs?: number;
  /** Resets the connection, as the kernel does for a client that dies with an answer on its way. */
  readonly signal?: AbortSignal;
}

const agent = new Agent({ keepAlive: true });

/** Sends a request as it is. Rejects when there is no whole answer. */
export function exchange(url: string, wire: Exchange, options: ExchangeOptions = {}): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const { method, path, headers, body } = wire;
  const { signal, timeoutMs } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, method, path, headers: { ...headers }, agent }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        if (!incoming.complete) reject(new Error("the answer broke off"));
        else resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text });
      });
    });
    outgoing.on("error", reject);
    signal?.addEventListener("abort", () => outgoing.socket?.resetAndDestroy());
    if (timeoutMs !== undefined) {
      outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    }
    outgoing.end(body);
  });
}

function signingOf({ method, path, headers, body }: Exchange, signer: Signer): Signing {
  const question = path.indexOf("?");
  return {
    ...signer,
    method,
    path: question < 0 ? path : path.slice(0, question),
    query: question < 0 ? "" : path.slice(question + 1),
    headers,
    body: typeof body === "string" ? body : "",
    timestamp: `${new Date(signer.atMs ?? Date.now()).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`,
    service: "sqs",
  };
}

/** By name, and with SigV4's escapes, so that what is sent is canonical. */
function encodeParameters(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => [escaped(name), escaped(value)])
    .sort(([a = ""], [b = ""]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function escaped(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
