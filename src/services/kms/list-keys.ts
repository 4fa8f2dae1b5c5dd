import { ok } from "../../lib/result.ts";
import { members, required, string, structure } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { authorizeInAccount } from "./authorize-key.ts";
import { keyArn } from "./key-arn.ts";
import { readPage, writePage } from "./page.ts";
import { pageInput, pageOutput } from "./shapes.ts";

/**
 * Lists the keys of the account in the region, by id.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html
 */
export const listKeys = accountAction({
  name: "ListKeys",
  permission: "kms:ListKeys",
  concerns: "askedInRun",
  input: pageInput,
  output: {
    Keys: required(members(structure({ KeyId: required(string), KeyArn: required(string) }))),
    ...pageOutput,
  },
  run: async ({ input, caller, facts, region, nowMs, kms }) => {
    const { account } = caller;
    const request = readPage(input, { max: 1000, usual: 100 });
    if (!request.ok) return request;
    const allowed = authorizeInAccount(caller, { permission: "kms:ListKeys", arn: "*", account }, facts);
    if (!allowed.ok) return allowed;
    const ids = await kms.keys.listKeys({ account, region, nowMs, ...request.value });
    const { page, ...rest } = writePage(ids, request.value, (id) => id);
    return ok({
      Keys: page.map((keyId) => ({ KeyId: keyId, KeyArn: keyArn({ account, region, keyId }) })),
      ...rest,
    });
  },
});
