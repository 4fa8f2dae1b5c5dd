/**
 * What a standard queue does, written down as plainly as possible and without a look at the engine: a list
 * of messages that is searched from end to end for every question. Slow, and short enough to be checked
 * against the developer guide by reading.
 *
 * The state is a value and never written into, so keeping one for every record costs nothing.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues.html
 */
export interface ModelState {
  /** 0: the queue has no settings yet. */
  readonly settingsVersion: number;
  readonly retentionMs: number;
  /** In the order of their numbers. */
  readonly messages: readonly ModelMessage[];
  /** The next message's number. Messages are numbered in the order they were sent, from 0. */
  readonly nextNumber: number;
  readonly batches: readonly ModelBatch[];
  readonly purgedAtMs: number;
}

export interface ModelMessage extends ModelContent {
  readonly number: number;
  readonly sentAtMs: number;
  readonly wasDelayed: boolean;
  readonly visibleAtMs: number;
  readonly receiveCount: number;
  /** Of the first and of the latest delivery; 0 before there was one. */
  readonly firstReceivedAtMs: number;
  readonly leasedAtMs: number;
}

/** What a consumer is to see of what a producer gave. */
export interface ModelContent {
  readonly batch: string;
  readonly index: number;
  readonly body: string;
  readonly groupId: string | undefined;
}

export interface ModelBatch {
  readonly batch: string;
  readonly sentAtMs: number;
  readonly numbers: readonly number[];
}

export interface ModelBounds {
  readonly inFlightMessages: number;
  readonly batchMemoryMs: number;
}

export interface ModelCounts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

type Received = { readonly messages: readonly ModelMessage[]; readonly overLimit: boolean };

const TWELVE_HOURS_MS = 12 * 60 * 60 * 1000;

export const emptyQueue: ModelState = {
  settingsVersion: 0,
  retentionMs: 0,
  messages: [],
  nextNumber: 0,
  batches: [],
  purgedAtMs: Number.NEGATIVE_INFINITY,
};

export class ReferenceModel {
  state: ModelState = emptyQueue;
  readonly #bounds: ModelBounds;

  constructor(bounds: ModelBounds) {
    this.#bounds = bounds;
  }

  /** A new retention holds for messages already there, but does not raise the dead. */
  configure(settings: { readonly version: number; readonly retentionMs: number }, nowMs: number): void {
    if (settings.version <= this.state.settingsVersion) return;
    this.#replace(this.#alive(nowMs));
    this.state = { ...this.state, settingsVersion: settings.version, retentionMs: settings.retentionMs };
  }

  /** @returns the messages' numbers: new ones, or those of the first time if the batch is remembered */
  send(
    batch: string,
    messages: readonly {
      readonly body: string;
      readonly delayMs: number;
      readonly groupId: string | undefined;
    }[],
    nowMs: number,
  ): readonly number[] {
    const remembered = this.state.batches.filter(
      (each) => nowMs < each.sentAtMs + this.#bounds.batchMemoryMs,
    );
    const earlier = remembered.find((each) => each.batch === batch);
    if (earlier !== undefined) return earlier.numbers;

    const sent = messages.map(
      ({ body, delayMs, groupId }, index): ModelMessage => ({
        number: this.state.nextNumber + index,
        batch,
        index,
        body,
        groupId,
        sentAtMs: nowMs,
        wasDelayed: delayMs > 0,
        visibleAtMs: nowMs + delayMs,
        receiveCount: 0,
        firstReceivedAtMs: 0,
        leasedAtMs: 0,
      }),
    );
    const numbers = sent.map(({ number }) => number);
    this.state = {
      ...this.state,
      messages: [...this.#alive(nowMs), ...sent],
      nextNumber: this.state.nextNumber + sent.length,
      batches: [...remembered, { batch, sentAtMs: nowMs, numbers }],
    };
    return numbers;
  }

  /** Messages that come back, from a delivery or from a delay, go before those that nobody has seen yet. */
  receive({ max, visibilityMs }: { max: number; visibilityMs: number }, nowMs: number): Received {
    const room = this.#bounds.inFlightMessages - this.counts(nowMs).inFlight;
    if (room <= 0) return { messages: [], overLimit: true };

    const visible = this.#alive(nowMs).filter((message) => nowMs >= message.visibleAtMs);
    const comesBack = (message: ModelMessage) => message.receiveCount > 0 || message.wasDelayed;
    const returned = visible.filter((message) => comesBack(message));
    const untouched = visible.filter((message) => !comesBack(message));
    const chosen = [...returned, ...untouched].slice(0, Math.min(max, room));

    const delivered = chosen.map((message) => ({
      ...message,
      visibleAtMs: nowMs + visibilityMs,
      receiveCount: message.receiveCount + 1,
      firstReceivedAtMs: message.receiveCount === 0 ? nowMs : message.firstReceivedAtMs,
      leasedAtMs: nowMs,
    }));
    const byNumber = new Map(delivered.map((message) => [message.number, message]));
    this.#replace(this.#alive(nowMs).map((message) => byNumber.get(message.number) ?? message));
    return { messages: delivered, overLimit: false };
  }

  /** Any handle ever given deletes its message; deleting what is gone changes nothing. */
  delete(numbers: readonly number[], nowMs: number): void {
    this.#replace(this.#alive(nowMs).filter((message) => !numbers.includes(message.number)));
  }

  changeVisibility(
    change: { readonly number: number; readonly visibilityMs: number },
    nowMs: number,
  ): "changed" | "gone" | "beyondLimit" {
    const message = this.#alive(nowMs).find(({ number }) => number === change.number);
    if (message === undefined) return "gone";
    const visibleAtMs = nowMs + change.visibilityMs;
    if (visibleAtMs > message.leasedAtMs + TWELVE_HOURS_MS) return "beyondLimit";
    this.#replace(this.#alive(nowMs).map((each) => (each === message ? { ...message, visibleAtMs } : each)));
    return "changed";
  }

  /** @returns false, and does nothing, if the last purge is less than `minIntervalMs` ago */
  purge(minIntervalMs: number, nowMs: number): boolean {
    if (nowMs < this.state.purgedAtMs + minIntervalMs) return false;
    this.state = { ...this.state, messages: [], purgedAtMs: nowMs };
    return true;
  }

  counts(nowMs: number): ModelCounts {
    const alive = this.#alive(nowMs);
    const hidden = alive.filter((message) => nowMs < message.visibleAtMs);
    const inFlight = hidden.filter((message) => message.receiveCount > 0);
    return {
      visible: alive.length - hidden.length,
      inFlight: inFlight.length,
      delayed: hidden.length - inFlight.length,
    };
  }

  /** The instants after `nowMs` at which time alone changes something, ascending. */
  instantsAfter(nowMs: number): readonly number[] {
    const instants = [
      ...this.#alive(nowMs).flatMap((message) => [
        message.visibleAtMs,
        message.sentAtMs + this.state.retentionMs,
      ]),
      ...this.state.batches.map((batch) => batch.sentAtMs + this.#bounds.batchMemoryMs),
    ];
    return [...new Set(instants)].filter((instant) => instant > nowMs).sort((a, b) => a - b);
  }

  /** When the next message that is hidden now can be received, unless it expires first. */
  nextVisibleAtMs(nowMs: number): number | undefined {
    const instants = this.#alive(nowMs)
      .filter((message) => nowMs < message.visibleAtMs)
      .filter((message) => message.visibleAtMs < message.sentAtMs + this.state.retentionMs)
      .map((message) => message.visibleAtMs);
    return instants.length === 0 ? undefined : Math.min(...instants);
  }

  #alive(nowMs: number): readonly ModelMessage[] {
    return this.state.messages.filter((message) => nowMs < message.sentAtMs + this.state.retentionMs);
  }

  #replace(messages: readonly ModelMessage[]): void {
    this.state = { ...this.state, messages };
  }
}
