/**
 * What a client can cause. `kind` is SQS's own name of the error (the shape name of its service model);
 * `protocols/errors.ts` gives each kind its code, status and fault on the wire.
 */
export interface SqsError {
  readonly kind: SqsErrorKind;
  readonly message: string;
}

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
