import { NumberHeap } from "../lib/number-heap.ts";
import { RangeSet } from "../lib/range-set.ts";
import type { DedupMemory } from "./dedup.ts";
import { type Fairness, newFairness } from "./fairness.ts";
import type { Groups } from "./groups.ts";
import type { MoveStatus } from "./ops.ts";
import type { Position } from "./position.ts";
import type { RedrivePolicy } from "./redrive-policy.ts";
import type { QueueSettings } from "./settings.ts";

/**
 * A shard's queue in memory: a cache of its log. Only messages that somebody touched are here; the untouched
 * backlog stays on disk behind `cursor`, so ten million waiting messages cost nothing.
 */
export interface QueueState {
  settings: QueueSettings | undefined;
  /** The record that is open: the next to be written. From 1. */
  openLsn: number;
  /** Messages in it so far. */
  openMessages: number;

  /** Next message of the backlog, or somewhere before it. */
  cursor: Position;
  /** Messages that ever entered the backlog, and how many of them lie behind the cursor. */
  freshSent: number;
  freshConsumed: number;
  /** Messages ahead of the cursor that were delivered out of order, by how many entered the backlog before them. */
  taken: RangeSet;
  /** The last record with a message of the backlog in it. */
  lastFreshLsn: number;
  /** Long runs of records without such a message, ahead of the cursor: `[first, last]`, ascending. */
  gaps: [number, number][];

  touched: Map<Position, TouchedMessage>;
  /** How many of `touched` are within their timeout. */
  inFlight: number;
  /** Never delivered, in their delay: rows of (visible at, position, sent at). */
  delayed: NumberHeap;
  /** Never delivered, their delay is over: rows of (position, sent at). */
  woken: NumberHeap;

  /** Messages sent up to here are dead, whatever the retention is now: they had expired before it was raised. */
  deadHorizonMs: number;
  lastSentAtMs: number;
  lastPurgeAtMs: number | undefined;
  /** Messages from here on were sent after the last purge: what was sent before is no duplicate's original. */
  purgedBefore: Position;
  /** Answers to recent sends, by batch. */
  batches: BatchMemory;
  /** Messages on their way to the dead-letter queue, by their number in the outbox. */
  outbox: Map<number, OutboundMessage>;
  nextOutNumber: number;
  /** By shard that sends dead letters here: the last number of its outbox that was stored. */
  inbox: Map<string, number>;
  /** Move tasks that this queue is the source of, newest last; at most the last one is running. */
  moves: MoveTask[];
  /** Answers to recent receives of a FIFO queue that named themselves. */
  attempts: Map<string, Attempt>;

  readonly derived: Derived;
}

/** Indexes over the state above, rebuilt from it after an eviction and never stored. Rows may be out of date. */
export interface Derived {
  /** Ends of timeouts: rows of (visible at, position). */
  readonly due: NumberHeap;
  /** Positions of touched messages that may be visible. */
  readonly ready: NumberHeap;
  /** Touched messages, the oldest first: rows of (sent at, position). A dead letter may be older than its place. */
  readonly ages: NumberHeap;
  /** Where `cursorSentAtMs` was looked up. */
  cursorKnown: Position;
  cursorSentAtMs: number;
  /** No delayed message was sent before. */
  delayedSinceMs: number;
  /** The groups of a FIFO queue; undefined until somebody receives. */
  groups: Groups | undefined;
  /** Who is noisy among the groups of a standard queue. */
  fairness: Fairness;
  /** The instant that the state was last settled at. */
  nowMs: number;
  /** Where messages go that were received too often; undefined if nowhere. */
  redrive: RedrivePolicy | undefined;
  /** Lately there was no dead-letter queue: until then nothing is sent there. */
  redrivePausedUntilMs: number;
  /** The deduplication ids of a FIFO queue; undefined until somebody sends. */
  dedup: DedupMemory | undefined;
}

export interface TouchedMessage {
  /** Where its body is: its own position until it is relocated. */
  at: Position;
  sentAtMs: number;
  firstReceivedAtMs: number;
  leasedAtMs: number;
  visibleAtMs: number;
  receiveCount: number;
  nonce: number;
  groupId: string | undefined;
  /** Counted in `inFlight`. */
  hidden: boolean;
  /** Has a row in `ready`. */
  listed: boolean;
}

/**
 * Two generations: the older is dropped whole once the newer is as old as the memory lasts, so that nothing is
 * paid for each batch that is forgotten.
 */
export interface BatchMemory {
  newer: Map<string, StoredBatch>;
  older: Map<string, StoredBatch>;
  newerSinceMs: number;
}

export interface OutboundMessage {
  /** Where a move task sends it; undefined: to the dead-letter queue. */
  readonly targetArn: string | undefined;
  /** Where the redrive policy of that moment sent a dead letter: a parcel may have arrived there, unheard of. */
  readonly redriveArn?: string | undefined;
  readonly position: Position;
  readonly message: TouchedMessage;
}

export interface MoveTask {
  readonly taskId: string;
  readonly targetArn: string | undefined;
  readonly rate: number | undefined;
  readonly startedAtMs: number;
  readonly toMove: number;
  moved: number;
  status: MoveStatus;
  reason: string | undefined;
}

/** What a receive was given, so that it can be given the same again. */
export interface Attempt {
  readonly atMs: number;
  readonly positions: readonly Position[];
  readonly nonce: number;
  visibleAtMs: number;
}

export interface StoredBatch {
  readonly atMs: number;
  readonly first: Position;
  readonly count: number;
}

export function emptyState(): QueueState {
  return {
    settings: undefined,
    openLsn: 1,
    openMessages: 0,
    cursor: 0,
    freshSent: 0,
    freshConsumed: 0,
    taken: new RangeSet(),
    lastFreshLsn: 0,
    gaps: [],
    touched: new Map(),
    inFlight: 0,
    delayed: new NumberHeap(3),
    woken: new NumberHeap(2),
    deadHorizonMs: 0,
    lastSentAtMs: 0,
    lastPurgeAtMs: undefined,
    purgedBefore: 0,
    batches: { newer: new Map(), older: new Map(), newerSinceMs: 0 },
    outbox: new Map(),
    nextOutNumber: 1,
    inbox: new Map(),
    moves: [],
    attempts: new Map(),
    derived: {
      due: new NumberHeap(2),
      ready: new NumberHeap(1),
      ages: new NumberHeap(2),
      cursorKnown: -1,
      cursorSentAtMs: 0,
      delayedSinceMs: 0,
      groups: undefined,
      fairness: newFairness(),
      nowMs: 0,
      redrive: undefined,
      redrivePausedUntilMs: 0,
      dedup: undefined,
    },
  };
}
