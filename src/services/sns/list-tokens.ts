import type { SubscriptionId } from "../../catalog/subscription-rows.ts";
import type { TopicId } from "../../catalog/topic-rows.ts";
import { fromBase64Url, fromUtf8Strict, toBase64Url, utf8 } from "../../lib/bytes.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { invalidParameter } from "./errors.ts";

/** Whose list it is. */
export interface ListOwner {
  readonly account: string;
  readonly region: string;
}

/**
 * Where a listing goes on: behind these words, which name its last entry. The token says whose list it is of, so that
 * nobody pages through the wrong one; what is listed the caller's permission decides anew.
 */
export function writeListToken(list: string, owner: ListOwner, after: readonly string[]): string {
  return toBase64Url(utf8([VERSION, list, owner.account, owner.region, ...after].join("/")));
}

/** The words to go on behind, as many as are asked for; all empty without a token. */
export function readListToken(
  token: string | undefined,
  { list, owner, words }: { readonly list: string; readonly owner: ListOwner; readonly words: number },
): Result<readonly string[], ServiceError> {
  if (token === undefined || token === "") return ok(Array<string>(words).fill(""));
  const bytes = fromBase64Url(token);
  const text = (bytes && fromUtf8Strict(bytes)) ?? "";
  const prefix = `${[VERSION, list, owner.account, owner.region].join("/")}/`;
  const after = text.slice(prefix.length).split("/");
  const isLong = text.length > prefix.length + limits.listKeyLength;
  const isOfList = text.startsWith(prefix) && !isLong && after.length === words && !after.includes("");
  return isOfList ? ok(after) : err(invalidParameter("NextToken"));
}

/** A page of what was read with `limit + 1` entries, and where the next one begins. */
export function pageOf<T>(
  entries: readonly T[],
  tokenAfter: (last: T) => string,
): { readonly page: readonly T[]; readonly nextToken: string | undefined } {
  const page = entries.slice(0, limits.snsListPage);
  const last = page.at(-1);
  const isMore = entries.length > page.length && last !== undefined;
  return { page, nextToken: isMore ? tokenAfter(last) : undefined };
}

/** The words that name a subscription among those of its owner, in the order of the list. */
export function subscriptionWords({ topic, id }: SubscriptionId): readonly string[] {
  return [topic.account, topic.name, id];
}

export function subscriptionOfWords(
  [account = "", name = "", id = ""]: readonly string[],
  region: TopicId["region"],
): SubscriptionId | undefined {
  return id === "" ? undefined : { topic: { account, region, name }, id };
}

const VERSION = "1";
