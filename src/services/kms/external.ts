import { canonicalRequest, sha256Hex } from "../../auth/canonical-request.ts";
import { algorithm, basicIso } from "../../auth/signing-claim.ts";
import { signature, signingKey, stringToSign } from "../../auth/sigv4.ts";
import type { EncryptionContext } from "../../encryption/kms-ciphertext.ts";
import { fromBase64, fromUtf8Strict, toBase64, utf8 } from "../../lib/bytes.ts";
import { type JsonObject, parseJsonObject } from "../../lib/json.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";

/** Where a KMS elsewhere is, and as whom it is called. */
export interface ExternalKmsSettings {
  /** An origin, with or without `{region}` in it. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  /** 12 digits: ARNs of its keys are sent there. */
  readonly account: string;
}

/** What a KMS refuses with, whichever one. */
export interface KmsRefusal {
  /** `DisabledException` */
  readonly code: string;
  readonly message: string;
  readonly requestId: string;
}

/** A KMS that does not answer, or not as one does. Whoever asked may come again. */
export class KmsUnavailable extends Error {}

export interface ExternalKms {
  /** Whether it is there that a key or alias of this ARN is. */
  owns(name: string): boolean;
  generateDataKey(keyArn: string, context: EncryptionContext): Promise<Result<ExternalDataKey, KmsRefusal>>;
  decrypt(
    keyArn: string,
    ciphertext: Uint8Array,
    context: EncryptionContext,
  ): Promise<Result<Uint8Array, KmsRefusal>>;
}

export interface ExternalDataKey {
  /** 32 bytes. */
  readonly plaintext: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly keyArn: string;
}

/** What is used of `fetch`. */
export type Fetcher = (
  url: string,
  init: {
    readonly method: "POST";
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array<ArrayBuffer>;
    readonly redirect: "manual";
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

/**
 * A KMS elsewhere, such as AWS's, called with credentials of its own: who may use which of its keys is for it to say,
 * of those credentials. Every call is signed and bounded in time and size.
 *
 * Its methods throw `KmsUnavailable` when it is slow, away or broken, and an error when it does not take our
 * credentials: that is whoever operates this deployment to mend.
 *
 * @param clock milliseconds; dates the signatures
 */
export function createExternalKms(
  settings: ExternalKmsSettings,
  fetcher: Fetcher = (url, init) => fetch(url, init),
  clock: () => number = Date.now,
): ExternalKms {
  const regionOf = (name: string) => {
    const [, region, account] = /^arn:aws[a-z-]*:kms:([a-z0-9-]+):(\d{12}):(?:key|alias)\/./.exec(name) ?? [];
    return account === settings.account ? region : undefined;
  };

  async function call(
    action: string,
    keyArn: string,
    input: JsonObject,
  ): Promise<Result<JsonObject, KmsRefusal>> {
    const region = regionOf(keyArn);
    if (region === undefined) throw new Error(`${keyArn} is not a key of the external KMS`);
    const { origin, host } = new URL(settings.endpoint.replace("{region}", region));
    const body = new Uint8Array(utf8(JSON.stringify(input)));
    const headers = signedHeaders({ action, region, host, body }, settings, clock());
    let response: Response;
    let answer: Uint8Array;
    try {
      response = await fetcher(`${origin}/`, {
        ...{ method: "POST", headers, body, redirect: "manual" },
        signal: AbortSignal.timeout(limits.externalKmsMs),
      });
      answer = await readBounded(response);
    } catch (cause) {
      throw new KmsUnavailable(`the external KMS did not answer ${action}`, { cause });
    }
    return readAnswer(action, response, answer);
  }

  return {
    owns: (name) => regionOf(name) !== undefined,

    async generateDataKey(keyArn, context) {
      const input = { KeyId: keyArn, KeySpec: "AES_256", EncryptionContext: Object.fromEntries(context) };
      const answer = await call("GenerateDataKey", keyArn, input);
      if (!answer.ok) return answer;
      const { KeyId: usedKey } = answer.value;
      const plaintext = bytesOf(answer.value["Plaintext"]);
      const ciphertext = bytesOf(answer.value["CiphertextBlob"]);
      // An alias is answered by the key that it stands for.
      if (
        plaintext?.length !== 32 ||
        !ciphertext?.length ||
        typeof usedKey !== "string" ||
        !regionOf(usedKey)
      ) {
        throw new KmsUnavailable("the external KMS gave no data key");
      }
      return ok({ plaintext, ciphertext, keyArn: usedKey });
    },

    async decrypt(keyArn, ciphertext, context) {
      const input = {
        KeyId: keyArn,
        CiphertextBlob: toBase64(ciphertext),
        EncryptionContext: Object.fromEntries(context),
      };
      const answer = await call("Decrypt", keyArn, input);
      if (!answer.ok) return answer;
      const plaintext = bytesOf(answer.value["Plaintext"]);
      if (!plaintext) throw new KmsUnavailable("the external KMS decrypted nothing");
      return ok(plaintext);
    },
  };
}

interface Call {
  readonly action: string;
  readonly region: string;
  readonly host: string;
  readonly body: Uint8Array;
}

/** The headers of a call and its signature; `Host` is signed, and sent by `fetch` itself. */
function signedHeaders(
  { action, region, host, body }: Call,
  { accessKeyId, secretAccessKey, sessionToken }: ExternalKmsSettings,
  nowMs: number,
): Record<string, string> {
  const timestamp = basicIso(nowMs);
  const headers: Record<string, string> = {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-date": timestamp,
    ...(sessionToken !== undefined && { "x-amz-security-token": sessionToken }),
    "x-amz-target": `TrentService.${action}`,
  };
  const signed = new Map([...Object.entries(headers), ["host", host]] as const);
  const names = Array.from(signed.keys()).sort().join(";");
  const canonical = canonicalRequest(
    { method: "POST", path: "/", query: "", headers: { get: (name) => signed.get(name) ?? null }, body },
    { signedHeaders: names, payloadHash: sha256Hex(body), presigned: false, commas: "one" },
  );
  const scope = { timestamp, date: timestamp.slice(0, 8), region, service: "kms" };
  const proof = signature(signingKey(secretAccessKey, scope), stringToSign(scope, canonical));
  const credential = `${accessKeyId}/${scope.date}/${region}/kms/aws4_request`;
  return {
    ...headers,
    authorization: `${algorithm} Credential=${credential}, SignedHeaders=${names}, Signature=${proof}`,
  };
}

function readAnswer(action: string, response: Response, body: Uint8Array): Result<JsonObject, KmsRefusal> {
  const { status, headers } = response;
  const text = fromUtf8Strict(body);
  const answer = text === undefined ? undefined : parseJsonObject(text);
  if (status === 200 && answer) return ok(answer);
  const type = answer?.["__type"];
  if (status < 400 || status >= 500 || typeof type !== "string") {
    throw new KmsUnavailable(`the external KMS answered ${action} with status ${status}`);
  }
  const message = answer?.["message"] ?? answer?.["Message"];
  return err({
    // `com.amazonaws.kms#DisabledException` with some, the name alone with others.
    code: type.slice(type.lastIndexOf("#") + 1),
    message: typeof message === "string" ? message : "",
    requestId: headers.get("x-amzn-requestid") ?? "",
  });
}

async function readBounded(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (next === undefined || next.done) break;
    const chunk: Uint8Array = next.value;
    length += chunk.length;
    if (length > limits.externalKmsAnswerBytes) {
      await reader?.cancel();
      throw new Error(`its answer is longer than ${limits.externalKmsAnswerBytes} bytes`);
    }
    chunks.push(chunk);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function bytesOf(base64: unknown): Uint8Array | undefined {
  return typeof base64 === "string" ? fromBase64(base64) : undefined;
}
