import type { FreshMessage } from "./backlog.ts";
import type { GroupedLease } from "./ops.ts";
import type { Position } from "./position.ts";

export interface Lease {
  readonly position: Position;
  /** Where the body is. */
  readonly at: Position;
  readonly sentAtMs: number;
  readonly receiveCount: number;
  readonly firstReceivedAtMs: number;
}

export interface Leases {
  readonly leases: readonly Lease[];
  /** The delivery that the receipt handles are for. */
  readonly nonce: number;
  readonly overLimit: boolean;
}

/** The first delivery of a message here; a dead letter goes on counting from where it came. */
export function freshLeaseOf({ position, sentAtMs, past }: FreshMessage, nowMs: number): Lease {
  return {
    position,
    at: position,
    sentAtMs,
    receiveCount: (past?.receiveCount ?? 0) + 1,
    firstReceivedAtMs: past?.firstReceivedAtMs ?? nowMs,
  };
}

export function groupedLeaseOf(message: FreshMessage, nowMs: number): GroupedLease {
  const { position, sentAtMs, index, groupId, past } = message;
  return {
    position,
    sentAtMs,
    index,
    groupId,
    receivedBefore: past?.receiveCount ?? 0,
    firstReceivedAtMs: past?.firstReceivedAtMs ?? nowMs,
  };
}
