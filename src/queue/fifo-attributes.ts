import { type SqsError, sqsError } from "./errors.ts";
import { isFifoName } from "./queue-name.ts";

/** Whether a CreateQueue request asks for a FIFO queue: SQS takes `true` in any letter case. */
export function asksForFifo(attributes: ReadonlyMap<string, string>): boolean {
  return attributes.get("FifoQueue")?.toLowerCase() === "true";
}

/** Attributes that standard queues do not have. */
export function isFifoAttribute(name: string): boolean {
  return Object.hasOwn(values, name);
}

/** What a queue of this name has against being given a FIFO attribute at all. */
export function fifoNameProblem(name: string, queueName: string): SqsError | undefined {
  if (isFifoName(queueName)) return undefined;
  return sqsError(
    "InvalidAttributeName",
    name === "DeduplicationScope" || name === "FifoThroughputLimit"
      ? `You can specify the ${name} only when FifoQueue is set to true.`
      : `Unknown Attribute ${name}.`,
  );
}

/** What a FIFO queue has against these values of its own attributes. */
export function fifoValueProblem(attributes: ReadonlyMap<string, string>): SqsError | undefined {
  for (const [name, value] of attributes) {
    if (isFifoAttribute(name) && !values[name]?.test(value)) return invalid(name);
  }
  if (attributes.has("FifoQueue") && !asksForFifo(attributes)) {
    return sqsError(
      "InvalidAttributeValue",
      "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
    );
  }
  const scope = attributes.get("DeduplicationScope") ?? "queue";
  if (attributes.get("FifoThroughputLimit") === "perMessageGroupId" && scope === "queue") {
    return sqsError(
      "InvalidAttributeValue",
      "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup",
    );
  }
  return undefined;
}

const values: Readonly<Record<string, RegExp>> = {
  FifoQueue: /^(?:true|false)$/i,
  ContentBasedDeduplication: /^(?:true|false)$/i,
  DeduplicationScope: /^(?:queue|messageGroup)$/,
  FifoThroughputLimit: /^(?:perQueue|perMessageGroupId)$/,
};

function invalid(name: string): SqsError {
  return sqsError("InvalidAttributeValue", `Invalid value for the parameter ${name}.`);
}
