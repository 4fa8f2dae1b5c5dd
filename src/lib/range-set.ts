/**
 * A set of whole numbers kept as ranges: a million neighbours cost as much as one. Made for numbers that come
 * mostly in ascending order and leave from the low end.
 */
export class RangeSet {
  /** First and last number of each range, ascending; no two ranges touch. */
  #firsts: number[] = [];
  #lasts: number[] = [];
  #size = 0;

  /** How many numbers are in it. */
  get size(): number {
    return this.#size;
  }

  has(value: number): boolean {
    const at = this.#rangeFrom(value);
    return at >= 0 && value <= (this.#lasts[at] ?? -Infinity);
  }

  add(value: number): void {
    const before = this.#rangeFrom(value);
    const lastBefore = this.#lasts[before];
    if (lastBefore !== undefined && value <= lastBefore) return;
    this.#size++;
    const joinsBefore = lastBefore === value - 1;
    const joinsAfter = this.#firsts[before + 1] === value + 1;
    if (joinsBefore && joinsAfter) {
      this.#lasts.splice(before, 1);
      this.#firsts.splice(before + 1, 1);
    } else if (joinsBefore) {
      this.#lasts[before] = value;
    } else if (joinsAfter) {
      this.#firsts[before + 1] = value;
    } else {
      this.#firsts.splice(before + 1, 0, value);
      this.#lasts.splice(before + 1, 0, value);
    }
  }

  /** How many numbers from `bound` on are in it. */
  countFrom(bound: number): number {
    let count = 0;
    for (let at = this.#lasts.length - 1; at >= 0 && (this.#lasts[at] ?? 0) >= bound; at--) {
      count += (this.#lasts[at] ?? 0) - Math.max(this.#firsts[at] ?? 0, bound) + 1;
    }
    return count;
  }

  /** Adds a range that lies above all others, as `ranges` gave it. */
  addRange(first: number, last: number): void {
    this.#firsts.push(first);
    this.#lasts.push(last);
    this.#size += last - first + 1;
  }

  /** Removes every number below `bound`. */
  removeBelow(bound: number): void {
    let whole = 0;
    for (let last = this.#lasts[0]; last !== undefined && last < bound; last = this.#lasts[whole]) {
      this.#size -= last - (this.#firsts[whole] ?? last) + 1;
      whole++;
    }
    this.#firsts.splice(0, whole);
    this.#lasts.splice(0, whole);
    const first = this.#firsts[0];
    if (first === undefined || first >= bound) return;
    this.#size -= bound - first;
    this.#firsts[0] = bound;
  }

  clear(): void {
    this.#firsts = [];
    this.#lasts = [];
    this.#size = 0;
  }

  *ranges(): Iterable<[first: number, last: number]> {
    for (const [at, first] of this.#firsts.entries()) yield [first, this.#lasts[at] ?? first];
  }

  /** The last range that begins at or before `value`, or -1. */
  #rangeFrom(value: number): number {
    let low = 0;
    let high = this.#firsts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#firsts[middle] ?? 0) <= value) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
