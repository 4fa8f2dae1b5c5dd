import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
import { err, ok, type Result } from "../lib/result.ts";
import { type SqsError, sqsError } from "../queue/errors.ts";
import { limits } from "../queue/limits.ts";
import { setBounded } from "./bounded-map.ts";
import type { Caller } from "./caller.ts";
import { canonicalRequest, type SignableRequest, sha256Hex } from "./canonical-request.ts";
import { algorithm, basicIso, readClaim, type SigningClaim } from "./signing-claim.ts";

/** A key that may sign, and whom it stands for. */
export interface Credential {
  readonly secretAccessKey: string;
  readonly caller: Caller;
  /** Services that do not know this key. */
  readonly notFor?: readonly string[];
}

/** Undefined for a key that is unknown or disabled, or whose session token is not its own. */
export type FoundKey = Credential | "expired" | undefined;

export interface VerifyOptions {
  readonly nowMs: number;
  /** Services that a signature may be scoped to; errors name them in this order. */
  readonly services: readonly string[];
  /** Whether it came over TLS. Only then may a body be left out of the signature: nobody else can exchange it. */
  readonly secure?: boolean;
  /** What it throws is thrown on. */
  readonly findKey: (accessKeyId: string, sessionToken: string | undefined) => Promise<FoundKey> | FoundKey;
}

export interface Signed {
  readonly caller: Caller;
  /** From the signature's scope. */
  readonly region: string;
  readonly service: string;
}

/**
 * Who signed a request, and for where, by Signature Version 4 in the header or in a presigned query.
 *
 * The first problem in this order is answered: the signature is missing or malformed, its date, its scope,
 * its key with its session token, and the signature itself. The token need not be signed: it cannot be exchanged,
 * for it belongs to its key alone.
 *
 * A presigned URL is valid for its X-Amz-Expires, up to a week, though SQS is reported to cut it to 15
 * minutes: a client that asks for an hour means it. Without X-Amz-Expires the 15 minutes apply.
 *
 * @returns `MissingAuthenticationToken`, `IncompleteSignature`, `RequestExpired`, `InvalidClientTokenId`,
 *   `ExpiredToken` or `SignatureDoesNotMatch`; no request makes it throw.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 */
export async function verifySignature(
  request: SignableRequest,
  { nowMs, services, secure = false, findKey }: VerifyOptions,
): Promise<Result<Signed, SqsError>> {
  const read = readClaim(request);
  if (!read.ok) return read;
  const claim = read.value;
  const refusal = checkDate(claim, nowMs) ?? checkScope(claim, services);
  if (refusal !== undefined) return err(refusal);

  const found = findKey(claim.accessKeyId, claim.sessionToken);
  const credential = found instanceof Promise ? await found : found;
  if (credential === "expired") return err(expiredToken);
  if (credential === undefined || credential.notFor?.includes(claim.service)) return err(unknownKey);

  const payloadHash = payloadHashOf(request, secure);
  const mismatch = checkSignature(request, { claim, payloadHash, secret: credential.secretAccessKey });
  if (mismatch !== undefined) return err(mismatch);
  return ok({ caller: credential.caller, region: claim.region, service: claim.service });
}

/** What the key signs: when, for where, and the hash of what. */
export function stringToSign(
  claim: Pick<SigningClaim, "timestamp" | "date" | "region" | "service">,
  canonical: string,
) {
  const scope = `${claim.date}/${claim.region}/${claim.service}/aws4_request`;
  return `${algorithm}\n${claim.timestamp}\n${scope}\n${sha256Hex(canonical)}`;
}

/** The key of one day, region and service, from which neither the secret nor another day's key can be told. */
export function signingKey(
  secretAccessKey: string,
  claim: Pick<SigningClaim, "date" | "region" | "service">,
): Buffer {
  const chain = [claim.date, claim.region, claim.service, "aws4_request"];
  return chain.reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`));
}

/** 64 digits of lower-case hex. */
export function signature(key: Buffer, toSign: string): string {
  return createHmac("sha256", key).update(toSign).digest("hex");
}

function checkDate(claim: SigningClaim, nowMs: number): SqsError | undefined {
  const { timestamp, signedAtMs, expiresSeconds } = claim;
  // Signatures count whole seconds, and so must the instant that they are compared with.
  const now = nowMs - (nowMs % 1000);
  const latest = now + limits.clockSkewMs;
  const earliest = now - limits.clockSkewMs;
  if (signedAtMs > latest) {
    return mismatched(
      `Signature not yet current: ${timestamp} is still later than ${basicIso(latest)} (${basicIso(now)} + 15 min.)`,
    );
  }
  if (expiresSeconds !== undefined) {
    return now > signedAtMs + expiresSeconds * 1000
      ? sqsError("RequestExpired", "Request has expired.")
      : undefined;
  }
  if (signedAtMs < earliest) {
    return mismatched(
      `Signature expired: ${timestamp} is now earlier than ${basicIso(earliest)} (${basicIso(now)} - 15 min.)`,
    );
  }
  return undefined;
}

/** One sentence for each part that is wrong. As with AWS, all but the one on the date end with a space. */
function checkScope(claim: SigningClaim, services: readonly string[]): SqsError | undefined {
  let wrong = "";
  if (!/^[a-z0-9-]{1,32}$/.test(claim.region)) {
    wrong += `Credential should be scoped to a valid region, not '${claim.region}'. `;
  }
  if (!services.includes(claim.service)) {
    wrong += `Credential should be scoped to correct service: '${services.join("', '")}'. `;
  }
  if (claim.terminator !== "aws4_request") {
    wrong += `Credential should be scoped with a valid terminator: 'aws4_request', not '${claim.terminator}'. `;
  }
  const day = claim.timestamp.slice(0, 8);
  if (claim.date !== day) {
    wrong += `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${claim.date}' != '${day}', from '${claim.timestamp}'.`;
  }
  return wrong === "" ? undefined : mismatched(wrong);
}

interface Signature {
  readonly claim: SigningClaim;
  /** Undefined: the client says that it hashed another body, or none where it had to. */
  readonly payloadHash: string | undefined;
  readonly secret: string;
}

function checkSignature(
  request: SignableRequest,
  { claim, payloadHash, secret }: Signature,
): SqsError | undefined {
  // Header names of any other form would make `headers.get` throw.
  if (!/^[\w!#$%&'*+.^`|~-]+(?:;[\w!#$%&'*+.^`|~-]+)*$/.test(claim.signedHeaders)) return wrongSignature;
  // Named a thousand times, one long header would be a canonical request too long for any memory.
  const names = claim.signedHeaders.split(";");
  const signed = new Set(names);
  if (signed.size < names.length) return wrongSignature;
  const signs = (name: string) => signed.has(name);
  if (!signs("host")) return hostNotSigned;
  // It names the action: added to a URL that was signed for another, it would run this one.
  if (request.headers.get("x-amz-target") !== null && !signs("x-amz-target")) return wrongSignature;
  if (payloadHash === undefined) return wrongSignature;

  const kept = signingKeys.get(claim.credential);
  const key = kept?.secret === secret ? kept.key : signingKey(secret, claim);
  const holds = (commas: "one" | "several") => {
    const canonical = canonicalRequest(request, { ...claim, payloadHash, commas });
    return sameText(signature(key, stringToSign(claim, canonical)), claim.signature);
  };
  if (!holds("one") && !holds("several")) return wrongSignature;

  // Only now, so that a flood of unsigned requests cannot push out the keys in use.
  if (key !== kept?.key) setBounded(signingKeys, claim.credential, { secret, key }, limits.signingKeys);
  return undefined;
}

/** By credential: access key id, day, region and service. Four of five HMACs of a verification are saved. */
const signingKeys = new Map<string, { readonly secret: string; readonly key: Buffer }>();

/** What the client must have hashed. */
function payloadHashOf({ headers, body }: SignableRequest, secure: boolean): string | undefined {
  const stated = headers.get("x-amz-content-sha256");
  if (stated === "UNSIGNED-PAYLOAD") return secure ? stated : undefined;
  const actual = sha256Hex(body);
  return stated === null || stated === actual ? actual : undefined;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** In a time that tells nothing of where they differ. */
function sameText(a: string, b: string): boolean {
  const x = Buffer.from(a);
  const y = Buffer.from(b);
  return x.length === y.length && timingSafeEqual(x, y);
}

function mismatched(message: string): SqsError {
  return sqsError("SignatureDoesNotMatch", message);
}

const unknownKey = sqsError("InvalidClientTokenId", "The security token included in the request is invalid.");
const expiredToken = sqsError("ExpiredToken", "The security token included in the request is expired");
const wrongSignature = mismatched(
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
);
const hostNotSigned = mismatched("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
