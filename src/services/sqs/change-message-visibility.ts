import { assert, err, ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { integer, required, string } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import { readLease } from "./lease.ts";
import { invalidVisibility, isVisibilityInRange, visibilityFault } from "./visibility.ts";

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html */
export const changeMessageVisibility = queueAction({
  name: "ChangeMessageVisibility",
  asksShardFirst: true,
  input: {
    QueueUrl: required(string),
    ReceiptHandle: required(string),
    VisibilityTimeout: required(integer),
  },
  output: {},
  run: async ({ input, queue }) => {
    const { ReceiptHandle: handle, VisibilityTimeout: seconds } = input;
    if (!isVisibilityInRange(seconds)) {
      const { min, max } = limits.visibilitySeconds;
      return err(invalidVisibility(seconds, `Must be between ${min} and ${max}.`));
    }
    const lease = readLease(queue.settings, handle, "ReceiptHandle");
    if (!lease.ok) return lease;
    const { outcomes } = await queue.call({
      kind: "changeVisibility",
      changes: [{ ...lease.value, visibilityMs: seconds * 1000 }],
    });
    const [outcome] = outcomes;
    assert(outcome !== undefined, "a shard answers every change");
    const fault = visibilityFault(outcome, { handle, seconds });
    return fault === undefined ? ok({}) : err(fault);
  },
});
