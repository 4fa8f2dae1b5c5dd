/** Who signed a request. */
export interface Caller {
  readonly account: string;
  /** `arn:aws:iam::{account}:root` or `arn:aws:iam::{account}:user/{name}`. */
  readonly arn: string;
  /** What SenderId shows: the account id for its root, `AIDA…` for a user. */
  readonly principalId: string;
  readonly accessKeyId: string;
}
