import { limits } from "../../queue/limits.ts";

/**
 * What an isolate remembers of D1, by id: at most 60 s old, or older while D1 is away. Absence is never remembered.
 *
 * A copy that is due is read again by one request while the others go on with it. They do not share its promise:
 * that dies with its request when the client hangs up.
 */
export class Copies<V> {
  readonly #known = new Map<string, Copy<V>>();
  readonly #capacity: number;
  readonly #clock: () => number;
  /** Rises with every write, to whatever, so that nothing read before it is remembered after it. */
  #writes = 0;

  /** @param clock milliseconds */
  constructor(capacity: number, clock: () => number) {
    this.#capacity = capacity;
    this.#clock = clock;
  }

  /** From the copy if that is fresh enough, or if `read` throws. */
  async find(id: string, read: () => Promise<V | undefined>): Promise<V | undefined> {
    const known = this.#known.get(id);
    if (known === undefined) return await this.read(id, read);
    const nowMs = this.#clock();
    if (nowMs < Math.min(known.readAgainAtMs, known.trustedUntilMs)) return known.value;
    known.readAgainAtMs = nowMs + limits.kmsRetryMs;
    try {
      return await this.read(id, read);
    } catch (cause) {
      console.warn(`kms: D1 failed, what is known of ${id} is used past its time`, cause);
      // The others do not wait for D1 as well.
      known.trustedUntilMs = Math.max(known.trustedUntilMs, nowMs + limits.kmsRetryMs);
      return known.value;
    }
  }

  /** From `read`. What that throws is thrown. */
  async read(id: string, read: () => Promise<V | undefined>): Promise<V | undefined> {
    const writesBefore = this.#writes;
    const value = await read();
    this.#known.delete(id);
    if (value === undefined || this.#writes !== writesBefore) return value;
    const nowMs = this.#clock();
    const copy = { readAgainAtMs: nowMs + limits.cachedKmsMs, trustedUntilMs: nowMs + limits.trustedCopyMs };
    this.#known.set(id, { value, ...copy });
    const oldest = this.#known.keys().next();
    if (this.#known.size > this.#capacity && !oldest.done) this.#known.delete(oldest.value);
    return value;
  }

  /** What is remembered, however old. */
  peek(id: string): V | undefined {
    return this.#known.get(id)?.value;
  }

  /** To be called after a write: this isolate sees it at once. */
  forget(id: string): void {
    this.#writes++;
    this.#known.delete(id);
  }
}

interface Copy<V> {
  readonly value: V;
  readAgainAtMs: number;
  /** From then on it answers nobody, unless D1 is away. */
  trustedUntilMs: number;
}
