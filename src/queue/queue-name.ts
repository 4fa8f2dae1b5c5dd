import { invalidParameter, type SqsError } from "./errors.ts";
import { limits } from "./limits.ts";

const FIFO_SUFFIX = ".fifo";

/** A queue's type is in its name: only FIFO queues end in `.fifo`, and all of them do. */
export function isFifoName(name: string): boolean {
  return name.endsWith(FIFO_SUFFIX);
}

/** True for every name that a standard or a FIFO queue can have. */
export function isQueueName(name: string): boolean {
  const base = isFifoName(name) ? name.length - FIFO_SUFFIX.length : name.length;
  if (base === 0 || name.length > limits.queueNameLength) return false;
  for (let i = 0; i < base; i++) {
    if (!isNameCharacter(name.charCodeAt(i))) return false;
  }
  return true;
}

/**
 * What CreateQueue has against a name.
 *
 * @param fifo whether the request says `FifoQueue=true`
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
 */
export function queueNameProblem(name: string, fifo: boolean): SqsError | undefined {
  if (name === "") return invalidParameter("Queue name cannot be empty");
  if (isQueueName(name) && isFifoName(name) === fifo) return undefined;
  return invalidParameter(
    fifo
      ? "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length."
      : "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
  );
}

function isNameCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) || // a-z
    (code >= 0x41 && code <= 0x5a) || // A-Z
    (code >= 0x30 && code <= 0x39) || // 0-9
    code === 0x2d || // -
    code === 0x5f // _
  );
}
