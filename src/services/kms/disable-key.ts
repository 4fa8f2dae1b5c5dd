import { ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { always, changeKey, keyAction } from "./key-action.ts";

/**
 * Keeps a key from being used. What it encrypted waits until it is enabled again.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_DisableKey.html
 */
export const disableKey = keyAction({
  name: "DisableKey",
  state: "notPendingDeletion",
  input: { KeyId: required(string) },
  output: {},
  run: async ({ key, ...context }) => {
    const change = always((current) => ({ ...current, state: "Disabled" }));
    const changed = await changeKey(key, context, { state: "notPendingDeletion", change });
    return changed.ok ? ok({}) : changed;
  },
});
