import { type DedupScope, FIVE_MINUTES_MS } from "./fifo-model.ts";
import { expectThat } from "./shard-run.ts";

/** What a shard did, as its clients saw it. Messages go by the numbers of the positions they were stored at. */
export type FifoEvent =
  | {
      readonly kind: "stored";
      readonly number: number;
      readonly groupId: string;
      readonly dedupId: string;
      readonly atMs: number;
    }
  | ({ readonly kind: "delivered" | "changed" } & Held)
  | { readonly kind: "deleted"; readonly number: number }
  | { readonly kind: "purged" };

interface Held {
  readonly number: number;
  readonly groupId: string;
  readonly nonce: number;
  readonly atMs: number;
  readonly untilMs: number;
}

/**
 * What a FIFO queue promises, over a whole history and without a model: first deliveries in the order of the
 * sends, nobody given what another holds, and one stored message for each deduplication id in five minutes.
 *
 * @throws Divergence naming the first message of which that is not true
 */
export function checkProperties(events: readonly FifoEvent[], scope: DedupScope): void {
  const newestOf = new Map<string, number>();
  const seen = new Set<number>();
  const held = new Map<number, Held>();
  const storedAtMs = new Map<string, number>();
  for (const event of events) {
    switch (event.kind) {
      case "stored": {
        const key = JSON.stringify([event.dedupId, scope === "messageGroup" ? event.groupId : ""]);
        const sinceMs = event.atMs - (storedAtMs.get(key) ?? Number.NEGATIVE_INFINITY);
        expectThat(sinceMs >= FIVE_MINUTES_MS, `message ${event.number} repeats one ${sinceMs} ms old`);
        storedAtMs.set(key, event.atMs);
        break;
      }
      case "delivered": {
        const { number, groupId, nonce, atMs } = event;
        const other = held.get(number);
        const isFree = other === undefined || other.nonce === nonce || other.untilMs <= atMs;
        expectThat(isFree, `message ${number} is delivered while somebody holds it`);
        held.set(number, event);
        if (seen.has(number)) break;
        seen.add(number);
        const newest = newestOf.get(groupId) ?? -1;
        expectThat(number > newest, `message ${number} is first delivered after ${newest} of its group`);
        newestOf.set(groupId, number);
        break;
      }
      case "changed":
        held.set(event.number, event);
        break;
      case "deleted":
        held.delete(event.number);
        break;
      case "purged":
        storedAtMs.clear();
        break;
    }
  }
}
