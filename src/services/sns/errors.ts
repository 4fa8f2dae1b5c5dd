import { type ActionError, type ServiceError, type SqsError, serviceError } from "../../queue/errors.ts";
import { memberName, missingText, violationsText } from "../constraint-text.ts";

/**
 * The errors of SNS that we answer with, and their statuses, as its service model has them.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html
 */
const statuses = {
  AuthorizationError: 403,
  BatchEntryIdsNotDistinct: 400,
  BatchRequestTooLong: 400,
  ConcurrentAccess: 400,
  EmptyBatchRequest: 400,
  FilterPolicyLimitExceeded: 403,
  InvalidBatchEntryId: 400,
  InvalidParameter: 400,
  NotFound: 404,
  ParameterValueInvalid: 400,
  ResourceNotFound: 404,
  SubscriptionLimitExceeded: 403,
  TagLimitExceeded: 400,
  TooManyEntriesInBatchRequest: 400,
  // Not in the model, but seen on the wire for a parameter that is not there.
  ValidationError: 400,
} as const;

export type SnsErrorCode = keyof typeof statuses;

export function snsError(code: SnsErrorCode, message: string): ServiceError {
  return serviceError(code, statuses[code], message);
}

/** SNS's most frequent error. @param what as SNS goes on behind its `Invalid parameter: ` */
export function invalidParameter(what: string): ServiceError {
  return snsError("InvalidParameter", `Invalid parameter: ${what}`);
}

export const topicDoesNotExist = snsError("NotFound", "Topic does not exist");
export const subscriptionDoesNotExist = snsError("NotFound", "Subscription does not exist");
export const resourceDoesNotExist = snsError("ResourceNotFound", "Resource does not exist");

/** What is missing or malformed before an action is asked, in SNS's words. */
export function snsInputError(error: SqsError): ActionError {
  if (error.kind === "SerializationException") return invalidParameter(error.message);
  const name = /parameter (\S+)\.$/.exec(error.message)?.[1];
  if (error.kind !== "MissingParameter" || name === undefined) return error;
  return nullMember(memberName(name));
}

/** @param path as SNS writes it: `messageAttributes.colour.member.dataType` */
export function nullMember(path: string): ServiceError {
  return snsError("ValidationError", violationsText([missingText(path)]));
}
