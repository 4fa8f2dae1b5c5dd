import { ListQueuesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import {
  ListQueuesCommand as ListQueuesInForm,
  SendMessageCommand as SendMessageInForm,
  SQSClient as SQSFormClient,
} from "@aws-sdk/client-sqs-query";
import { describe, expect, it } from "vitest";
import { rootCaller } from "../../src/auth/caller.ts";
import type { SignableRequest } from "../../src/auth/canonical-request.ts";
import { verifySignature } from "../../src/auth/sigv4.ts";

const caller = rootCaller("000000000000", "test");

/** What both SDKs hand to their HTTP handler. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Record<string, unknown>;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

const settings = (captured: SdkRequest[]) => ({
  region: "ap-northeast-2",
  endpoint: "http://localhost:8787",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
  maxAttempts: 1,
  requestHandler: {
    handle: (request: SdkRequest) => {
      captured.push(request);
      return Promise.reject(new Error("captured"));
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  },
});

/** The signed request of a command, which is never sent. */
async function capture(send: (captured: SdkRequest[]) => Promise<unknown>): Promise<SignableRequest> {
  const captured: SdkRequest[] = [];
  await send(captured).catch(() => undefined);
  const request = captured[0];
  if (request === undefined) throw new Error("the SDK sent nothing");
  expect(Object.keys(request.query ?? {})).toEqual([]);
  return {
    method: request.method,
    path: request.path,
    query: "",
    headers: new Headers(request.headers),
    body:
      request.body instanceof Uint8Array
        ? request.body
        : new TextEncoder().encode(String(request.body ?? "")),
  };
}

const message = {
  QueueUrl: "http://localhost:8787/000000000000/orders",
  MessageBody: "schöne Grüße + 100 % ~ 안녕",
  MessageAttributes: { kind: { DataType: "String", StringValue: "a b&c=d" } },
};

describe.each([
  [
    "JSON, SendMessage",
    (c: SdkRequest[]) => new SQSClient(settings(c)).send(new SendMessageCommand(message)),
  ],
  ["JSON, ListQueues", (c: SdkRequest[]) => new SQSClient(settings(c)).send(new ListQueuesCommand({}))],
  [
    "Query, SendMessage",
    (c: SdkRequest[]) => new SQSFormClient(settings(c)).send(new SendMessageInForm(message)),
  ],
  ["Query, ListQueues", (c: SdkRequest[]) => new SQSFormClient(settings(c)).send(new ListQueuesInForm({}))],
])("a request signed by an AWS SDK: %s", (_, send) => {
  const options = {
    nowMs: Date.now(),
    services: ["sqs"],
    findKey: () => ({ secretAccessKey: "test", caller }),
  };

  it("verifies", async () => {
    expect(await verifySignature(await capture(send), options)).toEqual({
      ok: true,
      value: { caller, region: "ap-northeast-2", service: "sqs" },
    });
  });

  it("does not verify with another body", async () => {
    const request = { ...(await capture(send)), body: new TextEncoder().encode("another") };
    expect(await verifySignature(request, options)).toMatchObject({ ok: false });
  });
});
