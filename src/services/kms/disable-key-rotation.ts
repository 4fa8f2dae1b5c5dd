import { ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { always, changeKey, keyAction } from "./key-action.ts";

/**
 * Ends a key's rotation by itself. What its former material encrypted stays readable.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_DisableKeyRotation.html
 */
export const disableKeyRotation = keyAction({
  name: "DisableKeyRotation",
  state: "enabled",
  input: { KeyId: required(string) },
  output: {},
  run: async ({ key, ...context }) => {
    const change = always((current) => ({ ...current, rotation: undefined }));
    const changed = await changeKey(key, context, { state: "enabled", change });
    return changed.ok ? ok({}) : changed;
  },
});
