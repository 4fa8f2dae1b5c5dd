import { describe, expect, test } from "vitest";
import { awsJson, decodeJson } from "../../src/protocols/aws-json.ts";
import { boolean, optional, structure } from "../../src/shapes/shape.ts";
import { decoded, refused } from "../support/decode.ts";
import { sqsShapes } from "../support/sqs-shapes.ts";
import { jsonRequest, queueUrl, stamp } from "../support/wire.ts";

describe("requests as the SDK sends them", () => {
  test("SendMessage", () => {
    const body =
      '{"QueueUrl":"http://localhost:8787/000000000000/orders","MessageBody":"hello & <world>\\r\\n",' +
      '"DelaySeconds":5,"MessageAttributes":{"a":{"DataType":"String","StringValue":"x y+z"},' +
      '"b":{"DataType":"Binary","BinaryValue":"AQID/w=="}}}';
    expect(decoded(jsonRequest("SendMessage", body))).toEqual({
      QueueUrl: queueUrl,
      MessageBody: "hello & <world>\r\n",
      DelaySeconds: 5,
      MessageAttributes: new Map<string, unknown>([
        ["a", { DataType: "String", StringValue: "x y+z" }],
        ["b", { DataType: "Binary", BinaryValue: new Uint8Array([1, 2, 3, 255]) }],
      ]),
    });
  });

  test("SendMessageBatch", () => {
    const body =
      '{"QueueUrl":"http://localhost:8787/000000000000/orders",' +
      '"Entries":[{"Id":"1","MessageBody":"one"},{"Id":"2","MessageBody":"two"}]}';
    expect(decoded(jsonRequest("SendMessageBatch", body))).toEqual({
      QueueUrl: queueUrl,
      Entries: [
        { Id: "1", MessageBody: "one" },
        { Id: "2", MessageBody: "two" },
      ],
    });
  });

  test("CreateQueue", () => {
    const body = '{"QueueName":"orders","Attributes":{"DelaySeconds":"5"},"tags":{"team":"a b"}}';
    expect(decoded(jsonRequest("CreateQueue", body))).toEqual({
      QueueName: "orders",
      Attributes: new Map([["DelaySeconds", "5"]]),
      tags: new Map([["team", "a b"]]),
    });
  });

  test("ListQueues, with an empty object and with no body", () => {
    expect(decoded(jsonRequest("ListQueues", "{}"))).toEqual({});
    expect(decoded(jsonRequest("ListQueues", ""))).toEqual({});
  });
});

describe("presence", () => {
  test("an absent required member is missing, and null is absent", () => {
    const text = "MissingParameter: The request must contain the parameter MessageBody.";
    expect(refused(jsonRequest("SendMessage", { QueueUrl: queueUrl }))).toBe(text);
    expect(refused(jsonRequest("SendMessage", { QueueUrl: queueUrl, MessageBody: null }))).toBe(text);
  });

  test("an empty string is not absent", () => {
    const input = { QueueUrl: queueUrl, MessageBody: "" };
    expect(decoded(jsonRequest("SendMessage", input))).toEqual(input);
  });

  test("the first missing member in the order of declaration is named", () => {
    expect(refused(jsonRequest("SendMessage", {}))).toContain("parameter QueueUrl.");
  });

  test("members of batch entries are named as in Query", () => {
    const missingIn = (...Entries: unknown[]) =>
      refused(jsonRequest("SendMessageBatch", { QueueUrl: queueUrl, Entries }));
    expect(missingIn({ Id: "1" })).toContain("parameter SendMessageBatchRequestEntry.1.MessageBody.");
    expect(missingIn({ Id: "1", MessageBody: "a" }, { MessageBody: "b" })).toContain(
      "parameter SendMessageBatchRequestEntry.2.Id.",
    );
    expect(missingIn({ Id: "1", MessageBody: "a", MessageAttributes: { n: {} } })).toContain(
      "parameter SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType.",
    );
  });

  test("a required map that is absent or empty is missing", () => {
    for (const Attributes of [undefined, null, {}, { Policy: null }]) {
      expect(refused(jsonRequest("SetQueueAttributes", { QueueUrl: queueUrl, Attributes }))).toBe(
        "MissingParameter: The request must contain the parameter Attribute.Name.",
      );
    }
  });

  test("a map may have its own name for that", () => {
    expect(refused(jsonRequest("TagQueue", { QueueUrl: queueUrl, Tags: {} }))).toContain("parameter Tags.");
  });

  test("a required list that is absent or empty is handed over empty", () => {
    for (const Entries of [undefined, null, [], [null]]) {
      expect(decoded(jsonRequest("SendMessageBatch", { QueueUrl: queueUrl, Entries }))).toEqual({
        QueueUrl: queueUrl,
        Entries: [],
      });
    }
  });

  test("an optional list or map that is empty is absent", () => {
    expect(decoded(jsonRequest("CreateQueue", { QueueName: "q", Attributes: {}, tags: {} }))).toEqual({
      QueueName: "q",
    });
    expect(decoded(jsonRequest("GetQueueAttributes", { QueueUrl: queueUrl, AttributeNames: [] }))).toEqual({
      QueueUrl: queueUrl,
    });
  });

  test("unknown members are ignored, and member names are case-sensitive", () => {
    const input = { QueueNamePrefix: "a", Extra: { deep: [1] }, queueNamePrefix: "b", nexttoken: "c" };
    expect(decoded(jsonRequest("ListQueues", input))).toEqual({ QueueNamePrefix: "a" });
  });

  test("the other spelling counts where the first is absent", () => {
    const tagsOf = (input: object) => decoded(jsonRequest("CreateQueue", { QueueName: "q", ...input }));
    expect(tagsOf({ Tags: { a: "1" } })).toEqual({ QueueName: "q", tags: new Map([["a", "1"]]) });
    expect(tagsOf({ tags: { a: "1" }, Tags: { b: "2" } })).toEqual({
      QueueName: "q",
      tags: new Map([["a", "1"]]),
    });
    expect(tagsOf({ tags: null, Tags: { b: "2" } })).toEqual({ QueueName: "q", tags: new Map([["b", "2"]]) });
  });
});

describe("types", () => {
  test("numbers and booleans in string positions become strings", () => {
    const Attributes = { DelaySeconds: 5, SqsManagedSseEnabled: true, Policy: "" };
    expect(decoded(jsonRequest("CreateQueue", { QueueName: 7, Attributes }))).toEqual({
      QueueName: "7",
      Attributes: new Map([
        ["DelaySeconds", "5"],
        ["SqsManagedSseEnabled", "true"],
        ["Policy", ""],
      ]),
    });
  });

  test.each([
    [0, 0],
    [-1, -1],
    [1.9, 1],
    [-0.5, 0],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])("the number %d is the integer %d", (number, integer) => {
    expect(decoded(jsonRequest("ListQueues", { MaxResults: number }))).toStrictEqual({ MaxResults: integer });
  });

  test.each([
    ['"5"', "STRING_VALUE can not be converted to an Integer"],
    ['""', "STRING_VALUE can not be converted to an Integer"],
    ["true", "TRUE_VALUE can not be converted to an Integer"],
    ["false", "FALSE_VALUE can not be converted to an Integer"],
    ["1e400", "NUMBER_VALUE can not be converted to an Integer"],
    ["9007199254740992", "NUMBER_VALUE can not be converted to an Integer"],
    ["[5]", "Start of list found where not expected"],
    ["{}", "Start of structure or map found where not expected."],
  ])("%s is not an integer", (json, text) => {
    expect(refused(jsonRequest("ListQueues", `{"MaxResults":${json}}`))).toBe(
      `SerializationException: ${text}`,
    );
  });

  test.each([
    ["SendMessage", '{"MessageBody":["a"]}', "Start of list found where not expected"],
    ["SendMessage", '{"MessageBody":{"a":1}}', "Start of structure or map found where not expected."],
    ["SendMessage", '{"MessageAttributes":[]}', "Start of list found where not expected"],
    ["SendMessage", '{"MessageAttributes":"x"}', "Expected map or null"],
    ["SendMessage", '{"MessageAttributes":{"a":"x"}}', "Expected null"],
    [
      "SendMessage",
      '{"MessageAttributes":{"a":{"BinaryValue":"a"}}}',
      "STRING_VALUE can not be converted to a Blob",
    ],
    [
      "SendMessage",
      '{"MessageAttributes":{"a":{"BinaryValue":1}}}',
      "NUMBER_VALUE can not be converted to a Blob",
    ],
    ["SendMessageBatch", '{"Entries":"x"}', "Expected list or null"],
    ["SendMessageBatch", '{"Entries":{}}', "Start of structure or map found where not expected."],
    ["SendMessageBatch", '{"Entries":[[]]}', "Start of list found where not expected"],
    ["SendMessageBatch", '{"Entries":["x"]}', "Expected null"],
  ])("%s refuses %s", (action, body, text) => {
    expect(refused(jsonRequest(action, body))).toBe(`SerializationException: ${text}`);
  });

  test("booleans are booleans only", () => {
    const shape = structure({ Force: optional(boolean) });
    const decode = (json: string) => decodeJson(shape, new TextEncoder().encode(json));
    expect(decode('{"Force":true}')).toEqual({ ok: true, value: { Force: true } });
    expect(decode('{"Force":"true"}')).toMatchObject({
      error: { kind: "SerializationException", message: "STRING_VALUE can not be converted to a Boolean" },
    });
  });

  test("a malformed value is reported before a missing one", () => {
    expect(refused(jsonRequest("SendMessage", { DelaySeconds: "x" }))).toContain("SerializationException");
  });
});

describe("what is not an input at all", () => {
  test.each(["{", "nul", "null", "5", '"text"', "{}{}", "\ufeff{}", " "])("refuses %j", (body) => {
    expect(refused(jsonRequest("ListQueues", body))).toBe(
      "SerializationException: The request body is not a JSON object.",
    );
  });

  test("refuses a list", () => {
    expect(refused(jsonRequest("ListQueues", "[]"))).toBe(
      "SerializationException: Start of list found where not expected",
    );
  });

  test("refuses bytes that are not UTF-8", () => {
    const wire = { ...jsonRequest("ListQueues", ""), body: new Uint8Array([0x7b, 0xff, 0x7d]) };
    expect(refused(wire)).toContain("SerializationException");
  });

  test("survives deep nesting, inside and outside of what it looks at", () => {
    const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
    expect(decoded(jsonRequest("ListQueues", `{"Extra":${deep},"MaxResults":3}`))).toEqual({ MaxResults: 3 });
    expect(refused(jsonRequest("ListQueues", `{"MaxResults":${deep}}`))).toContain(
      "Start of structure or map",
    );
    expect(refused(jsonRequest("ListQueues", "[".repeat(1_000_000)))).toContain("SerializationException");
  });

  test("a key named __proto__ is a key like any other, on the way in and on the way out", () => {
    const body = '{"QueueUrl":"u","__proto__":{"MessageBody":"x"},"constructor":{}}';
    expect(refused(jsonRequest("SendMessage", body))).toContain("MessageBody");
    const tags = decoded(
      jsonRequest("CreateQueue", '{"QueueName":"q","tags":{"__proto__":"p","toString":"s"}}'),
    );
    expect(tags).toEqual({
      QueueName: "q",
      tags: new Map([
        ["__proto__", "p"],
        ["toString", "s"],
      ]),
    });
    const output = { Attributes: new Map([["__proto__", "p"]]) };
    const { body: answer } = awsJson.encode("X", sqsShapes.GetQueueAttributes.output, output, stamp);
    expect(answer).toBe('{"Attributes":{"__proto__":"p"}}');
    expect(Object.hasOwn(Object.prototype, "p")).toBe(false);
  });
});

describe("answers", () => {
  test("SendMessage, to the byte", () => {
    const output = {
      MD5OfMessageBody: "5eb63bbbe01eeed093cb22bb8f5acdc3",
      MessageId: "219f8380-5770-4cc2-8c3e-5c715e145f5e",
      SequenceNumber: undefined,
    };
    expect(awsJson.encode("SendMessage", sqsShapes.SendMessage.output, output, stamp)).toEqual({
      status: 200,
      headers: {
        "x-amzn-RequestId": "b5d5e3a0-6f0c-5d0c-9c55-b8d6f2f0d4a1",
        "Content-Type": "application/x-amz-json-1.0",
        Date: "Sun, 22 Nov 2026 19:34:05 GMT",
      },
      body:
        '{"MessageId":"219f8380-5770-4cc2-8c3e-5c715e145f5e",' +
        '"MD5OfMessageBody":"5eb63bbbe01eeed093cb22bb8f5acdc3"}',
    });
  });

  test("ReceiveMessage, to the byte", () => {
    const output = {
      Messages: [
        {
          MessageId: "219f8380-5770-4cc2-8c3e-5c715e145f5e",
          ReceiptHandle: "AQEB",
          MD5OfBody: "9e107d9d372bb6826bd81d3542a419d6",
          Body: 'a "quoted" <tag>\r\n\u2028\ud83d\ude00',
          Attributes: new Map([["SentTimestamp", "1700000000000"]]),
          MessageAttributes: new Map([
            ["n", { DataType: "Binary", BinaryValue: new Uint8Array([1, 2, 3, 255]) }],
          ]),
        },
      ],
    };
    expect(awsJson.encode("ReceiveMessage", sqsShapes.ReceiveMessage.output, output, stamp).body).toBe(
      '{"Messages":[{"MessageId":"219f8380-5770-4cc2-8c3e-5c715e145f5e","ReceiptHandle":"AQEB",' +
        '"MD5OfBody":"9e107d9d372bb6826bd81d3542a419d6","Body":"a \\"quoted\\" <tag>\\r\\n\u2028\ud83d\ude00",' +
        '"Attributes":{"SentTimestamp":"1700000000000"},' +
        '"MessageAttributes":{"n":{"BinaryValue":"AQID/w==","DataType":"Binary"}}}]}',
    );
  });

  test("an action without output has no body at all", () => {
    const { status, body } = awsJson.encode("DeleteMessage", sqsShapes.DeleteMessage.output, {}, stamp);
    expect({ status, body }).toEqual({ status: 200, body: "" });
  });

  test("empty lists and maps are left out, unless the model requires the key", () => {
    const { ReceiveMessage, GetQueueAttributes, ListDeadLetterSourceQueues, SendMessageBatch } = sqsShapes;
    const bodyOf = (shape: Parameters<typeof awsJson.encode>[1], value: unknown) =>
      awsJson.encode("X", shape, value, stamp).body;
    expect(bodyOf(ReceiveMessage.output, { Messages: [] })).toBe("{}");
    expect(bodyOf(ReceiveMessage.output, {})).toBe("{}");
    expect(bodyOf(GetQueueAttributes.output, { Attributes: new Map() })).toBe("{}");
    expect(bodyOf(ListDeadLetterSourceQueues.output, { queueUrls: [] })).toBe('{"queueUrls":[]}');
    const failed = { Id: "a", SenderFault: true, Code: "InvalidParameterValue", Message: "m" };
    expect(bodyOf(SendMessageBatch.output, { Successful: [], Failed: [failed] })).toBe(
      '{"Failed":[{"Id":"a","SenderFault":true,"Code":"InvalidParameterValue","Message":"m"}]}',
    );
  });
});
