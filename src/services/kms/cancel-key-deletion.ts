import { ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { always, changeKey, keyAction } from "./key-action.ts";
import { keyArn } from "./key-arn.ts";

/**
 * Takes back the end of a key. It is disabled then, and has to be enabled to be used.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html
 */
export const cancelKeyDeletion = keyAction({
  name: "CancelKeyDeletion",
  state: "pendingDeletion",
  input: { KeyId: required(string) },
  output: { KeyId: required(string) },
  run: async ({ key, ...context }) => {
    const change = always((current) => ({ ...current, state: "Disabled", deletionAtMs: undefined }));
    const changed = await changeKey(key, context, { state: "pendingDeletion", change });
    return changed.ok ? ok({ KeyId: keyArn(key) }) : changed;
  },
});
