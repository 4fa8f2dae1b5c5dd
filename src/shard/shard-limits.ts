import { limits } from "../queue/limits.ts";

/** Bounds of one shard, each with its reason. Tests make them tiny. */
export interface ShardLimits {
  readonly inFlightMessages: number;
  /** A record's bytes, ops and bodies. Production refuses rows of 2 MB; the local runtime does not. */
  readonly recordBytes: number;
  /** An open record is written before it grows past this, so that one call's 1 MiB always fits in the next. */
  readonly openRecordBytes: number;
  readonly openRecordMessages: number;
  /** Replay after an eviction reads at most so much behind the newest snapshot: some 25 ms. */
  readonly snapshotRecords: number;
  readonly snapshotOpsBytes: number;
  /** A table is dropped as a whole: the smaller, the sooner; the larger, the fewer tables. */
  readonly epochBytes: number;
  /** A table also ends after a sixteenth of the retention, but lives at least this long, milliseconds. */
  readonly epochMinMs: number;
  /** An old table with no more live messages than this has them written again, and is dropped. */
  readonly stragglers: number;
  /** More messages whose delay is over than this are written again as part of the backlog, so many at a time. */
  readonly wokenMessages: number;
  readonly rejoinedAtOnce: number;
  /** Messages in their delay, 24 bytes of memory each: beyond it the shard takes no more. */
  readonly delayedMessages: number;
  /** A purged or emptied log smaller than this is left alone: dropping it would cost more than keeping it. */
  readonly idleBytes: number;
  /** Records kept in memory so that a message sent a moment ago is delivered without a read. */
  readonly cacheBytes: number;
  /** When dead letters could not be handed over, they are tried again so much later, milliseconds. */
  readonly outboxRetryMs: number;
  /** How often a shard with nothing to expire looks after itself, milliseconds. */
  readonly idleWakeMs: number;
}

export const shardLimits: ShardLimits = {
  inFlightMessages: limits.inFlightMessages,
  recordBytes: 1_900_000,
  openRecordBytes: 700_000,
  openRecordMessages: 4096,
  snapshotRecords: 1000,
  snapshotOpsBytes: 8_000_000,
  epochBytes: 64_000_000,
  epochMinMs: 3_600_000,
  stragglers: 500,
  wokenMessages: 100_000,
  rejoinedAtOnce: 500,
  delayedMessages: 1_000_000,
  idleBytes: 1_000_000,
  cacheBytes: 16_000_000,
  outboxRetryMs: 5000,
  idleWakeMs: 86_400_000,
};
