import type { StoredPolicy } from "../../catalog/identities/policies.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ActionError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import type { RequestContext } from "../action.ts";
import { iamErrors } from "./errors.ts";
import { storedTags, type Tag, tagsOf } from "./tags.ts";

/** A user, role or policy, as far as its tags are concerned. */
export type Tagged = { readonly kind: "user" | "role" | "policy" } & Pick<
  StoredPolicy,
  "account" | "name" | "id" | "tags"
>;

/** A change of tags that reads them first; it tries again when somebody else changes them in between. */
export async function changeTags(
  { identities }: Pick<RequestContext, "identities">,
  {
    tagged: found,
    change,
    again,
  }: {
    readonly tagged: Tagged;
    readonly change: (tags: readonly Tag[]) => readonly Tag[];
    /** Looks the same one up by its name, or says that it is missing. */
    readonly again: () => Promise<Result<Tagged, ActionError>>;
  },
): Promise<Result<Record<never, never>, ActionError>> {
  let tagged = found;
  for (let attempt = 0; attempt < limits.tagAttempts; attempt++) {
    const tags = change(tagsOf(tagged.tags));
    if (tags.length > limits.tags) return err(iamErrors.tooManyTags);
    if (await identities.changeTags(tagged, { from: tagged.tags, to: storedTags(tags) })) return ok({});
    const now = await again();
    if (!now.ok) return now;
    // Another one of the same name, which nobody has asked about.
    if (now.value.id !== found.id) break;
    tagged = now.value;
  }
  return err(iamErrors.concurrentChange);
}
