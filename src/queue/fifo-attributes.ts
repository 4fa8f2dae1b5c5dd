import { err, ok, type Result } from "../lib/result.ts";
import { type SqsError, sqsError } from "./errors.ts";
import { isFifoName } from "./queue-name.ts";
import type { FifoAttributes } from "./settings.ts";

/** Attributes that standard queues do not have. */
export type FifoAttributeName =
  | "FifoQueue"
  | "ContentBasedDeduplication"
  | "DeduplicationScope"
  | "FifoThroughputLimit";

/** What a FIFO queue has that was created with `FifoQueue` alone. */
export const defaultFifoAttributes: FifoAttributes = {
  contentBasedDeduplication: false,
  deduplicationScope: "queue",
  throughputLimit: "perQueue",
};

/** Whether a CreateQueue request asks for a FIFO queue: SQS takes `true` in any letter case. */
export function asksForFifo(attributes: ReadonlyMap<string, string>): boolean {
  return attributes.get("FifoQueue")?.toLowerCase() === "true";
}

export function isFifoAttribute(name: string): name is FifoAttributeName {
  return Object.hasOwn(forms, name);
}

/** What a queue of this name has against being given a FIFO attribute at all. */
export function fifoNameProblem(name: FifoAttributeName, queueName: string): SqsError | undefined {
  if (isFifoName(queueName)) return undefined;
  return sqsError(
    "InvalidAttributeName",
    name === "DeduplicationScope" || name === "FifoThroughputLimit"
      ? `You can specify the ${name} only when FifoQueue is set to true.`
      : `Unknown Attribute ${name}.`,
  );
}

/** The value in its one spelling. SQS takes booleans in any letter case, and the other two only as they are. */
export function parseFifoAttribute(name: FifoAttributeName, given: string): Result<string, SqsError> {
  const value = name === "FifoQueue" || name === "ContentBasedDeduplication" ? given.toLowerCase() : given;
  const text = `Invalid value for the parameter ${name}.`;
  if (!forms[name].test(value)) return err(sqsError("InvalidAttributeValue", text));
  if (name === "FifoQueue" && value === "false") {
    return err(sqsError("InvalidAttributeValue", `${text} Reason: Modifying queue type is not supported.`));
  }
  return ok(value);
}

export function readFifoAttribute(fifo: FifoAttributes, name: FifoAttributeName): string {
  switch (name) {
    case "FifoQueue":
      return "true";
    case "ContentBasedDeduplication":
      return String(fifo.contentBasedDeduplication);
    case "DeduplicationScope":
      return fifo.deduplicationScope;
    case "FifoThroughputLimit":
      return fifo.throughputLimit;
  }
}

/** @param value as `parseFifoAttribute` gives it */
export function withFifoAttribute(
  fifo: FifoAttributes,
  name: FifoAttributeName,
  value: string,
): FifoAttributes {
  switch (name) {
    case "FifoQueue":
      return fifo;
    case "ContentBasedDeduplication":
      return { ...fifo, contentBasedDeduplication: value === "true" };
    case "DeduplicationScope":
      return { ...fifo, deduplicationScope: value === "messageGroup" ? value : "queue" };
    case "FifoThroughputLimit":
      return { ...fifo, throughputLimit: value === "perMessageGroupId" ? value : "perQueue" };
  }
}

/** What a queue cannot be, whichever of its attributes were set together and which before. */
export function fifoProblem(fifo: FifoAttributes): SqsError | undefined {
  if (fifo.throughputLimit === "perQueue" || fifo.deduplicationScope === "messageGroup") return undefined;
  return sqsError(
    "InvalidAttributeValue",
    "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup",
  );
}

const forms: Readonly<Record<FifoAttributeName, RegExp>> = {
  FifoQueue: /^(?:true|false)$/,
  ContentBasedDeduplication: /^(?:true|false)$/,
  DeduplicationScope: /^(?:queue|messageGroup)$/,
  FifoThroughputLimit: /^(?:perQueue|perMessageGroupId)$/,
};
