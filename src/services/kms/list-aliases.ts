import { isGone } from "../../catalog/kms/keys.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { members, optional, required, string, structure, timestamp } from "../../shapes/shape.ts";
import { accountAction, type RequestContext } from "../action.ts";
import { authorizeInAccount } from "./authorize-key.ts";
import { check, isKeyId } from "./constraints.ts";
import { notFound } from "./errors.ts";
import { aliasArn } from "./key-arn.ts";
import { parseKeyRefWithoutAlias } from "./key-ref.ts";
import { readPage, writePage } from "./page.ts";
import { pageInput, pageOutput } from "./shapes.ts";

/**
 * Lists the aliases of the account in the region, or of one of its keys, by name.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html
 */
export const listAliases = accountAction({
  name: "ListAliases",
  permission: "kms:ListAliases",
  concerns: "askedInRun",
  input: { KeyId: optional(string), ...pageInput },
  output: {
    Aliases: required(
      members(
        structure({
          AliasName: required(string),
          AliasArn: required(string),
          TargetKeyId: required(string),
          CreationDate: required(timestamp),
          LastUpdatedDate: required(timestamp),
        }),
      ),
    ),
    ...pageOutput,
  },
  run: async ({ input, ...context }) => {
    const { caller, facts, region, nowMs, kms } = context;
    const { account } = caller;
    const valid = check(isKeyId(input.KeyId));
    if (!valid.ok) return valid;
    const request = readPage(input, { max: 100, usual: 50 });
    if (!request.ok) return request;
    const allowed = authorizeInAccount(caller, { permission: "kms:ListAliases", arn: "*", account }, facts);
    if (!allowed.ok) return allowed;
    const target = await targetOf(input.KeyId, context);
    if (!target.ok) return target;
    const { targetKeyId } = target.value;
    const found = await kms.keys.listAliases({ account, region, targetKeyId, nowMs, ...request.value });
    const { page, ...rest } = writePage(found, request.value, ({ name }) => name);
    return ok({
      Aliases: page.map((alias) => ({
        AliasName: alias.name,
        AliasArn: aliasArn(alias),
        TargetKeyId: alias.targetKeyId,
        CreationDate: alias.createdAtMs,
        LastUpdatedDate: alias.updatedAtMs,
      })),
      ...rest,
    });
  },
});

/** Keys of other accounts are not told apart from those that are not there. */
async function targetOf(
  name: string | undefined,
  { caller: { account }, region, nowMs, kms }: RequestContext,
): Promise<Result<{ readonly targetKeyId: string | undefined }, ServiceError>> {
  if (name === undefined) return ok({ targetKeyId: undefined });
  const ref = parseKeyRefWithoutAlias(name, { account, region });
  if (!ref.ok) return ref;
  const key = ref.value.kind === "key" ? await kms.keys.readKey(ref.value.keyId) : undefined;
  const isOwn = key?.account === account && ref.value.account === account && key.region === region;
  return isOwn && !isGone(key, nowMs) ? ok({ targetKeyId: key.keyId }) : err(notFound(ref.value));
}
