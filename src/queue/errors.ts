/**
 * What a client can cause. `kind` is SQS's own name of the error (the shape name of its service model);
 * `protocols/errors.ts` gives each kind its code, status and fault on the wire.
 */
export interface SqsError {
  readonly kind: SqsErrorKind;
  readonly message: string;
}

/**
 * An error of a service that SQS users need beside SQS (IAM, STS, KMS, SNS). Those have kinds of their own in great
 * number, so that each error brings its wire form along.
 */
export interface ServiceError {
  readonly kind: "ServiceError";
  /** The same in both protocols: `NoSuchEntity`, `NotFoundException`. */
  readonly code: string;
  readonly status: number;
  readonly message: string;
}

/** What any action of any service may refuse with. */
export type ActionError = SqsError | ServiceError;

export type SqsErrorKind =
  // of the SQS service model
  | "QueueDoesNotExist"
  | "QueueNameExists"
  | "QueueDeletedRecently"
  | "PurgeQueueInProgress"
  | "MessageNotInflight"
  | "UnsupportedOperation"
  | "EmptyBatchRequest"
  | "TooManyEntriesInBatchRequest"
  | "BatchEntryIdsNotDistinct"
  | "InvalidBatchEntryId"
  | "BatchRequestTooLong"
  | "InvalidMessageContents"
  | "InvalidAttributeName"
  | "InvalidAttributeValue"
  | "OverLimit"
  | "ReceiptHandleIsInvalid"
  | "ResourceNotFoundException"
  | "InvalidAddress"
  | "RequestThrottled"
  | "KmsAccessDenied"
  | "KmsNotFound"
  | "KmsDisabled"
  | "KmsInvalidState"
  | "KmsInvalidKeyUsage"
  | "KmsThrottled"
  | "KmsOptInRequired"
  // seen on the wire, not in the model
  | "InvalidParameterValue"
  | "MissingParameter"
  // of the protocol
  | "InvalidAction"
  | "MissingAction"
  | "UnknownOperation"
  | "SerializationException"
  | "MalformedQueryString"
  | "RequestEntityTooLarge"
  | "InternalFailure"
  | "ServiceUnavailable"
  // of the signature and of authorization
  | "MissingAuthenticationToken"
  | "InvalidClientTokenId"
  | "ExpiredToken"
  | "SignatureDoesNotMatch"
  | "IncompleteSignature"
  | "RequestExpired"
  | "AccessDenied";

export function sqsError(kind: SqsErrorKind, message: string): SqsError {
  return { kind, message };
}

export function serviceError(code: string, status: number, message: string): ServiceError {
  return { kind: "ServiceError", code, status, message };
}

/** SQS's most frequent error: a value it does not take. */
export function invalidParameter(message: string): SqsError {
  return { kind: "InvalidParameterValue", message };
}

/** @param name the Query-style name, as SQS prints it: `MessageBody`, `Attribute.Name`, `…Entry.1.Id` */
export function missingParameter(name: string): SqsError {
  return { kind: "MissingParameter", message: `The request must contain the parameter ${name}.` };
}

export const queueDoesNotExist: SqsError = {
  kind: "QueueDoesNotExist",
  message: "The specified queue does not exist.",
};
