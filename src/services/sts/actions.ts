import type { ActionError, SqsError } from "../../queue/errors.ts";
import type { Action } from "../action.ts";
import { assumeRole } from "./assume-role.ts";
import { stsError } from "./errors.ts";
import { getCallerIdentity } from "./get-caller-identity.ts";
import { getSessionToken } from "./get-session-token.ts";

/** Every action of STS that we serve, by name. */
export const stsActions: ReadonlyMap<string, Action> = new Map(
  [assumeRole, getCallerIdentity, getSessionToken].map((action) => [action.name, action]),
);

export function stsInputError(error: SqsError): ActionError {
  return stsError("ValidationError", error.message);
}
