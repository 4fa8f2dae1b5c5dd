import { describe, expect, test } from "vitest";
import { issueHandle } from "../../../src/queue/receipt-handle.ts";
import { changeMessageVisibility } from "../../../src/services/sqs/change-message-visibility.ts";
import { changeMessageVisibilityBatch } from "../../../src/services/sqs/change-message-visibility-batch.ts";
import { answerOf, errorOf, fakeQueue, run, testSettings } from "../../support/fake-queue.ts";

function handleOf(position: number): string {
  return issueHandle(testSettings(), { shard: 0, epoch: 1, position, nonce: position + 1 });
}

const handle = handleOf(5);
const gone = (h: string): string =>
  `Value ${h} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for ` +
  "visibility timeout change.";
const expired = (h: string): string =>
  `Value ${h} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`;
const beyond = (seconds: number): string =>
  `Value ${seconds} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message ` +
  "is beyond the limit [43200 seconds]";

describe("ChangeMessageVisibility", () => {
  test.each([0, 1, 43_200])("asks the shard for %d seconds from now", async (seconds) => {
    const queue = fakeQueue({ outcomes: ["changed"] });
    const input = { ReceiptHandle: handle, VisibilityTimeout: seconds };
    expect(await answerOf(run(changeMessageVisibility, queue, input))).toEqual({});
    expect(queue.calls).toEqual([
      { kind: "changeVisibility", changes: [{ position: 5, nonce: 6, visibilityMs: seconds * 1000 }] },
    ]);
  });

  test.each([
    ["gone", gone(handle)],
    ["beyondLimit", beyond(60)],
    ["expired", expired(handle)],
  ] as const)("says what the shard found: %s", async (outcome, message) => {
    const queue = fakeQueue({ outcomes: [outcome] });
    const input = { ReceiptHandle: handle, VisibilityTimeout: 60 };
    expect(await errorOf(run(changeMessageVisibility, queue, input))).toBe(
      `InvalidParameterValue: ${message}`,
    );
  });

  test.each([
    [
      { ReceiptHandle: "garbage", VisibilityTimeout: -1 },
      "InvalidParameterValue: Value -1 for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200.",
    ],
    [
      { ReceiptHandle: handle, VisibilityTimeout: 43_201 },
      "InvalidParameterValue: Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200.",
    ],
    [
      { ReceiptHandle: "garbage", VisibilityTimeout: 1 },
      'ReceiptHandleIsInvalid: The input receipt handle "garbage" is not a valid receipt handle.',
    ],
    [
      { ReceiptHandle: "", VisibilityTimeout: 1 },
      "MissingParameter: The request must contain the parameter ReceiptHandle.",
    ],
  ])("refuses %j without asking the shard", async (input, error) => {
    const queue = fakeQueue({ outcomes: ["changed"] });
    expect(await errorOf(run(changeMessageVisibility, queue, input))).toBe(error);
    expect(queue.calls).toEqual([]);
  });
});

describe("ChangeMessageVisibilityBatch", () => {
  test("asks for the permission of ChangeMessageVisibility", () => {
    expect(changeMessageVisibilityBatch.permission).toBe("sqs:ChangeMessageVisibility");
  });

  test("changes all valid entries with one call, while others fail on their own", async () => {
    const queue = fakeQueue({ outcomes: ["changed", "gone", "beyondLimit", "changed"] });
    const Entries = [
      { Id: "range", ReceiptHandle: handleOf(1), VisibilityTimeout: 43_201 },
      { Id: "ok", ReceiptHandle: handleOf(2), VisibilityTimeout: 43_200 },
      { Id: "bad", ReceiptHandle: "garbage", VisibilityTimeout: 1 },
      { Id: "gone", ReceiptHandle: handleOf(3), VisibilityTimeout: 1 },
      { Id: "none", ReceiptHandle: "", VisibilityTimeout: 1 },
      { Id: "beyond", ReceiptHandle: handleOf(4), VisibilityTimeout: 9 },
      { Id: "zero", ReceiptHandle: handleOf(5) },
      { Id: "below", ReceiptHandle: handleOf(6), VisibilityTimeout: -1 },
    ];
    const failed = (Id: string, Code: string, Message: string) => ({ Id, SenderFault: true, Code, Message });
    const range = (seconds: number): string =>
      `Value ${seconds} for parameter VisibilityTimeout is invalid. ` +
      "Reason: VisibilityTimeout must be an integer between 0 and 43200.";
    expect(await answerOf(run(changeMessageVisibilityBatch, queue, { Entries }))).toEqual({
      Successful: [{ Id: "ok" }, { Id: "zero" }],
      Failed: [
        failed("range", "InvalidParameterValue", range(43_201)),
        failed(
          "bad",
          "ReceiptHandleIsInvalid",
          'The input receipt handle "garbage" is not a valid receipt handle.',
        ),
        failed(
          "none",
          "MissingParameter",
          "The request must contain the parameter ChangeMessageVisibilityBatchRequestEntry.5.ReceiptHandle.",
        ),
        failed("below", "InvalidParameterValue", range(-1)),
        failed("gone", "InvalidParameterValue", gone(handleOf(3))),
        failed("beyond", "InvalidParameterValue", beyond(9)),
      ],
    });
    expect(queue.calls).toEqual([
      {
        kind: "changeVisibility",
        changes: [
          { position: 2, nonce: 3, visibilityMs: 43_200_000 },
          { position: 3, nonce: 4, visibilityMs: 1000 },
          { position: 4, nonce: 5, visibilityMs: 9000 },
          { position: 5, nonce: 6, visibilityMs: 0 },
        ],
      },
    ]);
  });

  test("of a FIFO queue fails by the entry whose handle has expired", async () => {
    const queue = fakeQueue({ outcomes: ["expired", "changed"] });
    const Entries = [
      { Id: "old", ReceiptHandle: handleOf(1), VisibilityTimeout: 9 },
      { Id: "ok", ReceiptHandle: handleOf(2), VisibilityTimeout: 9 },
    ];
    const Message = expired(handleOf(1));
    expect(await answerOf(run(changeMessageVisibilityBatch, queue, { Entries }))).toEqual({
      Successful: [{ Id: "ok" }],
      Failed: [{ Id: "old", SenderFault: true, Code: "InvalidParameterValue", Message }],
    });
  });

  test("in which every entry fails asks nothing of the shard", async () => {
    const queue = fakeQueue({});
    await answerOf(run(changeMessageVisibilityBatch, queue, { Entries: [{ Id: "a", ReceiptHandle: "x" }] }));
    expect(queue.calls).toEqual([]);
  });

  test("is held to the rules of all batches", async () => {
    const entry = { ReceiptHandle: handle, VisibilityTimeout: 1 };
    expect(await errorOf(run(changeMessageVisibilityBatch, fakeQueue({}), { Entries: [] }))).toBe(
      "EmptyBatchRequest: There should be at least one ChangeMessageVisibilityBatchRequestEntry in the request.",
    );
    const twice = {
      Entries: [
        { Id: "a", ...entry },
        { Id: "a", ...entry },
      ],
    };
    expect(await errorOf(run(changeMessageVisibilityBatch, fakeQueue({}), twice))).toBe(
      "BatchEntryIdsNotDistinct: Id a repeated.",
    );
  });
});
