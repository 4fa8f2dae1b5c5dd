import { accessDenied, authorize } from "../../auth/authorize.ts";
import type { Caller } from "../../auth/caller.ts";
import { type ConditionContext, decide } from "../../auth/policy/decide.ts";
import { policyOf } from "../../auth/policy/document.ts";
import { conditionsOf, type RequestFacts, type RequestTags } from "../../auth/request-facts.ts";
import type { KmsKey } from "../../catalog/kms/keys.ts";
import type { EncryptionContext } from "../../encryption/kms-ciphertext.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { kmsError } from "./errors.ts";
import { keyArn } from "./key-arn.ts";

/** Something that somebody wants to do with a key. */
export interface KeyAccess {
  /** `kms:Decrypt` */
  readonly permission: string;
  readonly key: Pick<KmsKey, "account" | "region" | "keyId" | "policy" | "policyIds" | "tags" | "aliases">;
  /** How a denial names the key; its ARN, unless the caller is not to learn it. */
  readonly shownAs?: string | undefined;
  readonly encryptionContext?: EncryptionContext | undefined;
  /** The alias that the request named the key by, if it did: `alias/orders`. */
  readonly requestAlias?: string | undefined;
  /** The service through which the caller uses the key: `sqs.us-east-1.amazonaws.com`. */
  readonly viaService?: string | undefined;
  readonly requestTags?: RequestTags | undefined;
  /** Condition keys of one operation, in lower case. */
  readonly more?: ReadonlyMap<string, string> | undefined;
}

/**
 * May the caller use the key so? A key's policy comes first: what it does not allow the caller, the caller's own
 * policies allow only if it allows the caller's account; to the key's own account and its root this applies as well.
 * A denial by any policy holds.
 *
 * @returns `AccessDeniedException`
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
 */
export function authorizeKey(
  caller: Caller,
  access: KeyAccess,
  facts: RequestFacts,
): Result<void, ServiceError> {
  const { permission, key, shownAs } = access;
  const resource = keyResource(key);
  const question = {
    principal: caller,
    action: permission,
    resource,
    context: keyConditions(caller, access, facts),
  };
  const policies = {
    identity: caller.policies,
    ...(caller.sessionPolicies && { session: caller.sessionPolicies }),
    resource: policyOf(key.policy, "resource"),
    boundIds: new Map(Object.entries(key.policyIds)),
  };
  // KMS knows nobody who does not sign, not even where a policy says everybody.
  const verdict = caller.kind === "anonymous" ? unsigned : decide(question, policies);
  if (verdict.kind === "allow") return ok(undefined);
  const shown = { permission, resource: { ...resource, arn: shownAs ?? resource.arn } };
  return err(denied(accessDenied(caller, shown, verdict).message));
}

export interface AccountAccess {
  readonly permission: string;
  /** `*`, or the ARN of an alias. */
  readonly arn: string;
  readonly account: string;
  readonly requestTags?: RequestTags | undefined;
  /** Condition keys of one operation, in lower case. */
  readonly more?: ReadonlyMap<string, string>;
}

/** May the caller do what is about no key? The caller's own policies decide. @returns `AccessDeniedException` */
export function authorizeInAccount(
  caller: Caller,
  { permission, arn, account, requestTags, more }: AccountAccess,
  facts: RequestFacts,
): Result<void, ServiceError> {
  const ofKms = new Map([["kms:calleraccount", caller.account], ...(more ?? [])]);
  const allowed = authorize(
    caller,
    { permission, resource: { arn, account }, requestTags, more: ofKms },
    facts,
  );
  return allowed.ok ? allowed : err(denied(allowed.error.message));
}

export function keyResource(key: Pick<KmsKey, "account" | "region" | "keyId">) {
  return { arn: keyArn(key), account: key.account };
}

/**
 * The condition keys of KMS, beside those that every service knows.
 *
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
 */
export function keyConditions(caller: Caller, access: KeyAccess, facts: RequestFacts): ConditionContext {
  const { key, encryptionContext = new Map(), requestAlias, viaService, more } = access;
  const common = conditionsOf(caller, facts, { resourceTags: key.tags, requestTags: access.requestTags });
  return {
    get(name) {
      if (name.startsWith(CONTEXT_PREFIX))
        return contextValue(encryptionContext, name.slice(CONTEXT_PREFIX.length));
      switch (name) {
        case "kms:encryptioncontextkeys":
          return encryptionContext.size === 0 ? undefined : Array.from(encryptionContext.keys());
        case "kms:resourcealiases":
          return key.aliases;
        case "kms:requestalias":
          return requestAlias === undefined ? undefined : [requestAlias];
        case "kms:viaservice":
          return viaService === undefined ? undefined : [viaService];
        case "kms:calleraccount":
          return caller.account === "" ? undefined : [caller.account];
        case "aws:viaawsservice":
          return [String(viaService !== undefined && caller.kind !== "service")];
      }
      const value = more?.get(name) ?? ofEveryKey.get(name);
      return value === undefined ? common.get(name) : [value];
    },
  };
}

const CONTEXT_PREFIX = "kms:encryptioncontext:";

/** All keys are of one kind here. */
const ofEveryKey: ReadonlyMap<string, string> = new Map([
  ["kms:keyspec", "SYMMETRIC_DEFAULT"],
  ["kms:customermasterkeyspec", "SYMMETRIC_DEFAULT"],
  ["kms:keyusage", "ENCRYPT_DECRYPT"],
  ["kms:customermasterkeyusage", "ENCRYPT_DECRYPT"],
  ["kms:keyorigin", "AWS_KMS"],
  ["kms:multiregion", "false"],
]);

/** Names of condition keys are told apart by no case; no context has two keys that differ by it alone. */
function contextValue(context: EncryptionContext, name: string): readonly string[] | undefined {
  for (const [key, value] of context) if (key.toLowerCase() === name) return [value];
  return undefined;
}

const unsigned = { kind: "deny", reason: "implicit", by: "resource" } as const;

function denied(message: string): ServiceError {
  return kmsError("AccessDeniedException", message);
}
