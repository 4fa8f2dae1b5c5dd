import type { Stamp, WireRequest } from "../../src/protocols/protocol.ts";

/** Requests as bytes, for tests of the protocols. */

export const queueUrl = "http://localhost:8787/000000000000/orders";

export const stamp: Stamp = {
  requestId: "b5d5e3a0-6f0c-5d0c-9c55-b8d6f2f0d4a1",
  nowMs: Date.UTC(2026, 10, 22, 19, 34, 5),
};

/** An AWS JSON request as current SDKs send it. */
export function jsonRequest(action: string, body: unknown, path = "/"): WireRequest {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return request("POST", path, "", text, {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": `AmazonSQS.${action}`,
    "x-amzn-query-mode": "true",
  });
}

/** A Query request with its parameters in the body, to `url`, which may have parameters too. */
export function formRequest(form: string, url = "/"): WireRequest {
  const [path = "/", query = ""] = url.split("?");
  return request("POST", path, query, form, { "content-type": "application/x-www-form-urlencoded" });
}

export function getRequest(url: string, headers: Readonly<Record<string, string>> = {}): WireRequest {
  const [path = "/", query = ""] = url.split("?");
  return request("GET", path, query, "", headers);
}

export function request(
  method: string,
  path: string,
  query: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
): WireRequest {
  return {
    method,
    origin: "http://localhost:8787",
    path,
    query,
    headers: new Headers(headers),
    body: typeof body === "string" ? new TextEncoder().encode(body) : body,
  };
}
