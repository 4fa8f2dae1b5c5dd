import { limits } from "../queue/limits.ts";
import { setBounded } from "./bounded-map.ts";

/** Where a kind of principal is looked up. */
export interface LookupSource<V> {
  /** For the log: "access key". */
  readonly what: string;
  /** Undefined if there is none. */
  find(id: string): Promise<Found<V> | undefined>;
}

export interface Found<V> {
  readonly value: V;
  /** Whose it is: a change of anything in that account makes this forgotten. */
  readonly account: string;
  /** How many characters it holds on to. */
  readonly size: number;
}

/** An isolate's copies of what is kept elsewhere. */
export interface Lookups<V> {
  /**
   * Answers at once, without a promise, from what is remembered: an answer at most 60 s old, or older while the
   * database is away. Throws what the database throws about an id that is not remembered.
   */
  get(id: string, nowMs: number): V | undefined | Promise<V | undefined>;
  /** To be called after a write: this isolate sees it at once. */
  forget(id: string): void;
  /** Likewise, after a write that may concern anything of an account. */
  forgetAccount(account: string): void;
}

interface Remembered<V> {
  readonly found: Found<V>;
  refreshAtMs: number;
  /** From then on it answers nobody, unless the database is away. */
  trustedUntilMs: number;
}

export function createLookups<V>(source: LookupSource<V>): Lookups<V> {
  const known = new Map<string, Remembered<V>>();
  let knownSize = 0;
  /** Until when an id need not be asked for again. Kept apart so that made-up ids never push out real ones. */
  const unknown = new Map<string, number>();
  const writes = new WriteLog();

  async function lookUp(id: string, nowMs: number): Promise<V | undefined> {
    const begun = writes.now;
    const remembered = known.get(id);
    let found: Found<V> | undefined;
    try {
      found = await source.find(id);
    } catch (error) {
      // The database is away: what was trusted already stays in use.
      if (remembered === undefined) throw error;
      console.warn(`credentials: D1 failed, ${source.what} ${id} stays in use unchecked`, error);
      // The others do not wait for the database as well.
      remembered.trustedUntilMs = Math.max(remembered.trustedUntilMs, nowMs + limits.credentialRetryMs);
      remembered.refreshAtMs = nowMs + limits.credentialRetryMs;
      return remembered.found.value;
    }
    if (found === undefined) {
      drop(id);
      if (begun === writes.now) setBounded(unknown, id, nowMs + limits.unknownKeyMs, limits.unknownKeys);
    } else if (!writes.since(begun, [id, found.account])) {
      remember(id, found, nowMs);
    }
    return found?.value;
  }

  function remember(id: string, found: Found<V>, nowMs: number): void {
    drop(id);
    unknown.delete(id);
    const refreshAtMs = nowMs + limits.credentialRefreshMs;
    known.set(id, { found, refreshAtMs, trustedUntilMs: nowMs + limits.trustedCopyMs });
    knownSize += found.size;
    for (const oldest of known.keys()) {
      if (known.size <= limits.credentials && knownSize <= limits.credentialCharacters) return;
      drop(oldest);
    }
  }

  function drop(id: string): void {
    knownSize -= known.get(id)?.found.size ?? 0;
    known.delete(id);
  }

  return {
    get(id, nowMs) {
      const remembered = known.get(id);
      if (remembered === undefined) {
        return nowMs < (unknown.get(id) ?? 0) ? undefined : lookUp(id, nowMs);
      }
      if (nowMs >= remembered.trustedUntilMs) return lookUp(id, nowMs);
      if (nowMs < remembered.refreshAtMs) return remembered.found.value;
      // This request alone asks; the others go on with what is remembered until it has the answer. They do
      // not share its promise: that dies with its request when the client hangs up.
      remembered.refreshAtMs = nowMs + limits.credentialRetryMs;
      return lookUp(id, nowMs);
    },

    forget(id) {
      writes.note(id);
      drop(id);
      unknown.delete(id);
    },

    forgetAccount(account) {
      writes.note(account);
      for (const [id, { found }] of known) if (found.account === account) drop(id);
      // What was found to be none is nobody's: it may be there now.
      unknown.clear();
    },
  };
}

/**
 * What was written lately, so that a look-up begun before a write is not remembered after it. Whoever writes all the
 * time keeps nobody else's look-ups from being remembered.
 */
class WriteLog {
  /** Rises with every write. */
  #now = 0;
  /** Of writes up to here it is not known what they were. */
  #forgotten = 0;
  /** What was written, and when last; the oldest write first. */
  readonly #writes = new Map<string, number>();

  get now(): number {
    return this.#now;
  }

  note(what: string): void {
    this.#writes.delete(what);
    this.#writes.set(what, ++this.#now);
    for (const [oldest, at] of this.#writes) {
      if (this.#writes.size <= limits.rememberedWrites) return;
      this.#writes.delete(oldest);
      this.#forgotten = at;
    }
  }

  /** Whether one of these was written, or may have been. */
  since(begun: number, names: readonly string[]): boolean {
    return begun < this.#forgotten || names.some((name) => (this.#writes.get(name) ?? 0) > begun);
  }
}
