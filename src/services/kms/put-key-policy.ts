import { err, ok } from "../../lib/result.ts";
import { boolean, optional, required, string } from "../../shapes/shape.ts";
import { hasLength } from "./constraints.ts";
import { always, changeKey, keyAction } from "./key-action.ts";
import { checkKeyPolicy } from "./key-policy.ts";
import { isPolicyName, noSuchPolicy } from "./policy-name.ts";

/**
 * Replaces the key's policy.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
 */
export const putKeyPolicy = keyAction({
  name: "PutKeyPolicy",
  state: "any",
  input: {
    KeyId: required(string),
    PolicyName: optional(string),
    Policy: required(string),
    BypassPolicyLockoutSafetyCheck: optional(boolean),
  },
  output: {},
  check: ({ Policy }) => [hasLength("policy", Policy, { min: 1, max: Number.MAX_SAFE_INTEGER })],
  conditions: ({ BypassPolicyLockoutSafetyCheck: bypass = false }) => ({
    more: new Map([["kms:bypasspolicylockoutsafetycheck", String(bypass)]]),
  }),
  run: async ({ key, input, ...context }) => {
    if (!isPolicyName(input.PolicyName)) return err(noSuchPolicy);
    const bypassLockoutCheck = input.BypassPolicyLockoutSafetyCheck ?? false;
    const policy = await checkKeyPolicy(input.Policy, { key, bypassLockoutCheck }, context);
    if (!policy.ok) return policy;
    const change = always((current) => ({ ...current, ...policy.value }));
    const changed = await changeKey(key, context, { state: "any", change });
    return changed.ok ? ok({}) : changed;
  },
});
