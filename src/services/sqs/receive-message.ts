import { toHex } from "../../lib/bytes.ts";
import { err, ok } from "../../lib/result.ts";
import { attributeSelector } from "../../queue/attribute-selectors.ts";
import { invalidParameter, type SqsError, sqsError } from "../../queue/errors.ts";
import { checkFifoId } from "../../queue/fifo-ids.ts";
import { limits } from "../../queue/limits.ts";
import { attributeDigest } from "../../queue/message-digest.ts";
import { issueHandle } from "../../queue/receipt-handle.ts";
import type { QueueSettings } from "../../queue/settings.ts";
import { type Infer, integer, list, map, optional, required, string, structure } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import { queueKms } from "../keys-for-queues.ts";
import { ONLY_SHARD } from "./lease.ts";
import { messageAttributes, shownAttributes } from "./message-attribute-shapes.ts";
import { type OpenedMessage, openMessages } from "./open-messages.ts";
import { systemAttributes, unknownSystemAttribute } from "./system-attributes.ts";
import { invalidVisibility, isVisibilityInRange } from "./visibility.ts";

const message = structure({
  MessageId: required(string),
  ReceiptHandle: required(string),
  MD5OfBody: required(string),
  Body: required(string),
  Attributes: optional(map(string, { queryName: "Attribute", queryKey: "Name", queryValue: "Value" })),
  MD5OfMessageAttributes: optional(string),
  MessageAttributes: optional(messageAttributes),
});

const inputMembers = {
  QueueUrl: required(string),
  /** The older name of MessageSystemAttributeNames; what either asks for is given. */
  AttributeNames: optional(list(string, { queryName: "AttributeName" })),
  MessageSystemAttributeNames: optional(list(string, { queryName: "MessageSystemAttributeName" })),
  MessageAttributeNames: optional(list(string, { queryName: "MessageAttributeName" })),
  MaxNumberOfMessages: optional(integer),
  VisibilityTimeout: optional(integer),
  WaitTimeSeconds: optional(integer),
  ReceiveRequestAttemptId: optional(string),
};

const inputShape = structure(inputMembers);
type Input = Infer<typeof inputShape>;

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html */
export const receiveMessage = queueAction({
  name: "ReceiveMessage",
  asksShardFirst: true,
  input: inputMembers,
  output: { Messages: optional(list(message, { queryName: "Message" })) },
  run: async ({ input, queue, bodies, blinding, ...request }) => {
    const { settings } = queue;
    const { ReceiveRequestAttemptId: attempt } = input;
    const fault = checkRanges(input) ?? checkNames(input) ?? checkAttempt(attempt, settings);
    if (fault !== undefined) return err(fault);

    let open = await bodies.forOpening(settings, queueKms(request));
    if (!open.ok) return open;
    const blind = attempt === undefined ? undefined : await blinding.of(settings.account);
    const waitSeconds = input.WaitTimeSeconds ?? settings.attributes.waitSeconds;
    const mayStill = async () => {
      open = await bodies.forOpening(settings, queueKms({ ...request, nowMs: Date.now() }));
      return open.ok;
    };
    const received = await queue.receive({
      max: input.MaxNumberOfMessages ?? limits.receiveMessages.default,
      visibilityMs: (input.VisibilityTimeout ?? settings.attributes.visibilitySeconds) * 1000,
      waitMs: waitSeconds * 1000,
      ...(blind && attempt !== undefined && { attempt: blind("attempt", attempt) }),
      // Only a key of KMS can be taken from somebody who waits.
      ...(settings.attributes.kmsMasterKeyId !== undefined && { mayStill }),
    });
    // By now it may have been asked again.
    if (!open.ok) return open;
    // SQS answers a long poll with nothing instead: its caller waits for room anyway. A FIFO queue never says
    // that it is over its limit.
    if (received.overLimit && waitSeconds === 0) return err(tooManyInFlight);

    const { opened, because } = await openMessages(received.messages, settings, open.value);
    if (opened.length === 0 && received.messages.length > 0) {
      if (because instanceof Error) throw because;
      if (because !== undefined) return err(because);
      throw new Error("no message of this receive could be opened");
    }
    const wanted: Wanted = {
      systemNames: systemNames(input),
      isSelected: attributeSelector(input.MessageAttributeNames ?? []),
    };
    return ok({ Messages: opened.map((each) => show(each, settings, wanted)) });
  },
});

const tooManyInFlight = sqsError(
  "OverLimit",
  "Too many messages have been received without being deleted. Please delete your received messages " +
    "or let them timeout before receiving more.",
);

interface Wanted {
  readonly systemNames: readonly string[];
  readonly isSelected: (attributeName: string) => boolean;
}

function show(
  { delivered, stored }: OpenedMessage,
  settings: QueueSettings,
  wanted: Wanted,
): Infer<typeof message> {
  const attributes = stored.attributes.filter(({ name }) => wanted.isSelected(name));
  return {
    MessageId: delivered.messageId,
    ReceiptHandle: issueHandle(settings, { ...delivered, shard: ONLY_SHARD }),
    MD5OfBody: toHex(stored.bodyMd5),
    Body: stored.body,
    ...(wanted.systemNames.length > 0 && {
      Attributes: systemAttributes(wanted.systemNames, delivered, stored),
    }),
    ...(attributes.length > 0 && {
      MD5OfMessageAttributes: attributeDigest(attributes),
      MessageAttributes: shownAttributes(attributes),
    }),
  };
}

function checkRanges(input: Input): SqsError | undefined {
  const { MaxNumberOfMessages: max, WaitTimeSeconds: wait, VisibilityTimeout: visibility } = input;
  const messages = limits.receiveMessages;
  if (max !== undefined && (max < messages.min || max > messages.max)) {
    return invalidParameter(
      `Value ${max} for parameter MaxNumberOfMessages is invalid. ` +
        `Reason: Must be between ${messages.min} and ${messages.max}, if provided.`,
    );
  }
  const seconds = limits.waitSeconds;
  if (wait !== undefined && (wait < seconds.min || wait > seconds.max)) {
    return invalidParameter(
      `Value ${wait} for parameter WaitTimeSeconds is invalid. ` +
        `Reason: Must be >= ${seconds.min} and <= ${seconds.max}, if provided.`,
    );
  }
  if (visibility !== undefined && !isVisibilityInRange(visibility)) {
    const { min, max: longest } = limits.visibilitySeconds;
    return invalidVisibility(visibility, `Must be >= ${min} and <= ${longest}, if provided.`);
  }
  return undefined;
}

function checkNames(input: Input): SqsError | undefined {
  const unknown = unknownSystemAttribute(systemNames(input));
  return unknown === undefined
    ? undefined
    : sqsError("InvalidAttributeName", `Unknown Attribute ${unknown}.`);
}

function checkAttempt(id: string | undefined, { attributes }: QueueSettings): SqsError | undefined {
  if (id === undefined) return undefined;
  if (attributes.fifo !== undefined) return checkFifoId("ReceiveRequestAttemptId", id);
  return invalidParameter(
    "The request include parameter ReceiveRequestAttemptId which is not valid for this queue type",
  );
}

function systemNames(input: Input): readonly string[] {
  return [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
}
