import { type SqsError, type SqsErrorKind, sqsError } from "../../queue/errors.ts";
import type { KmsRefusal } from "./external.ts";

/**
 * As SQS hands on what KMS refuses with; undefined for what no client of SQS can cause.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html#API_SendMessage_Errors
 */
export function sqsErrorOf({ code, message, requestId }: KmsRefusal): SqsError | undefined {
  const kind = kinds.get(code);
  if (kind === undefined) return undefined;
  const details = `Service: AWSKMS; Status Code: 400; Error Code: ${code}; Request ID: ${requestId}; Proxy: null`;
  return sqsError(kind, `${message} (${details})`);
}

const kinds: ReadonlyMap<string, SqsErrorKind> = new Map([
  ["AccessDeniedException", "KmsAccessDenied"],
  ["NotFoundException", "KmsNotFound"],
  // KMS has a name of its own for an ARN that is none of a key; to SQS it is a key that is not there.
  ["InvalidArnException", "KmsNotFound"],
  ["DisabledException", "KmsDisabled"],
  ["KMSInvalidStateException", "KmsInvalidState"],
  ["InvalidKeyUsageException", "KmsInvalidKeyUsage"],
  ["ThrottlingException", "KmsThrottled"],
  ["LimitExceededException", "KmsThrottled"],
  ["OptInRequired", "KmsOptInRequired"],
  ["SubscriptionRequiredException", "KmsOptInRequired"],
]);
