import { err, ok } from "../../lib/result.ts";
import { invalidParameter } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { queueUrl } from "../../queue/queue-url.ts";
import { integer, optional, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { readListToken, writeListToken } from "./list-token.ts";
import { queueUrls } from "./queue-shapes.ts";

/**
 * Lists queues by name. A client that names no page size gets one page and no way to the next: SQS keeps the
 * answer of its first API version.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueues.html
 */
export const listQueues = accountAction({
  name: "ListQueues",
  onlyAtRoot: true,
  input: {
    QueueNamePrefix: optional(string),
    MaxResults: optional(integer),
    NextToken: optional(string),
  },
  output: { QueueUrls: optional(queueUrls), NextToken: optional(string) },
  run: async ({ input, caller, region, baseUrl, catalog }) => {
    const pageSize = input.MaxResults ?? limits.listPage;
    if (pageSize < 1 || pageSize > limits.listPage) {
      return err(
        invalidParameter(
          "Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 1000.",
        ),
      );
    }
    const owner = { account: caller.account, region };
    const afterName = input.NextToken === undefined ? undefined : readListToken(input.NextToken, owner);
    if (afterName === undefined && input.NextToken !== undefined) {
      return err(invalidParameter("Invalid or expired next token."));
    }
    // One more than the page tells whether there is a next one.
    const names = await catalog.listQueues({
      ...owner,
      prefix: input.QueueNamePrefix,
      limit: pageSize + 1,
      afterName,
    });
    const page = names.slice(0, pageSize);
    const last = page.at(-1);
    const more = input.MaxResults !== undefined && names.length > pageSize && last !== undefined;
    return ok({
      QueueUrls: page.map((name) => queueUrl(baseUrl, { account: caller.account, name })),
      NextToken: more ? writeListToken(owner, last) : undefined,
    });
  },
});
