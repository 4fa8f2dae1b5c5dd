import type { Caller } from "../../auth/caller.ts";
import { type ServiceError, type SqsError, serviceError, sqsError } from "../../queue/errors.ts";

/**
 * What STS refuses with, beside AccessDenied.
 *
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html#API_AssumeRole_Errors
 */
const statuses = {
  ValidationError: 400,
  InvalidParameterValue: 400,
  MalformedPolicyDocument: 400,
  PackedPolicyTooLarge: 400,
} as const;

export function stsError(code: keyof typeof statuses, message: string): ServiceError {
  return serviceError(code, statuses[code], message);
}

/** The same for a role that denies it and for one that does not exist: nobody learns which roles there are. */
export function notAuthorized(caller: Caller, permission: string, roleArn: string): SqsError {
  return sqsError(
    "AccessDenied",
    `User: ${caller.arn} is not authorized to perform: ${permission} on resource: ${roleArn}`,
  );
}

/** Nobody has a second factor here, so that none can be right. */
export const wrongMfa = sqsError(
  "AccessDenied",
  "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.",
);
