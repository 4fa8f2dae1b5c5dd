import { err, ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { openTarget, refusalOf } from "./alias-target.ts";
import { notFound } from "./errors.ts";
import { openAlias } from "./own-alias.ts";

/**
 * Has an alias stand for another key.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdateAlias.html
 */
export const updateAlias = accountAction({
  name: "UpdateAlias",
  permission: "kms:UpdateAlias",
  concerns: "askedInRun",
  input: { AliasName: required(string), TargetKeyId: required(string) },
  output: {},
  run: async ({ input: { AliasName, TargetKeyId }, ...context }) => {
    const alias = await openAlias("kms:UpdateAlias", AliasName, context);
    if (!alias.ok) return alias;
    const key = await openTarget("kms:UpdateAlias", TargetKeyId, context);
    if (!key.ok) return key;
    const { keys } = context.kms;
    const to = { targetKeyId: key.value.keyId, nowMs: context.nowMs };
    if (await keys.updateAlias(alias.value, to)) return ok({});
    const isThere = (await keys.readAlias(alias.value)) !== undefined;
    return err(isThere ? await refusalOf(key.value, context) : notFound({ kind: "alias", ...alias.value }));
  },
});
