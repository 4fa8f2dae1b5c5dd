import { limits } from "./limits.ts";
import type { Position } from "./position.ts";

/**
 * Which messages a FIFO queue accepted in the last five minutes, by deduplication id: an index over the log,
 * read from it when first needed. Generations of a minute are dropped as a whole.
 */
export class DedupMemory {
  #generations: Generation[] = [];

  /** @param key `dedupKey` */
  add(key: string, position: Position, sentAtMs: number): void {
    let newest = this.#generations[this.#generations.length - 1];
    if (!newest || sentAtMs >= newest.sinceMs + GENERATION_MS) {
      this.#generations = this.#generations.filter(
        ({ sinceMs }) => sinceMs + GENERATION_MS + limits.dedupMs > sentAtMs,
      );
      newest = { sinceMs: sentAtMs, positions: new Map() };
      this.#generations.push(newest);
    }
    newest.positions.set(key, position);
  }

  /** Where the newest message of this key stands. It may be older than five minutes: the log knows its age. */
  find(key: string): Position | undefined {
    for (let i = this.#generations.length - 1; i >= 0; i--) {
      const position = this.#generations[i]?.positions.get(key);
      if (position !== undefined) return position;
    }
    return undefined;
  }

  clear(): void {
    this.#generations = [];
  }
}

const GENERATION_MS = 60_000;

interface Generation {
  readonly sinceMs: number;
  readonly positions: Map<string, Position>;
}

/**
 * What two messages must share to be the same: the id, or with `DeduplicationScope` messageGroup the group too.
 * Group ids have no character below the space.
 */
export function dedupKey(
  scope: "queue" | "messageGroup",
  message: { readonly groupId?: string | undefined; readonly dedupId: string },
): string {
  return scope === "queue" ? message.dedupId : `${message.groupId ?? ""}\n${message.dedupId}`;
}
