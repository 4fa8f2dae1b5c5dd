import { isQueueName } from "./queue-name.ts";

/** What a queue URL says; the region is the request's. */
export interface QueuePath {
  readonly account: string;
  readonly name: string;
}

/** @param baseUrl origin, without a trailing slash */
export function queueUrl(baseUrl: string, queue: QueuePath): string {
  return `${baseUrl}/${queue.account}/${queue.name}`;
}

/**
 * Reads a `QueueUrl` as clients send it: any origin or none, `/{account}/{name}`, or a bare queue name for the
 * caller's own account. Only the last two path segments are believed, so a URL stored before the endpoint
 * moved goes on working.
 *
 * @returns undefined if no queue can have this URL, which SQS answers with QueueDoesNotExist
 */
export function parseQueueUrl(url: string, callerAccount: string): QueuePath | undefined {
  const path = pathOf(url);
  if (path === undefined) return undefined;
  const nameAt = path.lastIndexOf("/") + 1;
  const name = decodeSegment(path.slice(nameAt));
  if (name === undefined || !isQueueName(name)) return undefined;
  if (nameAt === 0) return { account: callerAccount, name };
  const accountAt = path.lastIndexOf("/", nameAt - 2) + 1;
  const account = decodeSegment(path.slice(accountAt, nameAt - 1));
  return account !== undefined && isAccountId(account) ? { account, name } : undefined;
}

/** Twelve digits. */
export function isAccountId(text: string): boolean {
  if (text.length !== 12) return false;
  for (let i = 0; i < 12; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}

/** What follows the origin, without query, fragment and trailing slashes; undefined for a mere origin. */
function pathOf(url: string): string | undefined {
  const scheme = url.indexOf("://");
  const start = scheme === -1 ? 0 : url.indexOf("/", scheme + 3);
  if (start === -1) return undefined;
  let end = url.length;
  for (const mark of ["?", "#"]) {
    const at = url.indexOf(mark, start);
    if (at !== -1 && at < end) end = at;
  }
  while (end > start && url.charCodeAt(end - 1) === 0x2f) end--;
  return url.slice(start, end);
}

function decodeSegment(segment: string): string | undefined {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
