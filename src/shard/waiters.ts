/**
 * Who waits at this shard for a message, first come first served. A ring only says that there is something to
 * be had: the Worker then claims by an ordinary receive, so nothing is leased for a client that has gone.
 */
export class Waiters {
  /** In the order in which they came; those that were rung and came back too late stand at the front again. */
  #waiting = new Map<string, Waiter>();
  #rung = new Map<string, RungWaiter>();
  /** Rung, and not heard of in time. Nothing is kept for them, but they may still come. */
  #late = new Map<string, Waiter>();

  /** @returns how many wait, rung ones included */
  get size(): number {
    return this.#waiting.size + this.#rung.size + this.#late.size;
  }

  add(waiter: Waiter): void {
    this.#waiting.set(waiter.id, waiter);
  }

  remove(id: string): void {
    this.#waiting.delete(id);
    this.#rung.delete(id);
    this.#late.delete(id);
  }

  /** A rung waiter found nothing: somebody was quicker. It waits again, before all others. */
  again(id: string): void {
    const waiter = this.#rung.get(id) ?? this.#late.get(id);
    if (!waiter) return;
    this.#rung.delete(id);
    this.#late.delete(id);
    this.#waiting = new Map([[id, waiter], ...this.#waiting]);
  }

  /** Rings as many as `visible` messages are enough for, those on their way already included. */
  ring(visible: number, nowMs: number): void {
    let claimed = 0;
    for (const { max } of this.#rung.values()) claimed += max;
    for (const [id, waiter] of this.#waiting) {
      if (claimed >= visible) return;
      this.#waiting.delete(id);
      if (waiter.untilMs <= nowMs) continue;
      waiter.ring();
      this.#rung.set(id, { ...waiter, rungAtMs: nowMs });
      claimed += waiter.max;
    }
  }

  /**
   * Gives up on waiters that were rung and did not claim in time.
   *
   * @returns whether there are still some to hear from
   */
  lapse(nowMs: number): boolean {
    for (const [id, waiter] of this.#rung) {
      if (nowMs < waiter.rungAtMs + CLAIM_MS) continue;
      this.#rung.delete(id);
      if (nowMs < waiter.untilMs) this.#late.set(id, waiter);
    }
    for (const [id, { untilMs }] of this.#late) if (nowMs >= untilMs + CLAIM_MS) this.#late.delete(id);
    return this.#rung.size > 0;
  }

  get awaitsClaims(): boolean {
    return this.#rung.size > 0;
  }
}

/** How long a rung Worker may take to claim before the ring passes on; a claim takes a round trip, milliseconds. */
export const CLAIM_MS = 250;

export interface Waiter {
  readonly id: string;
  /** Messages it would take. */
  readonly max: number;
  /** When its client's wait is over. */
  readonly untilMs: number;
  ring(): void;
}

interface RungWaiter extends Waiter {
  readonly rungAtMs: number;
}
