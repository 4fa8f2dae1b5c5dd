import { err, ok } from "../../lib/result.ts";
import { checkBatch } from "../../queue/batch.ts";
import { list, optional, required, string, structure } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import { batchResultErrorEntry, checkEntries } from "./batch-entries.ts";
import { readLease } from "./lease.ts";

const ENTRY = "DeleteMessageBatchRequestEntry";

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html */
export const deleteMessageBatch = queueAction({
  name: "DeleteMessageBatch",
  permission: "DeleteMessage",
  input: {
    QueueUrl: required(string),
    Entries: required(
      list(structure({ Id: required(string), ReceiptHandle: required(string) }), { queryName: ENTRY }),
    ),
  },
  output: {
    Successful: optional(
      list(structure({ Id: required(string) }), { queryName: "DeleteMessageBatchResultEntry" }),
    ),
    Failed: optional(list(batchResultErrorEntry, { queryName: "BatchResultErrorEntry" })),
  },
  run: async ({ input, queue }) => {
    const fault = checkBatch(ENTRY, input.Entries);
    if (fault !== undefined) return err(fault);
    const { valid, failed } = checkEntries(input.Entries, (entry, number) =>
      readLease(queue.settings, entry.ReceiptHandle, `${ENTRY}.${number}.ReceiptHandle`),
    );
    if (valid.length > 0) await queue.call({ kind: "delete", leases: valid.map(({ value }) => value) });
    return ok({ Successful: valid.map(({ Id }) => ({ Id })), Failed: failed });
  },
});
