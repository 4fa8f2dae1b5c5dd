import { decide } from "../../auth/policy/decide.ts";
import { parsePolicy, policyOf } from "../../auth/policy/document.ts";
import { utf8Length } from "../../lib/bytes.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { awsPrincipals } from "../../queue/policy-document.ts";
import type { RequestContext } from "../action.ts";
import { lookUpPrincipals } from "../named-principals.ts";
import { type KeyAccess, keyConditions, keyResource } from "./authorize-key.ts";
import { kmsError } from "./errors.ts";
import type { Home } from "./key-arn.ts";

/**
 * The policy of a key that was made without one: the account's own policies decide.
 *
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
 */
export function defaultKeyPolicy(account: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Id: "key-default-1",
    Statement: [
      {
        Sid: "Enable IAM User Permissions",
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${account}:root` },
        Action: "kms:*",
        Resource: "*",
      },
    ],
  });
}

/** The policy of `alias/aws/sqs`: the account's principals use it through SQS, and nobody changes it. */
export function sqsKeyPolicy({ account, region }: Home): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Id: "auto-sqs-1",
    Statement: [
      {
        Sid: "Allow access through Simple Queue Service (SQS) for all principals in the account that are authorized to use SQS",
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: [
          "kms:Encrypt",
          "kms:Decrypt",
          "kms:ReEncrypt*",
          "kms:GenerateDataKey*",
          "kms:CreateGrant",
          "kms:DescribeKey",
        ],
        Resource: "*",
        Condition: {
          StringEquals: { "kms:CallerAccount": account, "kms:ViaService": `sqs.${region}.amazonaws.com` },
        },
      },
      {
        Sid: "Allow direct access to key metadata to the account",
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${account}:root` },
        Action: ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
        Resource: "*",
      },
    ],
  });
}

/** What is kept of a policy that was checked. */
export interface CheckedPolicy {
  readonly policy: string;
  readonly policyIds: Readonly<Record<string, string>>;
}

/**
 * Checks a policy that is about to be a key's. Unless the caller waives it, the policy has to leave the caller, or the
 * caller's account, able to change it again: there is no other way back to a key that nobody may manage.
 *
 * @param key whose policy it is to be
 * @returns `MalformedPolicyDocumentException` or `LimitExceededException`
 */
export async function checkKeyPolicy(
  text: string,
  { key, bypassLockoutCheck }: { readonly key: KeyAccess["key"]; readonly bypassLockoutCheck: boolean },
  context: Pick<RequestContext, "caller" | "facts" | "catalog" | "rootAccount">,
): Promise<Result<CheckedPolicy, ServiceError>> {
  if (utf8Length(text) > limits.kmsPolicyBytes) {
    return err(
      kmsError(
        "LimitExceededException",
        `A key policy must not be longer than ${limits.kmsPolicyBytes} bytes.`,
      ),
    );
  }
  const parsed = parsePolicy(text, "resource");
  if (!parsed.ok) return malformed(parsed.error);
  const ids = await lookUpPrincipals(awsPrincipals(text), context);
  if (!ids.ok) return malformed("Policy contains a statement with one or more invalid principals.");
  const checked = { policy: text, policyIds: Object.fromEntries(ids.value) };
  if (!bypassLockoutCheck && !staysManageable({ ...key, ...checked }, context)) {
    return malformed("The new key policy will not allow you to update the key policy in the future.");
  }
  return ok(checked);
}

/** What the account's own policies say does not count: they can change at any time. */
function staysManageable(
  key: KeyAccess["key"],
  { caller, facts }: Pick<RequestContext, "caller" | "facts">,
): boolean {
  const access = { permission: "kms:PutKeyPolicy", key };
  const question = {
    principal: caller,
    action: access.permission,
    resource: keyResource(key),
    context: keyConditions(caller, access, facts),
  };
  const resource = policyOf(key.policy, "resource");
  const boundIds = new Map(Object.entries(key.policyIds));
  return decide(question, { identity: [allowsEverything], resource, boundIds }).kind === "allow";
}

const allowsEverything = policyOf(
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] }),
  "identity",
);

function malformed(message: string): Result<never, ServiceError> {
  return err(kmsError("MalformedPolicyDocumentException", message));
}
