import type { Principal } from "./policy/decide.ts";
import type { Policy } from "./policy/document.ts";

/** Who makes a request, and what was found out of it when its signature was checked. */
export interface Caller extends Principal {
  /** Empty for whoever did not sign: an anonymous client, or a service that speaks for itself. */
  readonly accessKeyId: string;
  /** Of a user: `aws:username`. */
  readonly userName?: string;
  /** Of the user or role: `aws:PrincipalTag/…`. */
  readonly tags?: ReadonlyMap<string, string>;
  /** The user's or role's own and attached policies. An account's root needs none. */
  readonly policies: readonly Policy[];
  /** What a session was limited to when it began. */
  readonly sessionPolicies?: readonly Policy[];
  /** Of temporary credentials. */
  readonly tokenIssuedAtMs?: number;
  /** Of temporary credentials: what goes on to those that are made with them. */
  readonly session?: CallerSession;
  /** Of a service: for which resource it speaks, as `aws:SourceArn` and `aws:SourceAccount`. */
  readonly source?: { readonly arn: string; readonly account: string };
}

export interface CallerSession {
  /** The long-lived key at the beginning: every session that came of it ends with it. */
  readonly issuingKeyId: string;
  /** Session tags that the next session of a chain inherits. */
  readonly transitiveTags?: ReadonlyMap<string, string>;
  /** `aws:SourceIdentity`: who began the chain, by their own account; once set it stays. */
  readonly sourceIdentity?: string;
}

/** Nobody: whatever a policy allows to everyone. */
export const anonymous: Caller = {
  kind: "anonymous",
  account: "",
  arn: "",
  userId: "anonymous",
  accessKeyId: "",
  policies: [],
};

/** An account's root. */
export function rootCaller(account: string, accessKeyId: string): Caller {
  return {
    kind: "root",
    account,
    arn: `arn:aws:iam::${account}:root`,
    userId: account,
    accessKeyId,
    policies: [],
  };
}
