import { err, ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import { expiredHandle, readLease } from "./lease.ts";

/**
 * Deleting twice is no error, nor is deleting what is gone. A FIFO queue refuses a handle that has expired.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
 */
export const deleteMessage = queueAction({
  name: "DeleteMessage",
  asksShardFirst: true,
  input: { QueueUrl: required(string), ReceiptHandle: required(string) },
  output: {},
  run: async ({ input, queue }) => {
    const lease = readLease(queue.settings, input.ReceiptHandle, "ReceiptHandle");
    if (!lease.ok) return lease;
    const { outcomes } = await queue.call({ kind: "delete", leases: [lease.value] });
    return outcomes?.[0] === "expired" ? err(expiredHandle(input.ReceiptHandle)) : ok({});
  },
});
