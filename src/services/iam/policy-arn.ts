import type { StoredPolicy } from "../../catalog/identities/policies.ts";

/** Where a managed policy is: in an account, or at AWS. */
export interface PolicyPlace {
  /** 12 digits, or `aws`. */
  readonly owner: string;
  readonly name: string;
}

export function policyArn(policy: Pick<StoredPolicy, "account" | "path" | "name">): string {
  return `arn:aws:iam::${policy.account}:policy${policy.path}${policy.name}`;
}

/** @returns undefined for what is no ARN of a policy */
export function parsePolicyArn(arn: string): PolicyPlace | undefined {
  const [, owner, name] =
    /^arn:aws:iam::(\d{12}|aws):policy\/(?:[!-~]+\/)?([\w+=,.@-]{1,128})$/.exec(arn) ?? [];
  return owner === undefined || name === undefined ? undefined : { owner, name };
}
