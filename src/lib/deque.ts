/** A queue with both ends open; what leaves at the front costs nothing until the space is worth reclaiming. */
export class Deque<T> {
  #items: (T | undefined)[] = [];
  #front = 0;

  get size(): number {
    return this.#items.length - this.#front;
  }

  get first(): T | undefined {
    return this.#items[this.#front];
  }

  /** The item `index` places behind the first. */
  at(index: number): T | undefined {
    return this.#items[this.#front + index];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#front];
    this.#items[this.#front++] = undefined;
    if (this.#front > 32 && this.#front * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#front);
      this.#front = 0;
    }
    return item;
  }

  filter(keep: (item: T) => boolean): void {
    this.#items = [...this].filter(keep);
    this.#front = 0;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let at = this.#front; at < this.#items.length; at++) yield this.#items[at] as T;
  }
}
