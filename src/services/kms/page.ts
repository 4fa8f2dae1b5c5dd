import { fromBase64Url, fromUtf8Strict, toBase64Url, utf8 } from "../../lib/bytes.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { check, isWithin } from "./constraints.ts";
import { kmsError } from "./errors.ts";

export interface PageInput {
  readonly Limit?: number | undefined;
  readonly Marker?: string | undefined;
}

/** What of a list has to be read: one item more than the page has, which tells whether there is a next one. */
export interface PageRequest {
  readonly limit: number;
  /** The item to go on after, as `writePage` was told it; empty for the first page. */
  readonly after: string;
}

/**
 * A marker says after which item to go on, and nothing of whose list it is: it is looked up in what the caller may list
 * anyway, so a forged one shows nothing.
 *
 * @returns `ValidationException` or `InvalidMarkerException`
 */
export function readPage(
  { Limit, Marker }: PageInput,
  { max, usual }: { readonly max: number; readonly usual: number },
): Result<PageRequest, ServiceError> {
  const valid = check(isWithin("limit", Limit, { min: 1, max }));
  if (!valid.ok) return valid;
  const limit = (Limit ?? usual) + 1;
  if (Marker === undefined) return ok({ limit, after: "" });
  const bytes = fromBase64Url(Marker);
  const after = bytes && fromUtf8Strict(bytes);
  return after && after.length <= limits.listKeyLength ? ok({ limit, after }) : err(invalidMarker);
}

/**
 * @param items as many as `readPage` asked for, or all that are left
 * @param idOf what to go on after
 */
export function writePage<T>(items: readonly T[], { limit }: PageRequest, idOf: (item: T) => string) {
  const page = items.slice(0, limit - 1);
  const last = page.at(-1);
  const truncated = items.length > page.length && last !== undefined;
  return {
    page,
    Truncated: truncated,
    NextMarker: truncated ? toBase64Url(utf8(idOf(last))) : undefined,
  };
}

export const invalidMarker = kmsError("InvalidMarkerException", "The marker is not one that this list gave.");
