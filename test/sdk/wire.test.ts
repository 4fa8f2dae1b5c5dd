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

const jsonError = (status: number, code: string, body: string) => ({
  status,
  headers: { ...jsonHeaders, "x-amzn-query-error": code },
  body,
});
const xmlError = (status: number, code: string, message: string) => ({
  status,
  headers: xmlHeaders,
  body: `<?xml version="1.0"?><ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message><Detail/></Error><RequestId>{request id}</RequestId></ErrorResponse>`,
});

/** MD5 of the body, and of the attributes, of the one message that these exchanges are about. */
const bodyDigest = "aa569bc986be6cce27a5fe7f6bbd05b5";
const attributesDigest = "f7a7e4fb2619b401ac2b3e71bdad6c89";
const messageBody = 'a "b"\r\n<c>\u00e9';

describe("AWS JSON, to the byte", () => {
  it("answers with its own keys, and leaves out what is empty", async () => {
    const answers: [action: string, input: object, body: string][] = [
      ["CreateQueue", { QueueName: "wire" }, `{"QueueUrl":"${url}"}`],
      ["GetQueueUrl", { QueueName: "wire" }, `{"QueueUrl":"${url}"}`],
      ["ListQueues", { QueueNamePrefix: "wi" }, `{"QueueUrls":["${url}"]}`],
      ["ListQueues", { QueueNamePrefix: "nothing" }, "{}"],
      ["ListQueueTags", { QueueUrl: url }, "{}"],
      ["GetQueueAttributes", { QueueUrl: url }, "{}"],
      [
        "GetQueueAttributes",
        { QueueUrl: url, AttributeNames: ["VisibilityTimeout", "DelaySeconds"] },
        '{"Attributes":{"VisibilityTimeout":"30","DelaySeconds":"0"}}',
      ],
      ["ReceiveMessage", { QueueUrl: url }, "{}"],
      [
        "SendMessage",
        {
          QueueUrl: url,
          MessageBody: messageBody,
          MessageAttributes: {
            k: { DataType: "String", StringValue: "x" },
            b: { DataType: "Binary", BinaryValue: "AAH+/w==" },
          },
        },
        `{"MessageId":"{message id}","MD5OfMessageBody":"${bodyDigest}","MD5OfMessageAttributes":"${attributesDigest}"}`,
      ],
      [
        "ReceiveMessage",
        {
          QueueUrl: url,
          AttributeNames: ["SenderId", "ApproximateReceiveCount", "SentTimestamp"],
          MessageAttributeNames: ["All"],
          VisibilityTimeout: 0,
        },
        `{"Messages":[{"MessageId":"{message id}","ReceiptHandle":"{handle}","MD5OfBody":"${bodyDigest}","Body":"a \\"b\\"\\r\\n<c>\u00e9","Attributes":{"SenderId":"000000000000","ApproximateReceiveCount":"1","SentTimestamp":"{instant}"},"MD5OfMessageAttributes":"${attributesDigest}","MessageAttributes":{"k":{"StringValue":"x","DataType":"String"},"b":{"BinaryValue":"AAH+/w==","DataType":"Binary"}}}]}`,
      ],
      [
        "SendMessageBatch",
        {
          QueueUrl: url,
          Entries: [
            { Id: "1", MessageBody: "x", DelaySeconds: 900 },
            { Id: "2", MessageBody: "x", DelaySeconds: 901 },
          ],
        },
        '{"Successful":[{"Id":"1","MessageId":"{message id}","MD5OfMessageBody":"9dd4e461268c8034f5c8564e155c67a6"}],"Failed":[{"Id":"2","SenderFault":true,"Code":"InvalidParameterValue","Message":"Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."}]}',
      ],
      [
        "DeleteMessageBatch",
        { QueueUrl: url, Entries: [{ Id: "a", ReceiptHandle: "x" }] },
        '{"Failed":[{"Id":"a","SenderFault":true,"Code":"ReceiptHandleIsInvalid","Message":"The input receipt handle \\"x\\" is not a valid receipt handle."}]}',
      ],
      // Actions without output have no body at all.
      ["TagQueue", { QueueUrl: url, Tags: { a: "b" } }, ""],
      ["ListQueueTags", { QueueUrl: url }, '{"Tags":{"a":"b"}}'],
      ["UntagQueue", { QueueUrl: url, TagKeys: ["a"] }, ""],
      ["SetQueueAttributes", { QueueUrl: url, Attributes: { DelaySeconds: 0 } }, ""],
      ["PurgeQueue", { QueueUrl: url }, ""],
    ];
    for (const [action, input, body] of answers) {
      expect({ action, ...golden(await json(action, input)) }).toEqual({
        action,
        status: 200,
        headers: jsonHeaders,
        body,
      });
    }
  });

  it("names errors by shape in the body and by Query code in a header", async () => {
    const send = (input: object) => json("SendMessage", { QueueUrl: url, MessageBody: "x", ...input });
    expect(golden(await send({ QueueUrl: `${url}-not` }))).toEqual(
      jsonError(
        400,
        "AWS.SimpleQueueService.NonExistentQueue;Sender",
        '{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}',
      ),
    );
    expect(golden(await send({ MessageBody: undefined }))).toEqual(
      jsonError(
        400,
        "MissingParameter;Sender",
        '{"__type":"com.amazon.coral.service#MissingRequiredParameterException","message":"The request must contain the parameter MessageBody."}',
      ),
    );
    expect(golden(await send({ DelaySeconds: 901 }))).toEqual(
      jsonError(
        400,
        "InvalidParameterValue;Sender",
        '{"__type":"com.amazon.coral.service#InvalidParameterValueException","message":"Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."}',
      ),
    );
    expect(golden(await json("DeleteMessage", { QueueUrl: url, ReceiptHandle: "x" }))).toEqual(
      jsonError(
        404,
        "ReceiptHandleIsInvalid;Sender",
        '{"__type":"com.amazonaws.sqs#ReceiptHandleIsInvalid","message":"The input receipt handle \\"x\\" is not a valid receipt handle."}',
      ),
    );
  });

  it.each([
    ["an object cut off", '{"QueueUrl":'],
    ["a list", "[]"],
    ["a text", '"x"'],
    ["a member of the wrong type", '{"QueueUrl":{}}'],
    ["bytes that are not UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ])("refuses a body that is no request: %s", async (_, body) => {
    const answer = await ask({ ...jsonExchange("PurgeQueue", {}), body });
    expect(golden(answer)).toEqual(jsonError(400, "MalformedInput;Sender", expect.any(String)));
    expect(JSON.parse(answer.body)).toEqual({
      __type: "com.amazon.coral.service#SerializationException",
      message: expect.any(String),
    });
  });

  it.each(["AmazonSQS.Nonsense", "AmazonSQS.", "amazonsqs.ListQueues", "SQS.ListQueues", ""])(
    "knows no target %j",
    async (target) => {
      const wire = jsonExchange("ListQueues", {});
      const answer = await ask({ ...wire, headers: { ...wire.headers, "x-amz-target": target } });
      expect(golden(answer)).toEqual(jsonError(404, "UnknownOperation;Sender", expect.any(String)));
    },
  );

  it("takes the queue's own URL, a charset, and plain application/json beside a target", async () => {
    expect((await json("PurgeQueue", { QueueUrl: url }, "/000000000000/wire")).status).toBe(200);
    for (const type of ["application/json", "application/x-amz-json-1.0; charset=utf-8", "text/plain"]) {
      const wire = jsonExchange("ListQueues", {});
      const answer = await ask({ ...wire, headers: { ...wire.headers, "content-type": type } });
      expect(answer.status).toBe(200);
    }
  });

  it("without a target has no action", async () => {
    const { "x-amz-target": _, ...headers } = jsonExchange("ListQueues", {}).headers;
    expect(golden(await ask({ method: "POST", path: "/", headers, body: "{}" }))).toEqual(
      jsonError(
        404,
        "UnknownOperation;Sender",
        '{"__type":"com.amazon.coral.service#UnknownOperationException","message":"The request must contain the header X-Amz-Target."}',
      ),
    );
  });
});

describe("AWS Query, to the byte", () => {
  const batch = "SendMessageBatchRequestEntry";

  it("answers with its own elements, and closes what is empty", async () => {
    const answers: [parameters: Record<string, string>, result: string][] = [
      [
        { Action: "CreateQueue", QueueName: "wire" },
        `<CreateQueueResult><QueueUrl>${url}</QueueUrl></CreateQueueResult>`,
      ],
      [
        { Action: "GetQueueUrl", QueueName: "wire" },
        `<GetQueueUrlResult><QueueUrl>${url}</QueueUrl></GetQueueUrlResult>`,
      ],
      [
        { Action: "ListQueues", QueueNamePrefix: "wi" },
        `<ListQueuesResult><QueueUrl>${url}</QueueUrl></ListQueuesResult>`,
      ],
      [{ Action: "ListQueues", QueueNamePrefix: "nothing" }, "<ListQueuesResult/>"],
      [{ Action: "ListQueueTags", QueueUrl: url }, "<ListQueueTagsResult/>"],
      [{ Action: "GetQueueAttributes", QueueUrl: url }, "<GetQueueAttributesResult/>"],
      [
        {
          Action: "GetQueueAttributes",
          QueueUrl: url,
          "AttributeName.1": "VisibilityTimeout",
          "AttributeName.2": "DelaySeconds",
        },
        "<GetQueueAttributesResult><Attribute><Name>VisibilityTimeout</Name><Value>30</Value></Attribute><Attribute><Name>DelaySeconds</Name><Value>0</Value></Attribute></GetQueueAttributesResult>",
      ],
      [{ Action: "ReceiveMessage", QueueUrl: url }, "<ReceiveMessageResult/>"],
      [
        {
          Action: "SendMessage",
          QueueUrl: url,
          MessageBody: messageBody,
          "MessageAttribute.1.Name": "k",
          "MessageAttribute.1.Value.DataType": "String",
          "MessageAttribute.1.Value.StringValue": "x",
          "MessageAttribute.2.Name": "b",
          "MessageAttribute.2.Value.DataType": "Binary",
          "MessageAttribute.2.Value.BinaryValue": "AAH+/w==",
        },
        `<SendMessageResult><MessageId>{message id}</MessageId><MD5OfMessageBody>${bodyDigest}</MD5OfMessageBody><MD5OfMessageAttributes>${attributesDigest}</MD5OfMessageAttributes></SendMessageResult>`,
      ],
      [
        {
          Action: "ReceiveMessage",
          QueueUrl: url,
          "AttributeName.1": "SenderId",
          "AttributeName.2": "ApproximateReceiveCount",
          "MessageAttributeName.1": "All",
          VisibilityTimeout: "0",
        },
        `<ReceiveMessageResult><Message><MessageId>{message id}</MessageId><ReceiptHandle>{handle}</ReceiptHandle><MD5OfBody>${bodyDigest}</MD5OfBody><Body>a &quot;b&quot;&#xD;\n&lt;c&gt;\u00e9</Body><Attribute><Name>SenderId</Name><Value>000000000000</Value></Attribute><Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute><MD5OfMessageAttributes>${attributesDigest}</MD5OfMessageAttributes><MessageAttribute><Name>k</Name><Value><StringValue>x</StringValue><DataType>String</DataType></Value></MessageAttribute><MessageAttribute><Name>b</Name><Value><BinaryValue>AAH+/w==</BinaryValue><DataType>Binary</DataType></Value></MessageAttribute></Message></ReceiveMessageResult>`,
      ],
      [
        {
          Action: "SendMessageBatch",
          QueueUrl: url,
          [`${batch}.1.Id`]: "1",
          [`${batch}.1.MessageBody`]: "x",
          [`${batch}.1.DelaySeconds`]: "900",
          [`${batch}.2.Id`]: "2",
          [`${batch}.2.MessageBody`]: "x",
          [`${batch}.2.DelaySeconds`]: "901",
        },
        "<SendMessageBatchResult><SendMessageBatchResultEntry><Id>1</Id><MessageId>{message id}</MessageId><MD5OfMessageBody>9dd4e461268c8034f5c8564e155c67a6</MD5OfMessageBody></SendMessageBatchResultEntry><BatchResultErrorEntry><Id>2</Id><SenderFault>true</SenderFault><Code>InvalidParameterValue</Code><Message>Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be &gt;= 0 and &lt;= 900.</Message></BatchResultErrorEntry></SendMessageBatchResult>",
      ],
      // Actions without output have no result.
      [{ Action: "TagQueue", QueueUrl: url, "Tag.1.Key": "a", "Tag.1.Value": "b" }, ""],
      [
        { Action: "ListQueueTags", QueueUrl: url },
        "<ListQueueTagsResult><Tag><Key>a</Key><Value>b</Value></Tag></ListQueueTagsResult>",
      ],
      [{ Action: "UntagQueue", QueueUrl: url, "TagKey.1": "a" }, ""],
      [
        {
          Action: "SetQueueAttributes",
          QueueUrl: url,
          "Attribute.1.Name": "DelaySeconds",
          "Attribute.1.Value": "0",
        },
        "",
      ],
      [{ Action: "PurgeQueue", QueueUrl: url }, ""],
    ];
    for (const [parameters, result] of answers) {
      const { Action: action = "" } = parameters;
      expect(golden(await form(parameters))).toEqual({
        status: 200,
        headers: xmlHeaders,
        body: `<?xml version="1.0"?><${action}Response xmlns="http://queue.amazonaws.com/doc/2012-11-05/">${result}<ResponseMetadata><RequestId>{request id}</RequestId></ResponseMetadata></${action}Response>`,
      });
    }
  });

  it("names errors by code, with a text of its own for a missing queue", async () => {
    expect(golden(await form({ Action: "PurgeQueue", QueueUrl: `${url}-not` }))).toEqual(
      xmlError(
        400,
        "AWS.SimpleQueueService.NonExistentQueue",
        "The specified queue does not exist for this wsdl version.",
      ),
    );
    expect(golden(await form({ Action: "SendMessage", QueueUrl: url }))).toEqual(
      xmlError(400, "MissingParameter", "The request must contain the parameter MessageBody."),
    );
    expect(golden(await form({ Action: "DeleteMessage", QueueUrl: url, ReceiptHandle: "<&>" }))).toEqual(
      xmlError(
        404,
        "ReceiptHandleIsInvalid",
        "The input receipt handle &quot;&lt;&amp;&gt;&quot; is not a valid receipt handle.",
      ),
    );
    expect(golden(await form({ Action: "Nonsense" }))).toEqual(
      xmlError(400, "InvalidAction", "The action Nonsense is not valid for this endpoint."),
    );
    expect(golden(await form({ Version: "2012-11-05" }))).toEqual(
      xmlError(400, "MissingAction", "The request must contain the parameter Action."),
    );
  });

  it("takes parameters from the URL, and the queue from the path unless one is named", async () => {
    const byUrl = await ask(getExchange({ Action: "ListQueues", QueueNamePrefix: "wire" }));
    expect(byUrl.body).toContain(`<QueueUrl>${url}</QueueUrl>`);
    const byPath = await ask(getExchange({ Action: "PurgeQueue" }, "/000000000000/wire"));
    expect(byPath.status).toBe(200);
    const named = await form({ Action: "PurgeQueue", QueueUrl: url }, "/000000000000/nowhere");
    expect(named.status).toBe(200);
    const split = await ask({
      ...formExchange({ Action: "ListQueues" }),
      path: "/?QueueNamePrefix=nothing&Version=2012-11-05",
    });
    expect(split.body).toContain("<ListQueuesResult/>");
  });

  it("does not create or list queues at a queue's own URL", async () => {
    for (const parameters of [{ Action: "CreateQueue", QueueName: "a" }, { Action: "ListQueues" }]) {
      expect(golden(await form(parameters, "/000000000000/wire"))).toEqual(
        xmlError(400, "InvalidAction", `The action ${parameters.Action} is not valid for this endpoint.`),
      );
    }
  });

  it("speaks the namespace of the version that the client names", async () => {
    const old = await form({ Action: "ListQueues", Version: "2009-02-01" });
    expect(old.body).toContain('xmlns="http://queue.amazonaws.com/doc/2009-02-01/"');
    const odd = await form({ Action: "ListQueues", Version: '"><x' });
    expect(odd.body).toContain('xmlns="http://queue.amazonaws.com/doc/2012-11-05/"');
  });

  it.each(["Action=ListQueues&a=%zz", "%=1&Action=ListQueues", "Action=ListQueues&a=%ff"])(
    "refuses the form %s",
    async (body) => {
      const answer = await ask({ ...formExchange({}), body });
      expect(golden(answer)).toEqual(
        xmlError(404, "MalformedQueryString", "The query string contains a syntax error."),
      );
    },
  );
});

describe("what is no request to SQS", () => {
  const unsigned = (method: string, path: string) =>
    exchange(server.url, { method, path, headers: {}, body: "" });

  it("GET /health says that it is well, and needs no signature", async () => {
    const { status, headers, body } = await unsigned("GET", "/health");
    expect({ status, body, type: headers["content-type"] }).toEqual({
      status: 200,
      body: '{"status":"ok"}',
      type: "application/json",
    });
  });

  it.each(["/", "/000000000000/wire", "/some/where/else", "/favicon.ico", "/health/", "//"])(
    "GET %s names no action",
    async (path) => {
      const answer = golden(await unsigned("GET", path));
      expect(answer).toEqual({ status: 404, headers: xmlHeaders, body: "<UnknownOperationException/>" });
    },
  );

  it.each(["PUT", "DELETE", "PATCH", "OPTIONS"])("%s is no way to ask for an action", async (method) => {
    for (const path of ["/", "/000000000000/wire", "/?Action=ListQueues"]) {
      const answer = golden(await unsigned(method, path));
      expect(answer).toEqual({ status: 404, headers: xmlHeaders, body: "<UnknownOperationException/>" });
    }
  });

  it("HEAD has no body", async () => {
    const { status, body } = await unsigned("HEAD", "/");
    expect({ status, body }).toEqual({ status: 404, body: "" });
    expect((await unsigned("HEAD", "/health")).status).toBe(200);
  });

  it("a request without a signature is refused in the protocol that it speaks", async () => {
    expect(golden(await exchange(server.url, jsonExchange("ListQueues", {})))).toEqual(
      jsonError(
        403,
        "MissingAuthenticationToken;Sender",
        '{"__type":"com.amazon.coral.service#MissingAuthenticationTokenException","message":"Request is missing Authentication Token"}',
      ),
    );
    expect(golden(await exchange(server.url, formExchange({ Action: "ListQueues" })))).toEqual(
      xmlError(403, "MissingAuthenticationToken", "Request is missing Authentication Token"),
    );
  });

  it("a body that announces more than 8 MiB is refused before it is read", async () => {
    const wire = jsonExchange("SendMessage", {});
    const answer = await exchange(server.url, {
      ...wire,
      headers: { ...wire.headers, "content-length": "8388609" },
      body: "{",
    });
    expect(answer.headers.connection).toBe("close");
    expect(golden(answer)).toMatchObject(
      jsonError(
        413,
        "RequestEntityTooLarge;Sender",
        '{"__type":"com.amazon.coral.service#RequestEntityTooLargeException","message":"A request may have at most 8388608 bytes."}',
      ),
    );
  });

  it("a body of unknown length is read up to 8 MiB and no further", async () => {
    const wire = jsonExchange("SendMessage", {});
    const chunked = { ...wire, headers: { ...wire.headers, "transfer-encoding": "chunked" } };
    const fits = await exchange(server.url, { ...chunked, body: " ".repeat(8_388_608) });
    expect(fits.headers["x-amzn-query-error"]).toBe("MissingAuthenticationToken;Sender");
    const tooLong = await exchange(server.url, { ...chunked, body: " ".repeat(8_388_609) });
    expect(tooLong.status).toBe(413);
  });
});
