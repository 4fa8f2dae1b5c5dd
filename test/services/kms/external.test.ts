import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { rootCaller } from "../../../src/auth/caller.ts";
import { verifySignature } from "../../../src/auth/sigv4.ts";
import { readSettings } from "../../../src/env.ts";
import { utf8 } from "../../../src/lib/bytes.ts";
import { decryptDataKey, generateDataKey } from "../../../src/services/kms/data-keys.ts";
import {
  createExternalKms,
  type ExternalKms,
  type Fetcher,
  KmsUnavailable,
} from "../../../src/services/kms/external.ts";
import { someFacts } from "../../support/callers.ts";
import { KmsDesk } from "./kms-desk.ts";

const account = "222222222222";
const keyArn = `arn:aws:kms:us-east-1:${account}:key/11111111-2222-3333-4444-555555555555`;
const settings = {
  endpoint: "https://kms.{region}.example.com",
  accessKeyId: "AKIAEXTERNAL",
  secretAccessKey: "s3cr3t+/",
  sessionToken: undefined,
  account,
};
const nowMs = 1_700_000_000_000;
const context = new Map([["aws:sqs:arn", "arn:aws:sqs:us-east-1:000000000000:q"]]);
const dataKey = Buffer.alloc(32, 5).toString("base64");
const made = { KeyId: keyArn, Plaintext: dataKey, CiphertextBlob: "Y2lwaGVydGV4dA==" };

type Init = Parameters<Fetcher>[1];

/** A KMS elsewhere that answers so, and notes what it was asked. */
function kmsThat(
  answer: object | (() => Response | Promise<Response>),
  more: Partial<typeof settings> | { sessionToken: string } = {},
) {
  const calls: { url: URL; init: Init }[] = [];
  const fetcher: Fetcher = async (url, init) => {
    calls.push({ url: new URL(url), init });
    return typeof answer === "function" ? await answer() : Response.json(answer);
  };
  return { kms: createExternalKms({ ...settings, ...more }, fetcher, () => nowMs), calls };
}

const refusal =
  (status: number, body: object | string, headers: Record<string, string> = {}) =>
  () =>
    new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });

describe("a call to a KMS elsewhere", () => {
  it("says what AWS's own clients say", async () => {
    const { kms, calls } = kmsThat(made);
    expect(await kms.generateDataKey(keyArn, context)).toEqual({
      ok: true,
      value: {
        plaintext: new Uint8Array(32).fill(5),
        ciphertext: utf8("ciphertext"),
        keyArn,
      },
    });
    const opened = kmsThat({ KeyId: keyArn, Plaintext: dataKey });
    await opened.kms.decrypt(keyArn, utf8("ciphertext"), context);
    const [call, open] = [calls[0], opened.calls[0]];
    expect(call?.url.href).toBe("https://kms.us-east-1.example.com/");
    expect(call?.init.headers).toMatchObject({
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "TrentService.GenerateDataKey",
    });
    const bodyOf = (of: typeof call) => JSON.parse(Buffer.from(of?.init.body ?? []).toString());
    const EncryptionContext = { "aws:sqs:arn": "arn:aws:sqs:us-east-1:000000000000:q" };
    expect(bodyOf(call)).toEqual({ KeyId: keyArn, KeySpec: "AES_256", EncryptionContext });
    expect(open?.init.headers["x-amz-target"]).toBe("TrentService.Decrypt");
    expect(bodyOf(open)).toEqual({ KeyId: keyArn, CiphertextBlob: "Y2lwaGVydGV4dA==", EncryptionContext });
  });

  it.each([undefined, "t0ken/+="])(
    "is signed for the key's region, with session token %j",
    async (sessionToken) => {
      const region = "eu-central-1";
      const arn = `arn:aws:kms:${region}:${account}:alias/orders`;
      const { kms, calls } = kmsThat(made, sessionToken === undefined ? {} : { sessionToken });
      await kms.generateDataKey(arn, context);
      const { url, init } = calls[0] ?? {};
      if (!url || !init) throw new Error("nothing was called");
      expect(url.host).toBe(`kms.${region}.example.com`);
      const verify = (changed: { body?: Uint8Array; header?: readonly [string, string]; token?: false }) => {
        const headers = new Headers(init.headers);
        headers.set("host", url.host);
        if (changed.header) headers.set(...changed.header);
        const request = { method: "POST", path: "/", query: "", headers, body: changed.body ?? init.body };
        const findKey = () => ({
          secretAccessKey: settings.secretAccessKey,
          caller: rootCaller(account, ""),
        });
        return verifySignature(request, { nowMs, services: ["kms"], findKey });
      };
      expect(headersSigned(init)).toBe(
        `content-type;host;x-amz-date${sessionToken === undefined ? "" : ";x-amz-security-token"};x-amz-target`,
      );
      expect(await verify({})).toMatchObject({ ok: true, value: { region, service: "kms" } });
      const changes = [
        { body: utf8("{}") },
        { header: ["host", "elsewhere"] },
        { header: ["x-amz-target", "TrentService.Decrypt"] },
        { header: ["x-amz-date", "20231114T221321Z"] },
      ] as const;
      for (const change of changes) expect((await verify(change)).ok).toBe(false);
    },
  );

  it("goes only for keys of that account", () => {
    const { kms } = kmsThat(made);
    const names: readonly (readonly [string, boolean])[] = [
      [keyArn, true],
      [`arn:aws:kms:us-east-1:${account}:alias/a`, true],
      [`arn:aws-cn:kms:cn-north-1:${account}:key/x`, true],
      [keyArn.replace(account, "222222222223"), false],
      [`arn:aws:sqs:us-east-1:${account}:q`, false],
      [`arn:aws:kms:us-east-1:${account}:grant/x`, false],
      [`arn:aws:kms:evil.example.com/:${account}:key/x`, false],
      ["alias/a", false],
      ["11111111-2222-3333-4444-555555555555", false],
    ];
    for (const [name, owned] of names) expect(kms.owns(name), name).toBe(owned);
  });

  it("is refused in KMS's words, whichever way they are written down", async () => {
    const headers = { "x-amzn-requestid": "request-1" };
    for (const body of [
      { __type: "DisabledException", message: "It is disabled." },
      { __type: "com.amazonaws.kms#DisabledException", Message: "It is disabled." },
    ]) {
      const { kms } = kmsThat(refusal(400, body, headers));
      const error = { code: "DisabledException", message: "It is disabled.", requestId: "request-1" };
      expect(await kms.generateDataKey(keyArn, context)).toEqual({ ok: false, error });
      expect(await kms.decrypt(keyArn, utf8("x"), context)).toEqual({ ok: false, error });
    }
  });

  it.each([
    ["is broken", refusal(500, { __type: "KMSInternalException" })],
    ["is overloaded", refusal(503, "slow down")],
    ["redirects", refusal(302, "", { location: "https://elsewhere.example.com" })],
    ["answers no JSON", refusal(200, "<html>")],
    ["answers a list", refusal(200, "[]")],
    ["refuses without a word", refusal(400, "")],
    [
      "answers without end",
      () => new Response(new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(10_000)) })),
    ],
    ["cannot be reached", () => Promise.reject(new TypeError("fetch failed"))],
    ["takes too long", () => Promise.reject(new DOMException("timed out", "TimeoutError"))],
    ["gives a short key", refusal(200, { ...made, Plaintext: "eA==" })],
    ["gives no ciphertext", refusal(200, { ...made, CiphertextBlob: "" })],
    [
      "gives a key of another account",
      refusal(200, { ...made, KeyId: keyArn.replace(account, "333333333333") }),
    ],
  ])("throws that KMS is unavailable if it %s", async (_, answer) => {
    const { kms } = kmsThat(answer);
    await expect(kms.generateDataKey(keyArn, context)).rejects.toThrow(KmsUnavailable);
  });

  it("follows no redirect, and waits no longer than its bound", async () => {
    const { kms, calls } = kmsThat(made);
    const timeout = vi.spyOn(AbortSignal, "timeout");
    await kms.generateDataKey(keyArn, context);
    expect(calls[0]?.init.redirect).toBe("manual");
    expect(timeout).toHaveBeenCalledWith(5000);
    expect(calls[0]?.init.signal).toBe(timeout.mock.results[0]?.value);
    timeout.mockRestore();
  });
});

describe("a queue whose key is elsewhere", () => {
  let desk: KmsDesk;
  beforeEach(() => {
    desk = new KmsDesk();
    vi.spyOn(console, "warn").mockReturnValue(undefined);
  });
  afterEach(() => vi.restoreAllMocks());

  const queue = { account: "000000000000", region: "us-east-1", name: "q" };
  /** Nobody of this deployment's policies is asked. */
  const caller = rootCaller("999999999999", "x");
  const request = (external: ExternalKms | undefined) => ({
    kms: desk.anotherIsolate(external),
    caller,
    nowMs,
    facts: someFacts,
  });

  it("has data keys of that KMS", async () => {
    const { kms } = kmsThat(made);
    const key = await generateDataKey(request(kms), { keyName: keyArn, queue });
    if (!key.ok) throw new Error(key.error.message);
    expect(key.value).toMatchObject({ plaintext: new Uint8Array(32).fill(5), keyArn });
    const opening = kmsThat({ KeyId: keyArn, Plaintext: dataKey });
    const { blob } = key.value;
    expect(await decryptDataKey(request(opening.kms), { blob, queue })).toEqual({
      ok: true,
      value: key.value.plaintext,
    });
    expect(JSON.parse(Buffer.from(opening.calls[0]?.init.body ?? []).toString())).toMatchObject({
      KeyId: keyArn,
      CiphertextBlob: made.CiphertextBlob,
    });
    // Cut or changed, it says nothing that could be believed.
    for (const length of [1, 2, 3, 20, 3 + keyArn.length]) {
      await expect(decryptDataKey(request(kms), { blob: blob.slice(0, length), queue })).rejects.toThrow(
        "is none",
      );
    }
  });

  it("is refused as SQS hands it on", async () => {
    const kinds: readonly (readonly [string, string])[] = [
      ["AccessDeniedException", "KmsAccessDenied"],
      ["NotFoundException", "KmsNotFound"],
      ["DisabledException", "KmsDisabled"],
      ["KMSInvalidStateException", "KmsInvalidState"],
      ["InvalidKeyUsageException", "KmsInvalidKeyUsage"],
      ["ThrottlingException", "KmsThrottled"],
      ["LimitExceededException", "KmsThrottled"],
      ["SubscriptionRequiredException", "KmsOptInRequired"],
    ];
    for (const [code, kind] of kinds) {
      const { kms } = kmsThat(refusal(400, { __type: code, message: "So." }, { "x-amzn-requestid": "r" }));
      expect(await generateDataKey(request(kms), { keyName: keyArn, queue })).toEqual({
        ok: false,
        error: {
          kind,
          message: `So. (Service: AWSKMS; Status Code: 400; Error Code: ${code}; Request ID: r; Proxy: null)`,
        },
      });
    }
  });

  it("fails where this deployment's credentials are not taken: no client can mend that", async () => {
    const { kms } = kmsThat(refusal(400, { __type: "UnrecognizedClientException", message: "no" }));
    await expect(generateDataKey(request(kms), { keyName: keyArn, queue })).rejects.toThrow(
      "KMS refused with UnrecognizedClientException",
    );
  });

  it("fails where this deployment is not set to use it any more", async () => {
    const key = await generateDataKey(request(kmsThat(made).kms), { keyName: keyArn, queue });
    if (!key.ok) throw new Error(key.error.message);
    const { blob } = key.value;
    await expect(decryptDataKey(request(undefined), { blob, queue })).rejects.toThrow(
      "is not set to use the KMS",
    );
    const elsewhere = kmsThat(made, { account: "333333333333" }).kms;
    await expect(decryptDataKey(request(elsewhere), { blob, queue })).rejects.toThrow(
      "is not set to use the KMS",
    );
    // A new message, though, asks this deployment's own KMS, which has no such key.
    expect(await generateDataKey(request(undefined), { keyName: keyArn, queue })).toMatchObject({
      error: { kind: "KmsAccessDenied" },
    });
  });
});

describe("the settings of a KMS elsewhere", () => {
  const rest = {
    ROOT_ACCOUNT_ID: "000000000000",
    ROOT_ACCESS_KEY_ID: "test",
    ROOT_SECRET_ACCESS_KEY: "test",
    ROOT_KEY: "ZWRnZS1zcXMgbG9jYWwgcm9vdCBrZXksIG5vdCBzZWM=",
  };
  const all = {
    AWS_KMS_ENDPOINT: "https://kms.{region}.amazonaws.com",
    AWS_KMS_ACCESS_KEY_ID: "AKIA",
    AWS_KMS_SECRET_ACCESS_KEY: "s+/",
    AWS_KMS_ACCOUNT_ID: account,
  };
  const read = (env: Record<string, string>) => readSettings({ ...rest, ...env } as never);

  it("are all there, or none", () => {
    expect(read({})).toMatchObject({ ok: true, value: { externalKms: undefined } });
    expect(read(all)).toMatchObject({
      ok: true,
      value: {
        externalKms: {
          endpoint: all.AWS_KMS_ENDPOINT,
          accessKeyId: "AKIA",
          secretAccessKey: "s+/",
          sessionToken: undefined,
          account,
        },
      },
    });
    expect(read({ ...all, AWS_KMS_SESSION_TOKEN: "t" })).toMatchObject({
      value: { externalKms: { sessionToken: "t" } },
    });
    for (const name of Object.keys(all)) {
      const problem = read({ ...all, [name]: "" });
      expect(problem).toEqual({ ok: false, error: expect.stringMatching(new RegExp(`^${name} must be `)) });
    }
    expect(read({ AWS_KMS_SESSION_TOKEN: "t" }).ok).toBe(false);
  });

  it.each([
    ["https://kms.us-east-1.amazonaws.com", true],
    ["https://kms.example.com:8443/", true],
    ["http://localhost:4566", true],
    ["http://127.0.0.1:4566", true],
    ["http://[::1]:4566", true],
    ["http://kms.example.com", false],
    ["http://localhost.example.com", false],
    ["http://127.0.0.1.example.com", false],
    ["https://user@kms.example.com", false],
    ["https://kms.example.com/path", false],
    ["https://kms.example.com?x", false],
    ["kms.example.com", false],
    ["ftp://kms.example.com", false],
  ])("name the endpoint %s: %s", (AWS_KMS_ENDPOINT, taken) => {
    expect(read({ ...all, AWS_KMS_ENDPOINT }).ok).toBe(taken);
  });
});

function headersSigned({ headers }: Init): string | undefined {
  return /SignedHeaders=([^,]+),/.exec(headers["authorization"] ?? "")?.[1];
}
