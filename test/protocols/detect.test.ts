import { describe, expect, test } from "vitest";
import { detect } from "../../src/protocols/detect.ts";
import type { WireRequest } from "../../src/protocols/protocol.ts";
import { limits } from "../../src/queue/limits.ts";
import { decoded } from "../support/decode.ts";
import { formRequest, getRequest, jsonRequest, queueUrl, request, stamp } from "../support/wire.ts";

function detected(wire: WireRequest) {
  const call = detect(wire);
  if (!call.ok) throw new Error(`${call.error.error.kind}: ${call.error.error.message}`);
  return {
    protocol: call.value.protocol.name,
    action: call.value.action,
    onQueuePath: call.value.onQueuePath,
  };
}

function undetected(wire: WireRequest) {
  const call = detect(wire);
  if (call.ok) throw new Error(`detected ${call.value.action}`);
  const { protocol, error } = call.error;
  return { protocol: protocol.name, kind: error.kind, answer: protocol.encodeError(error, stamp) };
}

describe("AWS JSON", () => {
  test("is recognised by its target, at the root and at the path of a queue", () => {
    const sendMessage = { protocol: "aws-json", action: "SendMessage", onQueuePath: false };
    expect(detected(jsonRequest("SendMessage", {}))).toEqual(sendMessage);
    expect(detected(jsonRequest("SendMessage", {}, "/000000000000/orders"))).toEqual(sendMessage);
  });

  test("does not need its own content type", () => {
    for (const type of ["application/json", "application/x-amz-json-1.0; charset=utf-8", "text/plain"]) {
      const wire = request("POST", "/", "", "{}", {
        "content-type": type,
        "x-amz-target": "AmazonSQS.ListQueues",
      });
      expect(detected(wire)).toMatchObject({ protocol: "aws-json", action: "ListQueues" });
    }
  });

  test.each(["amazonsqs.SendMessage", "AmazonSNS.Publish", "AmazonSQS.", "AmazonSQS", "SendMessage", ""])(
    "does not know the target %j",
    (target) => {
      const found = undetected(request("POST", "/", "", "{}", { "x-amz-target": target }));
      expect(found).toMatchObject({ protocol: "aws-json", kind: "UnknownOperation" });
      expect(found.answer.status).toBe(404);
    },
  );

  test("without a target is an unknown operation, said in JSON", () => {
    const wire = request("POST", "/", "", "{}", { "content-type": "application/x-amz-json-1.0" });
    expect(undetected(wire)).toMatchObject({ protocol: "aws-json", kind: "UnknownOperation" });
  });
});

describe("Query", () => {
  test("takes the action from the body", () => {
    expect(detected(formRequest("Action=ListQueues&Version=2012-11-05"))).toEqual({
      protocol: "aws-query",
      action: "ListQueues",
      onQueuePath: false,
    });
  });

  test("takes the action from the URL, of a GET and of a POST", () => {
    expect(detected(getRequest("/?Action=ListQueues")).action).toBe("ListQueues");
    expect(detected(formRequest("", "/?Action=ListQueues")).action).toBe("ListQueues");
  });

  test("merges the parameters of URL and body, and of a repeated one takes the first", () => {
    const wire = formRequest("MaxResults=7&QueueNamePrefix=body", "/?Action=ListQueues&QueueNamePrefix=url");
    expect(decoded(wire)).toEqual({ QueueNamePrefix: "url", MaxResults: 7 });
    expect(decoded(formRequest("Action=ListQueues&NextToken=a&NextToken=b"))).toEqual({ NextToken: "a" });
  });

  test("does not need a content type", () => {
    expect(detected(request("POST", "/", "", "Action=ListQueues", {})).action).toBe("ListQueues");
  });

  test("does not read a JSON body as a form", () => {
    const wire = request("POST", "/", "Action=ListQueues", "NextToken=x", {
      "content-type": "application/json",
    });
    expect(decoded(wire)).toEqual({});
  });

  test.each([
    ["/", false],
    ["/orders", false],
    ["/000000000000/", false],
    ["/000000000000/orders", true],
    ["/000000000000/orders/", true],
    ["/stage/000000000000/orders", true],
  ])("knows whether %s is the path of a queue", (path, onQueuePath) => {
    expect(detected(formRequest("Action=CreateQueue", path)).onQueuePath).toBe(onQueuePath);
  });

  test("takes the queue from the path, unless a parameter names one", () => {
    const remove = "Action=DeleteMessage&ReceiptHandle=h";
    expect(decoded(formRequest(remove, "/000000000000/orders"))).toEqual({
      QueueUrl: "/000000000000/orders",
      ReceiptHandle: "h",
    });
    expect(decoded(formRequest(remove, "/stage/000000000000/orders/"))).toMatchObject({
      QueueUrl: "/000000000000/orders",
    });
    expect(decoded(formRequest(`${remove}&QueueUrl=${queueUrl}`, "/000000000000/other"))).toEqual({
      QueueUrl: queueUrl,
      ReceiptHandle: "h",
    });
  });

  test("answers a GET without an action with a bare element and 404, whatever the client accepts", () => {
    for (const url of ["/", "/000000000000/orders", "/?Version=2012-11-05", "/?Action="]) {
      const { kind, answer } = undetected(getRequest(url, { accept: "application/json" }));
      expect(kind).toBe("UnknownOperation");
      expect(answer.status).toBe(404);
      expect(answer.headers["Content-Type"]).toBe("text/xml");
      expect(answer.body).toBe("<UnknownOperationException/>");
    }
  });

  test("misses the action in a POST", () => {
    for (const form of ["", "Version=2012-11-05", "Action=", "action=ListQueues", "&&&"]) {
      expect(undetected(formRequest(form))).toMatchObject({ protocol: "aws-query", kind: "MissingAction" });
    }
  });

  test("serves no other methods", () => {
    for (const method of ["PUT", "DELETE", "HEAD", "PATCH"]) {
      expect(undetected(request(method, "/", "Action=ListQueues", "", {})).kind).toBe("UnknownOperation");
    }
  });

  test.each([
    ["a broken escape in the URL", getRequest("/?Action=ListQueues&NextToken=%zz")],
    ["a broken escape in the body", formRequest("Action=ListQueues&NextToken=%4")],
    ["a broken escape in a name", formRequest("Action=ListQueues&%=x")],
    ["escapes that are not UTF-8", formRequest("Action=ListQueues&NextToken=%ff%fe")],
    ["bytes that are not UTF-8", request("POST", "/", "", new Uint8Array([0x41, 0x3d, 0xff]), {})],
  ])("refuses %s", (_, wire) => {
    const { kind, answer } = undetected(wire);
    expect(kind).toBe("MalformedQueryString");
    expect(answer.status).toBe(404);
  });

  test("bounds the number of parameters", () => {
    const form = `Action=ListQueues${"&x=1".repeat(limits.formParameters - 1)}`;
    expect(detected(formRequest(form)).action).toBe("ListQueues");
    expect(undetected(formRequest(`${form}&x=1`)).kind).toBe("MalformedQueryString");
  });
});
