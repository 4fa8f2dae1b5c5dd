import { err, ok } from "../../lib/result.ts";
import { sqsError } from "../../queue/errors.ts";
import { queueUrl } from "../../queue/queue-url.ts";
import { optional, required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";

/**
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueUrl.html
 */
export const getQueueUrl = accountAction({
  name: "GetQueueUrl",
  input: { QueueName: required(string), QueueOwnerAWSAccountId: optional(string) },
  output: { QueueUrl: required(string) },
  run: async ({ input, caller, region, baseUrl, catalog }) => {
    const owner = input.QueueOwnerAWSAccountId ?? caller.account;
    // Not from a copy: the queue may just have been deleted through another isolate.
    const queue =
      owner === caller.account
        ? await catalog.readQueue({ account: owner, region, name: input.QueueName })
        : undefined;
    return queue === undefined ? err(notThere) : ok({ QueueUrl: queueUrl(baseUrl, queue) });
  },
});

/** This action's own text: it does not tell whether another account has such a queue. */
const notThere = sqsError(
  "QueueDoesNotExist",
  "The specified queue does not exist or you do not have access to it.",
);
