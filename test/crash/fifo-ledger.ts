import { byMessage, type Message, type Operation, type Receive, type Send } from "./ledger.ts";

/** A send to a FIFO queue, with all its repetitions: they share one deduplication id, the key. */
export interface FifoSend extends Send {
  readonly group: string;
  /** Its place in its group, from 0. A group has one sender, who sends a number when the one before is stored. */
  readonly number: number;
  /** What every acknowledged repetition was told. */
  readonly answers: { readonly messageId: string; readonly sequenceNumber: string }[];
}

/**
 * Every promise of a FIFO queue alone that a history breaks; `brokenPromises` finds the others.
 *
 * - A delivered message has all earlier ones of its group before it in the same answer, or they were deleted. An
 *   earlier one that is in flight blocks it, and an earlier one that is visible is delivered first: so this is
 *   order, no gap, and the lock of the group at once.
 * - However often a send is repeated, it is stored once, and told the same id and sequence number.
 * - Sequence numbers grow within a group.
 */
export function brokenFifoPromises(sends: readonly FifoSend[], history: readonly Operation[]): string[] {
  const messages = byMessage(history);
  const groups = Map.groupBy(sends, ({ group }) => group);
  const numbers = new Map(sends.map((send) => [send.key, send]));
  const broken = [...sharedIds(sends)];
  for (const group of groups.values()) {
    group.sort((a, b) => a.number - b.number);
    broken.push(...outOfSequence(group, messages));
  }
  for (const operation of history) {
    if (operation.kind === "receive") broken.push(...outOfOrder(operation, { numbers, groups, messages }));
  }
  return broken;
}

/** Two deduplication ids that were told one message id: a message was taken for another and lost. */
function sharedIds(sends: readonly FifoSend[]): string[] {
  const problems: string[] = [];
  const keys = new Map<string, string>();
  for (const { key, answers } of sends) {
    for (const { messageId } of answers) {
      const other = keys.get(messageId) ?? key;
      keys.set(messageId, other);
      if (other !== key) problems.push(`${key}: was given the id of ${other}, ${messageId}`);
    }
    const ids = new Set(answers.map(({ messageId }) => messageId));
    if (ids.size > 1) problems.push(`${key}: was stored as ${[...ids].join(" and as ")}`);
  }
  return problems;
}

/** @param group ascending by number */
function outOfSequence(group: readonly FifoSend[], messages: ReadonlyMap<string, Message>): string[] {
  const problems: string[] = [];
  let highest = "";
  for (const { key, answers } of group) {
    const sightings = messages.get(key)?.sightings ?? [];
    const seen = new Set([...answers, ...sightings].map(({ sequenceNumber }) => String(sequenceNumber)));
    if (seen.size > 1) problems.push(`${key}: has several sequence numbers: ${[...seen].join(", ")}`);
    for (const sequenceNumber of seen) {
      // Of equal length, so that text compares as numbers do.
      if (sequenceNumber <= highest) problems.push(`${key}: has ${sequenceNumber}, after ${highest}`);
    }
    for (const sequenceNumber of seen) if (sequenceNumber > highest) highest = sequenceNumber;
  }
  return problems;
}

interface Known {
  /** By key. */
  readonly numbers: ReadonlyMap<string, FifoSend>;
  /** Ascending by number. */
  readonly groups: ReadonlyMap<string, readonly FifoSend[]>;
  readonly messages: ReadonlyMap<string, Message>;
}

function outOfOrder(receive: Receive, { numbers, groups, messages }: Known): string[] {
  const { endedMs } = receive;
  if (endedMs === undefined) return [];
  const problems: string[] = [];
  const before = new Set<string>();
  for (const { key } of receive.deliveries) {
    const send = numbers.get(key);
    const group = send === undefined ? [] : (groups.get(send.group) ?? []);
    const skipped = group.find(
      (earlier) =>
        send !== undefined &&
        earlier.number < send.number &&
        !before.has(earlier.key) &&
        !mayBeDeleted(messages.get(earlier.key), endedMs),
    );
    if (skipped !== undefined) problems.push(`${key}: was delivered while ${skipped.key} was in the queue`);
    before.add(key);
  }
  return problems;
}

/** Whether a delete, even one in doubt, began before `atMs`, and no later receive shows that it had no effect. */
function mayBeDeleted(message: Message | undefined, atMs: number): boolean {
  if (message === undefined) return false;
  return (
    message.deletes.some(({ beganMs }) => beganMs < atMs) &&
    !message.sightings.some(({ beganMs }) => beganMs >= atMs)
  );
}
