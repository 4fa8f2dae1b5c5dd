import type { Subscription } from "../../catalog/subscription-rows.ts";
import { toBase64 } from "../../lib/bytes.ts";
import type { PublishedMessage } from "./published-message.ts";
import { subscriptionArn, topicArn } from "./topic-arn.ts";

/**
 * A message as SNS writes it to a queue without raw delivery, blanks included. It has no Signature and nothing that
 * goes with one, like the messages of Amazon's FIFO topics: nobody but us could have written it to the queue, which
 * took it from the service that its policy names.
 *
 * @param baseUrl origin of this endpoint. UnsubscribeURL needs a signature as every other request does.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
 */
export function envelope(
  message: PublishedMessage,
  { subscription, baseUrl }: { readonly subscription: Subscription; readonly baseUrl: string },
): string {
  const { subject, sequenceNumber, attributes } = message;
  const members = [
    member("Type", "Notification"),
    member("MessageId", message.messageId),
    ...(sequenceNumber === undefined ? [] : [member("SequenceNumber", sequenceNumber)]),
    member("TopicArn", topicArn(subscription.topic)),
    ...(subject === undefined ? [] : [member("Subject", subject)]),
    member("Message", message.text),
    member("Timestamp", message.timestamp),
    member(
      "UnsubscribeURL",
      `${baseUrl}/?Action=Unsubscribe&SubscriptionArn=${subscriptionArn(subscription)}`,
    ),
  ];
  if (attributes.length > 0) {
    const shown = attributes.map(({ name, dataType, value }) => {
      const text = typeof value === "string" ? value : toBase64(value);
      return `    ${JSON.stringify(name)} : ${JSON.stringify({ Type: dataType, Value: text })}`;
    });
    members.push(`  "MessageAttributes" : {\n${shown.join(",\n")}\n  }`);
  }
  return written(members);
}

/**
 * What the queue of another account is asked with. There is no SubscribeURL: nothing here can be done by opening a
 * link, so the queue's account calls ConfirmSubscription with the token.
 */
export function confirmationEnvelope(question: {
  readonly messageId: string;
  readonly topic: string;
  readonly token: string;
  readonly timestamp: string;
}): string {
  return written([
    member("Type", "SubscriptionConfirmation"),
    member("MessageId", question.messageId),
    member("Token", question.token),
    member("TopicArn", question.topic),
    member(
      "Message",
      `You have chosen to subscribe to the topic ${question.topic}.\n` +
        "To confirm the subscription, call ConfirmSubscription with the topic's ARN and the token of this message.",
    ),
    member("Timestamp", question.timestamp),
  ]);
}

function member(name: string, value: string): string {
  return `  "${name}" : ${JSON.stringify(value)}`;
}

function written(members: readonly string[]): string {
  return `{\n${members.join(",\n")}\n}`;
}
