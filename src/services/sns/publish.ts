import { err, ok } from "../../lib/result.ts";
import { optional, required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { deliver } from "./deliver.ts";
import { invalidParameter, topicDoesNotExist } from "./errors.ts";
import { checkPublished, published, publishMembers } from "./published-message.ts";
import { numbersFor, openForPublishing } from "./publishing.ts";

/**
 * Publishes a message, and answers when every subscribed queue has it.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export const publish = accountAction({
  name: "Publish",
  permission: "sns:Publish",
  outlivesClient: true,
  concerns: "askedInRun",
  input: {
    TopicArn: optional(string),
    TargetArn: optional(string),
    PhoneNumber: optional(string),
    ...publishMembers,
  },
  output: { MessageId: required(string), SequenceNumber: optional(string) },
  run: async ({ input, ...context }) => {
    const arn = input.TopicArn ?? input.TargetArn;
    if (arn === undefined) {
      return err(
        input.PhoneNumber === undefined
          ? invalidParameter("TopicArn or TargetArn Reason: no value for required parameter")
          : invalidParameter(`PhoneNumber Reason: ${input.PhoneNumber} is not valid to publish to`),
      );
    }
    const checked = checkPublished(input);
    if (!checked.ok) return checked;
    const opened = await openForPublishing(context, arn, [checked.value]);
    if (!opened.ok) return opened;
    const numbers = await numbersFor(context, opened.value.topic, 1);
    if (numbers === undefined) return err(topicDoesNotExist);
    const { batchId: messageId, nowMs } = context;
    const message = published(checked.value, { messageId, nowMs, number: numbers[0] });
    const failures = await deliver(context, { ...opened.value, messages: [message] });
    for (const cause of failures.values()) throw cause;
    return ok({ MessageId: messageId, SequenceNumber: message.sequenceNumber });
  },
});
