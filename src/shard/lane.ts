import type { Deferred, ShardReply, ShardRequest } from "./calls.ts";

/**
 * The way from this isolate to one shard. A call that finds it free goes at once; calls that come while another
 * is on its way travel together in the next one, so that a busy shard sees one call where clients make dozens.
 *
 * Requests cannot share I/O, only values: whoever goes makes the call with a stub of its own and hands the
 * others their answers, and each waits on a promise of its own.
 */
export class Lane {
  #waiting: Passenger[] = [];
  #underWay = 0;
  #lastStartMs = 0;

  /** @param traveller the request that asks; its context may have to make the call for others */
  async submit(request: ShardRequest, traveller: Traveller): Promise<ShardReply> {
    for (;;) {
      const reply = await this.#once(request, traveller);
      if (reply.kind !== "deferred") return reply;
    }
  }

  async #once(request: ShardRequest, traveller: Traveller): Promise<ShardReply | Deferred> {
    const { promise, resolve } = Promise.withResolvers<News>();
    const passenger: Passenger = { request, hear: resolve };
    let news: News = { kind: "go" };
    if (this.#underWay > 0 && Date.now() - this.#lastStartMs < GATHER_MS) {
      this.#waiting.push(passenger);
      // If this client hangs up, its context must still be able to go for those who count on it.
      traveller.waitUntil(promise);
      news = await this.#hear(promise, passenger);
    }
    if (news.kind === "go") {
      // Not the promise that said "go": it has settled, and can hold no reply.
      const answer = Promise.withResolvers<News>();
      traveller.waitUntil(this.#go({ request, hear: answer.resolve }, traveller.send));
      news = await answer.promise;
    }
    if (news.kind === "reply") return news.reply;
    throw news.kind === "failed" ? news.error : new Error("a passenger that went was told to go again");
  }

  /** Waits for news, but not for ever: a context that was lost must not strand those behind it. */
  async #hear(promise: Promise<News>, passenger: Passenger): Promise<News> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<News>((resolve) => {
      timer = setTimeout(() => {
        if (!this.#waiting.includes(passenger)) return;
        this.#waiting = this.#waiting.filter((each) => each !== passenger);
        this.#underWay = 0;
        resolve({ kind: "go" });
      }, PATIENCE_MS);
    });
    const news = await Promise.race([promise, patience]);
    clearTimeout(timer);
    return news;
  }

  async #go(passenger: Passenger, send: Send): Promise<void> {
    const group = [passenger, ...this.#board(passenger)];
    this.#underWay++;
    this.#lastStartMs = Date.now();
    try {
      const replies = await attempt(
        group.map(({ request }) => request),
        send,
      );
      for (const [i, { hear }] of group.entries()) hear(newsOf(replies[i]));
    } catch (error) {
      for (const { hear } of group) hear({ kind: "failed", error });
    }
    this.#underWay = Math.max(0, this.#underWay - 1);
    if (this.#underWay === 0) this.#waiting.shift()?.hear({ kind: "go" });
  }

  /** Those that wait and fit in one call with `passenger`. */
  #board({ request }: Passenger): Passenger[] {
    let bytes = bytesOf(request);
    let boarding = 0;
    for (const { request: next } of this.#waiting) {
      bytes += bytesOf(next);
      if (bytes > GROUP_BYTES || boarding === GROUP_CALLS - 1) break;
      boarding++;
    }
    return this.#waiting.splice(0, boarding);
  }
}

export interface Traveller {
  readonly send: Send;
  readonly waitUntil: (promise: Promise<unknown>) => void;
}

/** One call to the shard, with a fresh stub each time: a stub that failed stays broken. */
export type Send = (requests: readonly ShardRequest[]) => Promise<readonly (ShardReply | Deferred)[]>;

/** The shard did not answer, or asked to be left alone; the client should come again. */
export class ShardUnavailable extends Error {
  constructor(cause: unknown) {
    super("the shard is overloaded or out of reach", { cause });
  }
}

/** The lane to a shard; all requests of this isolate share it. */
export function laneTo(shard: string): Lane {
  const known = lanes.get(shard);
  if (known) return known;
  // A lane that is in use stays whole in the hands of those who use it.
  if (lanes.size >= LANES) lanes.clear();
  const lane = new Lane();
  lanes.set(shard, lane);
  return lane;
}

const lanes = new Map<string, Lane>();

/** Lanes are small, and made again when needed: this only bounds memory. */
const LANES = 10_000;
/** A call waits for company only while the last one left less than this ago: a fraction of a commit. */
const GATHER_MS = 2;
/** One RPC carries 32 MiB at most. */
const GROUP_BYTES = 8_000_000;
const GROUP_CALLS = 256;
/** Then a passenger goes by itself. It comes to that only if the context of the one before was lost. */
const PATIENCE_MS = 1000;
/**
 * Every call may be repeated: sends carry a batch id, deletes and changes do nothing twice. A receive whose
 * answer was lost leases other messages; the first ones come back after their timeout, as with SQS.
 */
const ATTEMPTS = 3;
const BACKOFF_MS = 20;

interface Passenger {
  readonly request: ShardRequest;
  readonly hear: (news: News) => void;
}

type News =
  | { readonly kind: "reply"; readonly reply: ShardReply | Deferred }
  | { readonly kind: "failed"; readonly error: unknown }
  /** The way is free: go, and take along whoever waits. */
  | { readonly kind: "go" };

function newsOf(reply: ShardReply | Deferred | undefined): News {
  return reply
    ? { kind: "reply", reply }
    : { kind: "failed", error: new Error("the shard left a call unanswered") };
}

async function attempt(
  requests: readonly ShardRequest[],
  send: Send,
): Promise<readonly (ShardReply | Deferred)[]> {
  for (let tried = 1; ; tried++) {
    try {
      return await send(requests);
    } catch (error) {
      const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
      if (overloaded) throw new ShardUnavailable(error);
      if (!retryable) throw error;
      if (tried === ATTEMPTS) throw new ShardUnavailable(error);
      await scheduler.wait(BACKOFF_MS * tried * (1 + Math.random()));
    }
  }
}

function bytesOf({ call }: ShardRequest): number {
  return call.kind === "send" ? call.messages.reduce((sum, { sealed }) => sum + sealed.length, 0) : 0;
}
