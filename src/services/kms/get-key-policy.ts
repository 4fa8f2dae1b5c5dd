import { err, ok } from "../../lib/result.ts";
import { optional, required, string } from "../../shapes/shape.ts";
import { keyAction } from "./key-action.ts";
import { isPolicyName, noSuchPolicy } from "./policy-name.ts";

/**
 * The key's policy, as it was given.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html
 */
export const getKeyPolicy = keyAction({
  name: "GetKeyPolicy",
  state: "any",
  input: { KeyId: required(string), PolicyName: optional(string) },
  output: { Policy: required(string), PolicyName: required(string) },
  run: async ({ key, input: { PolicyName } }) =>
    isPolicyName(PolicyName) ? ok({ Policy: key.policy, PolicyName: "default" }) : err(noSuchPolicy),
});
