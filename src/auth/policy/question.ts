/** Who asks, as policies see it. */
export interface Principal {
  readonly kind: "root" | "user" | "role" | "federated" | "service" | "anonymous";
  /** 12 digits; empty for a service and for an anonymous caller, who belong to no account. */
  readonly account: string;
  /**
   * `arn:aws:iam::1:root`, `arn:aws:iam::1:user/path/name`, `arn:aws:sts::1:assumed-role/Role/session`,
   * `arn:aws:sts::1:federated-user/name`; empty for an anonymous caller. Of a caller whom an identity provider
   * vouches for and who has no account yet: what `{"Federated": …}` names the provider by.
   */
  readonly arn: string;
  /** Of a role session: `arn:aws:iam::1:role/path/Role`. */
  readonly roleArn?: string;
  /** Of a service: `sns.amazonaws.com`. */
  readonly service?: string;
  /** `AIDA…`, `AROA…:session`, the account id for its root. */
  readonly userId: string;
}

/** What the request says of itself. */
export interface ConditionContext {
  /** @param key in lower case, whatever its canonical spelling */
  get(key: string): readonly string[] | undefined;
}

export interface AccessQuestion {
  readonly principal: Principal;
  /** `sqs:SendMessage`. */
  readonly action: string;
  /** The ARN is `*` for an action without a resource; the account is that of whoever owns it. */
  readonly resource: { readonly arn: string; readonly account: string };
  readonly context: ConditionContext;
}

export type Effect = "Allow" | "Deny";
