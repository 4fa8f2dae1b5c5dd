import { ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { always, changeKey, keyAction } from "./key-action.ts";

/**
 * Lets a key be used again. One that is enabled stays so.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKey.html
 */
export const enableKey = keyAction({
  name: "EnableKey",
  state: "notPendingDeletion",
  input: { KeyId: required(string) },
  output: {},
  run: async ({ key, ...context }) => {
    const change = always((current) => ({ ...current, state: "Enabled" }));
    const changed = await changeKey(key, context, { state: "notPendingDeletion", change });
    return changed.ok ? ok({}) : changed;
  },
});
