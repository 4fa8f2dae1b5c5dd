import { parseIamArn } from "../../auth/identity.ts";
import { managedPolicy } from "../../auth/managed-policies.ts";
import { parsePolicy } from "../../auth/policy/document.ts";
import { packedPolicyBytes, type Session, type SessionLimits } from "../../auth/session-token.ts";
import type { Principals } from "../../catalog/principals.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { missingText } from "../constraint-text.ts";
import { listProblems, textProblems } from "./constraints.ts";
import { stsError } from "./errors.ts";

export interface PolicyArnInput {
  readonly arn?: string | undefined;
}

export function policyProblems(policy: string | undefined, arns: readonly PolicyArnInput[] = []): string[] {
  return [
    ...textProblems("policy", policy, policyRule),
    ...listProblems("policyArns", arns, limits.sessionPolicyArns),
    ...arns.flatMap(({ arn }, i) => {
      const at = `policyArns.${i + 1}.member.arn`;
      return arn === undefined ? [missingText(at)] : textProblems(at, arn, limits.roleArnLength);
    }),
  ];
}

/**
 * What a session is to be limited to: the inline policy goes into the token without its blanks, managed ones by
 * name.
 *
 * @param asked without `policyProblems`
 * @param account of the role: managed policies are its own or AWS's
 * @returns undefined for a session without limits, or `MalformedPolicyDocument` or `ValidationError`
 */
export async function sessionLimits(
  asked: { readonly policy: string | undefined; readonly arns: readonly PolicyArnInput[] },
  account: string,
  principals: Pick<Principals, "findPolicy">,
): Promise<Result<SessionLimits | undefined, ServiceError>> {
  const { policy } = asked;
  const arns = [...new Set(asked.arns.map(({ arn = "" }) => arn))];
  if (policy === undefined && arns.length === 0) return ok(undefined);
  if (policy !== undefined) {
    const parsed = parsePolicy(policy, "identity");
    if (!parsed.ok) return err(stsError("MalformedPolicyDocument", parsed.error));
  }
  const found = await Promise.all(arns.map((arn) => exists(arn, account, principals)));
  const gone = arns.find((_, i) => !found[i]);
  if (gone !== undefined) {
    return err(stsError("ValidationError", `Policy ${gone} does not exist or is not attachable.`));
  }
  return ok({
    ...(policy !== undefined && { policy: JSON.stringify(JSON.parse(policy)) }),
    ...(arns.length > 0 && { policyArns: arns }),
  });
}

/** How much of what a token has room for is used up, in percent; absent from answers for what has neither. */
export function packedPolicySize(
  session: Pick<Session, "limits" | "tags">,
): Result<number | undefined, ServiceError> {
  if (!session.limits && !session.tags) return ok(undefined);
  const percent = Math.ceil((100 * packedPolicyBytes(session)) / limits.packedPolicyBytes);
  return percent <= 100
    ? ok(percent)
    : err(
        stsError(
          "PackedPolicyTooLarge",
          `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`,
        ),
      );
}

/** The characters that IAM takes in a policy: Latin-1, and of its control characters those that set text apart. */
const policyRule = {
  min: 1,
  max: limits.sessionPolicyLength,
  pattern: /[\t\n\r -\u00ff]+/,
  shown: "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+",
};

async function exists(
  arn: string,
  account: string,
  principals: Pick<Principals, "findPolicy">,
): Promise<boolean> {
  if (managedPolicy(arn) !== undefined) return true;
  const named = parseIamArn(arn, "policy");
  if (named?.account !== account) return false;
  return (await principals.findPolicy(account, named.name))?.arn === arn;
}
