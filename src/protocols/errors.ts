import { isSenderFault, queryCode } from "../queue/error-codes.ts";
import { type ActionError, queueDoesNotExist, type SqsErrorKind } from "../queue/errors.ts";

/** How an error kind looks on the wire. */
export interface WireError {
  /** `__type` in AWS JSON: the namespace and the name of the shape. */
  readonly json: string;
  /** `Code` in Query, and in the header that AWS JSON sends for clients that still compare those codes. */
  readonly query: string;
  readonly status: number;
  readonly fault: "Sender" | "Receiver";
}

/**
 * Every kind's row; a kind without one does not compile. Names and statuses of modelled errors are those of
 * the service model's traits, those of the framework are partly inferred from its other services.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
 */
export const wireErrors = {
  QueueDoesNotExist: modelled("QueueDoesNotExist", 400),
  QueueNameExists: modelled("QueueNameExists", 400),
  QueueDeletedRecently: modelled("QueueDeletedRecently", 400),
  PurgeQueueInProgress: modelled("PurgeQueueInProgress", 403),
  MessageNotInflight: modelled("MessageNotInflight", 400),
  UnsupportedOperation: modelled("UnsupportedOperation", 400),
  EmptyBatchRequest: modelled("EmptyBatchRequest", 400),
  TooManyEntriesInBatchRequest: modelled("TooManyEntriesInBatchRequest", 400),
  BatchEntryIdsNotDistinct: modelled("BatchEntryIdsNotDistinct", 400),
  InvalidBatchEntryId: modelled("InvalidBatchEntryId", 400),
  BatchRequestTooLong: modelled("BatchRequestTooLong", 400),
  InvalidMessageContents: modelled("InvalidMessageContents", 400),
  InvalidAttributeName: modelled("InvalidAttributeName", 400),
  InvalidAttributeValue: modelled("InvalidAttributeValue", 400),
  OverLimit: modelled("OverLimit", 403),
  ReceiptHandleIsInvalid: modelled("ReceiptHandleIsInvalid", 404),
  ResourceNotFoundException: modelled("ResourceNotFoundException", 404),
  InvalidAddress: modelled("InvalidAddress", 404),
  RequestThrottled: modelled("RequestThrottled", 403),
  KmsAccessDenied: modelled("KmsAccessDenied", 400),
  KmsNotFound: modelled("KmsNotFound", 400),
  KmsDisabled: modelled("KmsDisabled", 400),
  KmsInvalidState: modelled("KmsInvalidState", 400),
  KmsInvalidKeyUsage: modelled("KmsInvalidKeyUsage", 400),
  KmsThrottled: modelled("KmsThrottled", 400),
  KmsOptInRequired: modelled("KmsOptInRequired", 403),
  InvalidParameterValue: framework("InvalidParameterValue", "InvalidParameterValueException", 400),
  MissingParameter: framework("MissingParameter", "MissingRequiredParameterException", 400),
  InvalidAction: framework("InvalidAction", "InvalidActionException", 400),
  MissingAction: framework("MissingAction", "MissingActionException", 400),
  UnknownOperation: framework("UnknownOperation", "UnknownOperationException", 404),
  SerializationException: framework("SerializationException", "SerializationException", 400),
  MalformedQueryString: framework("MalformedQueryString", "MalformedQueryStringException", 404),
  RequestEntityTooLarge: framework("RequestEntityTooLarge", "RequestEntityTooLargeException", 413),
  InternalFailure: framework("InternalFailure", "InternalFailure", 500),
  ServiceUnavailable: framework("ServiceUnavailable", "ServiceUnavailableException", 503),
  MissingAuthenticationToken: framework(
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    403,
  ),
  InvalidClientTokenId: framework("InvalidClientTokenId", "UnrecognizedClientException", 403),
  ExpiredToken: framework("ExpiredToken", "ExpiredTokenException", 403),
  SignatureDoesNotMatch: framework("SignatureDoesNotMatch", "InvalidSignatureException", 403),
  IncompleteSignature: framework("IncompleteSignature", "IncompleteSignatureException", 400),
  RequestExpired: framework("RequestExpired", "RequestExpiredException", 400),
  AccessDenied: framework("AccessDenied", "AccessDeniedException", 403),
} satisfies Record<SqsErrorKind, WireError>;

export function wireErrorOf(error: ActionError): WireError {
  if (error.kind !== "ServiceError") return wireErrors[error.kind];
  const { code, status } = error;
  return { json: code, query: code, status, fault: status < 500 ? "Sender" : "Receiver" };
}

/** SQS words one error differently in Query: a missing queue, if nothing more precise is said about it. */
export function queryMessage(error: ActionError): string {
  return error.kind === "QueueDoesNotExist" && error.message === queueDoesNotExist.message
    ? "The specified queue does not exist for this wsdl version."
    : error.message;
}

function modelled(kind: SqsErrorKind, status: number): WireError {
  return row(kind, `com.amazonaws.sqs#${kind}`, status);
}

function framework(kind: SqsErrorKind, shape: string, status: number): WireError {
  return row(kind, `com.amazon.coral.service#${shape}`, status);
}

function row(kind: SqsErrorKind, json: string, status: number): WireError {
  return { json, query: queryCode(kind), status, fault: isSenderFault(kind) ? "Sender" : "Receiver" };
}
