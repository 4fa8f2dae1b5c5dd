import type { ShardLimits } from "../../src/shard/shard-limits.ts";
import { type Random, randomFrom } from "../support/random.ts";

/** What happens to one queue, from its making on. The same seed tells the same history. */
export interface History {
  /** Undefined if somebody thought it up. */
  readonly seed: number | undefined;
  /** Mostly tiny, so that a few messages are enough for snapshots, new tables, drops and relocations. */
  readonly limits: HistoryLimits;
  /** What the queue is made with. */
  readonly retentionSeconds: number;
  readonly steps: readonly Step[];
}

export type HistoryLimits = Pick<
  ShardLimits,
  | "inFlightMessages"
  | "openRecordBytes"
  | "openRecordMessages"
  | "snapshotRecords"
  | "snapshotOpsBytes"
  | "epochBytes"
  | "epochMinMs"
  | "stragglers"
  | "idleBytes"
  | "cacheBytes"
>;

/**
 * Steps name messages and instants by where they will stand when the step is taken, so that a history
 * stays meaningful when steps are left out of it.
 */
export type Step =
  | CommonStep
  /** A batch with the number of an earlier one is that one, sent again. */
  | { readonly kind: "send"; readonly batch: number; readonly messages: readonly MessagePlan[] }
  | { readonly kind: "receive"; readonly max: number; readonly visibilityMs: number }
  /** Handles are counted back from the latest that a consumer has seen: 0 is the latest. */
  | { readonly kind: "delete"; readonly handles: readonly number[] }
  | { readonly kind: "changeVisibility"; readonly changes: readonly VisibilityPlan[] }
  | { readonly kind: "purge"; readonly minIntervalMs: number }
  | { readonly kind: "configure"; readonly retentionSeconds: number; readonly isNewer: boolean };

/** What can happen to a queue of any type. */
export type CommonStep =
  | { readonly kind: "wait"; readonly ms: number }
  /** To one of the instants at which time alone changes something: `offsetMs` before or after it. */
  | { readonly kind: "waitUntil"; readonly which: number; readonly offsetMs: number }
  /** Ends the record that the calls since the last commit share. */
  | { readonly kind: "commit" }
  | { readonly kind: "housekeep"; readonly slices: number }
  /** The shard leaves memory after a commit; the next call finds only the log. */
  | { readonly kind: "evict" }
  /** The shard dies: the open record is lost, and so are the last few whose write had not ended. */
  | { readonly kind: "crash"; readonly lostRecords: number };

export interface MessagePlan {
  readonly delayMs: number;
  readonly bodyBytes: number;
  readonly groupId: string | undefined;
}

export type VisibilityPlan =
  | { readonly handle: number; readonly visibilityMs: number }
  /** As long as a lease may last, and `pastLimitMs` longer. */
  | { readonly handle: number; readonly pastLimitMs: number };

const TWELVE_HOURS_MS = 43_200_000;

export function historyFrom(seed: number): History {
  const random = randomFrom(seed);
  const length = random.chance(0.8) ? random.between(30, 120) : random.between(120, 300);
  const mood = moodFrom(random);
  const sent: Extract<Step, { kind: "send" }>[] = [];
  const steps: Step[] = [];
  while (steps.length < length) {
    const step = stepFrom(random, mood, sent);
    steps.push(step);
    if (step.kind === "send") sent.push(step);
    // What a consumer holds in its hand it often uses at once, while the lease is still young.
    if (isCall(step) && random.chance(mood.commitsAtOnce)) steps.push({ kind: "commit" });
  }
  return {
    seed,
    limits: limitsFrom(random),
    retentionSeconds: retentionFrom(random, mood),
    steps,
  };
}

/**
 * What a history dwells on. With the same chances in every history each would be an average one; with
 * chances of its own, one piles up messages, another crashes all the time, a third hardly deletes.
 */
interface Mood {
  readonly weights: readonly (readonly [weight: number, kind: Step["kind"]])[];
  readonly commitsAtOnce: number;
  readonly delays: number;
  readonly largestBatch: number;
  readonly isLongLived: boolean;
}

function moodFrom(random: Random): Mood {
  const usual: readonly (readonly [weight: number, kind: Step["kind"]])[] = [
    [6, "wait"],
    [8, "waitUntil"],
    [14, "send"],
    [20, "receive"],
    [14, "delete"],
    [10, "changeVisibility"],
    [1, "purge"],
    [3, "configure"],
    [4, "commit"],
    [8, "housekeep"],
    [4, "evict"],
    [3, "crash"],
  ];
  return {
    weights: usual.map(([weight, kind]) => [weight * random.pick([0.1, 0.5, 1, 1, 2, 3]), kind]),
    commitsAtOnce: random.pick([0.2, 0.7, 0.9, 1]),
    delays: random.pick([0, 0.1, 0.3, 0.8]),
    largestBatch: random.pick([1, 3, 10]),
    isLongLived: random.chance(0.3),
  };
}

export function limitsFrom(random: Random): HistoryLimits {
  return {
    inFlightMessages: random.pick([3, 12, 120_000]),
    openRecordBytes: random.pick([100, 1000, 700_000]),
    openRecordMessages: random.pick([2, 12, 4096]),
    snapshotRecords: random.pick([1, 3, 10, 2000]),
    snapshotOpsBytes: random.pick([200, 8_000_000]),
    epochBytes: random.pick([100, 200, 400, 2000, 64_000_000]),
    epochMinMs: random.pick([1000, 20_000, 3_600_000]),
    stragglers: random.pick([0, 1, 5, 5, 500]),
    idleBytes: random.pick([0, 300, 1_000_000]),
    cacheBytes: random.pick([0, 300, 16_000_000]),
  };
}

function stepFrom(random: Random, mood: Mood, sent: readonly Extract<Step, { kind: "send" }>[]): Step {
  const kind = random.pickWeighted(mood.weights);
  switch (kind) {
    case "wait":
      return { kind, ms: waitFrom(random, mood) };
    case "waitUntil":
      return { kind, which: random.chance(0.6) ? 0 : random.between(0, 9), offsetMs: random.between(-1, 1) };
    case "send":
      if (sent.length > 0 && random.chance(0.15)) return { ...random.pick(sent.slice(-4)), kind };
      return { kind, batch: sent.length, messages: messagesFrom(random, mood) };
    case "receive":
      return {
        kind,
        max: random.chance(0.4) ? 1 : random.between(1, 10),
        visibilityMs: visibilityFrom(random),
      };
    case "delete":
      return { kind, handles: some(random, () => handleFrom(random)) };
    case "changeVisibility":
      return { kind, changes: some(random, () => visibilityPlanFrom(random)) };
    case "purge":
      return { kind, minIntervalMs: random.pick([0, 1000, 60_000]) };
    case "configure":
      return { kind, retentionSeconds: retentionFrom(random, mood), isNewer: random.chance(0.85) };
    case "commit":
    case "evict":
      return { kind };
    case "housekeep":
      return { kind, slices: random.between(1, 8) };
    case "crash":
      return { kind, lostRecords: random.pick([0, 0, 0, 1, 2, 5]) };
  }
}

function messagesFrom(random: Random, mood: Mood): MessagePlan[] {
  const count = random.chance(0.4) ? 1 : random.between(1, mood.largestBatch);
  return Array.from({ length: count }, () => ({
    delayMs: random.chance(mood.delays)
      ? random.pick([1, 1000, 2000, 5000, 5000, random.between(1, 900_000)])
      : 0,
    bodyBytes: random.chance(0.1) ? random.between(0, 400) : random.between(0, 12),
    groupId: random.chance(0.1) ? `group ${random.between(1, 7)}` : undefined,
  }));
}

function retentionFrom(random: Random, mood: Mood): number {
  return mood.isLongLived ? random.pick([60, 43_200, 345_600]) : random.pick([60, 61, 120, 300]);
}

function waitFrom(random: Random, mood: Mood): number {
  const usual = random.pick([0, 1, 500, 1000, 2000, random.between(0, 10_000)]);
  const long = mood.isLongLived ? random.between(3_600_000, TWELVE_HOURS_MS) : random.between(20_000, 90_000);
  return random.chance(0.06) ? long : usual;
}

export function visibilityFrom(random: Random): number {
  if (random.chance(0.06)) return TWELVE_HOURS_MS;
  return random.pick([0, 1, 1000, 1000, 2000, 5000, random.between(0, 30_000)]);
}

export function visibilityPlanFrom(random: Random): VisibilityPlan {
  const handle = handleFrom(random);
  if (random.chance(0.2)) return { handle, pastLimitMs: random.between(-1, 1) };
  return { handle, visibilityMs: random.chance(0.3) ? 0 : visibilityFrom(random) };
}

/** Mostly one given lately; now and then one that is long outdated. */
export function handleFrom(random: Random): number {
  return random.chance(0.75) ? random.between(0, 5) : random.between(0, 60);
}

export function some<T>(random: Random, make: () => T): T[] {
  return Array.from({ length: random.chance(0.6) ? 1 : random.between(1, 10) }, make);
}

function isCall({ kind }: Step): boolean {
  return kind !== "wait" && kind !== "waitUntil" && kind !== "commit" && kind !== "crash";
}

/**
 * The fewest steps that still fail: leaves out ever smaller stretches for as long as `fails` agrees.
 */
export function shrunk<H extends { readonly steps: readonly unknown[] }>(
  history: H,
  fails: (history: H) => boolean,
): H {
  let steps = history.steps;
  for (
    let stretch = Math.ceil(steps.length / 2);
    stretch >= 1;
    stretch = stretch === 1 ? 0 : Math.ceil(stretch / 2)
  ) {
    for (let start = 0; start < steps.length; ) {
      const fewer = steps.toSpliced(start, stretch);
      if (fails({ ...history, steps: fewer })) steps = fewer;
      else start += stretch;
    }
  }
  return { ...history, steps };
}
