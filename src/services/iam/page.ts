import type { PageRequest } from "../../catalog/identities/owner.ts";
import { fromBase64Url, fromUtf8Strict, toBase64Url, utf8 } from "../../lib/bytes.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { boolean, integer, optional, required, string } from "../../shapes/shape.ts";
import { type Check, constraints } from "./constraints.ts";
import { iamErrors } from "./errors.ts";

/** How clients ask for one page of a list, and how it ends. */
export const pageInput = { Marker: optional(string), MaxItems: optional(integer) };
export const pageOutput = { IsTruncated: required(boolean), Marker: optional(string) };

export interface PageInput {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

/** Which list: an action, and what of the account it lists. */
export interface ListName {
  readonly account: string;
  readonly action: string;
  /** Of whose things, where they belong to something. */
  readonly of?: string;
}

export function pageChecks({ MaxItems }: PageInput): readonly Check[] {
  return [["maxItems", MaxItems, constraints.maxItems]];
}

/** @returns one item more than the page has is to be read: it tells whether there is a next one */
export function readPage(input: PageInput, list: ListName): Result<PageRequest, ServiceError> {
  const after = input.Marker === undefined ? "" : readMarker(input.Marker, list);
  if (after === undefined) return err(iamErrors.validation("Invalid Marker."));
  return ok({ after, limit: (input.MaxItems ?? limits.iamPage.default) + 1 });
}

/** @param found as many as were asked for with `readPage`, or all that are left */
export function writePage<T>(
  { limit }: PageRequest,
  found: readonly T[],
  marker: { readonly list: ListName; readonly keyOf: (item: T) => string },
): { readonly items: readonly T[]; readonly IsTruncated: boolean; readonly Marker: string | undefined } {
  const items = found.slice(0, limit - 1);
  const last = items.at(-1);
  const truncated = found.length > items.length && last !== undefined;
  return {
    items,
    IsTruncated: truncated,
    Marker: truncated ? writeMarker(marker.list, marker.keyOf(last)) : undefined,
  };
}

/**
 * A marker says after which item its list goes on, and which list that is. It is no key to anything: every look-up
 * names the caller's account beside it. One of another list is refused, so that nobody pages through the wrong one.
 */
function writeMarker(list: ListName, after: string): string {
  return toBase64Url(utf8(`${prefixOf(list)}${after}`));
}

function readMarker(marker: string, list: ListName): string | undefined {
  const bytes = fromBase64Url(marker);
  const text = bytes && fromUtf8Strict(bytes);
  const prefix = prefixOf(list);
  const after = text?.startsWith(prefix) ? text.slice(prefix.length) : "";
  return after !== "" && after.length <= limits.listKeyLength ? after : undefined;
}

function prefixOf({ account, action, of = "" }: ListName): string {
  return `1\n${account}\n${action}\n${of}\n`;
}
