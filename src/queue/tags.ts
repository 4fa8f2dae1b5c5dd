import { invalidParameter, type SqsError } from "./errors.ts";
import { limits } from "./limits.ts";

/** What a client files its queue under: key to value, both case-sensitive. */
export type Tags = ReadonlyMap<string, string>;

/**
 * What SQS has against these tags by themselves; that a queue takes at most 50 in all, its catalog checks
 * when it merges them.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-tags.html
 */
export function tagsProblem(tags: Tags, queueName: string): SqsError | undefined {
  if (tags.size > limits.tags) return tooManyTags(queueName);
  for (const [key, value] of tags) {
    const problem = keyLengthProblem(key) ?? keyProblem(key) ?? valueProblem(value);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** What SQS has against the keys of UntagQueue. A key that the queue does not have is none of it. */
export function tagKeysProblem(keys: readonly string[]): SqsError | undefined {
  if (keys.length === 0) return keyLength;
  if (keys.length > limits.untaggedKeys) return tooManyKeys;
  for (const key of keys) {
    const problem = keyLengthProblem(key);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

export function tooManyTags(queueName: string): SqsError {
  return invalidParameter(`Too many tags added for queue ${queueName}.`);
}

const tooManyKeys = invalidParameter(`A request can have ${limits.untaggedKeys} tag keys at most.`);
const keyLength = invalidParameter("Tag keys must be between 1 and 128 characters in length.");

/** SQS's tag alphabet, the same as in the other services: letters and digits of any script. */
const tagText = /^[\p{L}\p{N}\p{Zs}_.:/=+\-@]*$/u;

function keyLengthProblem(key: string): SqsError | undefined {
  return key.length === 0 || key.length > limits.tagKeyLength ? keyLength : undefined;
}

function keyProblem(key: string): SqsError | undefined {
  if (/^aws:/i.test(key)) return invalidParameter("Tag keys must not begin with 'aws:', which is reserved.");
  return tagText.test(key) ? undefined : invalidParameter(`Tag key '${key}' ${alphabet}`);
}

function valueProblem(value: string): SqsError | undefined {
  if (value.length > limits.tagValueLength) {
    return invalidParameter("Tag values must be between 0 and 256 characters in length.");
  }
  return tagText.test(value) ? undefined : invalidParameter(`Tag value '${value}' ${alphabet}`);
}

const alphabet = "can only include letters, digits, spaces, and the characters _ . : / = + - @";
