import { err, ok } from "../../lib/result.ts";
import { checkBatch } from "../../queue/batch.ts";
import { batchErrorEntry } from "../../queue/error-codes.ts";
import { list, optional, required, string, structure } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import { batchResultErrorEntry, checkEntries } from "./batch-entries.ts";
import { expiredHandle, readLease } from "./lease.ts";

const ENTRY = "DeleteMessageBatchRequestEntry";

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html */
export const deleteMessageBatch = queueAction({
  name: "DeleteMessageBatch",
  asksShardFirst: true,
  permission: "sqs:DeleteMessage",
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
    const { valid, failed } = checkEntries(input.Entries, ({ ReceiptHandle: handle }, number) => {
      const lease = readLease(queue.settings, handle, `${ENTRY}.${number}.ReceiptHandle`);
      return lease.ok ? ok({ handle, lease: lease.value }) : lease;
    });
    if (valid.length === 0) return ok({ Successful: [], Failed: failed });

    const leases = valid.map(({ value }) => value.lease);
    const { outcomes } = await queue.call({ kind: "delete", leases });
    const deleted: { Id: string }[] = [];
    valid.forEach(({ Id, value }, index) => {
      if (outcomes?.[index] === "expired") failed.push(batchErrorEntry(Id, expiredHandle(value.handle)));
      else deleted.push({ Id });
    });
    return ok({ Successful: deleted, Failed: failed });
  },
});
