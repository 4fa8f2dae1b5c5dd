import { err, ok } from "../../lib/result.ts";
import { queueDoesNotExist } from "../../queue/errors.ts";
import { integer, list, optional, required, string } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import { readPage, writePage } from "./list-page.ts";

/**
 * Lists the queues that send their dead letters to this one, by name.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListDeadLetterSourceQueues.html
 */
export const listDeadLetterSourceQueues = queueAction({
  name: "ListDeadLetterSourceQueues",
  input: {
    QueueUrl: required(string),
    MaxResults: optional(integer),
    NextToken: optional(string),
  },
  output: {
    // Spelled so in SQS's model, and part of the answer even when there are none.
    queueUrls: required(list(string, { queryName: "QueueUrl", keepEmpty: true })),
    NextToken: optional(string),
  },
  run: async ({ input, queue, baseUrl, catalog }) => {
    const owner = queue.settings;
    const page = readPage(input, owner);
    if (!page.ok) return page;
    const names = await catalog.deadLetterSources(owner, page.value);
    if (names === undefined) return err(queueDoesNotExist);
    const { urls, token } = writePage(input, { owner, baseUrl, names });
    return ok({ queueUrls: urls, NextToken: token });
  },
});
