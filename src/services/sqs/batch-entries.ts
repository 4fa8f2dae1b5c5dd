import type { Result } from "../../lib/result.ts";
import { batchErrorEntry } from "../../queue/error-codes.ts";
import type { SqsError } from "../../queue/errors.ts";
import { boolean, type Infer, optional, required, string, structure } from "../../shapes/shape.ts";

/** Why an entry of a batch failed, while others went through. */
export const batchResultErrorEntry = structure({
  Id: required(string),
  SenderFault: required(boolean),
  Code: required(string),
  Message: optional(string),
});

export type FailedEntry = Infer<typeof batchResultErrorEntry>;

/**
 * Sorts the entries of a batch into those that may go on and those that failed on their own.
 *
 * @param check is told the entry's number too, counted from 1 as SQS prints it.
 */
export function checkEntries<E extends { readonly Id: string }, V>(
  entries: readonly E[],
  check: (entry: E, number: number) => Result<V, SqsError>,
): { readonly valid: readonly { readonly Id: string; readonly value: V }[]; readonly failed: FailedEntry[] } {
  const valid: { Id: string; value: V }[] = [];
  const failed: FailedEntry[] = [];
  entries.forEach((entry, index) => {
    const checked = check(entry, index + 1);
    if (checked.ok) valid.push({ Id: entry.Id, value: checked.value });
    else failed.push(batchErrorEntry(entry.Id, checked.error));
  });
  return { valid, failed };
}
