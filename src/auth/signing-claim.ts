import { err, ok, type Result } from "../lib/result.ts";
import { type SqsError, sqsError } from "../queue/errors.ts";
import { limits } from "../queue/limits.ts";
import { decodeQueryPart, type SignableRequest, splitQuery } from "./canonical-request.ts";

/** What a request says of its signature: well-formed, and not yet believed. */
export interface SigningClaim {
  /** The five parts below joined by slashes. */
  readonly credential: string;
  readonly accessKeyId: string;
  /** `yyyymmdd`, as the scope has it. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  /** `aws4_request`, if all is well. */
  readonly terminator: string;
  /** Names in lower case, separated by semicolons. */
  readonly signedHeaders: string;
  readonly signature: string;
  /** `yyyymmddThhmmssZ` */
  readonly timestamp: string;
  readonly signedAtMs: number;
  readonly sessionToken: string | undefined;
  readonly presigned: boolean;
  /** Of a presigned URL that names its own life time. */
  readonly expiresSeconds: number | undefined;
}

export const algorithm = "AWS4-HMAC-SHA256";

/**
 * Reads the claim from the header or from a presigned query, which is known by its `X-Amz-Algorithm`.
 *
 * @returns `MissingAuthenticationToken` when there is neither, `SignatureDoesNotMatch` when there are both,
 *   `IncompleteSignature` when it is malformed.
 */
export function readClaim(request: SignableRequest): Result<SigningClaim, SqsError> {
  const authorization = request.headers.get("authorization");
  const presigned = request.query.includes("X-Amz-Algorithm")
    ? presignedParameters(request.query)
    : undefined;
  if (presigned?.has("X-Amz-Algorithm")) {
    return authorization === null
      ? parsePresigned(presigned)
      : err(sqsError("SignatureDoesNotMatch", texts.headerAndQuery));
  }
  if (authorization === null) return err(sqsError("MissingAuthenticationToken", texts.missing));

  const parsed = parseAuthorization(
    authorization,
    request.headers.get("x-amz-date") ?? request.headers.get("date"),
  );
  const sessionToken = parsed.ok ? request.headers.get("x-amz-security-token") : null;
  return parsed.ok && sessionToken ? ok({ ...parsed.value, sessionToken }) : parsed;
}

/**
 * Reads an Authorization header. Its texts were seen in answers of AWS services: a header without spaces is
 * asked for everything, one with a scheme is first checked for pairs.
 *
 * @param date the X-Amz-Date header, else the Date header
 */
export function parseAuthorization(header: string, date: string | null): Result<SigningClaim, SqsError> {
  const [scheme = "", ...words] = header.split(/[\s,]+/);
  const parts = new Map<string, string>();
  for (const word of words) {
    if (word === "") continue;
    const equals = word.indexOf("=");
    if (equals < 0) return incomplete(texts.notAPair(word, header));
    parts.set(word.slice(0, equals), word.slice(equals + 1));
  }

  const missing = ["Credential", "Signature", "SignedHeaders"]
    .filter((name) => !parts.get(name))
    .map((name) => `Authorization header requires '${name}' parameter. `);
  if (!date)
    missing.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ");
  if (missing.length > 0) return incomplete(`${missing.join("")}Authorization=${header}`);
  if (scheme !== algorithm) return incomplete(texts.algorithm(scheme));

  return claim({
    credential: parts.get("Credential") ?? "",
    signature: parts.get("Signature") ?? "",
    signedHeaders: parts.get("SignedHeaders") ?? "",
    date: date ?? "",
    sessionToken: undefined,
    presigned: false,
    expiresSeconds: undefined,
  });
}

function parsePresigned(parameters: ReadonlyMap<string, string>): Result<SigningClaim, SqsError> {
  const missing = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
    "X-Amz-Date",
  ]
    .filter((name) => !parameters.get(name))
    .map((name) => `AWS query-string parameters must include '${name}'. `);
  if (missing.length > 0) return incomplete(`${missing.join("")}Re-examine the query-string parameters.`);
  const named = parameters.get("X-Amz-Algorithm") ?? "";
  if (named !== algorithm) return incomplete(texts.algorithm(named));

  const expires = parameters.get("X-Amz-Expires");
  const { min, max } = limits.presignedSeconds;
  if (
    expires !== undefined &&
    !(/^\d{1,6}$/.test(expires) && Number(expires) >= min && Number(expires) <= max)
  ) {
    return incomplete(`X-Amz-Expires must be a whole number of seconds from ${min} to ${max}.`);
  }
  return claim({
    credential: parameters.get("X-Amz-Credential") ?? "",
    signature: parameters.get("X-Amz-Signature") ?? "",
    signedHeaders: parameters.get("X-Amz-SignedHeaders") ?? "",
    date: parameters.get("X-Amz-Date") ?? "",
    sessionToken: parameters.get("X-Amz-Security-Token") || undefined,
    presigned: true,
    expiresSeconds: expires === undefined ? undefined : Number(expires),
  });
}

/** The `X-Amz-…` parameters. Of one given twice the first counts; the signature covers both. */
function presignedParameters(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of splitQuery(query)) {
    if (name.startsWith("X-Amz-") && !parameters.has(name)) parameters.set(name, decodeQueryPart(value));
  }
  return parameters;
}

function claim(
  parts: Pick<
    SigningClaim,
    "credential" | "signature" | "signedHeaders" | "sessionToken" | "presigned" | "expiresSeconds"
  > & { readonly date: string },
): Result<SigningClaim, SqsError> {
  const signedAtMs = instantOf(parts.date);
  if (Number.isNaN(signedAtMs)) return incomplete(texts.date(parts.date));
  const scope = parts.credential.split("/");
  const [accessKeyId, date, region, service, terminator] = scope;
  if (
    scope.length !== 5 ||
    accessKeyId === undefined ||
    date === undefined ||
    region === undefined ||
    service === undefined ||
    terminator === undefined
  ) {
    return incomplete(texts.credential(parts.credential));
  }
  return ok({
    ...parts,
    accessKeyId,
    date,
    region,
    service,
    terminator,
    signedHeaders: parts.signedHeaders.toLowerCase(),
    timestamp: isBasic(parts.date) ? parts.date : basicIso(signedAtMs),
    signedAtMs,
  });
}

/** `yyyymmddThhmmssZ` */
export function basicIso(instantMs: number): string {
  return `${new Date(instantMs).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
}

/** Of ISO 8601's basic format, or of a Date header's; NaN for anything else. */
function instantOf(date: string): number {
  if (!isBasic(date)) return date.endsWith(" GMT") ? Date.parse(date) : Number.NaN;
  const digits = (from: number, to: number) => Number(date.slice(from, to));
  const month = digits(4, 6);
  const day = digits(6, 8);
  const [hour, minute, second] = [digits(9, 11), digits(11, 13), digits(13, 15)];
  // Date.UTC would carry over into the next month or hour.
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59)
    return Number.NaN;
  return Date.UTC(digits(0, 4), month - 1, day, hour, minute, second);
}

function isBasic(date: string): boolean {
  return /^\d{8}T\d{6}Z$/.test(date);
}

function incomplete(message: string): Result<never, SqsError> {
  return err(sqsError("IncompleteSignature", message));
}

const texts = {
  missing: "Request is missing Authentication Token",
  headerAndQuery: "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
  notAPair: (word: string, header: string) =>
    `'${word}' not a valid key=value pair (missing equal-sign) in Authorization header: '${header}'.`,
  algorithm: (name: string) => `Unsupported AWS 'algorithm': '${name}'.`,
  date: (date: string) =>
    `Date must be in ISO-8601 'basic format'. Got '${date}'. See http://en.wikipedia.org/wiki/ISO_8601`,
  credential: (credential: string) =>
    `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
};
