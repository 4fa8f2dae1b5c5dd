import { isGone, type KmsKey } from "../../catalog/kms/keys.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ActionError, ServiceError } from "../../queue/errors.ts";
import type { Infer, Members, StructureShape } from "../../shapes/shape.ts";
import { type AccountAction, accountAction, type RequestContext } from "../action.ts";
import { check, isKeyId, type Violation } from "./constraints.ts";
import { checkContext } from "./encryption-context.ts";
import { kmsError, notFound } from "./errors.ts";
import { checkState, type NeededState } from "./key-state.ts";
import { type KeyRequest, type KeyUse, openKey } from "./open-key.ts";

/** An action on the key that its member `KeyId` names: found, authorized and in the state that it has to be in. */
export function keyAction<I extends Members, O extends Members>(declared: {
  /** Also the permission, as `kms:{name}`. */
  readonly name: string;
  /** An alias may name the key. */
  readonly aliases?: true;
  readonly crossAccount?: true;
  readonly fromCopies?: true;
  readonly state: NeededState;
  readonly input: I;
  readonly output: O;
  readonly check?: (input: KeyInput<I>) => readonly Violation[];
  /** What conditions may ask of the request. */
  readonly conditions?: (input: KeyInput<I>) => Pick<KeyUse, "encryptionContext" | "requestTags" | "more">;
  readonly run: (
    context: RequestContext & { readonly input: KeyInput<I>; readonly key: KmsKey },
  ) => Promise<Result<Infer<StructureShape<O>>, ActionError>>;
}): AccountAction {
  const { name, aliases = false, crossAccount = false, fromCopies = false, state } = declared;
  return accountAction({
    name,
    permission: `kms:${name}`,
    concerns: "askedInRun",
    input: declared.input,
    output: declared.output,
    run: async (context) => {
      const input = context.input as KeyInput<I>;
      const valid = check(isKeyId(input.KeyId), ...(declared.check?.(input) ?? []));
      if (!valid.ok) return valid;
      const conditions = declared.conditions?.(input);
      const sane = checkContext(conditions?.encryptionContext);
      if (!sane.ok) return sane;
      const use = { permission: `kms:${name}`, state, crossAccount, fromCopies, ...conditions };
      const key = await openKey(keyRequest(context), { name: input.KeyId, aliases }, use);
      return key.ok ? await declared.run({ ...context, input, key: key.value }) : key;
    },
  });
}

type KeyInput<I extends Members> = Infer<StructureShape<I>> & { readonly KeyId: string };

export function keyRequest(context: RequestContext): KeyRequest {
  const { kms, caller, facts, nowMs, region } = context;
  return { kms, caller, facts, nowMs, home: { account: caller.account, region } };
}

/**
 * Changes a key. It is asked for its state again: it may have changed since it was authorized.
 *
 * @param change is not asked of a key that AWS keeps: whatever its policy says, nobody changes that
 */
export async function changeKey(
  key: KmsKey,
  { kms, nowMs }: Pick<RequestContext, "kms" | "nowMs">,
  { state, change }: { readonly state: NeededState; readonly change: KeyChange },
): Promise<Result<KmsKey, ServiceError>> {
  const changed = await kms.keys.changeKey(key, guarded({ state, nowMs, change }));
  return changed ?? err(notFound({ kind: "key", ...key }));
}

export type KeyChange = (key: KmsKey) => Result<KmsKey, ServiceError>;

/** A change that is refused for keys that must not be changed so. */
export function guarded(to: {
  readonly state: NeededState;
  readonly nowMs: number;
  readonly change: KeyChange;
}): KeyChange {
  return (key) => {
    if (isGone(key, to.nowMs)) return err(notFound({ kind: "key", ...key }));
    if (key.manager === "AWS") {
      return err(kmsError("AccessDeniedException", "A key that is managed by AWS cannot be changed."));
    }
    const inState = checkState(key, to.state);
    return inState.ok ? to.change(key) : inState;
  };
}

/** For changes that cannot be refused. */
export function always(change: (key: KmsKey) => KmsKey): KeyChange {
  return (key) => ok(change(key));
}
