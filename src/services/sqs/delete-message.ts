import { ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import { readLease } from "./lease.ts";

/**
 * Deleting twice is no error, nor is deleting what is gone.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
 */
export const deleteMessage = queueAction({
  name: "DeleteMessage",
  input: { QueueUrl: required(string), ReceiptHandle: required(string) },
  output: {},
  run: async ({ input, queue }) => {
    const lease = readLease(queue.settings, input.ReceiptHandle, "ReceiptHandle");
    if (!lease.ok) return lease;
    await queue.call({ kind: "delete", leases: [lease.value] });
    return ok({});
  },
});
