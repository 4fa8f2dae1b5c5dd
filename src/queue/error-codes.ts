import type { SqsError, SqsErrorKind } from "./errors.ts";

/**
 * The code of each error kind in the Query protocol. It outlives that protocol: AWS JSON sends it in
 * `x-amzn-query-error`, and batch results name it in both.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
 */
const queryCodes = {
  QueueDoesNotExist: "AWS.SimpleQueueService.NonExistentQueue",
  QueueNameExists: "QueueAlreadyExists",
  QueueDeletedRecently: "AWS.SimpleQueueService.QueueDeletedRecently",
  PurgeQueueInProgress: "AWS.SimpleQueueService.PurgeQueueInProgress",
  MessageNotInflight: "AWS.SimpleQueueService.MessageNotInflight",
  UnsupportedOperation: "AWS.SimpleQueueService.UnsupportedOperation",
  EmptyBatchRequest: "AWS.SimpleQueueService.EmptyBatchRequest",
  TooManyEntriesInBatchRequest: "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
  BatchEntryIdsNotDistinct: "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
  InvalidBatchEntryId: "AWS.SimpleQueueService.InvalidBatchEntryId",
  BatchRequestTooLong: "AWS.SimpleQueueService.BatchRequestTooLong",
  InvalidMessageContents: "InvalidMessageContents",
  InvalidAttributeName: "InvalidAttributeName",
  InvalidAttributeValue: "InvalidAttributeValue",
  OverLimit: "OverLimit",
  ReceiptHandleIsInvalid: "ReceiptHandleIsInvalid",
  ResourceNotFoundException: "ResourceNotFoundException",
  InvalidAddress: "InvalidAddress",
  RequestThrottled: "RequestThrottled",
  KmsAccessDenied: "KMS.AccessDeniedException",
  KmsNotFound: "KMS.NotFoundException",
  KmsDisabled: "KMS.DisabledException",
  KmsInvalidState: "KMS.InvalidStateException",
  KmsInvalidKeyUsage: "KMS.InvalidKeyUsageException",
  KmsThrottled: "KMS.ThrottlingException",
  KmsOptInRequired: "KMS.OptInRequired",
  InvalidParameterValue: "InvalidParameterValue",
  MissingParameter: "MissingParameter",
  InvalidAction: "InvalidAction",
  MissingAction: "MissingAction",
  UnknownOperation: "UnknownOperation",
  // AWS's framework has one error here with two names; SQS answered MalformedInput to a Query request in 2017.
  SerializationException: "MalformedInput",
  MalformedQueryString: "MalformedQueryString",
  RequestEntityTooLarge: "RequestEntityTooLarge",
  InternalFailure: "InternalFailure",
  ServiceUnavailable: "ServiceUnavailable",
  MissingAuthenticationToken: "MissingAuthenticationToken",
  InvalidClientTokenId: "InvalidClientTokenId",
  ExpiredToken: "ExpiredToken",
  SignatureDoesNotMatch: "SignatureDoesNotMatch",
  IncompleteSignature: "IncompleteSignature",
  RequestExpired: "RequestExpired",
  AccessDenied: "AccessDenied",
} as const satisfies Record<SqsErrorKind, string>;

export function queryCode(kind: SqsErrorKind): string {
  return queryCodes[kind];
}

/** False for what is our failure and not the client's. */
export function isSenderFault(kind: SqsErrorKind): boolean {
  return kind !== "InternalFailure" && kind !== "ServiceUnavailable";
}

/** What a batch result says of the entry `id` that failed with `error`: a value of the shape BatchResultErrorEntry. */
export function batchErrorEntry(
  id: string,
  error: SqsError,
): { readonly Id: string; readonly SenderFault: boolean; readonly Code: string; readonly Message: string } {
  return {
    Id: id,
    SenderFault: isSenderFault(error.kind),
    Code: queryCode(error.kind),
    Message: error.message,
  };
}
