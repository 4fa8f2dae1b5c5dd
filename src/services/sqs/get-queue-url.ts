import { err, ok } from "../../lib/result.ts";
import { sqsError } from "../../queue/errors.ts";
import { isQueueName } from "../../queue/queue-name.ts";
import { isAccountId, queueUrl } from "../../queue/queue-url.ts";
import { optional, required, string } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";

/** This action's own text: it does not tell whether another account has such a queue. */
const notThere = sqsError(
  "QueueDoesNotExist",
  "The specified queue does not exist or you do not have access to it.",
);

/**
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueUrl.html
 */
export const getQueueUrl = queueAction({
  name: "GetQueueUrl",
  input: { QueueName: required(string), QueueOwnerAWSAccountId: optional(string) },
  output: { QueueUrl: required(string) },
  locate: ({ QueueName: name, QueueOwnerAWSAccountId: account }, { caller, region }) => {
    const owner = account ?? caller.account;
    return isQueueName(name) && isAccountId(owner) ? ok({ account: owner, region, name }) : err(notThere);
  },
  missing: notThere,
  deniedToOthers: notThere,
  run: async ({ queue, baseUrl }) => ok({ QueueUrl: queueUrl(baseUrl, queue.settings) }),
});
