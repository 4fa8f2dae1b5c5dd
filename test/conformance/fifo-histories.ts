import { type Random, randomFrom } from "../support/random.ts";
import type { DedupScope } from "./fifo-model.ts";
import {
  type CommonStep,
  type HistoryLimits,
  handleFrom,
  limitsFrom,
  some,
  type VisibilityPlan,
  visibilityFrom,
  visibilityPlanFrom,
} from "./histories.ts";

/** What happens to one FIFO queue, from its making on. The same seed tells the same history. */
export interface FifoHistory {
  /** Undefined if somebody thought it up. */
  readonly seed: number | undefined;
  readonly limits: HistoryLimits;
  readonly scope: DedupScope;
  /** What the queue is made with. */
  readonly retentionSeconds: number;
  readonly delaySeconds: number;
  /**
   * Whether counters are compared after every step. To look at a shard makes it work off what is due, so
   * some histories must do without.
   */
  readonly isWatched: boolean;
  readonly steps: readonly FifoStep[];
}

export type FifoStep = CommonStep | FifoCall;

export type FifoCall =
  /** A batch with the number of an earlier one is that one, sent again. */
  | { readonly kind: "send"; readonly batch: number; readonly messages: readonly FifoPlan[] }
  | {
      readonly kind: "receive";
      readonly max: number;
      readonly visibilityMs: number;
      readonly attempt?: string;
    }
  /** Handles are counted back from the latest that a consumer has seen: 0 is the latest. */
  | { readonly kind: "delete"; readonly handles: readonly number[] }
  | { readonly kind: "changeVisibility"; readonly changes: readonly VisibilityPlan[] }
  | { readonly kind: "purge"; readonly minIntervalMs: number }
  | ({ readonly kind: "configure"; readonly isNewer: boolean } & QueuePlan)
  /** Asks how many messages may be delivered, as far as `enough`, and when the shard wants to run by itself. */
  | { readonly kind: "look"; readonly enough: number };

export interface FifoPlan {
  readonly bodyBytes: number;
  readonly groupId: string;
  readonly dedupId: string;
}

interface QueuePlan {
  readonly retentionSeconds: number;
  readonly delaySeconds: number;
}

const FIVE_MINUTES_MS = 300_000;
const TWELVE_HOURS_MS = 43_200_000;

export function fifoHistoryFrom(seed: number): FifoHistory {
  const random = randomFrom(seed);
  const length = random.chance(0.8) ? random.between(30, 120) : random.between(120, 300);
  const mood = moodFrom(random);
  const sent: Extract<FifoCall, { kind: "send" }>[] = [];
  const steps: FifoStep[] = [];
  while (steps.length < length) {
    const step = stepFrom(random, mood, sent);
    steps.push(step);
    if (step.kind === "send") sent.push(step);
    if (step.kind === "receive" && step.attempt !== undefined && random.chance(0.2)) {
      // A client without an answer asks again, perhaps after a crash, perhaps in other words.
      if (random.chance(0.5)) steps.push({ kind: random.chance(0.8) ? "evict" : "crash", lostRecords: 0 });
      steps.push({ ...step, max: random.between(1, 10) });
    }
    // What a consumer holds in its hand it often uses at once, while the lease is still young.
    if (!QUIET.has(step.kind) && random.chance(mood.commitsAtOnce)) steps.push({ kind: "commit" });
  }
  return {
    seed,
    limits: limitsFrom(random),
    scope: random.pick(["queue", "messageGroup"]),
    ...queueFrom(random, mood),
    isWatched: random.chance(0.7),
    steps,
  };
}

/** What a history dwells on, as chances of its own: see the mood of standard queues' histories. */
interface Mood {
  readonly weights: readonly (readonly [weight: number, kind: FifoStep["kind"]])[];
  readonly commitsAtOnce: number;
  readonly delays: number;
  readonly largestBatch: number;
  readonly groups: number;
  /** So many deduplication ids are used over and over, and so often. */
  readonly dedupIds: number;
  readonly duplicates: number;
  readonly attempts: number;
  readonly isLongLived: boolean;
  /** Messages outlive five minutes again and again: only then may the log that knows their ids be tidied. */
  readonly isSlow: boolean;
}

/** Steps after which there is nothing to commit. */
const QUIET: ReadonlySet<FifoStep["kind"]> = new Set(["wait", "waitUntil", "commit", "crash", "look"]);

function moodFrom(random: Random): Mood {
  const isSlow = random.chance(0.3);
  const usual: Mood["weights"] = [
    [isSlow ? 20 : 5, "wait"],
    [8, "waitUntil"],
    [14, "send"],
    [20, "receive"],
    [14, "delete"],
    [10, "changeVisibility"],
    [1, "purge"],
    [3, "configure"],
    [3, "look"],
    [4, "commit"],
    [8, "housekeep"],
    [4, "evict"],
    [3, "crash"],
  ];
  return {
    weights: usual.map(([weight, kind]) => [weight * random.pick([0.1, 0.5, 1, 1, 2, 3]), kind]),
    commitsAtOnce: random.pick([0.2, 0.7, 0.9, 1]),
    delays: random.pick([0, 0, 0.3, 0.8]),
    largestBatch: random.pick([1, 3, 10]),
    groups: random.pick([1, 2, 3, 3, 8, 40]),
    dedupIds: random.pick([1, 3, 10]),
    duplicates: random.pick([0, 0.1, 0.3, 0.9]),
    attempts: random.pick([0, 0.1, 0.5, 0.9]),
    isLongLived: random.chance(0.3),
    isSlow,
  };
}

function stepFrom(
  random: Random,
  mood: Mood,
  sent: readonly Extract<FifoCall, { kind: "send" }>[],
): FifoStep {
  const kind = random.pickWeighted(mood.weights);
  switch (kind) {
    case "wait":
      return { kind, ms: waitFrom(random, mood) };
    case "waitUntil":
      return { kind, which: random.chance(0.6) ? 0 : random.between(0, 9), offsetMs: random.between(-1, 1) };
    case "send": {
      const batch = sent.length;
      const again = random.chance(0.2) ? sent[batch - random.between(1, 4)] : undefined;
      if (again === undefined) return { kind, batch, messages: messagesFrom(random, mood, batch) };
      // The Worker's retry of a batch, or a client's, which comes as another batch.
      return { kind, batch: random.chance(0.5) ? again.batch : batch, messages: again.messages };
    }
    case "receive":
      return {
        kind,
        max: random.chance(0.4) ? random.between(1, 2) : random.between(1, 10),
        visibilityMs: timeoutFrom(random),
        ...(random.chance(mood.attempts) ? { attempt: `attempt ${random.between(1, 3)}` } : undefined),
      };
    case "delete":
      return { kind, handles: some(random, () => handleFrom(random)) };
    case "changeVisibility":
      return { kind, changes: some(random, () => changeFrom(random)) };
    case "purge":
      return { kind, minIntervalMs: random.pick([0, 1000, 60_000]) };
    case "configure":
      return { kind, ...queueFrom(random, mood), isNewer: random.chance(0.85) };
    case "look":
      return { kind, enough: random.pick([1, 2, 10, 1000]) };
    case "commit":
    case "evict":
      return { kind };
    case "housekeep":
      return { kind, slices: random.between(1, 8) };
    case "crash":
      return { kind, lostRecords: random.pick([0, 0, 0, 1, 2, 5]) };
  }
}

function messagesFrom(random: Random, mood: Mood, batch: number): FifoPlan[] {
  const count = random.chance(0.4) ? 1 : random.between(1, mood.largestBatch);
  return Array.from({ length: count }, (_, index) => ({
    bodyBytes: random.chance(0.1) ? random.between(0, 400) : random.between(0, 12),
    groupId: `group-${random.between(1, mood.groups)}`,
    dedupId: random.chance(mood.duplicates)
      ? `same-${random.between(1, mood.dedupIds)}`
      : `${batch}.${index}`,
  }));
}

function queueFrom(random: Random, mood: Mood): QueuePlan {
  return {
    retentionSeconds: random.pick(
      mood.isSlow ? [3600, 43_200] : mood.isLongLived ? [60, 43_200, 345_600] : [60, 120, 300, 301, 3600],
    ),
    delaySeconds: random.chance(mood.delays) ? random.pick([1, 2, 5, 5, 60, 900]) : 0,
  };
}

/** Long ones are for the handles that an order or a name rests on: they are good for nothing once they time out. */
function timeoutFrom(random: Random): number {
  return random.chance(0.25) ? random.pick([30_000, 400_000, TWELVE_HOURS_MS]) : visibilityFrom(random);
}

function changeFrom(random: Random): VisibilityPlan {
  if (random.chance(0.8)) return visibilityPlanFrom(random);
  return { handle: random.between(0, 2), pastLimitMs: random.between(0, 1) };
}

function waitFrom(random: Random, mood: Mood): number {
  if (random.chance(mood.isSlow ? 0.5 : 0.08)) return FIVE_MINUTES_MS + random.between(-1, 1);
  if (random.chance(0.06)) {
    return mood.isLongLived ? random.between(3_600_000, TWELVE_HOURS_MS) : random.between(20_000, 90_000);
  }
  return random.pick([0, 1, 500, 1000, 2000, random.between(0, 10_000)]);
}
