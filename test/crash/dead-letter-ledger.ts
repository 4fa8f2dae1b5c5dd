import { byMessage, type Message, type Operation, toleranceMs } from "./ledger.ts";

/** What clients did with a queue and, after all of it was received, with its dead-letter queue. */
export interface DeadLetterHistory {
  readonly source: readonly Operation[];
  /** Of one client, who deletes all it gets, and whom nothing interrupts. */
  readonly dead: readonly Operation[];
  readonly maxReceiveCount: number;
}

/**
 * Every promise about dead letters that a history breaks; both queues were drained.
 *
 * - A message that nobody tried to delete ends in the dead-letter queue; no acknowledged one is lost.
 * - It is there once, and what it was: its id, and its count of receives, which goes on.
 * - It is not delivered more often before, nor by its old queue afterwards.
 * - One that was deleted while it was in flight does not come there.
 */
export function brokenDeadLetterPromises({ source, dead, maxReceiveCount }: DeadLetterHistory): string[] {
  const moved = byMessage(dead);
  const messages = byMessage(source);
  const broken: string[] = [];
  for (const key of new Set([...messages.keys(), ...moved.keys()])) {
    const before = messages.get(key) ?? nothing;
    const after = moved.get(key) ?? nothing;
    const problems = [
      ...lost(before, after),
      ...doubled(after),
      ...changed(before, after),
      ...miscounted(before, after, maxReceiveCount),
      ...returned(before, after),
    ];
    for (const problem of problems) broken.push(`${key}: ${problem}`);
  }
  return broken;
}

const nothing: Message = { send: undefined, sightings: [], deletes: [], changes: [] };

function lost({ send, deletes }: Message, after: Message): string[] {
  return send?.endedMs !== undefined && deletes.length === 0 && after.sightings.length === 0
    ? ["was acknowledged, not deleted, and is no dead letter"]
    : [];
}

function doubled({ sightings }: Message): string[] {
  return sightings.length > 1 ? [`is a dead letter ${sightings.length} times`] : [];
}

function changed({ send, sightings }: Message, after: Message): string[] {
  if (send === undefined) return ["is a dead letter and was never sent"];
  const ids = new Set([...sightings, ...after.sightings].map(({ messageId }) => messageId));
  if (send.messageId !== undefined) ids.add(send.messageId);
  return ids.size > 1 ? [`has several ids: ${[...ids].join(", ")}`] : [];
}

function miscounted(before: Message, after: Message, maxReceiveCount: number): string[] {
  return [
    ...before.sightings
      .filter(({ receiveCount }) => receiveCount > maxReceiveCount)
      .map(({ receiveCount }) => `was delivered as the ${receiveCount}. time before it was a dead letter`),
    ...after.sightings
      .filter(({ receiveCount }) => receiveCount !== maxReceiveCount + 1)
      .map(({ receiveCount }) => `was counted as ${receiveCount} as a dead letter`),
  ];
}

function returned({ sightings, deletes }: Message, after: Message): string[] {
  const [dead] = after.sightings;
  if (dead === undefined) return [];
  const problems: string[] = [];
  if (sightings.some(({ beganMs }) => beganMs >= dead.endedMs)) {
    problems.push("was delivered by its old queue after it was a dead letter");
  }
  // A delete may come too late: the message had been moved when the timeout was over.
  const inTime = deletes.some(({ beganMs, endedMs }) =>
    sightings.some(
      (sighting) =>
        sighting.endedMs <= beganMs &&
        (endedMs ?? Infinity) < sighting.beganMs + sighting.visibilityMs - toleranceMs,
    ),
  );
  if (inTime) problems.push("is a dead letter after it was deleted in flight");
  return problems;
}
