/** Time that passes only when a test says so. What is due at one instant happens in the order it was asked for. */
export class HandClock {
  nowMs = 0;
  #due: { readonly atMs: number; readonly happen: () => void }[] = [];

  /** Resolves after `ms` of this clock's time. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.at(this.nowMs + ms, resolve));
  }

  at(atMs: number, happen: () => void): void {
    this.#due.push({ atMs, happen });
    this.#due.sort((a, b) => a.atMs - b.atMs);
  }

  /** Lets time pass up to `ms`, everything that falls due on the way included. */
  async runUntil(ms: number): Promise<void> {
    await settled();
    for (let next = this.#due[0]; next && next.atMs <= ms; next = this.#due[0]) {
      this.#due.shift();
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.happen();
      await settled();
    }
    this.nowMs = ms;
  }
}

/** Everything that promises have set in motion has come to rest. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
