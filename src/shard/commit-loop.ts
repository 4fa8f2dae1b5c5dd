/**
 * Groups the calls that arrive together into one commit. An idle shard commits at once; while a commit is on
 * its way to the disks, the next starts no sooner than `spacingMs` after it, without waiting for it to end.
 */
export class CommitLoop {
  readonly #shell: CommitShell;
  #underWay = 0;
  #lastStartMs = 0;
  #gathering: Promise<void> | undefined;

  constructor(shell: CommitShell) {
    this.#shell = shell;
  }

  /**
   * To be awaited before any answer leaves: whatever it is based on has then been written.
   *
   * @returns undefined if that is so already
   */
  written(nowMs: number): Promise<void> | undefined {
    if (this.#gathering) return this.#gathering;
    if (!this.#shell.hasOpenRecord()) return undefined;
    const { spacingMs } = this.#shell;
    // No longer than the spacing, whatever the clock has done meanwhile.
    const waitMs = this.#underWay === 0 ? 0 : Math.min(this.#lastStartMs + spacingMs - nowMs, spacingMs);
    if (waitMs <= 0) {
      this.#start();
      return undefined;
    }
    this.#gathering = this.#shell.wait(waitMs).then(() => {
      this.#gathering = undefined;
      this.#start();
    });
    return this.#gathering;
  }

  #start(): void {
    this.#underWay++;
    this.#lastStartMs = this.#shell.commit();
    const ended = () => {
      this.#underWay--;
    };
    // A commit that fails resets the object, and this loop with it.
    this.#shell.durable().then(ended, ended);
  }
}

export interface CommitShell {
  /** Milliseconds between the starts of two commits that overlap. */
  readonly spacingMs: number;
  hasOpenRecord(): boolean;
  /** Writes the open record. @returns the instant */
  commit(): number;
  /** Resolves when all that was written so far is durable. */
  durable(): Promise<void>;
  wait(ms: number): Promise<void>;
}
