import { describe, expect, test } from "vitest";
import { issueHandle } from "../../../src/queue/receipt-handle.ts";
import { deleteMessage } from "../../../src/services/sqs/delete-message.ts";
import { deleteMessageBatch } from "../../../src/services/sqs/delete-message-batch.ts";
import { answerOf, errorOf, fakeQueue, fifoOf, run, testSettings } from "../../support/fake-queue.ts";

const settings = testSettings();

function handleOf(position: number, shard = 0): string {
  return issueHandle(settings, { shard, epoch: 1, position, nonce: position + 1 });
}

const foreign = issueHandle({ ...settings, uid: "another" }, { shard: 0, epoch: 1, position: 1, nonce: 1 });

describe("DeleteMessage", () => {
  test("deletes the delivery that the handle was given for", async () => {
    const queue = fakeQueue({});
    expect(await answerOf(run(deleteMessage, queue, { ReceiptHandle: handleOf(5) }))).toEqual({});
    expect(queue.calls).toEqual([{ kind: "delete", leases: [{ position: 5, nonce: 6 }] }]);
  });

  test.each(["garbage", foreign, `${handleOf(5)}A`, handleOf(5, 1), "x".repeat(2000)])(
    "refuses what is no handle of this queue: %s",
    async (handle) => {
      const queue = fakeQueue({});
      expect(await errorOf(run(deleteMessage, queue, { ReceiptHandle: handle }))).toBe(
        `ReceiptHandleIsInvalid: The input receipt handle "${handle}" is not a valid receipt handle.`,
      );
      expect(queue.calls).toEqual([]);
    },
  );

  test("an empty handle is a missing one", async () => {
    expect(await errorOf(run(deleteMessage, fakeQueue({}), { ReceiptHandle: "" }))).toBe(
      "MissingParameter: The request must contain the parameter ReceiptHandle.",
    );
  });
});

const expired = (handle: string): string =>
  `Value ${handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`;

describe("DeleteMessage on a FIFO queue", () => {
  test("is told of a handle that has expired", async () => {
    const queue = fakeQueue({ attributes: fifoOf(), deletions: ["expired"] });
    expect(await errorOf(run(deleteMessage, queue, { ReceiptHandle: handleOf(5) }))).toBe(
      `InvalidParameterValue: ${expired(handleOf(5))}`,
    );
  });

  test("is done with a handle that has not", async () => {
    const queue = fakeQueue({ attributes: fifoOf(), deletions: ["deleted"] });
    expect(await answerOf(run(deleteMessage, queue, { ReceiptHandle: handleOf(5) }))).toEqual({});
  });

  test("fails by the entry in a batch", async () => {
    const queue = fakeQueue({ attributes: fifoOf(), deletions: ["deleted", "expired", "deleted"] });
    const Entries = [
      { Id: "a", ReceiptHandle: handleOf(1) },
      { Id: "bad", ReceiptHandle: "garbage" },
      { Id: "old", ReceiptHandle: handleOf(2) },
      { Id: "b", ReceiptHandle: handleOf(3) },
    ];
    expect(await answerOf(run(deleteMessageBatch, queue, { Entries }))).toEqual({
      Successful: [{ Id: "a" }, { Id: "b" }],
      Failed: [
        {
          Id: "bad",
          SenderFault: true,
          Code: "ReceiptHandleIsInvalid",
          Message: 'The input receipt handle "garbage" is not a valid receipt handle.',
        },
        { Id: "old", SenderFault: true, Code: "InvalidParameterValue", Message: expired(handleOf(2)) },
      ],
    });
  });
});

describe("DeleteMessageBatch", () => {
  test("asks for the permission of DeleteMessage", () => {
    expect(deleteMessageBatch.permission).toBe("sqs:DeleteMessage");
  });

  test("deletes all valid entries with one call, while others fail on their own", async () => {
    const queue = fakeQueue({});
    const Entries = [
      { Id: "a", ReceiptHandle: handleOf(1) },
      { Id: "bad", ReceiptHandle: "garbage" },
      { Id: "none", ReceiptHandle: "" },
      { Id: "b", ReceiptHandle: handleOf(2) },
    ];
    expect(await answerOf(run(deleteMessageBatch, queue, { Entries }))).toEqual({
      Successful: [{ Id: "a" }, { Id: "b" }],
      Failed: [
        {
          Id: "bad",
          SenderFault: true,
          Code: "ReceiptHandleIsInvalid",
          Message: 'The input receipt handle "garbage" is not a valid receipt handle.',
        },
        {
          Id: "none",
          SenderFault: true,
          Code: "MissingParameter",
          Message: "The request must contain the parameter DeleteMessageBatchRequestEntry.3.ReceiptHandle.",
        },
      ],
    });
    expect(queue.calls).toEqual([
      {
        kind: "delete",
        leases: [
          { position: 1, nonce: 2 },
          { position: 2, nonce: 3 },
        ],
      },
    ]);
  });

  test("in which every entry fails asks nothing of the shard", async () => {
    const queue = fakeQueue({});
    await answerOf(run(deleteMessageBatch, queue, { Entries: [{ Id: "a", ReceiptHandle: "x" }] }));
    expect(queue.calls).toEqual([]);
  });

  test("takes ten entries, and not eleven", async () => {
    const queue = fakeQueue({});
    const Entries = Array.from({ length: 11 }, (_, index) => ({
      Id: `${index}`,
      ReceiptHandle: handleOf(index),
    }));
    await answerOf(run(deleteMessageBatch, queue, { Entries: Entries.slice(0, 10) }));
    expect(await errorOf(run(deleteMessageBatch, queue, { Entries }))).toBe(
      "TooManyEntriesInBatchRequest: Maximum number of entries per request are 10. You have sent 11.",
    );
    expect(queue.calls).toHaveLength(1);
  });

  test("without entries is refused by its own name", async () => {
    expect(await errorOf(run(deleteMessageBatch, fakeQueue({}), { Entries: [] }))).toBe(
      "EmptyBatchRequest: There should be at least one DeleteMessageBatchRequestEntry in the request.",
    );
  });
});
