/**
 * A binary min-heap of rows of numbers, flat in one typed array: 8 bytes a number and no objects, since a
 * queue may hold a million delayed messages. Rows are ordered by their first number, then by their second.
 */
export class NumberHeap {
  readonly #width: number;
  #rows: Float64Array;
  #size = 0;

  /** @param width numbers in a row, at least 1 */
  constructor(width: number) {
    this.#width = width;
    this.#rows = new Float64Array(width * 64);
  }

  get size(): number {
    return this.#size;
  }

  /** Column `column` of the smallest row; undefined if the heap is empty. */
  peek(column = 0): number | undefined {
    return this.#size === 0 ? undefined : this.#rows[column];
  }

  push(...row: number[]): void {
    const width = this.#width;
    const end = this.#size * width;
    if (end === this.#rows.length) {
      const larger = new Float64Array(end * 2);
      larger.set(this.#rows);
      this.#rows = larger;
    }
    for (let column = 0; column < width; column++) this.#rows[end + column] = row[column] ?? 0;
    this.#size++;
    this.#up(this.#size - 1);
  }

  pop(): void {
    this.#removeAt(0);
  }

  /** Removes the row whose number in `column` is `value`; looks at the smallest first, then at all. */
  remove(column: number, value: number): boolean {
    for (let row = 0; row < this.#size; row++) {
      if (this.#rows[row * this.#width + column] !== value) continue;
      this.#removeAt(row);
      return true;
    }
    return false;
  }

  /**
   * First two numbers of the smallest rows that `accept` takes, in order, at most `count`. Leaves the heap as it
   * is; the cost is that of the rows looked at, not of the heap.
   *
   * @param lookAt rows that are looked at, at most
   */
  smallest(
    count: number,
    accept: (first: number, second: number) => boolean,
    lookAt = Infinity,
  ): [number, number][] {
    const found: [number, number][] = [];
    if (this.#size === 0 || count <= 0) return found;
    // Rows whose parents were all looked at already: the next smallest is among them.
    const frontier: number[] = [0];
    for (let looked = 0; looked < lookAt && frontier.length > 0 && found.length < count; looked++) {
      let best = 0;
      for (let i = 1; i < frontier.length; i++) {
        if (this.#less(frontier[i] ?? 0, frontier[best] ?? 0)) best = i;
      }
      const row = frontier[best] ?? 0;
      frontier[best] = frontier[frontier.length - 1] ?? 0;
      frontier.pop();
      const at = row * this.#width;
      const first = this.#rows[at] ?? 0;
      const second = this.#width > 1 ? (this.#rows[at + 1] ?? 0) : 0;
      if (accept(first, second)) found.push([first, second]);
      for (const child of [2 * row + 1, 2 * row + 2]) if (child < this.#size) frontier.push(child);
    }
    return found;
  }

  /** Keeps the rows that `keep` takes; it is handed the row's numbers. */
  filter(keep: (first: number, second: number, third: number) => boolean): void {
    const width = this.#width;
    let kept = 0;
    for (let row = 0; row < this.#size; row++) {
      const at = row * width;
      if (!keep(this.#rows[at] ?? 0, this.#rows[at + 1] ?? 0, this.#rows[at + 2] ?? 0)) continue;
      this.#rows.copyWithin(kept * width, at, at + width);
      kept++;
    }
    this.#size = kept;
    for (let row = (kept >> 1) - 1; row >= 0; row--) this.#down(row);
  }

  clear(): void {
    this.#size = 0;
    this.#rows = new Float64Array(this.#width * 64);
  }

  /** Every row in no particular order, as views that are valid until the next change. */
  *rows(): Iterable<Float64Array> {
    for (let row = 0; row < this.#size; row++) {
      yield this.#rows.subarray(row * this.#width, (row + 1) * this.#width);
    }
  }

  #removeAt(row: number): void {
    if (row >= this.#size) return;
    this.#size--;
    if (row === this.#size) return;
    const width = this.#width;
    this.#rows.copyWithin(row * width, this.#size * width, (this.#size + 1) * width);
    this.#up(row);
    this.#down(row);
  }

  #less(a: number, b: number): boolean {
    const rows = this.#rows;
    const width = this.#width;
    const first = (rows[a * width] ?? 0) - (rows[b * width] ?? 0);
    if (first !== 0 || width === 1) return first < 0;
    return (rows[a * width + 1] ?? 0) < (rows[b * width + 1] ?? 0);
  }

  #up(from: number): void {
    let row = from;
    while (row > 0) {
      const parent = (row - 1) >> 1;
      if (!this.#less(row, parent)) return;
      this.#swap(row, parent);
      row = parent;
    }
  }

  #down(from: number): void {
    let row = from;
    for (;;) {
      const left = 2 * row + 1;
      if (left >= this.#size) return;
      const right = left + 1;
      const child = right < this.#size && this.#less(right, left) ? right : left;
      if (!this.#less(child, row)) return;
      this.#swap(row, child);
      row = child;
    }
  }

  #swap(a: number, b: number): void {
    const rows = this.#rows;
    const width = this.#width;
    for (let column = 0; column < width; column++) {
      const held = rows[a * width + column] ?? 0;
      rows[a * width + column] = rows[b * width + column] ?? 0;
      rows[b * width + column] = held;
    }
  }
}
