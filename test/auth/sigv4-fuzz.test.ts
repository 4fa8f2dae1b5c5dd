import { expect, it } from "vitest";
import { rootCaller } from "../../src/auth/caller.ts";
import type { SignableRequest } from "../../src/auth/canonical-request.ts";
import { verifySignature } from "../../src/auth/sigv4.ts";
import { type Random, randomFrom } from "../support/random.ts";
import { presign, type Signing, signInHeader } from "./signer.ts";

const secretAccessKey = "secret";
const caller = rootCaller("123456789012", "AKIAFUZZ");

const signing: Signing = {
  method: "POST",
  path: "/1/orders",
  query: "Action=ListQueues",
  headers: { "content-type": "text/plain" },
  body: "{}",
  accessKeyId: "AKIAFUZZ",
  secretAccessKey,
  timestamp: "20261122T120000Z",
  region: "us-east-1",
  service: "sqs",
};

/** Pieces that parsers stumble over. */
const pieces = [
  ...[
    "%",
    "%2",
    "%zz",
    "%C3%28",
    "+",
    "&",
    "&&",
    "=",
    "==",
    ";",
    ";;",
    ",",
    "/",
    "//",
    "/../..",
    "/.",
    "?",
    "#",
  ],
  ..." \t\n\0".split(""),
  ...["\ud800", "ሴ", "é", "host", "HOST", "__proto__", "constructor", "X-Amz-Algorithm", "X-Amz-Algorithm="],
  ...[
    "Credential=",
    "Signature=",
    "SignedHeaders=",
    "AWS4-HMAC-SHA256",
    "AKIAFUZZ/1/2/3/4",
    "-1",
    "1e999",
    "",
  ],
];

it.each([1, 2, 3, 4])("no request makes the verification throw: seed %i", async (seed) => {
  const random = randomFrom(seed);
  for (let round = 0; round < 500; round++) {
    const original = random.chance(0.5) ? signInHeader(signing) : presign({ ...signing, expires: "900" });
    const request = mutate(original, random);
    const result = await verifySignature(request, {
      nowMs: Date.UTC(2026, 10, 22, 12),
      services: ["sqs"],
      findKey: (id, token) => {
        if (token !== undefined) return "expired";
        return id === "AKIAFUZZ" ? { secretAccessKey, caller } : undefined;
      },
    });
    if (!result.ok) expect(authKinds).toContain(result.error.kind);
  }
});

const authKinds = [
  "MissingAuthenticationToken",
  "IncompleteSignature",
  "InvalidClientTokenId",
  "ExpiredToken",
  "RequestExpired",
  "SignatureDoesNotMatch",
];

function mutate(request: SignableRequest, random: Random): SignableRequest {
  const headers = new Map<string, string>();
  for (const name of ["authorization", "host", "x-amz-date", "content-type"]) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  let { method, path, query } = request;
  for (let changes = random.between(1, 3); changes > 0; changes--) {
    const target = random.pick(["method", "path", "query", "query", "header", "header", "header"]);
    if (target === "method") method = mutateText(method, random);
    else if (target === "path") path = mutateText(path, random);
    else if (target === "query") query = mutateText(query, random);
    else {
      const name = random.pick([...headers.keys(), "date", "x-amz-content-sha256", "x-amz-security-token"]);
      headers.set(name, mutateText(headers.get(name) ?? "", random));
    }
  }
  return { ...request, method, path, query, headers: { get: (name) => strictGet(headers, name) } };
}

function mutateText(text: string, random: Random): string {
  const from = random.between(0, text.length);
  const to = random.chance(0.5) ? from : random.between(from, text.length);
  return text.slice(0, from) + random.pick(pieces) + text.slice(to);
}

/** Like Fetch, it throws when asked for what cannot be a name. */
function strictGet(headers: Map<string, string>, name: string): string | null {
  noHeaders.has(name);
  return headers.get(name) ?? null;
}

const noHeaders = new Headers();
