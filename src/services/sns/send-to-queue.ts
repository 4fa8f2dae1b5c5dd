import { assert } from "../../lib/result.ts";
import type { ActionError } from "../../queue/errors.ts";
import type { MessageAttribute } from "../../queue/message-attributes.ts";
import { messageIdOf } from "../../queue/message-id.ts";
import { queueUrl } from "../../queue/queue-url.ts";
import type { QueueId } from "../../queue/settings.ts";
import type { RequestContext } from "../action.ts";
import { sendMessageBatch } from "../queues-for-services.ts";
import { runAction } from "../run-action.ts";
import { snsCaller, snsFacts } from "./service-caller.ts";

export interface QueueEntry {
  readonly body: string;
  readonly attributes: readonly MessageAttribute[];
  readonly groupId: string | undefined;
  readonly dedupId: string | undefined;
}

export interface QueueSend {
  readonly queue: QueueId;
  /** The topic that SNS speaks for. */
  readonly source: { readonly arn: string; readonly account: string };
  /** UUID. */
  readonly batchId: string;
  /** At most ten, in order. */
  readonly entries: readonly QueueEntry[];
}

export type Outcome =
  | { readonly kind: "stored" }
  /** By its policy, its limits, its key, or because it is not there. The same message would be refused again. */
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "failed"; readonly cause: unknown };

/**
 * Sends messages to a queue as the service SNS, by the queue's own rules: its policy, its key and its limits are
 * asked as they are for every other sender.
 *
 * @returns one outcome for each entry; failures are values here, so that one queue does not end the others
 */
export async function sendToQueue(context: RequestContext, send: QueueSend): Promise<readonly Outcome[]> {
  try {
    return await trySend(context, send);
  } catch (cause) {
    return send.entries.map(() => ({ kind: "failed", cause }));
  }
}

async function trySend(context: RequestContext, send: QueueSend): Promise<readonly Outcome[]> {
  const { queue, source, batchId, entries } = send;
  const asSns: RequestContext = {
    ...context,
    caller: snsCaller(source),
    facts: snsFacts({ nowMs: context.nowMs, region: queue.region }),
    region: queue.region,
    batchId,
  };
  const result = await runAction(sendMessageBatch, asSns, {
    QueueUrl: queueUrl("", queue),
    Entries: entries.map((entry, index) => ({
      Id: String(index),
      MessageBody: entry.body,
      ...(entry.attributes.length > 0 && { MessageAttributes: attributeMap(entry.attributes) }),
      ...(entry.groupId !== undefined && { MessageGroupId: entry.groupId }),
      ...(entry.dedupId !== undefined && { MessageDeduplicationId: entry.dedupId }),
    })),
  });
  if (!result.ok) {
    if (entries.length > 1 && blamesOne.has(result.error.kind)) return oneByOne(context, send);
    const outcome = outcomeOf(result.error);
    return entries.map(() => outcome);
  }
  const { Failed: failed = [] } = result.value as Answer;
  const outcomes: Outcome[] = entries.map(() => ({ kind: "stored" }));
  for (const { Id, SenderFault, Code } of failed) {
    outcomes[Number(Id)] = SenderFault
      ? { kind: "refused", reason: Code }
      : { kind: "failed", cause: new Error(`the queue answered ${Code}`) };
  }
  return outcomes;
}

interface Answer {
  readonly Failed?: readonly {
    readonly Id: string;
    readonly SenderFault: boolean;
    readonly Code: string;
  }[];
}

/** Of these a whole batch fails for one of its messages: no other message is to suffer. Nothing was stored by then. */
const blamesOne: ReadonlySet<string> = new Set([
  "BatchRequestTooLong",
  "MissingParameter",
  "InvalidParameterValue",
]);

/** What follows a failure is not tried: the publisher will come again with all of it, in its order. */
async function oneByOne(context: RequestContext, send: QueueSend): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  let last: Outcome = { kind: "stored" };
  for (const [index, entry] of send.entries.entries()) {
    if (last.kind !== "failed") {
      const batchId = messageIdOf(send.batchId, index);
      const [outcome] = await sendToQueue(context, { ...send, batchId, entries: [entry] });
      assert(outcome !== undefined, "there is an outcome for each entry");
      last = outcome;
    }
    outcomes.push(last);
  }
  return outcomes;
}

/** What only has to be tried again later is no refusal. */
const passing: ReadonlySet<string> = new Set([
  "InternalFailure",
  "ServiceUnavailable",
  "RequestThrottled",
  "KmsThrottled",
  "OverLimit",
]);

export function outcomeOf(error: ActionError): Exclude<Outcome, { kind: "stored" }> {
  if (passing.has(error.kind)) {
    return { kind: "failed", cause: new Error(`the queue answered ${error.kind}`) };
  }
  return { kind: "refused", reason: error.kind };
}

/** As SendMessage takes them. */
export function attributeMap(attributes: readonly MessageAttribute[]) {
  return new Map(
    attributes.map(({ name, dataType, value }) => [
      name,
      typeof value === "string"
        ? { DataType: dataType, StringValue: value }
        : { DataType: dataType, BinaryValue: value },
    ]),
  );
}
