import { err, ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { checkAliasName } from "./alias-name.ts";
import { authorizeAlias, openTarget, refusalOf } from "./alias-target.ts";
import { kmsError } from "./errors.ts";
import { aliasArn } from "./key-arn.ts";

/**
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
 */
export const createAlias = accountAction({
  name: "CreateAlias",
  permission: "kms:CreateAlias",
  concerns: "askedInRun",
  input: { AliasName: required(string), TargetKeyId: required(string) },
  output: {},
  run: async ({ input: { AliasName: name, TargetKeyId }, ...context }) => {
    const valid = checkAliasName(name);
    if (!valid.ok) return valid;
    const allowed = authorizeAlias("kms:CreateAlias", name, context);
    if (!allowed.ok) return allowed;
    const key = await openTarget("kms:CreateAlias", TargetKeyId, context);
    if (!key.ok) return key;
    const { account, region, keyId: targetKeyId } = key.value;
    const { nowMs, kms } = context;
    const alias = { account, region, name, targetKeyId, createdAtMs: nowMs, updatedAtMs: nowMs };
    switch (await kms.keys.createAlias(alias)) {
      case "created":
        return ok({});
      case "exists":
        return err(
          kmsError("AlreadyExistsException", `An alias with the name ${aliasArn(alias)} already exists`),
        );
      case "refused":
        return err(await refusalOf(key.value, context));
    }
  },
});
