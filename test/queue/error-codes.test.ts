import { expect, test } from "vitest";
import { batchErrorEntry, isSenderFault, queryCode } from "../../src/queue/error-codes.ts";
import { invalidParameter, sqsError } from "../../src/queue/errors.ts";

test("a code is the kind's name, with SQS's prefix, or another name altogether", () => {
  expect(queryCode("ReceiptHandleIsInvalid")).toBe("ReceiptHandleIsInvalid");
  expect(queryCode("EmptyBatchRequest")).toBe("AWS.SimpleQueueService.EmptyBatchRequest");
  expect(queryCode("QueueDoesNotExist")).toBe("AWS.SimpleQueueService.NonExistentQueue");
  expect(queryCode("QueueNameExists")).toBe("QueueAlreadyExists");
});

test("only what fails inside of us is not the sender's fault", () => {
  expect(isSenderFault("AccessDenied")).toBe(true);
  expect(isSenderFault("RequestThrottled")).toBe(true);
  expect(isSenderFault("InternalFailure")).toBe(false);
  expect(isSenderFault("ServiceUnavailable")).toBe(false);
});

test("a failed batch entry carries the Query code", () => {
  expect(batchErrorEntry("e-1", invalidParameter("Value 901 is too much."))).toEqual({
    Id: "e-1",
    SenderFault: true,
    Code: "InvalidParameterValue",
    Message: "Value 901 is too much.",
  });
  expect(batchErrorEntry("e-2", sqsError("InternalFailure", "Try again."))).toMatchObject({
    SenderFault: false,
    Code: "InternalFailure",
  });
});
