import { createHash, createHmac } from "node:crypto";
import type { SignableRequest } from "../../src/auth/canonical-request.ts";

/** What to sign, and as whom. */
export interface Signing {
  readonly method: string;
  /** Already in canonical form, as is `query`. */
  readonly path: string;
  readonly query: string;
  /** Those to sign and send; `host` is added, and `x-amz-date` unless there is a `date`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** `yyyymmddThhmmssZ` */
  readonly timestamp: string;
  /** Of the scope; that of the timestamp unless given. */
  readonly date?: string;
  readonly region: string;
  readonly service: string;
  readonly terminator?: string;
  /** Seconds; presigned requests only. */
  readonly expires?: string;
}

/** A signer of its own: it shares nothing with the code that it tests. */
export function signInHeader(signing: Signing): SignableRequest {
  const headers: Record<string, string> = {
    host: "localhost:8787",
    ...("date" in signing.headers ? {} : { "x-amz-date": signing.timestamp }),
    ...signing.headers,
  };
  const payloadHash = headers["x-amz-content-sha256"] ?? sha256(signing.body);
  const signed = sign(signing, { headers, query: signing.query, payloadHash });
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential(signing)}, SignedHeaders=${signed.names}, Signature=${signed.signature}`;
  return request(signing, signing.query, { ...headers, authorization });
}

export function presign(signing: Signing): SignableRequest {
  const headers: Record<string, string> = { host: "localhost:8787", ...signing.headers };
  const parameters = new Map([
    ...signing.query.split("&").map((pair) => pair.split("=") as [string, string]),
    ["X-Amz-Algorithm", "AWS4-HMAC-SHA256"],
    ["X-Amz-Credential", encodeURIComponent(credential(signing))],
    ["X-Amz-Date", signing.timestamp],
    ["X-Amz-SignedHeaders", encodeURIComponent(Object.keys(headers).sort().join(";"))],
  ]);
  if (signing.expires !== undefined) parameters.set("X-Amz-Expires", signing.expires);
  const query = [...parameters]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
  const { signature } = sign(signing, { headers, query, payloadHash: sha256(signing.body) });
  return request(signing, `${query}&X-Amz-Signature=${signature}`, headers);
}

function sign(
  signing: Signing,
  parts: { headers: Record<string, string>; query: string; payloadHash: string },
): { names: string; signature: string } {
  const sorted = Object.entries(parts.headers).sort(([a], [b]) => (a < b ? -1 : 1));
  const names = sorted.map(([name]) => name).join(";");
  const lines = sorted.map(([name, value]) => `${name}:${value}\n`).join("");
  const canonical = `${signing.method}\n${signing.path}\n${parts.query}\n${lines}\n${names}\n${parts.payloadHash}`;
  const [, date = "", region = "", service = "", terminator = ""] = credential(signing).split("/");
  const scope = `${date}/${region}/${service}/${terminator}`;
  const toSign = `AWS4-HMAC-SHA256\n${signing.timestamp}\n${scope}\n${sha256(canonical)}`;
  const dayKey = hmac(Buffer.from(`AWS4${signing.secretAccessKey}`), date);
  const key = hmac(hmac(hmac(dayKey, region), service), terminator);
  return { names, signature: hmac(key, toSign).toString("hex") };
}

function credential(signing: Signing): string {
  const date = signing.date ?? signing.timestamp.slice(0, 8);
  return `${signing.accessKeyId}/${date}/${signing.region}/${signing.service}/${signing.terminator ?? "aws4_request"}`;
}

function request(signing: Signing, query: string, headers: Record<string, string>): SignableRequest {
  const { method, path, body } = signing;
  return { method, path, query, headers: new Headers(headers), body: new TextEncoder().encode(body) };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
