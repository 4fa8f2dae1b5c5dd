import type { Topic } from "../../catalog/topic-rows.ts";
import { utf8Length } from "../../lib/bytes.ts";
import { parseJsonObject } from "../../lib/json.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { checkFifoId, contentDedupId, type FifoIdName } from "../../queue/fifo-ids.ts";
import { limits } from "../../queue/limits.ts";
import type { MessageAttribute } from "../../queue/message-attributes.ts";
import { type Infer, optional, required, type StructureShape, string } from "../../shapes/shape.ts";
import { invalidParameter } from "./errors.ts";
import { attributeBytes, checkMessageAttributes, messageAttributes } from "./message-attributes.ts";
import { isFifo } from "./topic-arn.ts";
import { deduplicatesByContent } from "./topic-attributes.ts";

/** What a message is published with, alone or as an entry of a batch. */
export const publishMembers = {
  Message: required(string),
  Subject: optional(string),
  MessageStructure: optional(string),
  MessageAttributes: optional(messageAttributes),
  MessageDeduplicationId: optional(string),
  MessageGroupId: optional(string),
};

type PublishInput = Infer<StructureShape<typeof publishMembers>>;

/** A message that may be published, whatever the topic. */
export interface CheckedMessage {
  readonly input: PublishInput;
  /** What subscribers of the protocol `sqs` are to read. */
  readonly text: string;
  readonly attributes: readonly MessageAttribute[];
  /** Of message and attributes. */
  readonly bytes: number;
}

/** A message on its way to the subscribers of its topic. */
export interface PublishedMessage {
  readonly messageId: string;
  readonly text: string;
  readonly subject: string | undefined;
  readonly attributes: readonly MessageAttribute[];
  /** ISO 8601 with milliseconds. */
  readonly timestamp: string;
  readonly groupId: string | undefined;
  /** Of a FIFO topic. */
  readonly dedupId: string | undefined;
  /** Of a FIFO topic: 20 digits. */
  readonly sequenceNumber: string | undefined;
}

/**
 * Checks a message by itself.
 *
 * @param at as in `checkMessageAttributes`
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export function checkPublished(input: PublishInput, at = ""): Result<CheckedMessage, ServiceError> {
  if (input.Message === "") return err(invalidParameter("Empty message"));
  if (input.Subject !== undefined && !isSubject(input.Subject)) return err(invalidParameter("Subject"));
  const attributes = checkMessageAttributes(input.MessageAttributes ?? new Map(), at);
  if (!attributes.ok) return attributes;
  const bytes = utf8Length(input.Message) + attributeBytes(attributes.value);
  if (bytes > limits.snsMessageBytes) return err(invalidParameter("Message too long"));
  const text = textForQueues(input);
  if (!text.ok) return text;
  return ok({ input, text: text.value, attributes: attributes.value, bytes });
}

/** What messages that are published together lack, or have too much, for their topic. */
export function checkForTopic(messages: readonly PublishInput[], topic: Topic): ServiceError | undefined {
  const malformed = messages.map(idProblem).find((problem) => problem !== undefined);
  if (malformed !== undefined) return malformed;
  if (!isFifo(topic)) {
    return messages.every(({ MessageDeduplicationId: id }) => id === undefined)
      ? undefined
      : invalidParameter(
          "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
        );
  }
  if (messages.some(({ MessageGroupId: id }) => id === undefined)) {
    return invalidParameter("The MessageGroupId parameter is required for FIFO topics");
  }
  if (deduplicatesByContent(topic)) return undefined;
  return messages.every(({ MessageDeduplicationId: id }) => id !== undefined)
    ? undefined
    : invalidParameter(
        "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
      );
}

/** @param number of a FIFO topic: how many messages it has numbered, this one included */
export function published(
  { input, text, attributes }: CheckedMessage,
  { messageId, nowMs, number }: { messageId: string; nowMs: number; number: number | undefined },
): PublishedMessage {
  return {
    messageId,
    text,
    subject: input.Subject,
    attributes,
    timestamp: new Date(nowMs).toISOString(),
    groupId: input.MessageGroupId,
    dedupId:
      number === undefined ? undefined : (input.MessageDeduplicationId ?? contentDedupId(input.Message)),
    sequenceNumber: number === undefined ? undefined : sequenceNumberOf(number),
  };
}

/** As SNS's own begin; with one leading digit text and number sort alike. */
function sequenceNumberOf(number: number): string {
  return `1${String(number).padStart(19, "0")}`;
}

/** ASCII without control characters that begins with a letter, a digit or punctuation. */
function isSubject(subject: string): boolean {
  return subject.length <= limits.snsSubjectLength && /^[\x21-\x7e][\x20-\x7e]*$/.test(subject);
}

/**
 * With the structure `json` a message has a text for each protocol, and one for the others.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html
 */
function textForQueues({ Message, MessageStructure }: PublishInput): Result<string, ServiceError> {
  if (MessageStructure === undefined || MessageStructure === "") return ok(Message);
  if (MessageStructure !== "json") return err(invalidParameter("MessageStructure"));
  const json = parseJsonObject(Message);
  if (json === undefined) {
    return err(invalidParameter("Message Structure - JSON message body failed to parse"));
  }
  const { default: byDefault, sqs } = json;
  if (typeof byDefault !== "string") {
    return err(invalidParameter("Message Structure - No default entry in JSON message body"));
  }
  const text = typeof sqs === "string" ? sqs : byDefault;
  return text === "" ? err(invalidParameter("Empty message")) : ok(text);
}

function idProblem({ MessageGroupId, MessageDeduplicationId }: PublishInput): ServiceError | undefined {
  return badId("MessageGroupId", MessageGroupId) ?? badId("MessageDeduplicationId", MessageDeduplicationId);
}

function badId(name: FifoIdName, id: string | undefined): ServiceError | undefined {
  if (id === undefined || checkFifoId(name, id) === undefined) return undefined;
  return invalidParameter(
    `${name} Reason: ${name} can only include alphanumeric and punctuation characters. 1 to ${limits.fifoIdLength} in length.`,
  );
}
