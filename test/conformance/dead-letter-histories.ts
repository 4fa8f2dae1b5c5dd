import { type Random, randomFrom } from "../support/random.ts";
import { type HistoryLimits, handleFrom, limitsFrom, some } from "./histories.ts";

/** What happens to a queue and to its dead-letter queue, from their making on. The same seed tells the same history. */
export interface DeadLetterHistory {
  /** Undefined if somebody thought it up. */
  readonly seed: number | undefined;
  readonly limits: HistoryLimits;
  readonly isFifo: boolean;
  readonly source: Plan;
  readonly targetRetentionSeconds: number;
  /**
   * Whether counters are compared after every step. To look at a shard makes it work off what is due, so
   * some histories must do without.
   */
  readonly isWatched: boolean;
  readonly steps: readonly Step[];
}

/** Which of the two queues. */
export type Place = "source" | "target";

export interface Plan {
  readonly retentionSeconds: number;
  /** `own`: the queue names itself. */
  readonly maxReceiveCount: number | "none" | "own";
}

/** What becomes of a parcel; `aside`: it arrives later, long after its sender has given up on it. */
export type Outcome = "stored" | "lost" | "replyLost" | "aside";

export type Step =
  | { readonly kind: "wait"; readonly ms: number }
  /** To one of the instants at which time alone changes something: `offsetMs` before or after it. */
  | { readonly kind: "waitUntil"; readonly which: number; readonly offsetMs: number }
  | {
      readonly kind: "send";
      readonly at: Place;
      readonly batch: number;
      readonly messages: readonly MessagePlan[];
    }
  | { readonly kind: "receive"; readonly at: Place; readonly max: number; readonly visibilityMs: number }
  /** Handles are counted back from the latest that a consumer has seen: 0 is the latest. */
  | { readonly kind: "delete"; readonly at: Place; readonly handles: readonly number[] }
  | {
      readonly kind: "changeVisibility";
      readonly at: Place;
      readonly handle: number;
      readonly visibilityMs: number;
    }
  | { readonly kind: "purge"; readonly at: Place }
  | ({ readonly kind: "configure" } & Plan)
  | { readonly kind: "handOver"; readonly outcome: Outcome }
  /** A parcel that left before arrives, perhaps once more. */
  | { readonly kind: "arrive"; readonly back: number }
  /** The dead-letter queue is deleted, or created again under its name. */
  | { readonly kind: "deleteTarget" }
  | { readonly kind: "createTarget" }
  | { readonly kind: "commit"; readonly at: Place }
  | { readonly kind: "housekeep"; readonly at: Place; readonly slices: number }
  /** The shard leaves memory after a commit; the next call finds only the log. */
  | { readonly kind: "evict"; readonly at: Place }
  /** The shard dies: the open record is lost, and so are the last few of which nobody can have heard. */
  | { readonly kind: "crash"; readonly at: Place; readonly lostRecords: number };

export interface MessagePlan {
  readonly bodyBytes: number;
  readonly groupId: string | undefined;
  readonly delayMs: number;
}

/** What a history dwells on: with the same chances in every history each would be an average one. */
interface Mood {
  readonly weights: readonly (readonly [weight: number, kind: Step["kind"]])[];
  readonly isFifo: boolean;
  readonly groups: number;
  readonly largestBatch: number;
  readonly troubles: number;
  readonly returnsAtOnce: number;
  readonly shortRetention: boolean;
}

export function deadLetterHistoryFrom(seed: number): DeadLetterHistory {
  const random = randomFrom(seed);
  const length = random.chance(0.8) ? random.between(30, 120) : random.between(120, 250);
  const mood = moodFrom(random);
  return {
    seed,
    limits: limitsFrom(random),
    isFifo: mood.isFifo,
    source: planFrom(random, mood),
    targetRetentionSeconds: random.pick([60, 120, 300, 345_600]),
    isWatched: random.chance(0.7),
    steps: Array.from({ length }, (_, i) => stepFrom(random, mood, i)),
  };
}

function moodFrom(random: Random): Mood {
  const usual: Mood["weights"] = [
    [5, "wait"],
    [8, "waitUntil"],
    [16, "send"],
    [40, "receive"],
    [4, "delete"],
    [5, "changeVisibility"],
    [0.5, "purge"],
    [2, "configure"],
    [20, "handOver"],
    [6, "arrive"],
    [0.7, "deleteTarget"],
    [5, "createTarget"],
    [3, "commit"],
    [5, "housekeep"],
    [4, "evict"],
    [4, "crash"],
  ];
  return {
    weights: usual.map(([weight, kind]) => [weight * random.pick([0.1, 0.5, 1, 1, 2, 3]), kind]),
    isFifo: random.chance(0.5),
    groups: random.pick([1, 2, 3, 8]),
    largestBatch: random.pick([1, 3, 10]),
    troubles: random.pick([0, 0.2, 0.5, 0.9]),
    returnsAtOnce: random.pick([0.3, 0.7, 0.95]),
    shortRetention: random.chance(0.3),
  };
}

function stepFrom(random: Random, mood: Mood, batch: number): Step {
  const kind = random.pickWeighted(mood.weights);
  const at: Place = random.chance(0.7) ? "source" : "target";
  switch (kind) {
    case "wait":
      return {
        kind,
        ms: random.chance(0.1) ? random.between(20_000, 70_000) : random.pick([0, 1, 500, 1000, 5000]),
      };
    case "waitUntil":
      return { kind, which: random.chance(0.6) ? 0 : random.between(0, 9), offsetMs: random.between(-1, 1) };
    case "send":
      return {
        kind,
        at: random.chance(0.9) ? "source" : "target",
        batch,
        messages: messagesFrom(random, mood),
      };
    case "receive":
      return {
        kind,
        at,
        max: random.chance(0.2) ? 1 : random.between(1, 10),
        // Mostly short: a message must come back often to be received too often.
        visibilityMs: random.chance(mood.returnsAtOnce) ? 0 : random.pick([1, 1000, 1000, 5000, 30_000]),
      };
    case "delete":
      return { kind, at, handles: some(random, () => handleFrom(random)) };
    case "changeVisibility":
      return {
        kind,
        at,
        handle: handleFrom(random),
        visibilityMs: random.pick([0, 0, 1, 1000, 5000, 60_000]),
      };
    case "purge":
      return { kind, at };
    case "configure":
      return { kind, ...planFrom(random, mood) };
    case "handOver":
      return {
        kind,
        outcome: random.chance(mood.troubles) ? random.pick(["lost", "replyLost", "aside"]) : "stored",
      };
    case "arrive":
      return { kind, back: random.between(0, 3) };
    case "deleteTarget":
    case "createTarget":
      return { kind };
    case "commit":
    case "evict":
      return { kind, at };
    case "housekeep":
      return { kind, at, slices: random.between(1, 8) };
    case "crash":
      return { kind, at, lostRecords: random.pick([0, 0, 1, 1, 2, 5]) };
  }
}

function planFrom(random: Random, mood: Mood): Plan {
  return {
    retentionSeconds: mood.shortRetention ? random.pick([60, 61, 120]) : 345_600,
    maxReceiveCount: random.chance(0.15) ? random.pick(["none", "own"]) : random.pick([1, 1, 2, 3]),
  };
}

function messagesFrom(random: Random, mood: Mood): MessagePlan[] {
  const count = random.chance(0.4) ? 1 : random.between(1, mood.largestBatch);
  return Array.from({ length: count }, () => ({
    bodyBytes: random.chance(0.1) ? random.between(0, 400) : random.between(0, 12),
    groupId: mood.isFifo || random.chance(0.2) ? `group ${random.between(1, mood.groups)}` : undefined,
    delayMs: !mood.isFifo && random.chance(0.1) ? random.pick([1, 1000, 5000]) : 0,
  }));
}
