import type { VisibilityOutcome } from "../../src/shard/calls.ts";
import type { ModelCounts } from "./reference-model.ts";

/**
 * What a FIFO queue does, written down from the developer guide and from recorded answers without a look at
 * the engine: one list of messages in the order they were accepted, searched from end to end for every
 * question.
 *
 * SQS leaves open which group comes first, so a receive has several right answers: the model is told the
 * queue's, says why it could not be, or takes it as what happened.
 *
 * The state is a value and never written into, so keeping one for every record costs nothing.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
 */
export interface FifoState {
  /** 0: the queue has no settings yet. */
  readonly settingsVersion: number;
  readonly retentionMs: number;
  readonly delayMs: number;
  /** In the order of their numbers. */
  readonly messages: readonly FifoMessage[];
  /** The next message's number. Messages are numbered in the order they were accepted, from 0. */
  readonly nextNumber: number;
  /** The deduplication memory; what of it is too old is never asked. */
  readonly originals: readonly Original[];
  readonly attempts: readonly Attempt[];
  readonly purgedAtMs: number;
}

/** A message that was accepted, whatever became of it since. */
export interface Original {
  readonly number: number;
  readonly batch: string;
  readonly index: number;
  readonly groupId: string;
  readonly dedupId: string;
  readonly sentAtMs: number;
}

export interface FifoMessage extends Original {
  readonly body: string;
  readonly receiveCount: number;
  /** Of the first and of the latest delivery; 0 before there was one. */
  readonly firstReceivedAtMs: number;
  readonly leasedAtMs: number;
  /** Of a message that was received: when its latest timeout is over. */
  readonly visibleAtMs: number;
  /** Of the latest delivery; its handle alone is good for anything. */
  readonly nonce: number;
  /** When that delivery's timeout was to be over, before anybody changed it. */
  readonly leasedUntilMs: number;
}

/** A receive that the client gave a name. */
interface Attempt {
  readonly name: string;
  readonly atMs: number;
  readonly nonce: number;
  readonly numbers: readonly number[];
}

export interface FifoReceive {
  readonly max: number;
  readonly visibilityMs: number;
  readonly nonce: number;
  readonly attempt: string | undefined;
}

interface Lease {
  readonly number: number;
  readonly nonce: number;
}

export interface FifoSettings {
  readonly version: number;
  readonly retentionMs: number;
  readonly delayMs: number;
}

export type DedupScope = "queue" | "messageGroup";

export const FIVE_MINUTES_MS = 5 * 60 * 1000;
const TWELVE_HOURS_MS = 12 * 60 * 60 * 1000;

export class FifoModel {
  state: FifoState = {
    settingsVersion: 0,
    retentionMs: 0,
    delayMs: 0,
    messages: [],
    nextNumber: 0,
    originals: [],
    attempts: [],
    purgedAtMs: Number.NEGATIVE_INFINITY,
  };
  readonly #inFlightLimit: number;
  readonly #scope: DedupScope;

  constructor(bounds: { readonly inFlightMessages: number }, scope: DedupScope) {
    this.#inFlightLimit = bounds.inFlightMessages;
    this.#scope = scope;
  }

  /** New settings hold for messages already there, but a longer retention does not raise the dead. */
  configure({ version, retentionMs, delayMs }: FifoSettings, nowMs: number): void {
    if (version <= this.state.settingsVersion) return;
    this.#replace(this.alive(nowMs));
    this.state = { ...this.state, settingsVersion: version, retentionMs, delayMs };
  }

  /**
   * A batch that comes once more is known by its messages' deduplication ids, like any other.
   *
   * @returns what each message is known as from now on: itself, or the one that it repeats
   */
  send(
    batch: string,
    messages: readonly { readonly body: string; readonly groupId: string; readonly dedupId: string }[],
    nowMs: number,
  ): readonly Original[] {
    return messages.map(({ body, groupId, dedupId }, index) => {
      const known = this.remembered(nowMs).find(
        (each) => each.dedupId === dedupId && (this.#scope === "queue" || each.groupId === groupId),
      );
      if (known !== undefined) return known;
      const original = { number: this.state.nextNumber, batch, index, groupId, dedupId, sentAtMs: nowMs };
      this.#accept(original, body, nowMs);
      return original;
    });
  }

  /** Accepted less than five minutes ago: to send one of these again is to send nothing. */
  remembered(nowMs: number): readonly Original[] {
    return this.state.originals.filter(({ sentAtMs }) => nowMs < sentAtMs + FIVE_MINUTES_MS);
  }

  /**
   * Why the queue cannot have answered a receive with these messages, or undefined if it can.
   *
   * The answer is filled from one group as far as possible, then from the next. But the queue looks at
   * messages that nobody has received yet oldest first, and no further than it must: a group may have more of
   * them to give that are younger than those in the answer.
   */
  objection(request: FifoReceive, numbers: readonly number[], nowMs: number): string | undefined {
    const again = this.#repeated(request.attempt, nowMs);
    if (again !== undefined) {
      const isSame = byGroup(this.#all(numbers)) === byGroup(this.#all(again.numbers));
      return isSame ? undefined : `${request.attempt} was given ${again.numbers.join()} before`;
    }
    const allowed = this.deliverable(nowMs);
    const expected = Math.min(request.max, this.ready(nowMs));
    if (numbers.length !== expected) return `${expected} messages can be delivered, not ${numbers.length}`;

    const left = this.#all(numbers);
    if (left.length < numbers.length) return "one of the messages was never sent, or is gone";
    const newest = Math.max(-1, ...left.filter(isUntouched).map(({ number }) => number));
    while (left[0] !== undefined) {
      const { groupId } = left[0];
      const end = left.findIndex((message) => message.groupId !== groupId);
      const given = left.splice(0, end < 0 ? left.length : end);
      const has = allowed.get(groupId) ?? [];
      allowed.delete(groupId);
      const isInOrder = given.every(({ number }, i) => has[i]?.number === number);
      const next = has[given.length];
      const isFilled = left.length === 0 || next === undefined || (isUntouched(next) && next.number > newest);
      if (!isInOrder || !isFilled) {
        return `group ${groupId} has ${numbersOf(has) || "nothing more"} to give here, not ${numbersOf(given)}`;
      }
    }
    return undefined;
  }

  /** Takes an answer to which there is no objection as what happened. @returns the messages as delivered */
  receive(request: FifoReceive, numbers: readonly number[], nowMs: number): readonly FifoMessage[] {
    const visibleAtMs = nowMs + request.visibilityMs;
    if (this.#repeated(request.attempt, nowMs) !== undefined) {
      return this.#update(
        numbers,
        (message) => ({ ...message, visibleAtMs, leasedAtMs: nowMs, leasedUntilMs: visibleAtMs }),
        nowMs,
      );
    }
    const { nonce, attempt: name } = request;
    if (name !== undefined && numbers.length > 0) {
      const others = this.state.attempts.filter((attempt) => attempt.name !== name);
      this.state = { ...this.state, attempts: [...others, { name, atMs: nowMs, nonce, numbers }] };
    }
    return this.#update(
      numbers,
      (message) => ({
        ...message,
        receiveCount: message.receiveCount + 1,
        firstReceivedAtMs: message.receiveCount === 0 ? nowMs : message.firstReceivedAtMs,
        leasedAtMs: nowMs,
        visibleAtMs,
        leasedUntilMs: visibleAtMs,
        nonce,
      }),
      nowMs,
    );
  }

  /** SQS puts the entries of a batch in no order: each finds the queue as the call found it. */
  delete(leases: readonly Lease[], nowMs: number): readonly ("deleted" | "expired")[] {
    const outcomes = leases.map((lease) => {
      const message = this.#find(lease.number, nowMs);
      return message === undefined || this.#isHeld(message, lease.nonce, nowMs) ? "deleted" : "expired";
    });
    const gone = leases.filter((_, i) => outcomes[i] === "deleted").map(({ number }) => number);
    this.#replace(this.alive(nowMs).filter(({ number }) => !gone.includes(number)));
    return outcomes;
  }

  /** Each entry finds the messages as the call found them; of two for one message the later holds. */
  changeVisibility(
    changes: readonly (Lease & { readonly visibilityMs: number })[],
    nowMs: number,
  ): readonly VisibilityOutcome[] {
    const outcomes = changes.map(({ number, nonce, visibilityMs }): VisibilityOutcome => {
      const message = this.#find(number, nowMs);
      if (message === undefined) return "gone";
      if (!this.#isHeld(message, nonce, nowMs)) return "expired";
      return nowMs + visibilityMs > message.leasedAtMs + TWELVE_HOURS_MS ? "beyondLimit" : "changed";
    });
    for (const [i, { number, visibilityMs }] of changes.entries()) {
      if (outcomes[i] !== "changed") continue;
      const visibleAtMs = nowMs + visibilityMs;
      this.#update([number], (message) => ({ ...message, visibleAtMs }), nowMs);
    }
    return outcomes;
  }

  /** @returns false, and does nothing, if the last purge is less than `minIntervalMs` ago */
  purge(minIntervalMs: number, nowMs: number): boolean {
    if (nowMs < this.state.purgedAtMs + minIntervalMs) return false;
    this.state = { ...this.state, messages: [], originals: [], purgedAtMs: nowMs };
    return true;
  }

  counts(nowMs: number): ModelCounts {
    const hidden = this.alive(nowMs).filter((message) => this.#isHidden(message, nowMs));
    const inFlight = hidden.filter((message) => message.receiveCount > 0);
    return {
      visible: this.alive(nowMs).length - hidden.length,
      inFlight: inFlight.length,
      delayed: hidden.length - inFlight.length,
    };
  }

  /** Of each group, what may be delivered: everything before the first message that is hidden. */
  deliverable(nowMs: number): Map<string, readonly FifoMessage[]> {
    const allowed = new Map<string, FifoMessage[]>();
    const blocked = new Set<string>();
    for (const message of this.alive(nowMs)) {
      if (this.#isHidden(message, nowMs)) blocked.add(message.groupId);
      if (blocked.has(message.groupId)) continue;
      const earlier = allowed.get(message.groupId);
      if (earlier === undefined) allowed.set(message.groupId, [message]);
      else earlier.push(message);
    }
    return allowed;
  }

  /** How many messages more may be in flight. */
  room(nowMs: number): number {
    return Math.max(this.#inFlightLimit - this.counts(nowMs).inFlight, 0);
  }

  /** How many messages a receive without a name would be given now, were there no maximum. */
  ready(nowMs: number): number {
    const allowed = [...this.deliverable(nowMs).values()].flat();
    return Math.min(allowed.length, this.room(nowMs));
  }

  /** When there is something for one who waits now in vain, if nothing happens but time. */
  nextReadyAtMs(nowMs: number): number | undefined {
    return this.#messageInstants(nowMs).find((instantMs) => this.ready(instantMs) > 0);
  }

  instantsAfter(nowMs: number): readonly number[] {
    const memories = [
      ...this.remembered(nowMs).map(({ sentAtMs }) => sentAtMs + FIVE_MINUTES_MS),
      ...this.state.attempts.map(({ atMs }) => atMs + FIVE_MINUTES_MS),
    ];
    return ascendingAfter(nowMs, [...this.#messageInstants(nowMs), ...memories]);
  }

  alive(nowMs: number): readonly FifoMessage[] {
    return this.state.messages.filter((message) => nowMs < message.sentAtMs + this.state.retentionMs);
  }

  /** Names of receives that would be answered as before. */
  repeatable(nowMs: number): readonly string[] {
    const names = this.state.attempts.map(({ name }) => name);
    return names.filter((name) => this.#repeated(name, nowMs) !== undefined);
  }

  /** A name is good as long as everything that it was given is still held by the same handles, as it was. */
  #repeated(name: string | undefined, nowMs: number): Attempt | undefined {
    const attempt = this.state.attempts.find((each) => each.name === name);
    if (attempt === undefined || nowMs >= attempt.atMs + FIVE_MINUTES_MS) return undefined;
    const isGood = attempt.numbers.every((number) => {
      const message = this.#find(number, nowMs);
      if (message === undefined || !this.#isHeld(message, attempt.nonce, nowMs)) return false;
      return message.visibleAtMs === message.leasedUntilMs;
    });
    return isGood ? attempt : undefined;
  }

  #accept(original: Original, body: string, nowMs: number): void {
    const untouched = {
      receiveCount: 0,
      firstReceivedAtMs: 0,
      leasedAtMs: 0,
      visibleAtMs: 0,
      leasedUntilMs: 0,
      nonce: 0,
    };
    this.state = {
      ...this.state,
      messages: [...this.alive(nowMs), { ...original, body, ...untouched }],
      nextNumber: original.number + 1,
      originals: [...this.remembered(nowMs), original],
    };
  }

  /** Delayed, which only the queue can ask for, or in flight. */
  #isHidden(message: FifoMessage, nowMs: number): boolean {
    return nowMs < this.#visibleAtMs(message);
  }

  #visibleAtMs(message: FifoMessage): number {
    return message.receiveCount === 0 ? message.sentAtMs + this.state.delayMs : message.visibleAtMs;
  }

  /** Whether the handle with this nonce is the message's latest, and within its timeout. */
  #isHeld(message: FifoMessage, nonce: number, nowMs: number): boolean {
    return message.receiveCount > 0 && message.nonce === nonce && nowMs < message.visibleAtMs;
  }

  /** Those that were ever sent and not deleted, in the order of `numbers`. */
  #all(numbers: readonly number[]): FifoMessage[] {
    return numbers.flatMap(
      (number) => this.state.messages.find((message) => message.number === number) ?? [],
    );
  }

  #find(number: number, nowMs: number): FifoMessage | undefined {
    return this.alive(nowMs).find((message) => message.number === number);
  }

  #messageInstants(nowMs: number): readonly number[] {
    const instants = this.alive(nowMs).flatMap((message) => [
      this.#visibleAtMs(message),
      message.sentAtMs + this.state.retentionMs,
    ]);
    return ascendingAfter(nowMs, instants);
  }

  /** @returns the updated messages, in the order of `numbers` */
  #update(
    numbers: readonly number[],
    change: (message: FifoMessage) => FifoMessage,
    nowMs: number,
  ): readonly FifoMessage[] {
    this.#replace(this.alive(nowMs).map((each) => (numbers.includes(each.number) ? change(each) : each)));
    return numbers.flatMap((number) => this.#find(number, nowMs) ?? []);
  }

  #replace(messages: readonly FifoMessage[]): void {
    this.state = { ...this.state, messages };
  }
}

function isUntouched({ receiveCount }: FifoMessage): boolean {
  return receiveCount === 0;
}

function numbersOf(messages: readonly FifoMessage[]): string {
  return messages.map(({ number }) => number).join();
}

/** Says which messages, and in which order within their groups. */
function byGroup(messages: readonly FifoMessage[]): string {
  const groups = [...new Set(messages.map(({ groupId }) => groupId))].sort();
  return groups.map((id) => numbersOf(messages.filter(({ groupId }) => groupId === id))).join(" ");
}

function ascendingAfter(nowMs: number, instants: readonly number[]): readonly number[] {
  return [...new Set(instants)].filter((instant) => instant > nowMs).sort((a, b) => a - b);
}
