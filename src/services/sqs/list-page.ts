import { err, ok, type Result } from "../../lib/result.ts";
import { invalidParameter, type SqsError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { queueUrl } from "../../queue/queue-url.ts";
import { type ListOwner, readListToken, writeListToken } from "./list-token.ts";

/** How clients ask for one page of a list of queues. */
export interface PageInput {
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

/** What of the list has to be read: one name more than the page has, which tells whether there is a next one. */
export interface PageRequest {
  readonly limit: number;
  readonly afterName: string | undefined;
}

export function readPage(input: PageInput, owner: ListOwner): Result<PageRequest, SqsError> {
  const pageSize = pageSizeOf(input);
  if (pageSize < 1 || pageSize > limits.listPage) {
    return err(
      invalidParameter(
        "Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 1000.",
      ),
    );
  }
  const afterName = input.NextToken === undefined ? undefined : readListToken(input.NextToken, owner);
  if (afterName === undefined && input.NextToken !== undefined) {
    return err(invalidParameter("Invalid or expired next token."));
  }
  return ok({ limit: pageSize + 1, afterName });
}

/**
 * The answer's URLs and token. A client that names no page size gets one page and no way to the next: SQS keeps
 * the answer of its first API version.
 *
 * @param names as many as were asked for with `readPage`, or all that are left
 */
export function writePage(
  input: PageInput,
  { owner, baseUrl, names }: { owner: ListOwner; baseUrl: string; names: readonly string[] },
): { readonly urls: readonly string[]; readonly token: string | undefined } {
  const page = names.slice(0, pageSizeOf(input));
  const last = page.at(-1);
  const more = input.MaxResults !== undefined && names.length > page.length && last !== undefined;
  return {
    urls: page.map((name) => queueUrl(baseUrl, { account: owner.account, name })),
    token: more ? writeListToken(owner, last) : undefined,
  };
}

function pageSizeOf({ MaxResults }: PageInput): number {
  return MaxResults ?? limits.listPage;
}
