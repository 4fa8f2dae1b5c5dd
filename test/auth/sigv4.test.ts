import { createHash } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import type { SignableRequest } from "../../src/auth/canonical-request.ts";
import { type Credential, type VerifyOptions, verifySignature } from "../../src/auth/sigv4.ts";
import { userCaller } from "../support/callers.ts";
import { presign, type Signing, signInHeader } from "./signer.ts";

const signedAtMs = Date.UTC(2026, 10, 22, 12, 0, 0);
const minuteMs = 60_000;

const credential: Credential = {
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  caller: { ...userCaller("123456789012", "alice"), accessKeyId: "AKIAIOSFODNN7EXAMPLE" },
};

const signing: Signing = {
  method: "POST",
  path: "/",
  query: "",
  headers: {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": "AmazonSQS.SendMessage",
    "x-amzn-query-mode": "true",
  },
  body: '{"QueueUrl":"http://localhost:8787/123456789012/orders","MessageBody":"hello"}',
  accessKeyId: credential.caller.accessKeyId,
  secretAccessKey: credential.secretAccessKey,
  timestamp: "20261122T120000Z",
  region: "eu-central-1",
  service: "sqs",
};

const url: Signing = {
  ...signing,
  method: "GET",
  path: "/123456789012/orders",
  query: "Action=SendMessage&MessageBody=hello%20world&Version=2012-11-05",
  headers: {},
  body: "",
};

const verify = (request: SignableRequest, options: Partial<VerifyOptions> = {}) =>
  verifySignature(request, {
    nowMs: signedAtMs,
    services: ["sqs"],
    findKey: (id) => (id === credential.caller.accessKeyId ? credential : undefined),
    ...options,
  });

const verified = { ok: true, value: { caller: credential.caller, region: "eu-central-1", service: "sqs" } };
const refused = (kind: string, message: string) => ({ ok: false, error: { kind, message } });
const wrongSignature = refused(
  "SignatureDoesNotMatch",
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
);
const unknownKey = refused("InvalidClientTokenId", "The security token included in the request is invalid.");

const withHeader = (request: SignableRequest, name: string, value: string | null): SignableRequest => {
  const headers = new Headers(request.headers as Headers);
  if (value === null) headers.delete(name);
  else headers.set(name, value);
  return { ...request, headers };
};
const authorizationOf = (request: SignableRequest) => request.headers.get("authorization") ?? "";
const withAuthorization = (request: SignableRequest, change: (header: string) => string) =>
  withHeader(request, "authorization", change(authorizationOf(request)));

describe("a signature in the header", () => {
  it("tells the caller, the region and the service", async () => {
    expect(await verify(signInHeader(signing))).toEqual(verified);
  });

  it("verifies however the key is found, now or later", async () => {
    expect(await verify(signInHeader(signing), { findKey: async () => credential })).toEqual(verified);
    expect(await verify(signInHeader(signing), { findKey: async () => undefined })).toEqual(unknownKey);
  });

  it("passes on what looking for the key throws", async () => {
    const findKey = () => Promise.reject(new Error("no database"));
    await expect(verify(signInHeader(signing), { findKey })).rejects.toThrow("no database");
  });

  it("is not looked up a key for while it is malformed, late or scoped elsewhere", async () => {
    const findKey = vi.fn(() => credential);
    await verify(withHeader(signInHeader(signing), "authorization", "AWS4-HMAC-SHA256 x"), { findKey });
    await verify(signInHeader(signing), { findKey, nowMs: signedAtMs + 16 * minuteMs });
    await verify(signInHeader({ ...signing, service: "s3" }), { findKey });
    expect(findKey).not.toHaveBeenCalled();
  });

  it.each(["us-east-1", "us-gov-west-1", "cn-north-1", "local", "a".repeat(32)])(
    "may be for any region: %s",
    async (region) => {
      expect(await verify(signInHeader({ ...signing, region }))).toMatchObject({
        ok: true,
        value: { region },
      });
    },
  );

  it("may be for any of the services offered", async () => {
    const services = ["sqs", "iam"];
    expect(await verify(signInHeader({ ...signing, service: "iam" }), { services })).toMatchObject({
      value: { service: "iam" },
    });
  });

  it("leaves headers that it does not cover to change on the way", async () => {
    const request = withHeader(signInHeader(signing), "user-agent", "rewritten");
    expect(await verify(request)).toEqual(verified);
  });

  it("counts only the spaces that HTTP does not take away", async () => {
    const request = signInHeader({ ...signing, headers: { "x-note": "a b" } });
    expect(await verify(withHeader(request, "x-note", "  a    b "))).toEqual(verified);
    expect(await verify(withHeader(request, "x-note", "ab"))).toEqual(wrongSignature);
  });

  it("takes the instant from the Date header when there is no X-Amz-Date", async () => {
    const dated = signInHeader({ ...signing, headers: { date: "Sun, 22 Nov 2026 12:00:00 GMT" } });
    expect(await verify(dated)).toEqual(verified);
    expect(await verify(dated, { nowMs: signedAtMs + 16 * minuteMs })).toMatchObject({
      error: { message: expect.stringMatching(/^Signature expired: 20261122T120000Z/) },
    });
    expect(await verify(withHeader(dated, "date", "Sun, 22 Nov 2026 12:00:01 GMT"))).toEqual(wrongSignature);
  });

  it("prefers X-Amz-Date to the Date header", async () => {
    const request = signInHeader(signing);
    expect(await verify(withHeader(request, "date", "Sun, 22 Nov 2026 11:00:00 GMT"))).toEqual(verified);
  });

  it("covers one header with a comma as well as two headers that were joined", async () => {
    const one = signInHeader({ ...signing, headers: { "x-list": "a, b" } });
    const two = signInHeader({ ...signing, headers: { "x-list": "a,b" } });
    expect(await verify(one)).toEqual(verified);
    // What Fetch shows of two headers that the signer joined by a bare comma.
    expect(await verify(withHeader(two, "x-list", "a, b"))).toEqual(verified);
    expect(await verify(withHeader(two, "x-list", "a, c"))).toEqual(wrongSignature);
  });

  it("covers the path that is meant: repeated slashes and dots change nothing", async () => {
    const request = signInHeader({ ...signing, path: "/123456789012/orders" });
    expect(await verify({ ...request, path: "/./123456789012//orders" })).toEqual(verified);
    expect(await verify({ ...request, path: "/x/../123456789012/orders" })).toEqual(verified);
    expect(await verify({ ...request, path: "/123456789012/orders/" })).toEqual(wrongSignature);
  });

  it("covers an encoded path encoded once more", async () => {
    const request = signInHeader({ ...signing, path: "/a%2520b" });
    expect(await verify({ ...request, path: "/a%20b" })).toEqual(verified);
  });

  it("covers the parameters that are meant, however they are spelled", async () => {
    const request = signInHeader({ ...url, query: "a=&b=x%20y%2Fz&b=~&c=%25" });
    for (const query of ["c=%25&b=~&b=x%20y%2fz&a", "a=&b=x+y/z&&b=%7E&c=%", "%61=&b=x%20y%2Fz&b=~&c=%25"]) {
      expect(await verify({ ...request, query }), query).toEqual(verified);
    }
    expect(await verify({ ...request, query: "a=&b=x%2By%2Fz&b=~&c=%25" })).toEqual(wrongSignature);
  });

  it("does not hold for a space where a plus was signed", async () => {
    const request = signInHeader({ ...url, query: "a=1%2B1" });
    expect(await verify(request)).toEqual(verified);
    expect(await verify({ ...request, query: "a=1+1" })).toEqual(wrongSignature);
  });
});

describe("a body hash stated by the client", () => {
  const stated = (value: string) => signInHeader({ ...signing, headers: { "x-amz-content-sha256": value } });

  it("must be that of the body", async () => {
    const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");
    expect(await verify(stated(hashOf(signing.body)))).toEqual(verified);
    expect(await verify(stated(hashOf("another")))).toEqual(wrongSignature);
  });

  it("may be left out over TLS by saying so, and then the body is not covered", async () => {
    const request = stated("UNSIGNED-PAYLOAD");
    const secure = { secure: true };
    expect(await verify(request, secure)).toEqual(verified);
    expect(await verify({ ...request, body: new TextEncoder().encode("another") }, secure)).toEqual(verified);
    expect(await verify(request, { secure: false })).toEqual(wrongSignature);
    expect(await verify(request)).toEqual(wrongSignature);
  });

  it("cannot be dropped or added after signing", async () => {
    const hashed = signInHeader(signing);
    const added = withHeader(hashed, "x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    const dropped = withHeader(stated("UNSIGNED-PAYLOAD"), "x-amz-content-sha256", null);
    for (const changed of [added, dropped]) {
      expect(await verify(changed, { secure: true })).toEqual(wrongSignature);
    }
  });

  it("is not taken in a streaming form", async () => {
    expect(await verify(stated("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"))).toEqual(wrongSignature);
  });
});

describe("a request changed after signing", () => {
  const original = signInHeader({ ...signing, query: "a=b" });
  const presigned = presign({ ...url, expires: "900" });
  const changes: [string, SignableRequest][] = [
    ["the method", { ...original, method: "PUT" }],
    ["the path", { ...original, path: "/123456789012/orders" }],
    ["a parameter", { ...original, query: "a=c" }],
    ["one more parameter", { ...original, query: "a=b&c=d" }],
    ["no parameters", { ...original, query: "" }],
    ["the host", withHeader(original, "host", "localhost:8788")],
    ["the content type", withHeader(original, "content-type", "application/json")],
    ["the target", withHeader(original, "x-amz-target", "AmazonSQS.PurgeQueue")],
    ["a signed header taken away", withHeader(original, "x-amzn-query-mode", null)],
    ["the instant", withHeader(original, "x-amz-date", "20261122T120001Z")],
    ["the body", { ...original, body: new TextEncoder().encode(signing.body.replace("hello", "hellp")) }],
    ["no body", { ...original, body: new Uint8Array() }],
    ["the region", withAuthorization(original, (h) => h.replace("eu-central-1", "eu-central-2"))],
    ["the list of signed headers", withAuthorization(original, (h) => h.replace("content-type;", ""))],
    ["names of headers that cannot be", withAuthorization(original, (h) => h.replace("content-type;", ";"))],
    ["names of headers that are not ASCII", { ...original, headers: namesNotAscii(original) }],
    ["half a signature", withAuthorization(original, (h) => h.slice(0, -32))],
    [
      "a signature in upper case",
      withAuthorization(original, (h) => h.replace(/[^=]+$/, (s) => s.toUpperCase())),
    ],
    ["a presigned parameter", { ...presigned, query: presigned.query.replace("hello", "hellp") }],
    ["a presigned life time", { ...presigned, query: presigned.query.replace("Expires=900", "Expires=901") }],
    ["a presigned method", { ...presigned, method: "POST" }],
    ["a presigned request with a body", { ...presigned, body: new TextEncoder().encode("x") }],
  ];

  it("verified before", async () => {
    expect(await verify(original)).toEqual(verified);
    expect(await verify(presigned)).toEqual(verified);
  });

  it.each(changes)("is refused: %s", async (_, request) => {
    expect(await verify(request)).toEqual(wrongSignature);
  });

  function namesNotAscii(request: SignableRequest): SignableRequest["headers"] {
    const authorization = authorizationOf(request).replace("content-type;", "content-typé;");
    return { get: (name) => (name === "authorization" ? authorization : request.headers.get(name)) };
  }
});

describe("a signature made with the wrong key", () => {
  it("is refused when the secret is another", async () => {
    expect(await verify(signInHeader({ ...signing, secretAccessKey: "wrong" }))).toEqual(wrongSignature);
  });

  it("is refused when the access key is unknown", async () => {
    expect(await verify(signInHeader({ ...signing, accessKeyId: "AKIAUNKNOWN" }))).toEqual(unknownKey);
    expect(await verify(presign({ ...url, accessKeyId: "AKIAUNKNOWN" }))).toEqual(unknownKey);
  });

  it("is refused as soon as the key has another secret, though it verified before", async () => {
    expect(await verify(signInHeader(signing))).toEqual(verified);
    const changed = { ...credential, secretAccessKey: "another" };
    expect(await verify(signInHeader(signing), { findKey: () => changed })).toEqual(wrongSignature);
    expect(
      await verify(signInHeader({ ...signing, secretAccessKey: "another" }), { findKey: () => changed }),
    ).toEqual(verified);
  });
});

describe("a session token", () => {
  const findKey: VerifyOptions["findKey"] = (id, token) =>
    id === credential.caller.accessKeyId && token === "token" ? credential : undefined;
  const signedToken = signInHeader({ ...signing, headers: { "x-amz-security-token": "token" } });
  const inUrl = (token: string) => presign({ ...url, query: `${url.query}&X-Amz-Security-Token=${token}` });

  it.each([
    ["signed with the other headers", signedToken],
    ["added after signing", withHeader(signInHeader(signing), "x-amz-security-token", "token")],
    ["in a presigned URL", inUrl("token")],
  ])("is what the key is looked up with: %s", async (_, request) => {
    expect(await verify(request, { findKey })).toEqual(verified);
  });

  it.each([
    ["another", withHeader(signInHeader(signing), "x-amz-security-token", "other")],
    ["another in a presigned URL", inUrl("other")],
    ["none", signInHeader(signing)],
    ["an empty one", withHeader(signInHeader(signing), "x-amz-security-token", "")],
  ])("makes the key unknown if it is %s", async (_, request) => {
    expect(await verify(request, { findKey })).toEqual(unknownKey);
  });

  it("cannot be exchanged once it is signed, even for one that belongs to the key", async () => {
    const exchanged = withHeader(signedToken, "x-amz-security-token", "newer");
    expect(await verify(exchanged, { findKey: () => credential })).toEqual(wrongSignature);
  });

  it("that has expired is told apart, whether the signature is right or not", async () => {
    const expired = refused("ExpiredToken", "The security token included in the request is expired");
    const wrong = signInHeader({ ...signing, secretAccessKey: "another" });
    for (const request of [signedToken, wrong]) {
      expect(await verify(request, { findKey: async () => "expired" as const })).toEqual(expired);
    }
  });

  it("may be good for some services only", async () => {
    const options = {
      services: ["sqs", "iam"],
      findKey: () => ({ ...credential, notFor: ["iam"] }),
    };
    expect(await verify(signedToken, options)).toEqual(verified);
    expect(await verify(signInHeader({ ...signing, service: "iam" }), options)).toEqual(unknownKey);
  });
});

describe("a request without a signature", () => {
  it("misses its authentication token", async () => {
    const missing = refused("MissingAuthenticationToken", "Request is missing Authentication Token");
    expect(await verify(withHeader(signInHeader(signing), "authorization", null))).toEqual(missing);
    expect(await verify({ ...presign(url), query: "Action=ListQueues&X-Amz-Signature=00" })).toEqual(missing);
  });

  it("is not helped by two signatures", async () => {
    const both = withHeader(presign(url), "authorization", authorizationOf(signInHeader(signing)));
    expect(await verify(both)).toEqual(
      refused(
        "SignatureDoesNotMatch",
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
      ),
    );
  });
});

describe("a malformed Authorization header", () => {
  const signed = signInHeader(signing);
  const answer = (header: string, request = signed) => verify(withHeader(request, "authorization", header));
  const full = authorizationOf(signed);
  const credentialPart = "Authorization header requires 'Credential' parameter. ";
  const signaturePart = "Authorization header requires 'Signature' parameter. ";
  const headersPart = "Authorization header requires 'SignedHeaders' parameter. ";
  const datePart = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";

  it.each([
    ["AWS4-HMAC-SHA256", credentialPart + signaturePart + headersPart],
    ["", credentialPart + signaturePart + headersPart],
    ["AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo=", credentialPart + signaturePart + headersPart],
    ["AWS4-HMAC-SHA256 Credential=a", signaturePart + headersPart],
    ["AWS4-HMAC-SHA256 Credential=a, SignedHeaders=, Signature=", signaturePart + headersPart],
    ["AWS4-HMAC-SHA256 Credential=a, Signature=b", headersPart],
    ["AWS4-HMAC-SHA256 SignedHeaders=host,Signature=b", credentialPart],
  ])("is asked for what it lacks: %s", async (header, sentences) => {
    expect(await answer(header)).toEqual(
      refused("IncompleteSignature", `${sentences}Authorization=${header}`),
    );
  });

  it("is asked for a date", async () => {
    const undated = withHeader(signed, "x-amz-date", null);
    expect(await answer(full, undated)).toEqual(
      refused("IncompleteSignature", `${datePart}Authorization=${full}`),
    );
    expect(await answer("AWS4-HMAC-SHA256 Credential=a, Signature=b", undated)).toEqual(
      refused(
        "IncompleteSignature",
        `${headersPart}${datePart}Authorization=AWS4-HMAC-SHA256 Credential=a, Signature=b`,
      ),
    );
  });

  it("is told of a part without an equal sign", async () => {
    expect(await answer("Bearer abc")).toEqual(
      refused(
        "IncompleteSignature",
        "'abc' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer abc'.",
      ),
    );
  });

  it("is told of an algorithm that is not ours", async () => {
    expect(await answer(full.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"))).toEqual(
      refused("IncompleteSignature", "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'."),
    );
  });

  it.each(["AKIA", "AKIA/20261122/eu-central-1/sqs", "AKIA/20261122/eu-central-1/sqs/aws4_request/x"])(
    "is told of a credential without five parts: %s",
    async (credential) => {
      expect(await answer(full.replace(/Credential=[^,]+/, `Credential=${credential}`))).toEqual(
        refused(
          "IncompleteSignature",
          `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
        ),
      );
    },
  );

  it.each([
    "2026-11-22T12:00:00Z",
    "20261122T120000",
    "20261322T120000Z",
    "20261122T126000Z",
    "tomorrow GMT",
  ])("is told of a date in another format: %s", async (date) => {
    expect(await answer(full, withHeader(signed, "x-amz-date", date))).toEqual(
      refused(
        "IncompleteSignature",
        `Date must be in ISO-8601 'basic format'. Got '${date}'. See http://en.wikipedia.org/wiki/ISO_8601`,
      ),
    );
  });

  it("is asked for its host", async () => {
    expect(await answer(full.replace(";host;", ";"))).toEqual(
      refused(
        "SignatureDoesNotMatch",
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
      ),
    );
  });

  it("may be separated by commas alone", async () => {
    expect(await answer(full.replaceAll(", ", ","))).toEqual(verified);
  });
});

describe("the date of a signature", () => {
  const at = (nowMs: number) => verify(signInHeader(signing), { nowMs });

  it("may be 15 minutes old, to the second", async () => {
    expect(await at(signedAtMs + 15 * minuteMs)).toEqual(verified);
    expect(await at(signedAtMs + 15 * minuteMs + 999)).toEqual(verified);
    expect(await at(signedAtMs + 15 * minuteMs + 1000)).toEqual(
      refused(
        "SignatureDoesNotMatch",
        "Signature expired: 20261122T120000Z is now earlier than 20261122T120001Z (20261122T121501Z - 15 min.)",
      ),
    );
  });

  it("may be 15 minutes ahead, to the second", async () => {
    expect(await at(signedAtMs - 15 * minuteMs)).toEqual(verified);
    expect(await at(signedAtMs - 15 * minuteMs - 1)).toEqual(
      refused(
        "SignatureDoesNotMatch",
        "Signature not yet current: 20261122T120000Z is still later than 20261122T115959Z (20261122T114459Z + 15 min.)",
      ),
    );
  });

  it("may be yesterday's just after midnight", async () => {
    const late = signInHeader({ ...signing, timestamp: "20261121T235500Z" });
    expect(await verify(late, { nowMs: Date.UTC(2026, 10, 22, 0, 5) })).toEqual(verified);
  });
});

describe("the scope of a signature", () => {
  const region = (name: string) => `Credential should be scoped to a valid region, not '${name}'. `;
  const service = "Credential should be scoped to correct service: 'sqs'. ";
  const date = (day: string) =>
    `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${day}' != '20261122', from '20261122T120000Z'.`;

  it.each([
    ["no region", { region: "" }, region("")],
    ["a region in upper case", { region: "EU-CENTRAL-1" }, region("EU-CENTRAL-1")],
    ["a region of 33 characters", { region: "a".repeat(33) }, region("a".repeat(33))],
    ["another service", { service: "s3" }, service],
    [
      "another terminator",
      { terminator: "aws5_request" },
      "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. ",
    ],
    ["the day before", { date: "20261121" }, date("20261121")],
    ["no day", { date: "today" }, date("today")],
    [
      "everything",
      { region: "x_y", service: "s3", date: "20261123" },
      `${region("x_y")}${service}${date("20261123")}`,
    ],
  ])("is refused with %s", async (_, wrong, message) => {
    expect(await verify(signInHeader({ ...signing, ...wrong }))).toEqual(
      refused("SignatureDoesNotMatch", message),
    );
    expect(await verify(presign({ ...url, ...wrong }))).toEqual(refused("SignatureDoesNotMatch", message));
  });

  it("is checked after the date", async () => {
    const nowMs = signedAtMs + 16 * minuteMs;
    expect(await verify(signInHeader({ ...signing, service: "s3" }), { nowMs })).toMatchObject({
      error: { message: expect.stringMatching(/^Signature expired/) },
    });
  });
});

describe("a presigned URL", () => {
  const at = (signing: Signing, nowMs: number) => verify(presign(signing), { nowMs });
  const expired = refused("RequestExpired", "Request has expired.");

  it("tells the caller, the region and the service", async () => {
    expect(await at(url, signedAtMs)).toEqual(verified);
  });

  it("is valid for as long as it says, to the second", async () => {
    expect(await at({ ...url, expires: "3600" }, signedAtMs + 3_600_999)).toEqual(verified);
    expect(await at({ ...url, expires: "3600" }, signedAtMs + 3_601_000)).toEqual(expired);
    expect(await at({ ...url, expires: "1" }, signedAtMs + 1_000)).toEqual(verified);
    expect(await at({ ...url, expires: "1" }, signedAtMs + 2_000)).toEqual(expired);
    expect(await at({ ...url, expires: "604800" }, signedAtMs + 604_800_000)).toEqual(verified);
    expect(await at({ ...url, expires: "604800" }, signedAtMs + 604_801_000)).toEqual(expired);
  });

  it("is valid for 15 minutes if it does not say", async () => {
    expect(await at(url, signedAtMs + 15 * minuteMs)).toEqual(verified);
    expect(await at(url, signedAtMs + 15 * minuteMs + 1000)).toMatchObject({
      error: { kind: "SignatureDoesNotMatch", message: expect.stringMatching(/^Signature expired: /) },
    });
  });

  it("may be 15 minutes ahead, and no more", async () => {
    expect(await at({ ...url, expires: "3600" }, signedAtMs - 15 * minuteMs)).toEqual(verified);
    expect(await at({ ...url, expires: "3600" }, signedAtMs - 15 * minuteMs - 1)).toMatchObject({
      error: {
        kind: "SignatureDoesNotMatch",
        message: expect.stringMatching(/^Signature not yet current: /),
      },
    });
  });

  it.each(["0", "604801", "-1", "1.5", "abc", "", "9999999999"])(
    "cannot be valid for a time that is none: %j",
    async (expires) => {
      expect(await at({ ...url, expires }, signedAtMs)).toEqual(
        refused("IncompleteSignature", "X-Amz-Expires must be a whole number of seconds from 1 to 604800."),
      );
    },
  );

  it("is asked for what it lacks", async () => {
    const request = presign(url);
    const sentence = (name: string) => `AWS query-string parameters must include '${name}'. `;
    const missing = (names: string[]) =>
      refused(
        "IncompleteSignature",
        `${names.map(sentence).join("")}Re-examine the query-string parameters.`,
      );
    expect(await verify({ ...request, query: "X-Amz-Algorithm" })).toEqual(
      missing([
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Signature",
        "X-Amz-SignedHeaders",
        "X-Amz-Date",
      ]),
    );
    for (const name of ["X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"]) {
      const query = request.query.replace(new RegExp(`&?${name}=[^&]*`), "");
      expect(await verify({ ...request, query })).toEqual(missing([name]));
    }
  });

  it("is told of an algorithm that is not ours", async () => {
    const query = presign(url).query.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1");
    expect(await verify({ ...presign(url), query })).toEqual(
      refused("IncompleteSignature", "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'."),
    );
  });

  it("believes the first of a parameter given twice", async () => {
    const request = presign({ ...url, expires: "60" });
    const query = `${request.query}&X-Amz-Expires=3600`;
    expect(await verify({ ...request, query })).toEqual(wrongSignature);
    expect(await verify({ ...request, query }, { nowMs: signedAtMs + 61_000 })).toEqual(expired);
  });
});

describe("the list of signed headers", () => {
  it("names each header once, so that no request is much longer to sign than to send", async () => {
    const request = signInHeader({ ...signing, headers: { ...signing.headers, filler: "x".repeat(10_000) } });
    expect(await verify(request)).toEqual(verified);
    const authorization = request.headers.get("authorization") ?? "";
    const read = vi.spyOn(Headers.prototype, "get");
    const many = authorization.replace("SignedHeaders=", `SignedHeaders=${"filler;".repeat(5000)}`);
    expect(await verify(withHeader(request, "authorization", many))).toEqual(wrongSignature);
    expect(read.mock.calls.filter(([name]) => name === "filler")).toEqual([]);
    read.mockRestore();
  });
});
