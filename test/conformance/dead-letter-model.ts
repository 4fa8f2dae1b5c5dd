import type { VisibilityOutcome } from "../../src/shard/calls.ts";

/**
 * What a queue does of which the suite about dead letters needs to know, for the queue that they come from and
 * for the one that takes them: a list of messages, searched from end to end for every question. Written from the
 * developer guide, without a look at the engine.
 *
 * SQS leaves open which messages a receive is given, so the model is told the queue's answer: it says why that
 * could not be, or takes it as what happened. The state is a value and never written into.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
 */
export interface QueueState {
  readonly version: number;
  readonly retentionMs: number;
  /** Undefined: no message ever leaves for a dead-letter queue. */
  readonly maxReceiveCount: number | undefined;
  /** Until then nothing leaves, as there was nobody to take it. */
  readonly pausedUntilMs: number;
  /** The queue has lost its memory since: it may have forgotten the pause. */
  readonly mayForgetPause: boolean;
  /** In the order in which they came. */
  readonly messages: readonly Message[];
  /** On their way to the dead-letter queue, in their order. */
  readonly outbox: readonly Message[];
  readonly nextOutNumber: number;
  /** The last number of the other queue's outbox that was stored here. */
  readonly storedUpTo: number;
  /** Messages that ever came here. */
  readonly entered: number;
}

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly groupId: string | undefined;
  /** In a FIFO queue. */
  readonly dedupId: string | undefined;
  /** How many messages came to this queue before it. */
  readonly place: number;
  /** It came from the other queue. */
  readonly isLetter: boolean;
  readonly sentAtMs: number;
  readonly receiveCount: number;
  /** 0 before there was a delivery. */
  readonly firstReceivedAtMs: number;
  readonly leasedAtMs: number;
  /** In its delay or within a timeout until then. */
  readonly visibleAtMs: number;
  /** Of the latest delivery in this queue; undefined before there was one. */
  readonly nonce: number | undefined;
  /** Its number in the outbox, while it is there. */
  readonly outNumber: number;
  /** Its retention was over while it was in the outbox: it may arrive, but not come back. */
  readonly isExpired: boolean;
}

export type Sent = Pick<Message, "id" | "body" | "groupId" | "dedupId" | "visibleAtMs">;

/** What a receive came to, as far as it can be seen: the messages given, and those that left instead. */
export interface Answer {
  readonly given: readonly string[];
  readonly moved: readonly string[];
}

export interface Receive {
  readonly max: number;
  readonly visibilityMs: number;
  readonly nonce: number;
}

export interface Settings {
  readonly version: number;
  readonly retentionMs: number;
  readonly maxReceiveCount: number | undefined;
}

export interface Lease {
  readonly id: string;
  readonly nonce: number;
}

/** How long a queue without its dead-letter queue goes on delivering. */
const PAUSE_MS = 60_000;
const TWELVE_HOURS_MS = 43_200_000;
/** A receive that has found so many to send away may leave the rest to the next. */
const MOVED_AT_ONCE = 100;

export class QueueModel {
  state: QueueState = {
    version: 0,
    retentionMs: 0,
    maxReceiveCount: undefined,
    pausedUntilMs: 0,
    mayForgetPause: false,
    messages: [],
    outbox: [],
    nextOutNumber: 1,
    storedUpTo: 0,
    entered: 0,
  };
  readonly #isFifo: boolean;
  readonly #inFlightMessages: number;

  constructor(isFifo: boolean, inFlightMessages: number) {
    this.#isFifo = isFifo;
    this.#inFlightMessages = inFlightMessages;
  }

  /** A longer retention does not raise the dead; a policy that is set anew is tried at once. */
  configure(settings: Settings, nowMs: number): void {
    const outbox = this.state.outbox.map((each) =>
      this.#isAlive(each, nowMs) ? each : { ...each, isExpired: true },
    );
    this.#set({ ...settings, messages: this.alive(nowMs), outbox, pausedUntilMs: 0 });
  }

  send(messages: readonly Sent[], nowMs: number): void {
    this.#enter(messages.map((message) => ({ ...untouched, ...message, sentAtMs: nowMs })));
  }

  /** Why the queue cannot have given this answer, or undefined if it can. */
  objection(request: Receive, { given, moved }: Answer, nowMs: number): string | undefined {
    const messages = this.alive(nowMs);
    const want = Math.min(request.max, Math.max(this.#inFlightMessages - this.inFlight(nowMs), 0));
    if (new Set([...given, ...moved]).size < given.length + moved.length) return "a message is in it twice";
    if (given.length > want) return `${want} messages are the most there can be`;
    for (const id of [...given, ...moved]) {
      const message = messages.find((each) => each.id === id);
      if (message === undefined) return `message ${id} is not in this queue`;
      if (nowMs < message.visibleAtMs) return `message ${id} is hidden`;
      const has = this.#exhaustion(message, nowMs);
      if (has === "no" && moved.includes(id)) return `message ${id} may still be delivered`;
      if (has === "yes" && given.includes(id)) return `message ${id} was delivered often enough`;
    }
    const taken = (message: Message) => given.includes(message.id) || moved.includes(message.id);
    const blocked = new Set<string | undefined>();
    for (const message of messages) {
      const isBlocked = this.#isFifo && blocked.has(message.groupId);
      if (taken(message) && isBlocked) return `message ${message.id} is delivered before others of its group`;
      if (!taken(message) && (this.#isFifo || nowMs < message.visibleAtMs)) blocked.add(message.groupId);
      const isLeft = !taken(message) && nowMs >= message.visibleAtMs && !isBlocked;
      if (isLeft && given.length < want && !this.#mayBeLeft(message, moved, nowMs)) {
        return `message ${message.id} should have been delivered, or have left`;
      }
    }
    return this.#orderObjection(given, nowMs);
  }

  /** Takes an answer to which there is no objection as what happened. */
  receive({ visibilityMs, nonce }: Receive, { given, moved }: Answer, nowMs: number): void {
    this.#update(given, (message) => ({
      ...message,
      receiveCount: message.receiveCount + 1,
      firstReceivedAtMs: message.receiveCount === 0 ? nowMs : message.firstReceivedAtMs,
      leasedAtMs: nowMs,
      visibleAtMs: nowMs + visibilityMs,
      nonce,
    }));
    const leaving = moved.flatMap((id, i) => {
      const message = this.find(id);
      return message === undefined ? [] : [{ ...message, outNumber: this.state.nextOutNumber + i }];
    });
    this.#set({
      messages: this.state.messages.filter(({ id }) => !moved.includes(id)),
      outbox: [...this.state.outbox, ...leaving],
      nextOutNumber: this.state.nextOutNumber + leaving.length,
    });
  }

  /**
   * Also deletes what is on its way; what the other queue has, it keeps. A FIFO queue's message is beyond its
   * handles by then: it had to be visible to leave.
   */
  delete(leases: readonly Lease[], nowMs: number): readonly ("deleted" | "expired")[] {
    const outcomes = leases.map((lease) => {
      const leaving = this.#isFifo && this.state.outbox.some(({ id }) => id === lease.id);
      const message = this.#present(lease.id, nowMs);
      const isOver = leaving || (message !== undefined && !this.#isGood(message, lease, nowMs));
      return isOver ? "expired" : "deleted";
    });
    const gone = leases.filter((_, i) => outcomes[i] === "deleted").map(({ id }) => id);
    this.#set({
      messages: this.state.messages.filter(({ id }) => !gone.includes(id)),
      outbox: this.state.outbox.filter(({ id }) => !gone.includes(id)),
    });
    return outcomes;
  }

  changeVisibility(lease: Lease, visibilityMs: number, nowMs: number): VisibilityOutcome {
    const message = this.#present(lease.id, nowMs);
    if (message === undefined) return "gone";
    if (!this.#isGood(message, lease, nowMs)) return "expired";
    if (nowMs + visibilityMs > message.leasedAtMs + TWELVE_HOURS_MS) return "beyondLimit";
    this.#update([lease.id], (each) => ({ ...each, visibleAtMs: nowMs + visibilityMs }));
    return "changed";
  }

  /** What was sent before is gone, also if it was on its way. */
  purge(): void {
    this.#set({ messages: [], outbox: [] });
  }

  /** The other queue has everything up to this number. */
  handedOver(upTo: number): void {
    this.#set({ outbox: this.state.outbox.filter(({ outNumber }) => outNumber > upTo) });
  }

  /** There is no other queue: what is in the outbox is this queue's again, in its old place. */
  takeBack(nowMs: number): void {
    const back = this.state.outbox
      .filter(({ isExpired }) => !isExpired)
      .map((message) => ({ ...message, visibleAtMs: nowMs }));
    const messages = [...this.state.messages, ...back].sort((a, b) => a.place - b.place);
    this.#set({ messages, outbox: [], pausedUntilMs: nowMs + PAUSE_MS, mayForgetPause: false });
  }

  /** Letters with their numbers, of which those known are left out. */
  store(letters: readonly Message[], nowMs: number): void {
    const fresh = letters.filter(({ outNumber }) => outNumber > this.state.storedUpTo);
    this.#set({ storedUpTo: Math.max(this.state.storedUpTo, ...fresh.map(({ outNumber }) => outNumber)) });
    // A standard queue goes on counting a message's age; a FIFO queue begins anew, and knows it by its id.
    const isFifo = this.#isFifo;
    const own = (letter: Message) =>
      isFifo ? { sentAtMs: nowMs, dedupId: letter.id } : { dedupId: undefined };
    this.#enter(
      fresh.map((letter) => {
        return {
          ...letter,
          ...own(letter),
          visibleAtMs: 0,
          nonce: undefined,
          isLetter: true,
          isExpired: false,
        };
      }),
    );
  }

  /** The queue comes back from its log. */
  recover(): void {
    this.#set({ mayForgetPause: true });
  }

  alive(nowMs: number): readonly Message[] {
    return this.state.messages.filter((message) => this.#isAlive(message, nowMs));
  }

  inFlight(nowMs: number): number {
    return this.alive(nowMs).filter(({ nonce, visibleAtMs }) => nonce !== undefined && nowMs < visibleAtMs)
      .length;
  }

  delayed(nowMs: number): number {
    return this.alive(nowMs).filter(({ nonce, visibleAtMs }) => nonce === undefined && nowMs < visibleAtMs)
      .length;
  }

  /** Letters that nobody has received here, and nobody will. */
  expiredLetters(nowMs: number): number {
    const isOver = (each: Message) =>
      each.isLetter && each.nonce === undefined && !this.#isAlive(each, nowMs);
    return this.state.messages.filter(isOver).length;
  }

  find(id: string): Message | undefined {
    return this.state.messages.find((message) => message.id === id);
  }

  /** The instants after `nowMs` at which time alone changes something, ascending. */
  instantsAfter(nowMs: number): readonly number[] {
    const instants = this.alive(nowMs).flatMap((message) => [
      message.visibleAtMs,
      message.sentAtMs + this.state.retentionMs,
    ]);
    return [...instants, this.state.pausedUntilMs].filter((at) => at > nowMs).sort((a, b) => a - b);
  }

  /** Whether the message was delivered as often as it may be. */
  #exhaustion({ receiveCount, nonce }: Message, nowMs: number): "yes" | "no" | "either" {
    const { maxReceiveCount, pausedUntilMs, mayForgetPause } = this.state;
    if (maxReceiveCount === undefined || receiveCount < maxReceiveCount || nonce === undefined) return "no";
    if (nowMs >= pausedUntilMs) return "yes";
    return mayForgetPause ? "either" : "no";
  }

  /** Where many leave, or a FIFO queue has just found some that leave, the rest may wait for the next receive. */
  #mayBeLeft(message: Message, moved: readonly string[], nowMs: number): boolean {
    if (this.#isFifo) return moved.length > 0;
    return moved.length >= MOVED_AT_ONCE && this.#exhaustion(message, nowMs) !== "no";
  }

  /** A FIFO queue keeps the order of each group, a standard one delivers for the first time in order of coming. */
  #orderObjection(given: readonly string[], nowMs: number): string | undefined {
    const messages = given.flatMap((id) => this.#present(id, nowMs) ?? []);
    const first = (message: Message) => message.nonce === undefined && message.visibleAtMs === 0;
    for (const [i, message] of messages.entries()) {
      if (!this.#isFifo && !first(message)) continue;
      const later = messages.slice(0, i).find((other) => {
        const isInLine = this.#isFifo ? other.groupId === message.groupId : first(other);
        return isInLine && other.place > message.place;
      });
      if (later !== undefined) return `message ${message.id} comes after ${later.id}`;
    }
    if (this.#isFifo) return undefined;
    const newest = Math.max(-1, ...messages.filter(first).map(({ place }) => place));
    const left = this.alive(nowMs).find(
      (message) => first(message) && message.place < newest && !given.includes(message.id),
    );
    return left && `message ${left.id} came before some of them`;
  }

  /** Handles of a standard queue are good for ever, those of a FIFO queue while their own timeout lasts. */
  #isGood(message: Message, { nonce }: Lease, nowMs: number): boolean {
    return !this.#isFifo || (message.nonce === nonce && nowMs < message.visibleAtMs);
  }

  #present(id: string, nowMs: number): Message | undefined {
    return this.alive(nowMs).find((message) => message.id === id);
  }

  #isAlive({ sentAtMs }: Message, nowMs: number): boolean {
    return nowMs < sentAtMs + this.state.retentionMs;
  }

  #enter(messages: readonly Message[]): void {
    const { entered } = this.state;
    const placed = messages.map((message, i) => ({ ...message, place: entered + i }));
    this.#set({ messages: [...this.state.messages, ...placed], entered: entered + placed.length });
  }

  #update(ids: readonly string[], change: (message: Message) => Message): void {
    this.#set({
      messages: this.state.messages.map((message) => (ids.includes(message.id) ? change(message) : message)),
    });
  }

  #set(changes: Partial<QueueState>): void {
    this.state = { ...this.state, ...changes };
  }
}

const untouched = {
  receiveCount: 0,
  firstReceivedAtMs: 0,
  leasedAtMs: 0,
  nonce: undefined,
  place: 0,
  isLetter: false,
  outNumber: 0,
  isExpired: false,
};
