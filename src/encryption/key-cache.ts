/** Opened or derived keys that an isolate has at hand; the longest unused makes room. */
export class KeyCache<K> {
  readonly #capacity: number;
  /** In the order of use: a Map keeps the order of insertion. */
  readonly #keys = new Map<string, K>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(id: string): K | undefined {
    const key = this.#keys.get(id);
    if (key !== undefined) {
      this.#keys.delete(id);
      this.#keys.set(id, key);
    }
    return key;
  }

  delete(id: string): void {
    this.#keys.delete(id);
  }

  /** Looks at all of them. */
  drop(isOver: (key: K) => boolean): void {
    for (const [id, key] of this.#keys) if (isOver(key)) this.#keys.delete(id);
  }

  put(id: string, key: K): void {
    this.#keys.delete(id);
    this.#keys.set(id, key);
    if (this.#keys.size <= this.#capacity) return;
    for (const oldest of this.#keys.keys()) {
      this.#keys.delete(oldest);
      return;
    }
  }
}
