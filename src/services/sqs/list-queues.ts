import { ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { integer, optional, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { readPage, writePage } from "./list-page.ts";
import { queueUrls } from "./queue-shapes.ts";

/**
 * Lists queues by name.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueues.html
 */
export const listQueues = accountAction({
  name: "ListQueues",
  onlyAtRoot: true,
  // SQS knows no permission to list some queues.
  concerns: (_, { caller: { account } }) => ({ resource: { arn: "*", account } }),
  input: {
    QueueNamePrefix: optional(string),
    MaxResults: optional(integer),
    NextToken: optional(string),
  },
  output: { QueueUrls: optional(queueUrls), NextToken: optional(string) },
  run: async ({ input, caller, region, baseUrl, catalog }) => {
    const owner = { account: caller.account, region };
    const page = readPage(input, owner);
    if (!page.ok) return page;
    // No name begins with more than a name has, however much more: D1 fails for a text of 2 MB.
    const prefix = input.QueueNamePrefix?.slice(0, limits.queueNameLength + 1);
    const names = await catalog.listQueues({ ...owner, ...page.value, prefix });
    const { urls, token } = writePage(input, { owner, baseUrl, names });
    return ok({ QueueUrls: urls, NextToken: token });
  },
});
