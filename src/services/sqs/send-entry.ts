import type { Caller } from "../../auth/caller.ts";
import type { Blinding } from "../../encryption/blinding.ts";
import type { Bodies } from "../../encryption/bodies.ts";
import { toHex, utf8Length } from "../../lib/bytes.ts";
import { assert, err, ok, type Result } from "../../lib/result.ts";
import { invalidParameter, type SqsError } from "../../queue/errors.ts";
import { checkFifoId, contentDedupId, missingFifoId } from "../../queue/fifo-ids.ts";
import { limits } from "../../queue/limits.ts";
import {
  attributeBytes,
  checkSystemAttributes,
  checkUserAttributes,
  type GivenAttribute,
  traceHeaderOf,
} from "../../queue/message-attributes.ts";
import { checkBodyCharacters } from "../../queue/message-body.ts";
import { attributeDigest, md5 } from "../../queue/message-digest.ts";
import { messageIdOf } from "../../queue/message-id.ts";
import { sequenceNumberOf } from "../../queue/sequence-number.ts";
import type { FifoAttributes, QueueSettings } from "../../queue/settings.ts";
import { type Infer, integer, optional, required, type StructureShape, string } from "../../shapes/shape.ts";
import type { OutgoingMessage, Sent } from "../../shard/calls.ts";
import type { OpenQueue } from "../action.ts";
import { type QueueKeyRequest, queueKms } from "../keys-for-queues.ts";
import { givenAttributes, messageAttributes, messageSystemAttributes } from "./message-attribute-shapes.ts";
import { encodeStoredMessage, type MessageIds } from "./stored-message.ts";

/** What a message is sent with, alone or as an entry of a batch. */
export const sendMembers = {
  MessageBody: required(string),
  DelaySeconds: optional(integer),
  MessageAttributes: optional(messageAttributes),
  MessageSystemAttributes: optional(messageSystemAttributes),
  MessageDeduplicationId: optional(string),
  MessageGroupId: optional(string),
};

export const sentMembers = {
  MessageId: required(string),
  MD5OfMessageBody: required(string),
  MD5OfMessageAttributes: optional(string),
  MD5OfMessageSystemAttributes: optional(string),
  /** Of a FIFO queue. */
  SequenceNumber: optional(string),
};

/** A message to be sent, with its size known. */
export interface SendEntry {
  readonly input: Infer<StructureShape<typeof sendMembers>>;
  readonly attributes: readonly GivenAttribute[];
  /** Of body and attributes: what the bounds of queues and batches count. */
  readonly bytes: number;
}

/** What SQS words differently for one message and for an entry of a batch. */
export interface SendWording {
  readonly tooLong: string;
  readonly dedupIdOnStandard: string;
}

export interface SendContext {
  readonly caller: Caller;
  readonly traceHeader: string | undefined;
  readonly settings: QueueSettings;
  readonly wording: SendWording;
}

type SentAnswer = Infer<StructureShape<typeof sentMembers>>;

/** A message that passed every check, and what its sender will be told of it. */
export interface CheckedMessage {
  readonly stored: Uint8Array;
  readonly delayMs: number;
  readonly ids: MessageIds;
  readonly digests: Omit<SentAnswer, "MessageId" | "SequenceNumber">;
}

export function sendEntry(input: SendEntry["input"]): SendEntry {
  const attributes = givenAttributes(input.MessageAttributes);
  return { input, attributes, bytes: utf8Length(input.MessageBody) + attributeBytes(attributes) };
}

/**
 * Checks one message, in the order that SQS reports what is wrong with it.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function checkMessage(entry: SendEntry, context: SendContext): Result<CheckedMessage, SqsError> {
  const { MessageBody: body, DelaySeconds } = entry.input;
  const queue = context.settings.attributes;
  const fault =
    checkBodyCharacters(body) ??
    checkBytes(entry.bytes, queue.maximumMessageBytes, context.wording) ??
    checkDelay(DelaySeconds, queue.fifo) ??
    checkIds(entry.input, queue.fifo, context.wording);
  if (fault !== undefined) return err(fault);
  const attributes = checkUserAttributes(entry.attributes);
  if (!attributes.ok) return attributes;
  const system = checkSystemAttributes(givenAttributes(entry.input.MessageSystemAttributes));
  if (!system.ok) return system;

  const bodyMd5 = md5(body);
  const ids = idsOf(entry.input, queue.fifo);
  return ok({
    stored: encodeStoredMessage({
      body,
      bodyMd5,
      senderId: context.caller.userId,
      traceHeader: system.value?.value ?? traceHeaderOf(context.traceHeader),
      attributes: attributes.value,
      ids,
    }),
    // A FIFO queue's delay is the shard's to apply, for a change of it holds for messages sent before, too.
    delayMs: queue.fifo ? 0 : (DelaySeconds ?? queue.delaySeconds) * 1000,
    ids,
    digests: {
      MD5OfMessageBody: toHex(bodyMd5),
      ...(attributes.value.length > 0 && { MD5OfMessageAttributes: attributeDigest(attributes.value) }),
      ...(system.value && { MD5OfMessageSystemAttributes: attributeDigest([system.value]) }),
    },
  });
}

/** Messages that are stored: what their ids derive from, and what the shard said of them. */
export interface StoredBatch {
  readonly batchId: string;
  readonly sent: Sent;
}

/** Whoever stores messages has these of its request. */
export interface StoreContext extends QueueKeyRequest {
  readonly queue: OpenQueue;
  readonly batchId: string;
  readonly bodies: Bodies;
  readonly blinding: Blinding;
}

/** Stores messages with one call, or none of them: a queue's key may refuse. */
export async function storeMessages(
  { queue, batchId, bodies, blinding, ...request }: StoreContext,
  messages: readonly CheckedMessage[],
): Promise<Result<StoredBatch, SqsError>> {
  const seal = await bodies.forSealing(queue.settings, queueKms(request));
  if (!seal.ok) return seal;
  const hasIds = messages.some(({ ids }) => ids.groupId !== undefined || ids.dedupId !== undefined);
  const blind = hasIds ? await blinding.of(queue.settings.account) : undefined;
  const outgoing = messages.map(
    ({ stored, delayMs, ids: { groupId, dedupId } }, index): OutgoingMessage => ({
      sealed: seal.value(stored, messageIdOf(batchId, index)),
      delayMs,
      ...(blind && groupId !== undefined && { groupId: blind("group", groupId) }),
      ...(blind && dedupId !== undefined && { dedupId: blind("deduplication", dedupId) }),
    }),
  );
  const sent = await queue.call({ kind: "send", batchId, messages: outgoing });
  return ok({ batchId, sent });
}

/**
 * What the sender is told of message `index` of a batch that was stored. A duplicate on a FIFO queue has its
 * original's id and sequence number, and the digests of what was sent now.
 */
export function sentAnswer(
  { batchId, sent: { positions, messageIds } }: StoredBatch,
  index: number,
  { digests }: CheckedMessage,
): SentAnswer {
  if (messageIds === undefined) return { MessageId: messageIdOf(batchId, index), ...digests };
  const [id, position] = [messageIds[index], positions[index]];
  assert(id !== undefined && position !== undefined, "a FIFO shard names and places every message");
  return { MessageId: id, ...digests, SequenceNumber: sequenceNumberOf(position) };
}

function checkBytes(bytes: number, bound: number, wording: SendWording): SqsError | undefined {
  if (bytes <= bound) return undefined;
  return invalidParameter(`${wording.tooLong} Reason: Message must be shorter than ${bound} bytes.`);
}

function checkDelay(seconds: number | undefined, fifo: FifoAttributes | undefined): SqsError | undefined {
  const { min, max } = limits.delaySeconds;
  if (seconds === undefined) return undefined;
  if (seconds < min || seconds > max) {
    return invalidDelay(seconds, `DelaySeconds must be >= ${min} and <= ${max}.`);
  }
  if (fifo === undefined || seconds === 0) return undefined;
  return invalidDelay(seconds, "The request include parameter that is not valid for this queue type.");
}

function invalidDelay(seconds: number, reason: string): SqsError {
  return invalidParameter(`Value ${seconds} for parameter DelaySeconds is invalid. Reason: ${reason}`);
}

/** A standard queue takes groups but does not deduplicate, and says so rather than ignore the wish. */
function checkIds(
  input: SendEntry["input"],
  fifo: FifoAttributes | undefined,
  wording: SendWording,
): SqsError | undefined {
  const { MessageGroupId: groupId, MessageDeduplicationId: dedupId } = input;
  return (
    (fifo && missingFifoId(fifo, [input])) ??
    (groupId === undefined ? undefined : checkFifoId("MessageGroupId", groupId)) ??
    (dedupId === undefined ? undefined : checkFifoId("MessageDeduplicationId", dedupId)) ??
    (dedupId === undefined || fifo ? undefined : invalidParameter(wording.dedupIdOnStandard))
  );
}

/** The ids that a message is known by, once `checkIds` has passed them. */
function idsOf(
  { MessageBody, MessageGroupId, MessageDeduplicationId }: SendEntry["input"],
  fifo: FifoAttributes | undefined,
): MessageIds {
  return {
    ...(MessageGroupId !== undefined && { groupId: MessageGroupId }),
    ...(fifo && { dedupId: MessageDeduplicationId ?? contentDedupId(MessageBody) }),
  };
}
