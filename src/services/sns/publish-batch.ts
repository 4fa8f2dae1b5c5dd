import { err, ok } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { messageIdOf } from "../../queue/message-id.ts";
import { boolean, members, optional, required, string, structure } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { deliver } from "./deliver.ts";
import { snsError, topicDoesNotExist } from "./errors.ts";
import { type CheckedMessage, checkPublished, published, publishMembers } from "./published-message.ts";
import { numbersFor, openForPublishing } from "./publishing.ts";

/**
 * Publishes up to ten messages. What a client can do wrong fails all of them, as with SNS; where a queue cannot be
 * reached, the messages for it fail, each on its own.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
 */
export const publishBatch = accountAction({
  name: "PublishBatch",
  permission: "sns:Publish",
  outlivesClient: true,
  concerns: "askedInRun",
  input: {
    TopicArn: required(string),
    PublishBatchRequestEntries: required(members(structure({ Id: required(string), ...publishMembers }))),
  },
  output: {
    Successful: required(
      members(
        structure({
          Id: required(string),
          MessageId: required(string),
          SequenceNumber: optional(string),
        }),
      ),
    ),
    Failed: required(
      members(
        structure({
          Id: required(string),
          Code: required(string),
          Message: optional(string),
          SenderFault: required(boolean),
        }),
      ),
    ),
  },
  run: async ({ input, ...context }) => {
    const entries = input.PublishBatchRequestEntries;
    const misshapen = batchProblem(entries.map(({ Id }) => Id));
    if (misshapen !== undefined) return err(misshapen);
    const checked: CheckedMessage[] = [];
    for (const [index, entry] of entries.entries()) {
      const message = checkPublished(entry, `publishBatchRequestEntries.${index + 1}.member.`);
      if (!message.ok) return message;
      checked.push(message.value);
    }
    if (checked.reduce((sum, { bytes }) => sum + bytes, 0) > limits.snsMessageBytes) return err(tooLong);
    const opened = await openForPublishing(context, input.TopicArn, checked);
    if (!opened.ok) return opened;
    const numbers = await numbersFor(context, opened.value.topic, entries.length);
    if (numbers === undefined) return err(topicDoesNotExist);

    const { batchId, nowMs } = context;
    const messages = checked.map((message, index) =>
      published(message, { messageId: messageIdOf(batchId, index), nowMs, number: numbers[index] }),
    );
    const failures = await deliver(context, { ...opened.value, messages });
    for (const [messageId, cause] of failures)
      console.error("sns: a queue was not reached", messageId, cause);
    const answers = messages.map((message, index) => ({ Id: entries[index]?.Id ?? "", message }));
    return ok({
      Successful: answers
        .filter(({ message }) => !failures.has(message.messageId))
        .map(({ Id, message }) => ({
          Id,
          MessageId: message.messageId,
          SequenceNumber: message.sequenceNumber,
        })),
      Failed: answers
        .filter(({ message }) => failures.has(message.messageId))
        .map(({ Id }) => ({
          Id,
          Code: "InternalError",
          Message: "A subscribed queue could not be reached. Publish the message again.",
          SenderFault: false,
        })),
    });
  },
});

const tooLong = snsError(
  "BatchRequestTooLong",
  "The length of all the messages put together is more than the limit.",
);

/** What fails a batch before any entry is looked at. */
function batchProblem(ids: readonly string[]): ServiceError | undefined {
  if (ids.length === 0) {
    return snsError("EmptyBatchRequest", "The batch request doesn't contain any entries.");
  }
  if (ids.length > limits.batchEntries) {
    return snsError(
      "TooManyEntriesInBatchRequest",
      "The batch request contains more entries than permissible.",
    );
  }
  if (!ids.every((id) => id.length <= limits.batchEntryIdLength && /^[\w-]+$/.test(id))) {
    return snsError(
      "InvalidBatchEntryId",
      "The Id of a batch entry in a batch request doesn't abide by the specification.",
    );
  }
  return new Set(ids).size < ids.length
    ? snsError("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
    : undefined;
}
