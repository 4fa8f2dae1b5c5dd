import type { ActionError, SqsError } from "../queue/errors.ts";
import type { Action } from "./action.ts";
import { iamActions } from "./iam/actions.ts";
import { iamInputError } from "./iam/errors.ts";
import { kmsActions } from "./kms/actions.ts";
import { kmsInputError } from "./kms/errors.ts";
import { snsActions } from "./sns/actions.ts";
import { snsInputError } from "./sns/errors.ts";
import { sqsActions } from "./sqs/actions.ts";
import { stsActions, stsInputError } from "./sts/actions.ts";

/** What one endpoint answers for. */
export interface Service {
  /** By name. */
  readonly actions: ReadonlyMap<string, Action>;
  /** How the service words a parameter that is missing or malformed. */
  inputError(error: SqsError): ActionError;
}

/** By the name that signatures are scoped to. */
export const services: ReadonlyMap<string, Service> = new Map([
  ["iam", { actions: iamActions, inputError: iamInputError }],
  ["sts", { actions: stsActions, inputError: stsInputError }],
  ["kms", { actions: kmsActions, inputError: kmsInputError }],
  ["sns", { actions: snsActions, inputError: snsInputError }],
  ["sqs", { actions: sqsActions, inputError: (error: SqsError): ActionError => error }],
]);
