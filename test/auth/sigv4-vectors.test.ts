import { describe, expect, it } from "vitest";
import { rootCaller } from "../../src/auth/caller.ts";
import { canonicalRequest, type SignableRequest, sha256Hex } from "../../src/auth/canonical-request.ts";
import { parseAuthorization, readClaim, type SigningClaim } from "../../src/auth/signing-claim.ts";
import { signature, signingKey, stringToSign, verifySignature } from "../../src/auth/sigv4.ts";
import { rawRequest } from "./raw-request.ts";
import headerVectors from "./vectors/header.json" with { type: "json" };
import presignedVectors from "./vectors/presigned.json" with { type: "json" };

const secretAccessKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const caller = rootCaller("123456789012", "AKIDEXAMPLE");

/** @param token the session token that belongs to the key */
const verify = (request: SignableRequest, token?: string) =>
  verifySignature(request, {
    nowMs: Date.UTC(2015, 7, 30, 12, 36, 0),
    services: ["service"],
    findKey: (id, given) =>
      id === "AKIDEXAMPLE" && given === token ? { secretAccessKey, caller } : undefined,
  });

/** The only vectors that repeat a header. */
const repeatsHeaders = /^get-header-(key-duplicate|value-order)/;

const canonicalOf = (name: string, request: SignableRequest, claim: SigningClaim) =>
  canonicalRequest(request, {
    ...claim,
    payloadHash: sha256Hex(request.body),
    commas: repeatsHeaders.test(name) ? "several" : "one",
  });

describe("AWS's vectors of signatures in the header", () => {
  it("are all here", () => {
    expect(headerVectors).toHaveLength(34);
  });

  describe.each(headerVectors)("$name", (vector) => {
    const request = rawRequest(vector.signedRequest, { authorization: vector.authorization });
    const parsed = parseAuthorization(vector.authorization, request.headers.get("x-amz-date"));
    if (!parsed.ok) throw new Error(parsed.error.message);
    const claim = parsed.value;

    it("gives the canonical request", () => {
      expect(canonicalOf(vector.name, request, claim)).toBe(vector.canonicalRequest);
    });

    it("gives the string to sign", () => {
      expect(stringToSign(claim, vector.canonicalRequest)).toBe(vector.stringToSign);
    });

    it("gives the signature", () => {
      expect(signature(signingKey(secretAccessKey, claim), vector.stringToSign)).toBe(claim.signature);
    });

    it("verifies, with the session token that it brings and no other", async () => {
      const token = request.headers.get("x-amz-security-token") ?? undefined;
      expect(await verify(request, token)).toEqual({
        ok: true,
        value: { caller, region: "us-east-1", service: "service" },
      });
      expect(await verify(request, `${token}x`)).toMatchObject({ error: { kind: "InvalidClientTokenId" } });
    });

    it("does not verify with one digit of the signature changed", async () => {
      const changed = vector.authorization.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
      const forged = rawRequest(vector.signedRequest, {
        authorization: changed,
        "x-amz-security-token": null,
      });
      expect(await verify(forged)).toMatchObject({ ok: false, error: { kind: "SignatureDoesNotMatch" } });
    });
  });
});

describe("AWS's vectors of presigned requests", () => {
  describe.each(presignedVectors)("$name", (vector) => {
    const request = rawRequest(vector.signedRequest);
    const read = readClaim(request);
    if (!read.ok) throw new Error(read.error.message);
    const claim = read.value;

    if (vector.canonicalRequest !== undefined) {
      it("gives the canonical request and the string to sign", () => {
        expect(canonicalOf(vector.name, request, claim)).toBe(vector.canonicalRequest);
        expect(stringToSign(claim, vector.canonicalRequest)).toBe(vector.stringToSign);
      });
    }

    it("verifies", async () => {
      expect(await verify(request)).toEqual({
        ok: true,
        value: { caller, region: "us-east-1", service: "service" },
      });
    });

    it("does not verify with another parameter", async () => {
      const forged = { ...request, query: `${request.query}&Param9=x` };
      expect(await verify(forged)).toMatchObject({ ok: false, error: { kind: "SignatureDoesNotMatch" } });
    });
  });
});
