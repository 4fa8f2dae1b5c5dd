import { attempt, ShardUnavailable } from "./attempt.ts";
import type { Answer, ShardReply, ShardRequest } from "./calls.ts";

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
      if (reply.kind === "full") throw new ShardUnavailable("it has no room left");
      if (reply.kind === "failed") throw new Error("the shard failed on this call; its log has the cause");
      if (reply.kind !== "deferred") return reply;
    }
  }

  async #once(request: ShardRequest, traveller: Traveller): Promise<Answer> {
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
    for (let patienceMs = LOST_MS; ; patienceMs -= PATIENCE_MS) {
      const news = await within(promise, PATIENCE_MS);
      if (news) return news;
      const waiting = this.#waiting.includes(passenger);
      // Once it is on its way, the answer may take its time: a cold start, a far region.
      if (!waiting && patienceMs > 0) continue;
      if (waiting) this.#underWay = 0;
      this.#waiting = this.#waiting.filter((each) => each !== passenger);
      return { kind: "go" };
    }
  }

  async #go(passenger: Passenger, send: Send): Promise<void> {
    const group = [passenger, ...this.#board(passenger)];
    this.#underWay++;
    this.#lastStartMs = Date.now();
    try {
      const requests = group.map(({ request }) => request);
      // Every call may be repeated: sends carry a batch id, deletes and changes do nothing twice. A receive
      // whose answer was lost leases other messages; the first come back after their timeout, as with SQS.
      const replies = await attempt(() => send(requests));
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
export type Send = (requests: readonly ShardRequest[]) => Promise<readonly Answer[]>;

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
/** A passenger that is still waiting then goes itself: the context of the one before was lost. */
const PATIENCE_MS = 1000;
/** One that was taken along goes itself only then: it may be that its answer was lost with another's context. */
const LOST_MS = 10_000;

interface Passenger {
  readonly request: ShardRequest;
  readonly hear: (news: News) => void;
}

type News =
  | { readonly kind: "reply"; readonly reply: Answer }
  | { readonly kind: "failed"; readonly error: unknown }
  /** The way is free: go, and take along whoever waits. */
  | { readonly kind: "go" };

function newsOf(reply: Answer | undefined): News {
  return reply
    ? { kind: "reply", reply }
    : { kind: "failed", error: new Error("the shard left a call unanswered") };
}

/** @returns undefined if the promise has not settled in time */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  const first = await Promise.race([promise, late]);
  clearTimeout(timer);
  return first;
}

function bytesOf({ call }: ShardRequest): number {
  return call.kind === "send" ? call.messages.reduce((sum, { sealed }) => sum + sealed.length, 0) : 0;
}
