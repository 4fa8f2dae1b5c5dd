import { type Err, err } from "../../../lib/result.ts";

/**
 * Why a delivery is not taken, and so what SNS is to be told:
 *
 * - `InvalidMessage`: it can never be taken. Answered with 400, SNS does not repeat it.
 * - `NotAuthentic`: nothing shows that SNS sent it. 403, not repeated either.
 * - `CertificateUnavailable`: it could not be checked this time. 503, SNS tries again.
 */
export type SnsRefusalKind = "InvalidMessage" | "NotAuthentic" | "CertificateUnavailable";

export interface SnsRefusal {
  readonly kind: SnsRefusalKind;
  /** For the sender: says what is wrong and quotes nothing of the message. */
  readonly message: string;
  /** For the log. */
  readonly cause?: unknown;
}

export function invalidMessage(message: string): Err<SnsRefusal> {
  return err({ kind: "InvalidMessage", message });
}

export function notAuthentic(message: string): Err<SnsRefusal> {
  return err({ kind: "NotAuthentic", message });
}

export function certificateUnavailable(message: string, cause?: unknown): Err<SnsRefusal> {
  return err({ kind: "CertificateUnavailable", message, cause });
}
