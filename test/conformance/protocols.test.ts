import { createHash } from "node:crypto";
import * as jsonSdk from "@aws-sdk/client-sqs";
import * as querySdk from "@aws-sdk/client-sqs-query";
import { describe, expect, test } from "vitest";
import { detect } from "../../src/protocols/detect.ts";
import type { WireResponse } from "../../src/protocols/protocol.ts";
import { invalidParameter, queueDoesNotExist, type SqsError, sqsError } from "../../src/queue/errors.ts";
import { isKnown } from "../support/decode.ts";
import { sqsShapes } from "../support/sqs-shapes.ts";
import { queueUrl, stamp } from "../support/wire.ts";

/**
 * One action, one input, one output: whatever the protocol, the action sees the same and the client sees the
 * same. The two clients are AWS's own, one of them from before SQS left Query; no network is in between.
 */
interface Exchange {
  readonly action: keyof typeof sqsShapes;
  /** What the client is called with. */
  readonly request: object;
  /** What the action is handed. */
  readonly input: object;
  /** What the action answers. */
  readonly output: unknown;
  /** What the client returns. */
  readonly response: object;
}

const body = 'caf\u00e9 "1 < 2" & \ud83d\ude00\r\n\ttail ]]>';
const bytes = new Uint8Array([0, 1, 254, 255]);

const exchanges: readonly Exchange[] = [
  {
    action: "CreateQueue",
    request: { QueueName: "q", Attributes: { DelaySeconds: "5", Policy: "" }, tags: { "a b": "c+d=e&f" } },
    input: {
      QueueName: "q",
      Attributes: new Map([
        ["DelaySeconds", "5"],
        ["Policy", ""],
      ]),
      tags: new Map([["a b", "c+d=e&f"]]),
    },
    output: { QueueUrl: queueUrl },
    response: { QueueUrl: queueUrl },
  },
  {
    action: "ListQueues",
    request: { MaxResults: 2 },
    input: { MaxResults: 2 },
    output: { QueueUrls: ["u1", "u2"], NextToken: "t" },
    response: { QueueUrls: ["u1", "u2"], NextToken: "t" },
  },
  { action: "ListQueues", request: {}, input: {}, output: { QueueUrls: [] }, response: {} },
  {
    action: "ListDeadLetterSourceQueues",
    request: { QueueUrl: queueUrl },
    input: { QueueUrl: queueUrl },
    output: { queueUrls: ["u1"] },
    response: { queueUrls: ["u1"] },
  },
  {
    action: "GetQueueAttributes",
    request: { QueueUrl: queueUrl, AttributeNames: ["Policy", "QueueArn"] },
    input: { QueueUrl: queueUrl, AttributeNames: ["Policy", "QueueArn"] },
    output: { Attributes: new Map([["Policy", '{"a":"<b>"}']]) },
    response: { Attributes: { Policy: '{"a":"<b>"}' } },
  },
  {
    action: "GetQueueAttributes",
    request: { QueueUrl: queueUrl, AttributeNames: [] },
    input: { QueueUrl: queueUrl },
    output: {},
    response: {},
  },
  {
    action: "UntagQueue",
    request: { QueueUrl: queueUrl, TagKeys: ["a", "b"] },
    input: { QueueUrl: queueUrl, TagKeys: ["a", "b"] },
    output: {},
    response: {},
  },
  {
    action: "SendMessage",
    request: {
      QueueUrl: queueUrl,
      MessageBody: body,
      DelaySeconds: 0,
      MessageAttributes: {
        text: { DataType: "String.custom", StringValue: body },
        raw: { DataType: "Binary", BinaryValue: bytes },
      },
    },
    input: {
      QueueUrl: queueUrl,
      MessageBody: body,
      DelaySeconds: 0,
      MessageAttributes: new Map<string, unknown>([
        ["text", { DataType: "String.custom", StringValue: body }],
        ["raw", { DataType: "Binary", BinaryValue: bytes }],
      ]),
    },
    output: { MessageId: "m", MD5OfMessageBody: md5(body), SequenceNumber: undefined },
    response: { MessageId: "m", MD5OfMessageBody: md5(body) },
  },
  {
    action: "SendMessageBatch",
    request: {
      QueueUrl: queueUrl,
      Entries: [
        { Id: "a", MessageBody: "one", DelaySeconds: 1 },
        { Id: "b", MessageBody: "two", MessageAttributes: { n: { DataType: "Number", StringValue: "1" } } },
      ],
    },
    input: {
      QueueUrl: queueUrl,
      Entries: [
        { Id: "a", MessageBody: "one", DelaySeconds: 1 },
        {
          Id: "b",
          MessageBody: "two",
          MessageAttributes: new Map([["n", { DataType: "Number", StringValue: "1" }]]),
        },
      ],
    },
    output: {
      Successful: [{ Id: "a", MessageId: "m", MD5OfMessageBody: md5("one") }],
      Failed: [{ Id: "b", SenderFault: true, Code: "InvalidParameterValue", Message: "'<n>' & so on" }],
    },
    response: {
      Successful: [{ Id: "a", MessageId: "m", MD5OfMessageBody: md5("one") }],
      Failed: [{ Id: "b", SenderFault: true, Code: "InvalidParameterValue", Message: "'<n>' & so on" }],
    },
  },
  {
    action: "ReceiveMessage",
    request: {
      QueueUrl: queueUrl,
      AttributeNames: ["All"],
      MessageAttributeNames: ["Foo.*"],
      WaitTimeSeconds: 20,
    },
    input: {
      QueueUrl: queueUrl,
      AttributeNames: ["All"],
      MessageAttributeNames: ["Foo.*"],
      WaitTimeSeconds: 20,
    },
    output: {
      Messages: [
        {
          MessageId: "m",
          ReceiptHandle: "h",
          MD5OfBody: md5(body),
          Body: body,
          Attributes: new Map([["SentTimestamp", "1"]]),
          MessageAttributes: new Map([["raw", { DataType: "Binary", BinaryValue: bytes }]]),
        },
        { MessageId: "m2", ReceiptHandle: "h2", MD5OfBody: md5("x"), Body: "x" },
      ],
    },
    response: {
      Messages: [
        {
          MessageId: "m",
          ReceiptHandle: "h",
          MD5OfBody: md5(body),
          Body: body,
          Attributes: { SentTimestamp: "1" },
          MessageAttributes: { raw: { DataType: "Binary", BinaryValue: bytes } },
        },
        { MessageId: "m2", ReceiptHandle: "h2", MD5OfBody: md5("x"), Body: "x" },
      ],
    },
  },
  {
    action: "ReceiveMessage",
    request: { QueueUrl: queueUrl },
    input: { QueueUrl: queueUrl },
    output: { Messages: [] },
    response: {},
  },
];

const errors: readonly { readonly error: SqsError; readonly status: number; readonly query: string }[] = [
  { error: invalidParameter("Value <5> & more."), status: 400, query: "InvalidParameterValue" },
  { error: queueDoesNotExist, status: 400, query: "AWS.SimpleQueueService.NonExistentQueue" },
  // Not ReceiptHandleIsInvalid: the older client has a class for it, and reads no message into that.
  { error: sqsError("InvalidAddress", 'No "x" here.'), status: 404, query: "InvalidAddress" },
  { error: sqsError("OverLimit", "Too many."), status: 403, query: "OverLimit" },
  { error: sqsError("InternalFailure", "We failed."), status: 500, query: "InternalFailure" },
];

describe.each(["aws-json", "aws-query"] as const)(
  "action and client understand each other in %s",
  (protocol) => {
    test.each(exchanges)("$action, case %#", async ({ action, request, input, output, response }) => {
      const handed: unknown[] = [];
      const result = await call(protocol, action, request, (value) => {
        handed.push(value);
        return { output };
      });
      expect(handed).toEqual([input]);
      expect(plain(result)).toEqual(plain(response));
    });

    test.each(errors)("$error.kind reaches the client", async ({ error, status, query }) => {
      const failed = call(protocol, "DeleteMessage", { QueueUrl: queueUrl, ReceiptHandle: "h" }, () => ({
        error,
      }));
      const thrown = await failed.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(thrown).toMatchObject({
        $metadata: { httpStatusCode: status, requestId: stamp.requestId },
        $fault: expect.stringMatching(/^(client|server)$/),
      });
      const { Code, name, message } = thrown as { Code?: string; name: string; message: string };
      expect([Code, name]).toContain(query);
      if (error !== queueDoesNotExist) expect(message).toBe(error.message);
      else expect(message).toMatch(/^The specified queue does not exist( for this wsdl version)?\.$/);
    });
  },
);

type Run = (input: unknown) => { readonly output: unknown } | { readonly error: SqsError };

/** Calls an action through an AWS client whose network is `detect`, `decode`, `run` and `encode`. */
async function call(
  protocol: "aws-json" | "aws-query",
  action: string,
  request: object,
  run: Run,
): Promise<unknown> {
  const sdk = (protocol === "aws-json" ? jsonSdk : querySdk) as unknown as Record<string, unknown>;
  const SQSClient = sdk["SQSClient"] as new (config: object) => { send(command: object): Promise<unknown> };
  const Command = sdk[`${action}Command`] as new (input: object) => object;
  const client = new SQSClient({
    region: "us-east-1",
    endpoint: "http://localhost:8787",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
    requestHandler: {
      metadata: { handlerProtocol: "http/1.1" },
      httpHandlerConfigs: () => ({}),
      updateHttpClientConfig: () => {},
      handle: async (sent: SentRequest) => {
        const { status, headers, body: text } = serve(protocol, sent, run);
        const lowerCased = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
        return {
          response: {
            statusCode: status,
            headers: Object.fromEntries(lowerCased),
            body: new TextEncoder().encode(text),
          },
        };
      },
    },
  });
  return client.send(new Command(request));
}

interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array;
}

function serve(protocol: "aws-json" | "aws-query", sent: SentRequest, run: Run): WireResponse {
  const found = detect({
    method: sent.method,
    origin: "http://localhost:8787",
    path: sent.path,
    query: "",
    headers: new Headers(sent.headers),
    body: typeof sent.body === "string" ? new TextEncoder().encode(sent.body) : sent.body,
  });
  if (!found.ok) throw new Error(`not detected: ${found.error.error.message}`);
  const { action, decode } = found.value;
  expect(found.value.protocol.name).toBe(protocol);
  if (!isKnown(action)) throw new Error(`no shapes for ${action}`);
  const input = decode(sqsShapes[action].input);
  if (!input.ok) throw new Error(`not decoded: ${input.error.message}`);
  const result = run(input.value);
  return "error" in result
    ? found.value.protocol.encodeError(result.error, stamp)
    : found.value.protocol.encode(action, sqsShapes[action].output, result.output, stamp);
}

/** Without what the clients add: their metadata, members that are undefined, buffers instead of byte arrays. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([name, item]) => name !== "$metadata" && item !== undefined);
  return Object.fromEntries(entries.map(([name, item]) => [name, plain(item)]));
}

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}
