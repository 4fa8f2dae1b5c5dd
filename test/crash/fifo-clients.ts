import type { Random } from "../support/random.ts";
import { ask, type Field } from "./clients.ts";
import type { FifoSend } from "./fifo-ledger.ts";

/** A FIFO queue as its clients see it. */
export interface FifoField extends Field {
  readonly sends: FifoSend[];
}

/** So many sends ago at most was what a sender repeats: seconds, where SQS remembers five minutes. */
const repeatedAmong = 20;

/**
 * Sends to groups of its own, numbered, until the field is stopped. What is in doubt is sent again with the same
 * deduplication id until it is acknowledged; now and then an acknowledged send is repeated too, as by a client
 * who lost the answer.
 */
export async function write(field: FifoField, name: string, random: Random): Promise<void> {
  const groups = ["a", "b", "c"].map((letter) => ({ group: `${name}${letter}`, next: 0 }));
  const sent: (readonly FifoSend[])[] = [];
  while (!field.attack.stopped) {
    const count = random.chance(0.5) ? 1 : random.between(2, 10);
    const messages = Array.from({ length: count }, (): FifoSend => {
      const to = random.pick(groups);
      const number = to.next++;
      return {
        kind: "send",
        key: `${to.group}-${number}`,
        group: to.group,
        number,
        delayMs: 0,
        beganMs: performance.now(),
        endedMs: undefined,
        messageId: undefined,
        answers: [],
      };
    });
    field.sends.push(...messages);
    field.history.push(...messages);
    while (!field.attack.failed && !(await sendOnce(field, messages))) {
      // In doubt: the same again.
    }
    sent.push(messages);
    if (random.chance(0.05)) await sendOnce(field, random.pick(sent.slice(-repeatedAmong)));
  }
}

/** @returns false when it is in doubt */
async function sendOnce(field: FifoField, messages: readonly FifoSend[]): Promise<boolean> {
  const [only] = messages;
  const answers =
    messages.length === 1 && only !== undefined
      ? await sendAlone(field, only)
      : await sendBatch(field, messages);
  if (answers === undefined) return false;
  for (const [i, message] of messages.entries()) {
    const answer = answers[i];
    if (answer === undefined) {
      field.attack.fail(`a batch was answered without ${message.key}`);
      continue;
    }
    message.answers.push({ messageId: answer.MessageId, sequenceNumber: answer.SequenceNumber });
    message.messageId ??= answer.MessageId;
    message.endedMs ??= performance.now();
  }
  field.attack.onAcknowledged();
  return true;
}

interface SendAnswer {
  readonly MessageId: string;
  readonly SequenceNumber: string;
}

async function sendAlone(field: Field, message: FifoSend): Promise<readonly SendAnswer[] | undefined> {
  const answer = await ask(field, "SendMessage", entryOf(message));
  return answer && [answer as unknown as SendAnswer];
}

async function sendBatch(
  field: Field,
  messages: readonly FifoSend[],
): Promise<readonly (SendAnswer | undefined)[] | undefined> {
  const Entries = messages.map((message, i) => ({ Id: String(i), ...entryOf(message) }));
  const answer = await ask(field, "SendMessageBatch", { Entries });
  if (answer === undefined) return undefined;
  const successful = answer["Successful"] as (SendAnswer & { readonly Id: string })[];
  return messages.map((_, i) => successful.find(({ Id }) => Id === String(i)));
}

function entryOf({ key, group }: FifoSend) {
  return { MessageBody: `${key} of ${group}`, MessageGroupId: group, MessageDeduplicationId: key };
}
