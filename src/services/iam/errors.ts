import { type ActionError, type ServiceError, type SqsError, serviceError } from "../../queue/errors.ts";
import { memberName, missingText, violationsText } from "../constraint-text.ts";

/**
 * IAM's errors: codes, statuses and texts.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html and each action's own page
 */
export const iamErrors = {
  noSuchUser: (name: string) => noSuchEntity(`The user with name ${name} cannot be found.`),
  noSuchRole: (name: string) => noSuchEntity(`The role with name ${name} cannot be found.`),
  noSuchPolicy: (arn: string) => noSuchEntity(`Policy ${arn} was not found.`),
  notAttachable: (arn: string) => noSuchEntity(`Policy ${arn} does not exist or is not attachable.`),
  noSuchVersion: (arn: string, version: string) =>
    noSuchEntity(`Policy ${arn} version ${version} does not exist or is not attachable.`),
  noSuchInlinePolicy: (of: "user" | "role", name: string) =>
    noSuchEntity(`The ${of} policy with name ${name} cannot be found.`),
  noSuchKey: (id: string) => noSuchEntity(`The Access Key with id ${id} cannot be found.`),
  noLoginProfile: (userName: string) => noSuchEntity(`Login Profile for User ${userName} cannot be found.`),

  userExists: (name: string) => exists(`User with name ${name} already exists.`),
  roleExists: (name: string) => exists(`Role with name ${name} already exists.`),
  policyExists: (name: string) =>
    exists(`A policy called ${name} already exists. Duplicate names are not allowed.`),

  hasAttached: deleteConflict("Cannot delete entity, must detach all policies first."),
  hasInline: deleteConflict("Cannot delete entity, must delete policies first."),
  hasKeys: deleteConflict("Cannot delete entity, must delete access keys first."),
  isAttached: deleteConflict("Cannot delete a policy attached to entities."),

  quota: (name: string, max: number) => limitExceeded(`Cannot exceed quota for ${name}: ${max}`),
  inlineTooLarge: (of: "user" | "role", name: string, max: number) =>
    limitExceeded(`Maximum policy size of ${max} bytes exceeded for ${of} ${name}`),
  tooManyTags: limitExceeded("The number of tags has reached the maximum limit."),

  malformedPolicy: (problem: string) => serviceError("MalformedPolicyDocument", 400, problem),
  invalidInput: (message: string) => serviceError("InvalidInput", 400, message),
  validation: (message: string) => serviceError("ValidationError", 400, message),
  /** What changed under one request again and again. */
  concurrentChange: serviceError(
    "ConcurrentModification",
    409,
    "The request was rejected because multiple requests to change this object were submitted simultaneously. " +
      "Wait a few minutes and submit your request again.",
  ),
} as const;

/** IAM words a missing parameter as it words all values that break a constraint. */
export function iamInputError(error: SqsError): ActionError {
  const missing =
    error.kind === "MissingParameter" ? /parameter (\S+)\.$/.exec(error.message)?.[1] : undefined;
  if (missing === undefined) return error;
  return missingError(memberName(missing));
}

/** @param member as error texts name it */
export function missingError(member: string): ServiceError {
  return constraintError([missingText(member)]);
}

/** @param violations as `violationsText` takes them */
export function constraintError(violations: readonly string[]): ServiceError {
  return iamErrors.validation(violationsText(violations));
}

function noSuchEntity(message: string): ServiceError {
  return serviceError("NoSuchEntity", 404, message);
}

function exists(message: string): ServiceError {
  return serviceError("EntityAlreadyExists", 409, message);
}

function deleteConflict(message: string): ServiceError {
  return serviceError("DeleteConflict", 409, message);
}

function limitExceeded(message: string): ServiceError {
  return serviceError("LimitExceeded", 409, message);
}
