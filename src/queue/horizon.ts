import type { QueueState } from "./state.ts";

/** A queue's state without settings has no retention: nothing may be asked of it. */
function retentionMs(state: QueueState): number {
  if (!state.settings) throw new Error("a shard without settings was asked to work");
  return state.settings.attributes.retentionSeconds * 1000;
}

/** Messages sent at or before this instant are dead. */
export function horizonMs(state: QueueState, nowMs: number): number {
  return Math.max(state.deadHorizonMs, nowMs - retentionMs(state));
}
