import { Buffer } from "node:buffer";
import { canonicalRequest, sha256Hex } from "../src/auth/canonical-request.ts";
import { signature, signingKey, stringToSign } from "../src/auth/sigv4.ts";

/** Whom requests are signed for, and where they go. */
export interface Account {
  /** Without a trailing slash. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly region: string;
}

/** Makes whole requests of the JSON protocol, signed for this instant: they can be sent again for 15 minutes. */
export class Signer {
  readonly #account: Account;
  readonly #host: string;
  #key: { readonly date: string; readonly bytes: Buffer } | undefined;

  constructor(account: Account) {
    this.#account = account;
    this.#host = new URL(account.endpoint).host;
  }

  /** @param action `SendMessage`, for one */
  request(action: string, body: string): Buffer {
    const { accessKeyId, sessionToken, region } = this.#account;
    const timestamp = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
    const claim = { timestamp, date: timestamp.slice(0, 8), region, service: "sqs" };
    const headers = new Map([
      ["content-type", "application/x-amz-json-1.0"],
      ["host", this.#host],
      ["x-amz-date", timestamp],
      ...(sessionToken === undefined ? [] : [["x-amz-security-token", sessionToken] as const]),
      ["x-amz-target", `AmazonSQS.${action}`],
    ]);
    const bytes = Buffer.from(body);
    const signedHeaders = [...headers.keys()].join(";");
    const canonical = canonicalRequest(
      { method: "POST", path: "/", query: "", headers: asFetchHeaders(headers), body: bytes },
      { signedHeaders, payloadHash: sha256Hex(bytes), presigned: false, commas: "one" },
    );
    const signed = signature(this.#keyOf(claim), stringToSign(claim, canonical));
    let text = "POST / HTTP/1.1\r\n";
    for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
    const credential = `${accessKeyId}/${claim.date}/${region}/sqs/aws4_request`;
    text += `authorization: AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signed}\r\n`;
    text += `user-agent: edge-sqs-bench\r\ncontent-length: ${bytes.length}\r\n\r\n`;
    return Buffer.concat([Buffer.from(text, "latin1"), bytes]);
  }

  #keyOf(claim: { readonly date: string; readonly region: string; readonly service: string }): Buffer {
    if (this.#key?.date !== claim.date) {
      this.#key = { date: claim.date, bytes: signingKey(this.#account.secretAccessKey, claim) };
    }
    return this.#key.bytes;
  }
}

function asFetchHeaders(headers: ReadonlyMap<string, string>): { get(name: string): string | null } {
  return { get: (name) => headers.get(name) ?? null };
}
