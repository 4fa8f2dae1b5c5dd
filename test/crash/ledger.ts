/**
 * What clients asked and were told, and whether a queue may answer like that. It knows nothing of servers:
 * instants are milliseconds of the clients' one monotonic clock.
 *
 * An operation that was never answered is in doubt: it may have happened, at any time after it began, or not.
 * One that was refused had no effect and is not written down.
 */
export type Operation = Send | Receive | Delete | VisibilityChange;

interface Timed {
  readonly beganMs: number;
  /** When its answer was there; undefined: in doubt. */
  endedMs: number | undefined;
}

export interface Send extends Timed {
  readonly kind: "send";
  /** The body begins with it; no two sends share one. */
  readonly key: string;
  readonly delayMs: number;
  /** Undefined while in doubt. */
  messageId: string | undefined;
}

export interface Receive extends Timed {
  readonly kind: "receive";
  readonly visibilityMs: number;
  deliveries: readonly Delivery[];
}

export interface Delivery {
  readonly key: string;
  readonly messageId: string;
  /** ApproximateReceiveCount. */
  readonly receiveCount: number;
  /** FIFO queues only: 20 decimal digits. */
  readonly sequenceNumber?: string | undefined;
}

export interface Delete extends Timed {
  readonly kind: "delete";
  readonly key: string;
}

export interface VisibilityChange extends Timed {
  readonly kind: "visibility";
  readonly key: string;
  readonly visibilityMs: number;
}

/** Clients' and server's clock may differ by this, and the server's stands still within a turn. */
export const toleranceMs = 50;

/**
 * Every promise that a history breaks:
 *
 * - an acknowledged message is delivered at least once, if the queue was drained;
 * - a message is what was sent, and stored once;
 * - no receive that begins after a delete was acknowledged delivers that message;
 * - every delivery counts: later ones have higher counts than those whose answers were there before;
 * - a delay or visibility timeout that was acknowledged is kept.
 */
export function brokenPromises(
  history: readonly Operation[],
  { drained }: { readonly drained: boolean },
): string[] {
  const messages = byMessage(history);
  const broken: string[] = [];
  for (const [key, message] of messages) {
    const problems = [
      ...(drained ? lost(message) : []),
      ...changed(message),
      ...returned(message),
      ...undercounted(message),
      ...early(message),
    ];
    for (const problem of problems) broken.push(`${key}: ${problem}`);
  }
  return broken;
}

/** A delivery with the receive that it was an answer to. Both ends are known: it was answered. */
export interface Sighting extends Delivery {
  readonly beganMs: number;
  readonly endedMs: number;
  readonly visibilityMs: number;
}

export interface Message {
  send: Send | undefined;
  readonly sightings: Sighting[];
  readonly deletes: Delete[];
  readonly changes: VisibilityChange[];
}

/** All that happened to each message, by key. */
export function byMessage(history: readonly Operation[]): Map<string, Message> {
  const messages = new Map<string, Message>();
  const of = (key: string): Message => {
    const message = messages.get(key) ?? { send: undefined, sightings: [], deletes: [], changes: [] };
    messages.set(key, message);
    return message;
  };
  for (const operation of history) {
    switch (operation.kind) {
      case "send":
        of(operation.key).send = operation;
        break;
      case "delete":
        of(operation.key).deletes.push(operation);
        break;
      case "visibility":
        of(operation.key).changes.push(operation);
        break;
      case "receive": {
        const { beganMs, endedMs, visibilityMs } = operation;
        if (endedMs === undefined) break;
        for (const delivery of operation.deliveries) {
          of(delivery.key).sightings.push({ ...delivery, beganMs, endedMs, visibilityMs });
        }
      }
    }
  }
  return messages;
}

function lost({ send, sightings }: Message): string[] {
  return send?.endedMs !== undefined && sightings.length === 0
    ? ["was acknowledged and never delivered"]
    : [];
}

function changed({ send, sightings }: Message): string[] {
  if (send === undefined) return ["was delivered and never sent"];
  const ids = new Set(sightings.map(({ messageId }) => messageId));
  if (send.messageId !== undefined) ids.add(send.messageId);
  return ids.size > 1 ? [`has several ids: ${[...ids].join(", ")}`] : [];
}

function returned({ sightings, deletes }: Message): string[] {
  const goneMs = Math.min(...deletes.map(({ endedMs }) => endedMs ?? Infinity));
  return sightings
    .filter(({ beganMs }) => beganMs >= goneMs)
    .map(({ beganMs }) => `was delivered ${ms(beganMs - goneMs)} after its delete was acknowledged`);
}

function undercounted({ sightings }: Message): string[] {
  const problems: string[] = [];
  const sorted = [...sightings].sort((a, b) => a.receiveCount - b.receiveCount);
  for (const [i, { receiveCount, beganMs }] of sorted.entries()) {
    if (receiveCount === sorted[i - 1]?.receiveCount) problems.push(`was counted twice as ${receiveCount}`);
    const later = sorted.slice(i + 1).find(({ endedMs }) => endedMs <= beganMs);
    if (later) problems.push(`was counted as ${receiveCount} after ${later.receiveCount} had been seen`);
  }
  return problems;
}

function early({ send, sightings, changes }: Message): string[] {
  const problems: string[] = [];
  for (const sighting of sightings) {
    const delayedMs = send === undefined ? 0 : send.beganMs + send.delayMs - sighting.endedMs;
    if (delayedMs > toleranceMs) problems.push(`was delivered ${ms(delayedMs)} before its delay was over`);

    const hold = lastHold(sighting, [...sightings, ...changes]);
    const heldMs = hold === undefined ? 0 : hold.beganMs + hold.visibilityMs - sighting.endedMs;
    if (heldMs > toleranceMs) problems.push(`was delivered ${ms(heldMs)} before its timeout was over`);
  }
  return problems;
}

type Hold = Sighting | VisibilityChange;

/** What set the timeout that holds when `sighting` begins; undefined if the order of events is in doubt. */
function lastHold(sighting: Sighting, holds: readonly Hold[]): Hold | undefined {
  let last: Hold | undefined;
  for (const hold of holds) {
    if (hold === sighting || hold.endedMs === undefined || hold.endedMs > sighting.beganMs) continue;
    if (last === undefined || hold.beganMs > last.beganMs) last = hold;
  }
  if (last === undefined) return undefined;
  const { beganMs } = last;
  const interferes = (other: Hold) =>
    other !== last &&
    other !== sighting &&
    (other.endedMs ?? Infinity) > beganMs &&
    other.beganMs < sighting.endedMs;
  return holds.some(interferes) ? undefined : last;
}

function ms(duration: number): string {
  return `${Math.round(duration)} ms`;
}
