import { canonicalJson } from "../lib/json.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { type SqsError, sqsError } from "./errors.ts";
import {
  defaultFifoAttributes,
  type FifoAttributeName,
  fifoNameProblem,
  fifoProblem,
  isFifoAttribute,
  parseFifoAttribute,
  readFifoAttribute,
  withFifoAttribute,
} from "./fifo-attributes.ts";
import { limits } from "./limits.ts";
import { policyProblem } from "./policy-document.ts";
import { parseRedriveAllowPolicy } from "./redrive-allow-policy.ts";
import { canonicalRedrivePolicy, parseRedrivePolicy } from "./redrive-policy.ts";
import type { QueueAttributes, QueueId } from "./settings.ts";

/** Attributes that a client can set, in the order in which they take effect. */
export type AttributeName =
  | NumberName
  | JsonName
  | "SqsManagedSseEnabled"
  | "KmsMasterKeyId"
  | FifoAttributeName;

/** Checked values in SQS's own spelling, in the order of the request. An empty text removes the attribute. */
export type AttributeChanges = ReadonlyMap<AttributeName, string>;

/** What a queue has that was created without any attributes: a standard one. */
export const defaultAttributes: QueueAttributes = {
  delaySeconds: limits.delaySeconds.default,
  maximumMessageBytes: limits.messageBytes.default,
  retentionSeconds: limits.retentionSeconds.default,
  waitSeconds: limits.waitSeconds.default,
  visibilitySeconds: limits.visibilitySeconds.default,
  sqsManagedSse: true,
};

/**
 * Checks the attributes of a CreateQueue or SetQueueAttributes request: first all names, then all values,
 * each in the order of the request. Nothing of a request with one bad attribute is used.
 *
 * @param queue the queue that is or will be; its name tells its type
 * @returns `InvalidAttributeName`, `InvalidAttributeValue`, `InvalidParameterValue` or `OverLimit` otherwise
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
 */
export function parseAttributes(
  request: ReadonlyMap<string, string>,
  queue: QueueId,
): Result<AttributeChanges, SqsError> {
  for (const name of request.keys()) {
    const problem = nameProblem(name, queue);
    if (problem !== undefined) return err(problem);
  }
  const changes = new Map<AttributeName, string>();
  for (const [name, given] of request) {
    if (!isAttributeName(name)) continue;
    const value = rules[name].parse(given, queue);
    if (!value.ok) return value;
    changes.set(name, value.value);
  }
  if (changes.get("KmsMasterKeyId") && changes.get("SqsManagedSseEnabled") === "true") {
    return err(
      sqsError(
        "InvalidAttributeName",
        "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
      ),
    );
  }
  return ok(changes);
}

/**
 * The attributes after a change.
 *
 * @returns `InvalidAttributeValue` for values that do not go together, be they of this change or set before
 */
export function applyChanges(
  current: QueueAttributes,
  changes: AttributeChanges,
): Result<QueueAttributes, SqsError> {
  const next = { ...current };
  for (const name of attributeNames) {
    const value = changes.get(name);
    if (value !== undefined) rules[name].write(next, value);
  }
  const problem = next.fifo && fifoProblem(next.fifo);
  return problem === undefined ? ok(next) : err(problem);
}

/**
 * The first attribute of a repeated CreateQueue that is not what the queue has now. Attributes that the
 * request leaves out, or empty, are not compared.
 */
export function firstDifference(current: QueueAttributes, changes: AttributeChanges): string | undefined {
  for (const [name, wanted] of changes) {
    if (wanted === "") continue;
    const { read, canonical } = rules[name];
    const value = read(current);
    if (value === undefined || canonical(value) !== canonical(wanted)) return name;
  }
  return undefined;
}

/** An attribute's value as SQS writes it; undefined if it is not set, or the queue has none such. */
export function readAttribute(attributes: QueueAttributes, name: AttributeName): string | undefined {
  return rules[name].read(attributes);
}

export function isAttributeName(name: string): name is AttributeName {
  return Object.hasOwn(rules, name);
}

export function unknownAttribute(name: string): SqsError {
  return sqsError("InvalidAttributeName", `Unknown Attribute ${name}.`);
}

type Writable = { -readonly [K in keyof QueueAttributes]: QueueAttributes[K] };

type NumberName =
  | "DelaySeconds"
  | "MaximumMessageSize"
  | "MessageRetentionPeriod"
  | "ReceiveMessageWaitTimeSeconds"
  | "VisibilityTimeout"
  | "KmsDataKeyReusePeriodSeconds";

type JsonName = "Policy" | "RedrivePolicy" | "RedriveAllowPolicy";

type FieldOf<T> = {
  [K in keyof QueueAttributes]-?: QueueAttributes[K] extends T ? K : never;
}[keyof QueueAttributes];

interface AttributeRule {
  /** The value in its one spelling, or what SQS has against it. */
  parse(value: string, queue: QueueId): Result<string, SqsError>;
  read(attributes: QueueAttributes): string | undefined;
  write(attributes: Writable, value: string): void;
  /** Equal for equal values. */
  canonical(value: string): string;
}

const rules: Readonly<Record<AttributeName, AttributeRule>> = {
  DelaySeconds: integer("DelaySeconds", "delaySeconds", limits.delaySeconds),
  MaximumMessageSize: integer("MaximumMessageSize", "maximumMessageBytes", limits.messageBytes),
  MessageRetentionPeriod: integer("MessageRetentionPeriod", "retentionSeconds", limits.retentionSeconds),
  ReceiveMessageWaitTimeSeconds: integer("ReceiveMessageWaitTimeSeconds", "waitSeconds", limits.waitSeconds),
  VisibilityTimeout: integer("VisibilityTimeout", "visibilitySeconds", limits.visibilitySeconds),
  Policy: json("policy", policyProblem),
  RedrivePolicy: { ...json("redrivePolicy", redrivePolicyProblem), canonical: canonicalRedrivePolicy },
  RedriveAllowPolicy: json("redriveAllowPolicy", redriveAllowPolicyProblem),
  // A queue has one kind of encryption at rest: turning one on turns the other off.
  SqsManagedSseEnabled: {
    parse: (value) =>
      /^(?:true|false)$/i.test(value) ? ok(value.toLowerCase()) : invalid("SqsManagedSseEnabled"),
    read: (attributes) => String(attributes.sqsManagedSse),
    write: (attributes, value) => {
      attributes.sqsManagedSse = value === "true";
      if (attributes.sqsManagedSse) removeKmsKey(attributes);
    },
    canonical: itself,
  },
  KmsMasterKeyId: {
    // SQS does not look the key up when it is set; a bad one shows on sending and receiving.
    parse: (value) =>
      value.length <= limits.kmsKeyIdLength && /^[!-~]*$/.test(value) ? ok(value) : invalid("KmsMasterKeyId"),
    read: (attributes) => attributes.kmsMasterKeyId,
    write: (attributes, value) => {
      if (value === "") {
        removeKmsKey(attributes);
      } else {
        attributes.kmsMasterKeyId = value;
        attributes.sqsManagedSse = false;
      }
    },
    canonical: itself,
  },
  KmsDataKeyReusePeriodSeconds: {
    ...integer("KmsDataKeyReusePeriodSeconds", "kmsDataKeyReuseSeconds", limits.kmsDataKeyReuseSeconds),
    read: (attributes) => String(attributes.kmsDataKeyReuseSeconds ?? limits.kmsDataKeyReuseSeconds.default),
  },
  FifoQueue: ofFifo("FifoQueue"),
  ContentBasedDeduplication: ofFifo("ContentBasedDeduplication"),
  DeduplicationScope: ofFifo("DeduplicationScope"),
  FifoThroughputLimit: ofFifo("FifoThroughputLimit"),
};

const attributeNames = Object.keys(rules).filter(isAttributeName);

/** Digits only: SQS takes no sign, blank or decimal point. */
function integer(
  name: NumberName,
  field: FieldOf<number | undefined>,
  range: { readonly min: number; readonly max: number },
): AttributeRule {
  return {
    parse: (value) => {
      if (!/^\d{1,10}$/.test(value)) return invalid(name);
      const number = Number(value);
      return number >= range.min && number <= range.max ? ok(String(number)) : invalid(name);
    },
    read: (attributes) => attributes[field]?.toString(),
    write: (attributes, value) => {
      attributes[field] = Number(value);
    },
    canonical: itself,
  };
}

/** Kept to the character, and removed by an empty text. */
function json(
  field: "policy" | "redrivePolicy" | "redriveAllowPolicy",
  problemOf: (value: string, queue: QueueId) => SqsError | undefined,
): AttributeRule {
  return {
    parse: (value, queue) => {
      const problem = value === "" ? undefined : problemOf(value, queue);
      return problem === undefined ? ok(value) : err(problem);
    },
    read: (attributes) => attributes[field],
    write: (attributes, value) => {
      if (value === "") delete attributes[field];
      else attributes[field] = value;
    },
    canonical: (value) => canonicalJson(JSON.parse(value)),
  };
}

/** Written, it makes a FIFO queue: `parseAttributes` lets it through for names of such queues only. */
function ofFifo(name: FifoAttributeName): AttributeRule {
  return {
    parse: (value) => parseFifoAttribute(name, value),
    read: ({ fifo }) => fifo && readFifoAttribute(fifo, name),
    write: (attributes, value) => {
      attributes.fifo = withFifoAttribute(attributes.fifo ?? defaultFifoAttributes, name, value);
    },
    canonical: itself,
  };
}

function redrivePolicyProblem(value: string): SqsError | undefined {
  const policy = parseRedrivePolicy(value);
  return policy.ok ? undefined : policy.error;
}

function redriveAllowPolicyProblem(value: string): SqsError | undefined {
  const policy = parseRedriveAllowPolicy(value);
  return policy.ok ? undefined : policy.error;
}

function removeKmsKey(attributes: Writable): void {
  delete attributes.kmsMasterKeyId;
  delete attributes.kmsDataKeyReuseSeconds;
}

function nameProblem(name: string, queue: QueueId): SqsError | undefined {
  if (isFifoAttribute(name)) return fifoNameProblem(name, queue.name);
  return isAttributeName(name) ? undefined : unknownAttribute(name);
}

function invalid(name: AttributeName): Result<never, SqsError> {
  return err(sqsError("InvalidAttributeValue", `Invalid value for the parameter ${name}.`));
}

function itself(value: string): string {
  return value;
}
