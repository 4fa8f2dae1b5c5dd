import type { Subscription } from "../../catalog/subscription-rows.ts";
import type { Topic } from "../../catalog/topic-rows.ts";
import { limits } from "../../queue/limits.ts";
import { parseQueueArn } from "../../queue/queue-arn.ts";
import type { QueueId } from "../../queue/settings.ts";
import type { RequestContext } from "../action.ts";
import { derivedUuid } from "./derived-uuid.ts";
import { envelope } from "./envelope.ts";
import { type FilterPolicy, type FilterSubject, matches } from "./filter-policy.ts";
import { attributeSubject, bodySubject } from "./filter-subjects.ts";
import { inParallel } from "./in-parallel.ts";
import type { PublishedMessage } from "./published-message.ts";
import { type Outcome, type QueueEntry, sendToQueue } from "./send-to-queue.ts";
import { deliveryRules } from "./subscription-attributes.ts";
import { isFifo, subscriptionArn, topicArn } from "./topic-arn.ts";

/** What the platform failed with, by MessageId. Every other message has been stored, filtered out or given up. */
export type Failures = ReadonlyMap<string, unknown>;

interface Publication {
  readonly topic: Topic;
  readonly subscriptions: readonly Subscription[];
  readonly messages: readonly PublishedMessage[];
}

/**
 * Stores messages in every queue that is to have them, and is done when the last queue has answered. A queue that
 * refuses cannot be helped by sending again: its message goes to the subscription's dead-letter queue, or is given
 * up. One that cannot be reached is a failure, and the publisher has to publish again.
 */
export async function deliver(context: RequestContext, publication: Publication): Promise<Failures> {
  const failures = new Map<string, unknown>();
  const subjects = new Map<PublishedMessage, Subjects>(
    publication.messages.map((message) => [message, new Subjects(message)]),
  );
  await inParallel(publication.subscriptions, limits.snsDeliveriesAtOnce, async (subscription) => {
    const { filter, scope, raw, deadLetterTarget } = deliveryRules(subscription);
    const wanted = publication.messages.filter(
      (message) => filter === undefined || subjects.get(message)?.matches(filter, scope),
    );
    const route = { topic: publication.topic, subscription, raw };
    const refused = await sendAll(context, route, wanted, failures);
    if (refused.length === 0) return;
    if (deadLetterTarget === undefined) return giveUp(subscription, refused);
    const messages = refused.map(({ message }) => message);
    const lost = await sendAll(context, { ...route, deadLetterTarget }, messages, failures);
    giveUp(subscription, lost);
  });
  return failures;
}

/** What filter policies see of a message, made when the first of them asks. */
class Subjects {
  readonly #message: PublishedMessage;
  #attributes: FilterSubject | undefined;
  #body: { readonly subject: FilterSubject | undefined } | undefined;

  constructor(message: PublishedMessage) {
    this.#message = message;
  }

  matches({ rule }: FilterPolicy, scope: "MessageAttributes" | "MessageBody"): boolean {
    if (scope === "MessageAttributes") {
      this.#attributes ??= attributeSubject(this.#message.attributes);
      return matches(rule, this.#attributes);
    }
    this.#body ??= { subject: bodySubject(this.#message.text) };
    return this.#body.subject !== undefined && matches(rule, this.#body.subject);
  }
}

/** The way from a topic to a queue. */
interface Route {
  readonly topic: Topic;
  readonly subscription: Subscription;
  readonly raw: boolean;
  /** Where to send what the subscription's own queue has refused. */
  readonly deadLetterTarget?: QueueId;
}

interface Refused {
  readonly message: PublishedMessage;
  readonly reason: string;
}

/** @returns what the queue refused; what failed is added to `failures` */
async function sendAll(
  context: RequestContext,
  { topic, subscription, raw, deadLetterTarget }: Route,
  messages: readonly PublishedMessage[],
  failures: Map<string, unknown>,
): Promise<readonly Refused[]> {
  const queue = deadLetterTarget ?? parseQueueArn(subscription.endpoint);
  const refused: Refused[] = [];
  const fitting: PublishedMessage[] = [];
  for (const message of messages) {
    if (queue === undefined) refused.push({ message, reason: "NoSuchQueue" });
    else if (raw && deadLetterTarget === undefined && !fitsRaw(message)) {
      refused.push({ message, reason: "TooManyAttributes" });
    } else fitting.push(message);
  }
  if (queue === undefined || fitting.length === 0) return refused;

  const { baseUrl } = context;
  const withIds = isFifo(queue) || !isFifo(topic);
  const entries = fitting.map((message): QueueEntry => {
    // A dead letter that cannot be raw is not lost for that: the envelope has room for its attributes.
    const bare = raw && fitsRaw(message);
    return {
      body: bare ? message.text : envelope(message, { subscription, baseUrl }),
      attributes: bare ? message.attributes : [],
      groupId: withIds ? message.groupId : undefined,
      dedupId: isFifo(queue) ? message.dedupId : undefined,
    };
  });
  const outcomes = await sendToQueue(context, {
    queue,
    source: { arn: topicArn(topic), account: topic.account },
    // The same each time that this request tries: what the queue has stored, it does not store again.
    batchId: derivedUuid(fitting.map(({ messageId }) => messageId).join(), subscription.id, queue.name),
    entries,
  });
  for (const [index, message] of fitting.entries()) {
    const outcome: Outcome = outcomes[index] ?? { kind: "stored" };
    if (outcome.kind === "failed") failures.set(message.messageId, outcome.cause);
    if (outcome.kind === "refused") refused.push({ message, reason: outcome.reason });
  }
  return refused;
}

function fitsRaw({ attributes }: PublishedMessage): boolean {
  return attributes.length <= limits.messageAttributes;
}

function giveUp(subscription: Subscription, lost: readonly Refused[]): void {
  for (const { message, reason } of lost) {
    console.warn("sns: a message was given up, its queue refused it", {
      subscription: subscriptionArn(subscription),
      endpoint: subscription.endpoint,
      messageId: message.messageId,
      reason,
    });
  }
}
