import type { KmsKey } from "../../catalog/kms/keys.ts";
import { type ActionError, type ServiceError, type SqsError, serviceError } from "../../queue/errors.ts";
import { memberName, missingText, violationsText } from "../constraint-text.ts";
import { aliasArn, type KeyRef, keyArn } from "./key-arn.ts";

/**
 * What a client of KMS can cause: KMS's own names, all with status 400, AccessDeniedException too.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html
 */
export type KmsErrorCode =
  | "AccessDeniedException"
  | "AlreadyExistsException"
  | "DisabledException"
  | "DryRunOperationException"
  | "IncorrectKeyException"
  | "InvalidAliasNameException"
  | "InvalidArnException"
  | "InvalidCiphertextException"
  | "InvalidKeyUsageException"
  | "InvalidMarkerException"
  | "KMSInvalidStateException"
  | "LimitExceededException"
  | "MalformedPolicyDocumentException"
  | "NotAuthorizedException"
  | "NotFoundException"
  | "TagException"
  | "UnsupportedOperationException"
  | "ValidationException";

export function kmsError(code: KmsErrorCode, message: string): ServiceError {
  return serviceError(code, 400, message);
}

/** What a reference that leads to no key is told. */
export function notFound(ref: KeyRef): ServiceError {
  return kmsError(
    "NotFoundException",
    ref.kind === "key" ? `Key '${keyArn(ref)}' does not exist` : `Alias ${aliasArn(ref)} is not found.`,
  );
}

export function disabled(key: KmsKey): ServiceError {
  return kmsError("DisabledException", `${keyArn(key)} is disabled.`);
}

export function pendingDeletion(key: KmsKey): ServiceError {
  return kmsError("KMSInvalidStateException", `${keyArn(key)} is pending deletion.`);
}

export function notPendingDeletion(key: KmsKey): ServiceError {
  return kmsError("KMSInvalidStateException", `${keyArn(key)} is not pending deletion.`);
}

/** KMS was seen to say no more than this, whatever is wrong with a ciphertext or its context. */
export const invalidCiphertext = kmsError("InvalidCiphertextException", "");

export const incorrectKey = kmsError(
  "IncorrectKeyException",
  "The key ID in the request does not identify a CMK that can perform this operation.",
);

/** The same for a key that is not there and for one that its owner does not let the caller use. */
export const unknownCiphertextKey = kmsError(
  "AccessDeniedException",
  "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
);

export const dryRunSucceeded = kmsError(
  "DryRunOperationException",
  "The request would have succeeded, but the DryRun option is set.",
);

export function unsupported(what: string): ServiceError {
  return kmsError("UnsupportedOperationException", `${what} is not supported.`);
}

/** As KMS words what the protocol found: a parameter that is missing. The rest it words like the other services. */
export function kmsInputError(error: SqsError): ActionError {
  const name = /^The request must contain the parameter (.+)\.$/.exec(error.message)?.[1];
  if (error.kind !== "MissingParameter" || name === undefined) return error;
  return kmsError("ValidationException", violationsText([missingText(memberName(name))]));
}
