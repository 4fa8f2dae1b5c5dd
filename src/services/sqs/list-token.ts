import { fromBase64Url, fromUtf8Strict, toBase64Url, utf8 } from "../../lib/bytes.ts";
import { isQueueName } from "../../queue/queue-name.ts";

/** Whose list it is. */
export interface ListOwner {
  readonly account: string;
  readonly region: string;
}

/**
 * Where a listing goes on: after this name, in this account and region. It holds nothing that its account
 * could not see, so it is not signed; one from elsewhere is refused so that nobody pages through the wrong list.
 */
export function writeListToken(owner: ListOwner, afterName: string): string {
  return toBase64Url(utf8([VERSION, owner.account, owner.region, afterName].join("/")));
}

/** The name to go on after; undefined if the token was not written for this owner. */
export function readListToken(token: string, owner: ListOwner): string | undefined {
  const bytes = fromBase64Url(token);
  const text = bytes && fromUtf8Strict(bytes);
  const prefix = `${VERSION}/${owner.account}/${owner.region}/`;
  if (text === undefined || !text.startsWith(prefix)) return undefined;
  const name = text.slice(prefix.length);
  return isQueueName(name) ? name : undefined;
}

const VERSION = "1";
