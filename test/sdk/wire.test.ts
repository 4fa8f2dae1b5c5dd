import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import {
  type Answer,
  type Exchange,
  exchange,
  formExchange,
  getExchange,
  jsonExchange,
  signed,
} from "../support/raw-http.ts";
import { startTestServer } from "../support/server.ts";

let server: RunningServer;
let url: string;
beforeAll(async () => {
  server = await startTestServer();
  url = `${server.url}/000000000000/wire`;
  await json("CreateQueue", { QueueName: "wire" });
});
afterAll(() => server.stop());

const ask = (wire: Exchange) => exchange(server.url, signed(server.url, wire));
const json = (action: string, input: unknown, path?: string) => ask(jsonExchange(action, input, path));
const form = (parameters: Record<string, string>, path?: string) => ask(formExchange(parameters, path));

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/;

/** The whole answer, with what differs each time named. */
function golden({ status, headers, body }: Answer) {
  const requestId = headers["x-amzn-requestid"];
  if (typeof requestId !== "string" || !uuid.test(requestId)) throw new Error(`request id ${requestId}`);
  const date = headers.date ?? "";
  if (Math.abs(Date.parse(date) - Date.now()) > 60_000) throw new Error(`date ${date}`);
  if (headers["content-length"] !== String(Buffer.byteLength(body))) throw new Error("wrong length");
  return {
    status,
    headers: {
      ...headers,
      "x-amzn-requestid": "{request id}",
      date: "{now}",
      "content-length": "{length}",
    },
    body: body
      .replace(requestId, "{request id}")
      .replace(/(MessageId(?:>|":"))[0-9a-f-]{36}/g, "$1{message id}")
      .replace(/(ReceiptHandle(?:>|":"))[A-Za-z0-9_-]{36}/g, "$1{handle}")
      .replace(/\b\d{13}\b/g, "{instant}"),
  };
}

const jsonHeaders = {
  "content-type": "application/x-amz-json-1.0",
  "x-amzn-requestid": "{request id}",
  date: "{now}",
  "content-length": "{length}",
};
const xmlHeaders = { ...jsonHeaders, "content-type": "text/xml" };

const jsonAnswer = (body: string) => ({ status: 200, headers: jsonHeaders, body });
const jsonError = (status: number, code: string, body: string) => ({
  status,
  headers: { ...jsonHeaders, "x-amzn-query-error": code },
  body,
});
const xmlAnswer = (action: string, result: string) => ({
  status: 200,
  headers: xmlHeaders,
  body: `<?xml version="1.0"?><${action}Response xmlns="http://queue.amazonaws.com/doc/2012-11-05/">${result}<ResponseMetadata><RequestId>{request id}</RequestId></ResponseMetadata></${action}Response>`,
});
const xmlError = (status: number, code: string, message: string) => ({
  status,
  headers: xmlHeaders,
  body: `<?xml version="1.0"?><ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message><Detail/></Error><RequestId>{request id}</RequestId></ErrorResponse>`,
});

describe("AWS JSON, to the byte", () => {
  it("answers every action with its own keys, and leaves out what is empty", async () => {
    expect(golden(await json("CreateQueue", { QueueName: "wire" }))).toEqual(
      jsonAnswer(`{"QueueUrl":"${url}"}`),
    );
    expect(golden(await json("GetQueueUrl", { QueueName: "wire" }))).toEqual(
      jsonAnswer(`{"QueueUrl":"${url}"}`),
    );
    expect(golden(await json("ListQueues", { QueueNamePrefix: "wi" }))).toEqual(
      jsonAnswer(`{"QueueUrls":["${url}"]}`),
    );
    expect(golden(await json("ListQueues", { QueueNamePrefix: "nothing" }))).toEqual(jsonAnswer("{}"));
    expect(golden(await json("ListQueueTags", { QueueUrl: url }))).toEqual(jsonAnswer("{}"));
    expect(golden(await json("GetQueueAttributes", { QueueUrl: url }))).toEqual(jsonAnswer("{}"));
    const attributes = { QueueUrl: url, AttributeNames: ["VisibilityTimeout", "DelaySeconds"] };
    expect(golden(await json("GetQueueAttributes", attributes))).toEqual(
      jsonAnswer('{"Attributes":{"VisibilityTimeout":"30","DelaySeconds":"0"}}'),
    );
    const message = {
      QueueUrl: url,
      MessageBody: 'a "b"\r\n<c>é',
      MessageAttributes: {
        k: { DataType: "String", StringValue: "x" },
        b: { DataType: "Binary", BinaryValue: "AAH+/w==" },
      },
    };
    expect(golden(await json("SendMessage", message))).toEqual(
      jsonAnswer(
        '{"MessageId":"{message id}","MD5OfMessageBody":"7e0d3a4b8f3f0b25d4a7a0c6a6bf8f79","MD5OfMessageAttributes":"00000000000000000000000000000000"}',
      ),
    );
  });
});
