import { ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { required, string } from "../../shapes/shape.ts";
import { hasLength } from "./constraints.ts";
import { always, changeKey, keyAction } from "./key-action.ts";

/**
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdateKeyDescription.html
 */
export const updateKeyDescription = keyAction({
  name: "UpdateKeyDescription",
  state: "notPendingDeletion",
  input: { KeyId: required(string), Description: required(string) },
  output: {},
  check: ({ Description }) => [
    hasLength("description", Description, { min: 0, max: limits.kmsDescriptionLength }),
  ],
  run: async ({ key, input: { Description: description }, ...context }) => {
    const change = always((current) => ({ ...current, description }));
    const changed = await changeKey(key, context, { state: "notPendingDeletion", change });
    return changed.ok ? ok({}) : changed;
  },
});
