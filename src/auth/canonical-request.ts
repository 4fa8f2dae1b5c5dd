import { Buffer } from "node:buffer";
import { hash } from "node:crypto";

/** What a signature covers: a request as bytes and names, before any of it is believed. */
export interface SignableRequest {
  readonly method: string;
  /** Path as sent, percent-encoding untouched. */
  readonly path: string;
  /** Query string as sent, without the `?`. */
  readonly query: string;
  /** Values of a repeated header are joined by a comma and a space, as Fetch does. */
  readonly headers: { get(name: string): string | null };
  readonly body: Uint8Array;
}

export interface CanonicalOptions {
  /** Names of headers, in lower case, separated by semicolons, as the signer listed them. */
  readonly signedHeaders: string;
  readonly payloadHash: string;
  /** A presigned query carries its own signature, which cannot cover itself. */
  readonly presigned: boolean;
  /**
   * Fetch shows `a, b` for one header with a comma and for two headers, but a signer wrote the first as
   * `a, b` and the second as `a,b`. `one` takes the value as it stands, `several` as repeated headers.
   */
  readonly commas: "one" | "several";
}

/**
 * The text that both sides hash: the request with everything spelled in one way.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function canonicalRequest(request: SignableRequest, options: CanonicalOptions): string {
  const { signedHeaders, payloadHash } = options;
  let headers = "";
  for (const name of signedHeaders.split(";")) {
    headers += `${name}:${canonicalValue(request.headers.get(name) ?? "", options.commas)}\n`;
  }
  const query = canonicalQuery(request.query, options.presigned ? "X-Amz-Signature" : undefined);
  return `${request.method}\n${canonicalPath(request.path)}\n${query}\n${headers}\n${signedHeaders}\n${payloadHash}`;
}

export function sha256Hex(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}

/** A part of a query string as the client meant it: percent-decoded, `+` being a space. */
export function decodeQueryPart(part: string): string {
  if (isUnreserved(part)) return part;
  return Buffer.from(decodedBytes(part)).toString("utf8");
}

/** The pairs of a query string as sent, undecoded, in order. Empty pieces say nothing and are left out. */
export function splitQuery(query: string): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  if (query === "") return pairs;
  for (const piece of query.split("&")) {
    if (piece === "") continue;
    const equals = piece.indexOf("=");
    pairs.push(equals < 0 ? [piece, ""] : [piece.slice(0, equals), piece.slice(equals + 1)]);
  }
  return pairs;
}

/** Dot segments and repeated slashes removed; what the client had encoded is encoded again. */
function canonicalPath(path: string): string {
  if (path === "/" || path === "") return "/";
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  if (kept.length === 0) return "/";
  const encoded = kept.map((segment) =>
    isUnreserved(segment) ? segment : encodeBytes(Buffer.from(segment)),
  );
  return `/${encoded.join("/")}${path.endsWith("/") ? "/" : ""}`;
}

function canonicalQuery(query: string, leftOut: string | undefined): string {
  if (query === "") return "";
  const pairs: [string, string][] = [];
  for (const [name, value] of splitQuery(query)) {
    const canonical = reencode(name);
    if (canonical !== leftOut) pairs.push([canonical, reencode(value)]);
  }
  // By name, then by value: comparing whole `name=value` would put `a-b=` before `a=`.
  pairs.sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0));
  return pairs.map(([name, value]) => `${name}=${value}`).join("&");
}

function canonicalValue(value: string, commas: CanonicalOptions["commas"]): string {
  const joined = commas === "several" ? value.replaceAll(", ", ",") : value;
  const trimmed = joined.trim();
  return trimmed.includes("  ") ? trimmed.replace(/ {2,}/g, " ") : trimmed;
}

/** A part of a query string in SigV4's spelling, whatever the client's was. */
function reencode(part: string): string {
  return isUnreserved(part) ? part : encodeBytes(decodedBytes(part));
}

/**
 * Bytes, not characters, because a client may escape what is not UTF-8. A `%` that starts no escape stands
 * for itself. A `+` is a space, as it is for whoever decodes the parameters: read as a literal plus, a
 * signature would hold for a text other than the one that is then acted on.
 */
function decodedBytes(part: string): number[] {
  const bytes = Buffer.from(part, "utf8");
  const decoded: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    const high = hexDigit(bytes[i + 1]);
    const low = hexDigit(bytes[i + 2]);
    if (byte === percent && high >= 0 && low >= 0) {
      decoded.push(high * 16 + low);
      i += 2;
    } else {
      decoded.push(byte === plus ? space : byte);
    }
  }
  return decoded;
}

const percent = 0x25;
const plus = 0x2b;
const space = 0x20;

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function encodeBytes(bytes: Iterable<number>): string {
  let text = "";
  for (const byte of bytes) text += spelling[byte];
  return text;
}

function isUnreserved(text: string): boolean {
  return /^[A-Za-z0-9\-._~]*$/.test(text);
}

/** How each byte is written: itself where RFC 3986 reserves nothing, else `%` and upper-case hex. */
const spelling = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return isUnreserved(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
});
