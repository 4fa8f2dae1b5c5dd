import { assert, err, ok } from "../../lib/result.ts";
import { checkBatch } from "../../queue/batch.ts";
import { batchErrorEntry } from "../../queue/error-codes.ts";
import { limits } from "../../queue/limits.ts";
import { integer, list, optional, required, string, structure } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import { batchResultErrorEntry, checkEntries } from "./batch-entries.ts";
import { readLease } from "./lease.ts";
import { invalidVisibility, isVisibilityInRange, visibilityFault } from "./visibility.ts";

const ENTRY = "ChangeMessageVisibilityBatchRequestEntry";

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html */
export const changeMessageVisibilityBatch = queueAction({
  name: "ChangeMessageVisibilityBatch",
  asksShardFirst: true,
  permission: "sqs:ChangeMessageVisibility",
  input: {
    QueueUrl: required(string),
    Entries: required(
      list(
        structure({
          Id: required(string),
          ReceiptHandle: required(string),
          VisibilityTimeout: optional(integer),
        }),
        { queryName: ENTRY },
      ),
    ),
  },
  output: {
    Successful: optional(
      list(structure({ Id: required(string) }), { queryName: "ChangeMessageVisibilityBatchResultEntry" }),
    ),
    Failed: optional(list(batchResultErrorEntry, { queryName: "BatchResultErrorEntry" })),
  },
  run: async ({ input, queue }) => {
    const fault = checkBatch(ENTRY, input.Entries);
    if (fault !== undefined) return err(fault);
    const { valid, failed } = checkEntries(input.Entries, (entry, number) => {
      // Absent is 0: the Go SDK leaves zeros out of the request.
      const { ReceiptHandle: handle, VisibilityTimeout: seconds = 0 } = entry;
      if (!isVisibilityInRange(seconds)) {
        const { min, max } = limits.visibilitySeconds;
        const reason = `VisibilityTimeout must be an integer between ${min} and ${max}.`;
        return err(invalidVisibility(seconds, reason));
      }
      const lease = readLease(queue.settings, handle, `${ENTRY}.${number}.ReceiptHandle`);
      return lease.ok ? ok({ handle, seconds, lease: lease.value }) : lease;
    });
    if (valid.length === 0) return ok({ Successful: [], Failed: failed });

    const { outcomes } = await queue.call({
      kind: "changeVisibility",
      changes: valid.map(({ value }) => ({ ...value.lease, visibilityMs: value.seconds * 1000 })),
    });
    assert(outcomes.length === valid.length, "a shard answers every change");
    const changed: { Id: string }[] = [];
    valid.forEach(({ Id, value }, index) => {
      const fault = visibilityFault(outcomes[index] ?? "gone", value);
      if (fault === undefined) changed.push({ Id });
      else failed.push(batchErrorEntry(Id, fault));
    });
    return ok({ Successful: changed, Failed: failed });
  },
});
