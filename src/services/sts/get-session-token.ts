import { err, ok } from "../../lib/result.ts";
import { sqsError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { integer, optional, required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { numberProblems, validationError } from "./constraints.ts";
import { wrongMfa } from "./errors.ts";
import { credentials, issueCredentials } from "./issued-credentials.ts";

/**
 * Temporary credentials for the user, or the root, who calls. It may do with them what it may do, but call IAM, or
 * STS for more than AssumeRole and GetCallerIdentity. No policy is asked: this only proves who somebody is.
 *
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
 */
export const getSessionToken = accountAction({
  name: "GetSessionToken",
  permission: "sts:GetSessionToken",
  concerns: "askedInRun",
  input: {
    DurationSeconds: optional(integer),
    SerialNumber: optional(string),
    TokenCode: optional(string),
  },
  output: { Credentials: required(credentials) },
  run: async ({ input, ...context }) => {
    const { caller } = context;
    const invalid = validationError(
      numberProblems("durationSeconds", input.DurationSeconds, limits.userSessionSeconds),
    );
    if (invalid) return err(invalid);
    const longLived = caller.session === undefined && (caller.kind === "user" || caller.kind === "root");
    if (!longLived) return err(notWithSession);
    if (input.SerialNumber !== undefined || input.TokenCode !== undefined) return err(wrongMfa);

    const asked = input.DurationSeconds ?? limits.userSessionSeconds.default;
    // As with AWS, a root that asks for more is not refused.
    const seconds = caller.kind === "root" ? Math.min(asked, limits.rootSessionSeconds) : asked;
    const holder = { kind: "user", userId: caller.userId } as const;
    return ok({ Credentials: issueCredentials(context, { holder }, seconds) });
  },
});

const notWithSession = sqsError("AccessDenied", "Cannot call GetSessionToken with session credentials");
