import type { ServiceError } from "../../queue/errors.ts";
import { iamErrors } from "./errors.ts";

/** Who asks for a boundary counts on it: without one the user or role could do more than was meant. */
export function boundaryProblem(arn: string | undefined): ServiceError | undefined {
  return arn === undefined ? undefined : iamErrors.invalidInput("Permissions boundaries are not supported.");
}
