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
  /** Letters that were ever stored here, in the order of their coming. */
  readonly arrivals: number;
}

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly groupId: string | undefined;
  readonly sentAtMs: number;
  readonly receiveCount: number;
  /** 0 before there was a delivery. */
  readonly firstReceivedAtMs: number;
  /** In its delay or within a timeout until then. */
  readonly visibleAtMs: number;
  /** Of the latest delivery in this queue; undefined before there was one. */
  readonly nonce: number | undefined;
  /** Its number in the outbox, while it is there. */
  readonly outNumber: number;
  /** How many letters came here before it; undefined for a message that was sent here. */
  readonly arrival: number | undefined;
  /** Somebody deleted it while it was in the outbox: it may arrive, but not come back. */
  readonly isDeleted: boolean;
}

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
    arrivals: 0,
  };
  readonly #isFifo: boolean;
  readonly #inFlightMessages: number;

  constructor(isFifo: boolean, inFlightMessages: number) {
    this.#isFifo = isFifo;
    this.#inFlightMessages = inFlightMessages;
  }

  /** A longer retention does not raise the dead; whoever sets a policy anew has it tried at once. */
  configure(settings: Settings, nowMs: number): void {
    this.#set({ ...settings, messages: this.alive(nowMs), pausedUntilMs: 0 });
  }

  send(messages: readonly Pick<Message, "id" | "body" | "groupId" | "visibleAtMs">[], nowMs: number): void {
    const sent = messages.map((message) => ({ ...untouched, ...message, sentAtMs: nowMs }));
    this.#set({ messages: [...this.state.messages, ...sent] });
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
    return this.#orderObjection(messages, given);
  }

  /** Takes an answer to which there is no objection as what happened. */
  receive({ visibilityMs, nonce }: Receive, { given, moved }: Answer, nowMs: number): void {
    this.#update(given, (message) => ({
      ...message,
      receiveCount: message.receiveCount + 1,
      firstReceivedAtMs: message.receiveCount === 0 ? nowMs : message.firstReceivedAtMs,
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

  delete(leases: readonly Lease[], nowMs: number): readonly ("deleted" | "expired")[] {
    const outcomes = leases.map((lease) => {
      const message = this.#present(lease.id, nowMs);
      return message === undefined || this.#isGood(message, lease, nowMs) ? "deleted" : "expired";
    });
    const gone = leases.filter((_, i) => outcomes[i] === "deleted").map(({ id }) => id);
    this.#set({
      messages: this.state.messages.filter(({ id }) => !gone.includes(id)),
      outbox: this.state.outbox.map((each) => (gone.includes(each.id) ? { ...each, isDeleted: true } : each)),
    });
    return outcomes;
  }

  changeVisibility(lease: Lease, visibilityMs: number, nowMs: number): "changed" | "gone" | "expired" {
    const message = this.#present(lease.id, nowMs);
    if (message === undefined) return "gone";
    if (!this.#isGood(message, lease, nowMs)) return "expired";
    this.#update([lease.id], (each) => ({ ...each, visibleAtMs: nowMs + visibilityMs }));
    return "changed";
  }

  /** What was sent before is gone, also if it was on its way and comes back. */
  purge(): void {
    this.#set({ messages: [], outbox: this.state.outbox.map((each) => ({ ...each, isDeleted: true })) });
  }

  /** The other queue has everything up to this number. */
  handedOver(upTo: number): void {
    this.#set({ outbox: this.state.outbox.filter(({ outNumber }) => outNumber > upTo) });
  }

  /** There is no other queue: what is in the outbox is this queue's again, in its old place. */
  takeBack(nowMs: number): void {
    const back = this.state.outbox
      .filter(({ isDeleted }) => !isDeleted)
      .map((message) => ({ ...message, visibleAtMs: nowMs }));
    // Positions are lost when a message leaves; its age stands for them, as nothing is sent twice at one place.
    const messages = [...this.state.messages, ...back].sort((a, b) => a.sentAtMs - b.sentAtMs || byId(a, b));
    this.#set({ messages, outbox: [], pausedUntilMs: nowMs + PAUSE_MS, mayForgetPause: false });
  }

  /** Letters with their numbers, of which those known are left out. */
  store(letters: readonly Message[], nowMs: number): void {
    const fresh = letters.filter(({ outNumber }) => outNumber > this.state.storedUpTo);
    const { arrivals } = this.state;
    const stored = fresh.map((letter, i): Message => {
      // A standard queue goes on counting a message's age, a FIFO queue begins anew.
      const sentAtMs = this.#isFifo ? nowMs : letter.sentAtMs;
      return {
        ...letter,
        sentAtMs,
        visibleAtMs: 0,
        nonce: undefined,
        isDeleted: false,
        arrival: arrivals + i,
      };
    });
    this.#set({
      messages: [...this.state.messages, ...stored],
      storedUpTo: Math.max(this.state.storedUpTo, ...fresh.map(({ outNumber }) => outNumber)),
      arrivals: arrivals + fresh.length,
    });
  }

  /** The queue comes back from its log. */
  recover(): void {
    this.#set({ mayForgetPause: true });
  }

  alive(nowMs: number): readonly Message[] {
    return this.state.messages.filter(({ sentAtMs }) => nowMs < sentAtMs + this.state.retentionMs);
  }

  inFlight(nowMs: number): number {
    return this.alive(nowMs).filter(({ nonce, visibleAtMs }) => nonce !== undefined && nowMs < visibleAtMs)
      .length;
  }

  delayed(nowMs: number): number {
    return this.alive(nowMs).filter(({ nonce, visibleAtMs }) => nonce === undefined && nowMs < visibleAtMs)
      .length;
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

  /** Letters are first delivered in the order in which they came, in a FIFO queue that of their groups. */
  #orderObjection(messages: readonly Message[], given: readonly string[]): string | undefined {
    const newest = new Map<string | undefined, number>();
    for (const id of given) {
      const message = messages.find((each) => each.id === id);
      if (message === undefined) continue;
      const line = this.#isFifo ? message.groupId : undefined;
      if (!this.#isFifo && (message.arrival === undefined || message.nonce !== undefined)) continue;
      const place = messages.indexOf(message);
      if (place < (newest.get(line) ?? -1)) return `message ${id} comes after a later one`;
      newest.set(line, place);
    }
    return undefined;
  }

  /** Handles of a standard queue are good for ever, those of a FIFO queue while their own timeout lasts. */
  #isGood(message: Message, { nonce }: Lease, nowMs: number): boolean {
    return !this.#isFifo || (message.nonce === nonce && nowMs < message.visibleAtMs);
  }

  #present(id: string, nowMs: number): Message | undefined {
    return this.alive(nowMs).find((message) => message.id === id);
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
  nonce: undefined,
  outNumber: 0,
  arrival: undefined,
  isDeleted: false,
};

function byId(a: Message, b: Message): number {
  return a.id < b.id ? -1 : 1;
}
