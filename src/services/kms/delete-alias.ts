import { ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { openAlias } from "./own-alias.ts";

/**
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_DeleteAlias.html
 */
export const deleteAlias = accountAction({
  name: "DeleteAlias",
  permission: "kms:DeleteAlias",
  concerns: "askedInRun",
  input: { AliasName: required(string) },
  output: {},
  run: async ({ input: { AliasName }, ...context }) => {
    const alias = await openAlias("kms:DeleteAlias", AliasName, context);
    if (!alias.ok) return alias;
    await context.kms.keys.deleteAlias(alias.value);
    return ok({});
  },
});
