import { describe, expect, test } from "vitest";
import { decodeForm } from "../../src/protocols/aws-query.ts";
import { queryDialectOf } from "../../src/protocols/dialects.ts";
import { emptyForm, readForm } from "../../src/protocols/form.ts";
import { sqsError } from "../../src/queue/errors.ts";
import {
  boolean,
  entries,
  list,
  members,
  optional,
  required,
  type StructureShape,
  string,
  structure,
} from "../../src/shapes/shape.ts";
import { decoded, refused } from "../support/decode.ts";
import { sqsShapes } from "../support/sqs-shapes.ts";
import { formRequest, getRequest, queueUrl, stamp } from "../support/wire.ts";

describe("requests as the SDK sends them", () => {
  test("SendMessage", () => {
    const form =
      "QueueUrl=http%3A%2F%2Flocalhost%3A8787%2F000000000000%2Forders" +
      "&MessageBody=hello%20%26%20%3Cworld%3E%0D%0A&DelaySeconds=5" +
      "&MessageAttribute.1.Name=a&MessageAttribute.1.Value.StringValue=x%20y%2Bz" +
      "&MessageAttribute.1.Value.DataType=String&MessageAttribute.2.Name=b" +
      "&MessageAttribute.2.Value.BinaryValue=AQID%2Fw%3D%3D&MessageAttribute.2.Value.DataType=Binary" +
      "&Action=SendMessage&Version=2012-11-05";
    expect(decoded(formRequest(form))).toEqual({
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
    const form =
      "QueueUrl=http%3A%2F%2Flocalhost%3A8787%2F000000000000%2Forders" +
      "&SendMessageBatchRequestEntry.1.Id=1&SendMessageBatchRequestEntry.1.MessageBody=one" +
      "&SendMessageBatchRequestEntry.2.Id=2&SendMessageBatchRequestEntry.2.MessageBody=two" +
      "&Action=SendMessageBatch&Version=2012-11-05";
    expect(decoded(formRequest(form))).toEqual({
      QueueUrl: queueUrl,
      Entries: [
        { Id: "1", MessageBody: "one" },
        { Id: "2", MessageBody: "two" },
      ],
    });
  });

  test("CreateQueue", () => {
    const form =
      "QueueName=orders&Tag.1.Key=team&Tag.1.Value=a%20b&Attribute.1.Name=DelaySeconds" +
      "&Attribute.1.Value=5&Action=CreateQueue&Version=2012-11-05";
    expect(decoded(formRequest(form))).toEqual({
      QueueName: "orders",
      Attributes: new Map([["DelaySeconds", "5"]]),
      tags: new Map([["team", "a b"]]),
    });
  });

  test("a hand-made GET of the queue's URL", () => {
    const url =
      "/000000000000/orders?Action=ReceiveMessage&MaxNumberOfMessages=5&AttributeName=All&Version=2012-11-05";
    expect(decoded(getRequest(url))).toEqual({
      QueueUrl: "/000000000000/orders",
      AttributeNames: ["All"],
      MaxNumberOfMessages: 5,
    });
  });
});

describe("lists and maps", () => {
  test("take their elements by number, in any order and with gaps", () => {
    const form = `Action=UntagQueue&QueueUrl=q&TagKey.7=c&TagKey.1=a&TagKey.3=b`;
    expect(decoded(formRequest(form))).toEqual({ QueueUrl: "q", TagKeys: ["a", "b", "c"] });
  });

  test("bound the work of a huge number", () => {
    const form = `Action=UntagQueue&QueueUrl=q&TagKey.99999999999999999999=z&TagKey.2000000000=y`;
    expect(decoded(formRequest(form))).toEqual({ QueueUrl: "q", TagKeys: ["y", "z"] });
  });

  test("take a single element without a number, as very old clients write it", () => {
    expect(decoded(formRequest("Action=GetQueueAttributes&QueueUrl=q&AttributeName=All"))).toEqual({
      QueueUrl: "q",
      AttributeNames: ["All"],
    });
    const set = "Action=SetQueueAttributes&QueueUrl=q&Attribute.Name=DelaySeconds&Attribute.Value=5";
    expect(decoded(formRequest(set))).toEqual({
      QueueUrl: "q",
      Attributes: new Map([["DelaySeconds", "5"]]),
    });
  });

  test("take other names that clients use", () => {
    const entry = "Tags.1.Key=team&Tags.1.Value=core";
    const tags = new Map([["team", "core"]]);
    expect(decoded(formRequest(`Action=CreateQueue&QueueName=q&${entry}`))).toEqual({ QueueName: "q", tags });
  });

  test("may be nested", () => {
    const at = "SendMessageBatchRequestEntry.1";
    const form =
      `Action=SendMessageBatch&QueueUrl=q&${at}.Id=1&${at}.MessageBody=b&${at}.MessageAttribute.1.Name=n` +
      `&${at}.MessageAttribute.1.Value.DataType=String&${at}.MessageAttribute.1.Value.StringListValue.1=x`;
    expect(decoded(formRequest(form))).toEqual({
      QueueUrl: "q",
      Entries: [
        {
          Id: "1",
          MessageBody: "b",
          MessageAttributes: new Map([["n", { DataType: "String", StringListValue: ["x"] }]]),
        },
      ],
    });
  });

  test("of two map entries with one key the last counts, and __proto__ is a key like any other", () => {
    const form =
      "Action=TagQueue&QueueUrl=q&Tag.1.Key=a&Tag.1.Value=1&Tag.2.Key=a&Tag.2.Value=2" +
      "&Tag.3.Key=__proto__&Tag.3.Value=p";
    expect(decoded(formRequest(form))).toEqual({
      QueueUrl: "q",
      Tags: new Map([
        ["a", "2"],
        ["__proto__", "p"],
      ]),
    });
  });

  test("an empty one is absent; a required list is handed over empty", () => {
    expect(decoded(formRequest("Action=GetQueueAttributes&QueueUrl=q&AttributeName="))).toEqual({
      QueueUrl: "q",
    });
    expect(decoded(formRequest("Action=SendMessageBatch&QueueUrl=q"))).toEqual({
      QueueUrl: "q",
      Entries: [],
    });
    expect(decoded(formRequest("Action=UntagQueue&QueueUrl=q&TagKey.1="))).toEqual({
      QueueUrl: "q",
      TagKeys: [""],
    });
  });
});

describe("presence", () => {
  test.each([
    ["Action=SendMessage&MessageBody=b", "QueueUrl"],
    ["Action=SendMessage&QueueUrl=q", "MessageBody"],
    ["Action=SetQueueAttributes&QueueUrl=q", "Attribute.Name"],
    ["Action=SetQueueAttributes&QueueUrl=q&Attribute.1.Value=5", "Attribute.Name"],
    ["Action=SetQueueAttributes&QueueUrl=q&Attribute.1.Name=Policy", "Attribute.Value"],
    ["Action=TagQueue&QueueUrl=q", "Tags"],
    [
      "Action=SendMessageBatch&QueueUrl=q&SendMessageBatchRequestEntry.1.Id=1",
      "SendMessageBatchRequestEntry.1.MessageBody",
    ],
    [
      "Action=SendMessageBatch&QueueUrl=q&SendMessageBatchRequestEntry.1.Id=1" +
        "&SendMessageBatchRequestEntry.1.MessageBody=b&SendMessageBatchRequestEntry.2.MessageBody=c",
      "SendMessageBatchRequestEntry.2.Id",
    ],
    [
      "Action=SendMessage&QueueUrl=q&MessageBody=b&MessageAttribute.1.Name=a&MessageAttribute.1.Value.StringValue=x",
      "MessageAttribute.1.Value.DataType",
    ],
  ])("%s misses a parameter", (form, name) => {
    expect(refused(formRequest(form))).toBe(
      `MissingParameter: The request must contain the parameter ${name}.`,
    );
  });

  test("an empty string is not absent", () => {
    expect(decoded(formRequest("Action=SendMessage&QueueUrl=&MessageBody="))).toEqual({
      QueueUrl: "",
      MessageBody: "",
    });
  });

  test("unknown parameters are ignored, those of a presigned URL among them", () => {
    const url = "/?Action=ListQueues&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00";
    expect(decoded(getRequest(url))).toEqual({});
  });
});

describe("types", () => {
  test.each([
    ["0", 0],
    ["-0", 0],
    ["-1", -1],
    ["007", 7],
    ["999999999999999", 999_999_999_999_999],
  ])("%s is the integer %d", (text, integer) => {
    expect(decoded(formRequest(`Action=ListQueues&MaxResults=${text}`))).toStrictEqual({
      MaxResults: integer,
    });
  });

  test.each(["", "five", "5.0", "1e3", "0x5", "+5", "%205", "5%0A", "Infinity", "1000000000000000"])(
    "%j is not an integer",
    (text) => {
      expect(refused(formRequest(`Action=ListQueues&MaxResults=${text}`))).toBe(
        "SerializationException: STRING_VALUE can not be converted to an Integer",
      );
    },
  );

  test.each([
    ["ListQueues", "MaxResults.1=5", "Start of structure or map found where not expected."],
    ["UntagQueue", "TagKey.=a", "Start of structure or map found where not expected."],
    ["UntagQueue", "TagKey.member.1=a", "Start of structure or map found where not expected."],
    ["SendMessageBatch", "SendMessageBatchRequestEntry.1=a", "Value found where not expected"],
    [
      "SendMessage",
      "MessageAttribute.1.Name=a&MessageAttribute.1.Value.BinaryValue=a",
      "STRING_VALUE can not be converted to a Blob",
    ],
  ])("%s refuses %s", (action, parameters, text) => {
    expect(refused(formRequest(`Action=${action}&${parameters}`))).toBe(`SerializationException: ${text}`);
  });

  test.each([
    ["Tags.member.1.Key=a", "Tags.member.1.Value"],
    ["Tags.member.7.Key=a&Tags.member.7.Value=b&Tags.member.9.Value=c", "Tags.member.2.Key"],
    ["Entries.member.1.Attributes.entry.1.Value.Type=a", "Entries.member.1.Attributes.entry.Name"],
    ["Entries.member.1.Attributes.entry.1.Name=a", "Entries.member.1.Attributes.entry.Value"],
    [
      "Entries.member.2.Attributes.entry.1.Name=a&Entries.member.2.Attributes.entry.1.Value.Other=b",
      "Entries.member.1.Attributes.entry.1.Value.Type",
    ],
    ["Flat.1.Tags.member.1.Key=a", "Flat.1.Tags.member.1.Value"],
  ])("of %s, whose lists and maps are not flattened, %s is missing", (parameters, name) => {
    const tags = members(structure({ Key: required(string), Value: required(string) }));
    const attributes = entries(structure({ Type: required(string) }), "Name", "Value");
    const shape = structure({
      Tags: optional(tags),
      Entries: optional(members(structure({ Attributes: optional(attributes) }))),
      Flats: optional(list(structure({ Tags: optional(tags) }), { queryName: "Flat" })),
    });
    const form = emptyForm();
    readForm(form, parameters);
    expect(decodeForm(shape, form)).toMatchObject({
      error: {
        kind: "MissingParameter",
        message: `The request must contain the parameter ${name}.`,
      },
    });
  });

  test("booleans are written as XML Schema does", () => {
    const shape = structure({ Force: optional(boolean) });
    const decode = (text: string) => {
      const form = emptyForm();
      readForm(form, `Force=${text}`);
      return decodeForm(shape, form);
    };
    for (const text of ["true", "1"]) expect(decode(text)).toEqual({ ok: true, value: { Force: true } });
    for (const text of ["false", "0"]) expect(decode(text)).toEqual({ ok: true, value: { Force: false } });
    for (const text of ["TRUE", "yes", ""]) {
      expect(decode(text)).toMatchObject({ error: { message: "boolean must follow xsd1.1 definition" } });
    }
  });
});

describe("answers", () => {
  const bodyOf = (action: string, shape: StructureShape, value: unknown, version?: string) =>
    queryDialectOf(version, undefined).protocol.encode(action, shape, value, stamp).body;
  const metadata =
    "<ResponseMetadata><RequestId>b5d5e3a0-6f0c-5d0c-9c55-b8d6f2f0d4a1</RequestId></ResponseMetadata>";

  test("SendMessage, to the byte", () => {
    const output = {
      MD5OfMessageBody: "5eb63bbbe01eeed093cb22bb8f5acdc3",
      MessageId: "219f8380-5770-4cc2-8c3e-5c715e145f5e",
    };
    expect(
      queryDialectOf("2012-11-05", undefined).protocol.encode(
        "SendMessage",
        sqsShapes.SendMessage.output,
        output,
        stamp,
      ),
    ).toEqual({
      status: 200,
      headers: {
        "x-amzn-RequestId": "b5d5e3a0-6f0c-5d0c-9c55-b8d6f2f0d4a1",
        "Content-Type": "text/xml",
        Date: "Sun, 22 Nov 2026 19:34:05 GMT",
      },
      body:
        '<?xml version="1.0"?><SendMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">' +
        "<SendMessageResult><MessageId>219f8380-5770-4cc2-8c3e-5c715e145f5e</MessageId>" +
        "<MD5OfMessageBody>5eb63bbbe01eeed093cb22bb8f5acdc3</MD5OfMessageBody></SendMessageResult>" +
        "<ResponseMetadata><RequestId>b5d5e3a0-6f0c-5d0c-9c55-b8d6f2f0d4a1</RequestId></ResponseMetadata>" +
        "</SendMessageResponse>",
    });
  });

  test("ReceiveMessage, to the byte", () => {
    const message = {
      MessageId: "m",
      ReceiptHandle: "AQEB+/=",
      MD5OfBody: "d",
      Body: '{"a":"<b> & c"}\r\n]]>',
      Attributes: new Map([
        ["SenderId", "000000000000"],
        ["SentTimestamp", "1700000000000"],
      ]),
      MD5OfMessageAttributes: "e",
      MessageAttributes: new Map<string, unknown>([
        ["n", { DataType: "Binary", BinaryValue: new Uint8Array([1, 2, 3, 255]) }],
      ]),
    };
    const xml = bodyOf("ReceiveMessage", sqsShapes.ReceiveMessage.output, {
      Messages: [message, { MessageId: "m2", ReceiptHandle: "h", MD5OfBody: "d", Body: " " }],
    });
    expect(xml).toBe(
      '<?xml version="1.0"?><ReceiveMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">' +
        "<ReceiveMessageResult><Message><MessageId>m</MessageId><ReceiptHandle>AQEB+/=</ReceiptHandle>" +
        "<MD5OfBody>d</MD5OfBody>" +
        "<Body>{&quot;a&quot;:&quot;&lt;b&gt; &amp; c&quot;}&#xD;\n]]&gt;</Body>" +
        "<Attribute><Name>SenderId</Name><Value>000000000000</Value></Attribute>" +
        "<Attribute><Name>SentTimestamp</Name><Value>1700000000000</Value></Attribute>" +
        "<MD5OfMessageAttributes>e</MD5OfMessageAttributes>" +
        "<MessageAttribute><Name>n</Name><Value><BinaryValue>AQID/w==</BinaryValue>" +
        "<DataType>Binary</DataType></Value></MessageAttribute></Message>" +
        "<Message><MessageId>m2</MessageId><ReceiptHandle>h</ReceiptHandle><MD5OfBody>d</MD5OfBody>" +
        `<Body> </Body></Message></ReceiveMessageResult>${metadata}</ReceiveMessageResponse>`,
    );
  });

  test("an empty result is an empty element, and an action without output has no result at all", () => {
    expect(bodyOf("ReceiveMessage", sqsShapes.ReceiveMessage.output, { Messages: [] })).toContain(
      `doc/2012-11-05/"><ReceiveMessageResult/>${metadata}</ReceiveMessageResponse>`,
    );
    expect(bodyOf("ListQueues", sqsShapes.ListQueues.output, {})).toContain("<ListQueuesResult/>");
    expect(bodyOf("DeleteMessage", sqsShapes.DeleteMessage.output, {})).toBe(
      '<?xml version="1.0"?><DeleteMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">' +
        `${metadata}</DeleteMessageResponse>`,
    );
  });

  test("a list that JSON keeps when it is empty is nothing in XML", () => {
    const { output } = sqsShapes.ListDeadLetterSourceQueues;
    expect(bodyOf("ListDeadLetterSourceQueues", output, { queueUrls: [] })).toContain(
      "<ListDeadLetterSourceQueuesResult/>",
    );
    expect(bodyOf("ListDeadLetterSourceQueues", output, { queueUrls: ["a", "b"], NextToken: "t" })).toContain(
      "<QueueUrl>a</QueueUrl><QueueUrl>b</QueueUrl><NextToken>t</NextToken>",
    );
  });

  test("booleans and structures in lists", () => {
    const failed = { Id: "1", SenderFault: false, Code: "InternalFailure", Message: "<>" };
    expect(bodyOf("SendMessageBatch", sqsShapes.SendMessageBatch.output, { Failed: [failed] })).toContain(
      "<SendMessageBatchResult><BatchResultErrorEntry><Id>1</Id><SenderFault>false</SenderFault>" +
        "<Code>InternalFailure</Code><Message>&lt;&gt;</Message></BatchResultErrorEntry></SendMessageBatchResult>",
    );
  });

  test("the version that the client named is the namespace of the answer, errors included", () => {
    const namespaceOf = (version?: string) => {
      const answer = queryDialectOf(version, undefined).protocol.encodeError(
        sqsError("AccessDenied", "no"),
        stamp,
      );
      expect(bodyOf("DeleteMessage", sqsShapes.DeleteMessage.output, {}, version)).toContain(
        /xmlns="[^"]*"/.exec(answer.body)?.[0],
      );
      return /xmlns="([^"]*)"/.exec(answer.body)?.[1];
    };
    expect(namespaceOf("2009-02-01")).toBe("http://queue.amazonaws.com/doc/2009-02-01/");
    for (const version of [undefined, "", "latest", '2012-11-05"><x/>', "2012-11-05\n"]) {
      expect(namespaceOf(version)).toBe("http://queue.amazonaws.com/doc/2012-11-05/");
    }
  });
});
