import { describe, expect, test } from "vitest";
import { awsJson } from "../../src/protocols/aws-json.ts";
import { queryDialectOf } from "../../src/protocols/dialects.ts";
import { wireErrors } from "../../src/protocols/errors.ts";
import {
  invalidParameter,
  missingParameter,
  queueDoesNotExist,
  type SqsErrorKind,
  sqsError,
} from "../../src/queue/errors.ts";
import { stamp } from "../support/wire.ts";

const awsQueryNow = queryDialectOf(undefined, undefined).protocol;

/** Every kind as AWS spells it: JSON type, Query code, status. */
const expected: Record<SqsErrorKind, readonly [json: string, query: string, status: number]> = {
  QueueDoesNotExist: ["com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", 400],
  QueueNameExists: ["com.amazonaws.sqs#QueueNameExists", "QueueAlreadyExists", 400],
  QueueDeletedRecently: [
    "com.amazonaws.sqs#QueueDeletedRecently",
    "AWS.SimpleQueueService.QueueDeletedRecently",
    400,
  ],
  PurgeQueueInProgress: [
    "com.amazonaws.sqs#PurgeQueueInProgress",
    "AWS.SimpleQueueService.PurgeQueueInProgress",
    403,
  ],
  MessageNotInflight: [
    "com.amazonaws.sqs#MessageNotInflight",
    "AWS.SimpleQueueService.MessageNotInflight",
    400,
  ],
  UnsupportedOperation: [
    "com.amazonaws.sqs#UnsupportedOperation",
    "AWS.SimpleQueueService.UnsupportedOperation",
    400,
  ],
  EmptyBatchRequest: ["com.amazonaws.sqs#EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", 400],
  TooManyEntriesInBatchRequest: [
    "com.amazonaws.sqs#TooManyEntriesInBatchRequest",
    "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
    400,
  ],
  BatchEntryIdsNotDistinct: [
    "com.amazonaws.sqs#BatchEntryIdsNotDistinct",
    "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
    400,
  ],
  InvalidBatchEntryId: [
    "com.amazonaws.sqs#InvalidBatchEntryId",
    "AWS.SimpleQueueService.InvalidBatchEntryId",
    400,
  ],
  BatchRequestTooLong: [
    "com.amazonaws.sqs#BatchRequestTooLong",
    "AWS.SimpleQueueService.BatchRequestTooLong",
    400,
  ],
  InvalidMessageContents: ["com.amazonaws.sqs#InvalidMessageContents", "InvalidMessageContents", 400],
  InvalidAttributeName: ["com.amazonaws.sqs#InvalidAttributeName", "InvalidAttributeName", 400],
  InvalidAttributeValue: ["com.amazonaws.sqs#InvalidAttributeValue", "InvalidAttributeValue", 400],
  OverLimit: ["com.amazonaws.sqs#OverLimit", "OverLimit", 403],
  ReceiptHandleIsInvalid: ["com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", 404],
  ResourceNotFoundException: [
    "com.amazonaws.sqs#ResourceNotFoundException",
    "ResourceNotFoundException",
    404,
  ],
  InvalidAddress: ["com.amazonaws.sqs#InvalidAddress", "InvalidAddress", 404],
  RequestThrottled: ["com.amazonaws.sqs#RequestThrottled", "RequestThrottled", 403],
  KmsAccessDenied: ["com.amazonaws.sqs#KmsAccessDenied", "KMS.AccessDeniedException", 400],
  KmsNotFound: ["com.amazonaws.sqs#KmsNotFound", "KMS.NotFoundException", 400],
  KmsDisabled: ["com.amazonaws.sqs#KmsDisabled", "KMS.DisabledException", 400],
  KmsInvalidState: ["com.amazonaws.sqs#KmsInvalidState", "KMS.InvalidStateException", 400],
  KmsInvalidKeyUsage: ["com.amazonaws.sqs#KmsInvalidKeyUsage", "KMS.InvalidKeyUsageException", 400],
  KmsThrottled: ["com.amazonaws.sqs#KmsThrottled", "KMS.ThrottlingException", 400],
  KmsOptInRequired: ["com.amazonaws.sqs#KmsOptInRequired", "KMS.OptInRequired", 403],
  InvalidParameterValue: [
    "com.amazon.coral.service#InvalidParameterValueException",
    "InvalidParameterValue",
    400,
  ],
  MissingParameter: ["com.amazon.coral.service#MissingRequiredParameterException", "MissingParameter", 400],
  InvalidAction: ["com.amazon.coral.service#InvalidActionException", "InvalidAction", 400],
  MissingAction: ["com.amazon.coral.service#MissingActionException", "MissingAction", 400],
  UnknownOperation: ["com.amazon.coral.service#UnknownOperationException", "UnknownOperation", 404],
  SerializationException: ["com.amazon.coral.service#SerializationException", "MalformedInput", 400],
  MalformedQueryString: [
    "com.amazon.coral.service#MalformedQueryStringException",
    "MalformedQueryString",
    404,
  ],
  RequestEntityTooLarge: [
    "com.amazon.coral.service#RequestEntityTooLargeException",
    "RequestEntityTooLarge",
    413,
  ],
  InternalFailure: ["com.amazon.coral.service#InternalFailure", "InternalFailure", 500],
  ServiceUnavailable: ["com.amazon.coral.service#ServiceUnavailableException", "ServiceUnavailable", 503],
  MissingAuthenticationToken: [
    "com.amazon.coral.service#MissingAuthenticationTokenException",
    "MissingAuthenticationToken",
    403,
  ],
  InvalidClientTokenId: ["com.amazon.coral.service#UnrecognizedClientException", "InvalidClientTokenId", 403],
  ExpiredToken: ["com.amazon.coral.service#ExpiredTokenException", "ExpiredToken", 403],
  SignatureDoesNotMatch: ["com.amazon.coral.service#InvalidSignatureException", "SignatureDoesNotMatch", 403],
  IncompleteSignature: ["com.amazon.coral.service#IncompleteSignatureException", "IncompleteSignature", 400],
  RequestExpired: ["com.amazon.coral.service#RequestExpiredException", "RequestExpired", 400],
  AccessDenied: ["com.amazon.coral.service#AccessDeniedException", "AccessDenied", 403],
};

const rows = Object.entries(expected) as [SqsErrorKind, (typeof expected)[SqsErrorKind]][];

describe.each(rows)("%s", (kind, [json, query, status]) => {
  const fault = status >= 500 ? "Receiver" : "Sender";

  test("in AWS JSON", () => {
    expect(awsJson.encodeError(sqsError(kind, 'a "message"'), stamp)).toEqual({
      status,
      headers: {
        "x-amzn-RequestId": "b5d5e3a0-6f0c-5d0c-9c55-b8d6f2f0d4a1",
        "x-amzn-query-error": `${query};${fault}`,
        "Content-Type": "application/x-amz-json-1.0",
        Date: "Sun, 22 Nov 2026 19:34:05 GMT",
      },
      body: `{"__type":"${json}","message":"a \\"message\\""}`,
    });
  });

  test("in Query", () => {
    const envelope =
      '<?xml version="1.0"?><ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">' +
      `<Error><Type>${fault}</Type><Code>${query}</Code><Message>a &quot;message&quot;</Message><Detail/></Error>` +
      "<RequestId>b5d5e3a0-6f0c-5d0c-9c55-b8d6f2f0d4a1</RequestId></ErrorResponse>";
    expect(awsQueryNow.encodeError(sqsError(kind, 'a "message"'), stamp)).toEqual({
      status,
      headers: {
        "x-amzn-RequestId": "b5d5e3a0-6f0c-5d0c-9c55-b8d6f2f0d4a1",
        "Content-Type": "text/xml",
        Date: "Sun, 22 Nov 2026 19:34:05 GMT",
      },
      body: kind === "UnknownOperation" ? "<UnknownOperationException/>" : envelope,
    });
  });
});

test("no kind is missing from these tables, and no two share a JSON type", () => {
  expect(Object.keys(wireErrors).sort()).toEqual(Object.keys(expected).sort());
  expect(new Set(Object.values(wireErrors).map(({ json }) => json)).size).toBe(rows.length);
});

test("a missing queue is worded differently in Query, unless more is said about it", () => {
  expect(awsJson.encodeError(queueDoesNotExist, stamp).body).toContain(
    '"The specified queue does not exist."',
  );
  expect(awsQueryNow.encodeError(queueDoesNotExist, stamp).body).toContain(
    "<Message>The specified queue does not exist for this wsdl version.</Message>",
  );
  const precise = "The specified queue does not exist or you do not have access to it.";
  for (const protocol of [awsJson, awsQueryNow]) {
    expect(protocol.encodeError(sqsError("QueueDoesNotExist", precise), stamp).body).toContain(precise);
  }
  const other = sqsError("ResourceNotFoundException", queueDoesNotExist.message);
  expect(awsQueryNow.encodeError(other, stamp).body).toContain(
    "<Message>The specified queue does not exist.<",
  );
});

test("an unknown action is each protocol's own error", () => {
  const text = "The action Nonsense is not valid for this endpoint.";
  expect(awsJson.unknownAction("Nonsense")).toEqual({ kind: "UnknownOperation", message: text });
  expect(awsQueryNow.unknownAction("Nonsense")).toEqual({ kind: "InvalidAction", message: text });
});

test("text of a client inside a message cannot break out of the answer", () => {
  const hostile = '</Message><Code>x</Code>\u0000"\r\n';
  expect(awsQueryNow.encodeError(invalidParameter(hostile), stamp).body).toContain(
    "<Message>&lt;/Message&gt;&lt;Code&gt;x&lt;/Code&gt;\ufffd&quot;&#xD;\n</Message>",
  );
  expect(JSON.parse(awsJson.encodeError(missingParameter(hostile), stamp).body).message).toContain(hostile);
});
