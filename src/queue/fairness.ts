import { Deque } from "../lib/deque.ts";
import { NumberHeap } from "../lib/number-heap.ts";
import { type Backlog, type FreshMessage, freshMessages } from "./backlog.ts";
import { LOOK_AHEAD } from "./groups.ts";
import { limits } from "./limits.ts";
import type { FreshLease } from "./ops.ts";
import type { Position } from "./position.ts";
import { isExhausted } from "./redrive.ts";
import type { QueueState, TouchedMessage } from "./state.ts";

/**
 * Fair queues: on a standard queue whose messages name groups, a tenant is a group. One that holds more than its
 * share is noisy, and the others go first, so that its flood does not make them wait. Messages without a group
 * are each a tenant of their own, and never noisy.
 *
 * All of this is a view of the state that is made anew after an eviction: it decides who is next, never what is
 * delivered.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
 */
export interface Fairness {
  readonly tenants: Map<string, Tenant>;
  readonly noisy: Set<Tenant>;
  /** Time spent in flight by finished deliveries, milliseconds, in this period and the one before. */
  busyMs: number;
  busyMsBefore: number;
  finished: number;
  finishedBefore: number;
  period: number;
  /** The backlog by tenant, while somebody is noisy. */
  window: Window | undefined;
}

interface Tenant {
  readonly id: string;
  inFlight: number;
  lastInFlightMs: number;
  busyMs: number;
  busyMsBefore: number;
  finished: number;
  finishedBefore: number;
  period: number;
}

/** As much of the backlog as is looked at for messages of quiet tenants. */
interface Window {
  readonly waiting: Map<string, Deque<FreshMessage>>;
  /** The first message of each tenant: rows of (position, number of the tenant). */
  readonly heads: NumberHeap;
  readonly ids: string[];
  readonly numbers: Map<string, number>;
  next: Position;
  nextIndex: number;
  loaded: number;
  atEnd: boolean;
}

export function newFairness(): Fairness {
  return {
    tenants: new Map(),
    noisy: new Set(),
    busyMs: 0,
    busyMsBefore: 0,
    finished: 0,
    finishedBefore: 0,
    period: 0,
    window: undefined,
  };
}

/** A tenant's message went into flight (+1), or is no longer (-1) after `busyMs`. */
export function countInFlight(state: QueueState, groupId: string, change: 1 | -1, busyMs = 0): void {
  const { fairness, nowMs } = state.derived;
  const tenant = fairness.tenants.get(groupId) ?? newTenant(groupId);
  fairness.tenants.set(groupId, tenant);
  tenant.inFlight += change;
  tenant.lastInFlightMs = nowMs;
  if (busyMs <= 0) return;
  turnPeriods(fairness, tenant, nowMs);
  tenant.busyMs += busyMs;
  tenant.finished++;
  fairness.busyMs += busyMs;
}

function newTenant(id: string): Tenant {
  return {
    ...{ id, inFlight: 0, lastInFlightMs: 0 },
    ...{ busyMs: 0, busyMsBefore: 0, finished: 0, finishedBefore: 0, period: 0 },
  };
}

/** "Recent" is this period and the one before. */
function turnPeriods(fairness: Fairness, tenant: Tenant, nowMs: number): void {
  const period = Math.floor(nowMs / limits.fairnessPeriodMs);
  for (const sums of [fairness, tenant]) {
    if (sums.period === period) continue;
    sums.busyMsBefore = sums.period === period - 1 ? sums.busyMs : 0;
    sums.finishedBefore = sums.period === period - 1 ? sums.finished : 0;
    sums.busyMs = 0;
    sums.finished = 0;
    sums.period = period;
  }
}

/**
 * Finds out who is noisy, and reads as much of the backlog as it takes to find messages of the others.
 *
 * @returns whether there is anybody to be held back
 */
export function prepareFairness(state: QueueState, backlog: Backlog, wanted: number, nowMs: number): boolean {
  const { fairness } = state.derived;
  if (fairness.tenants.size === 0) return false;
  for (const tenant of fairness.tenants.values()) {
    turnPeriods(fairness, tenant, nowMs);
    if (isNoisy(state, tenant)) fairness.noisy.add(tenant);
    else if (hasCalmedDown(fairness, tenant, nowMs)) fairness.noisy.delete(tenant);
    if (tenant.inFlight === 0 && tenant.busyMs + tenant.busyMsBefore === 0 && !fairness.noisy.has(tenant)) {
      fairness.tenants.delete(tenant.id);
    }
  }
  if (fairness.noisy.size === 0) {
    fairness.window = undefined;
    return false;
  }
  fairness.window ??= newWindow(state);
  load(state, fairness.window, backlog, wanted);
  return true;
}

/**
 * More than a tenth of what is in flight and at least 30, or more than a tenth of the recent processing time: of
 * as many deliveries, so that a tenant is not noisy for one slow message.
 */
function isNoisy(state: QueueState, tenant: Tenant): boolean {
  const { fairness } = state.derived;
  const { inFlight, busyMs, busyMsBefore, finished, finishedBefore } = tenant;
  if (inFlight >= limits.noisyInFlight && inFlight > state.inFlight * limits.noisyShare) return true;
  const total = fairness.busyMs + fairness.busyMsBefore;
  if (finished + finishedBefore < limits.noisyInFlight) return false;
  return busyMs + busyMsBefore > total * limits.noisyShare;
}

/** Once its backlog is drained, or nothing of it was in flight for five minutes. */
function hasCalmedDown(fairness: Fairness, tenant: Tenant, nowMs: number): boolean {
  if (tenant.inFlight > 0) return false;
  const drained = fairness.window?.atEnd === true && !fairness.window.waiting.get(tenant.id)?.size;
  return drained || nowMs >= tenant.lastInFlightMs + limits.calmAfterMs;
}

function newWindow(state: QueueState): Window {
  return {
    waiting: new Map(),
    heads: new NumberHeap(2),
    ids: [],
    numbers: new Map(),
    next: state.cursor,
    nextIndex: state.freshConsumed,
    loaded: 0,
    atEnd: false,
  };
}

const LOADED_AT_ONCE = 2000;

function load(state: QueueState, window: Window, backlog: Backlog, wanted: number): void {
  if (window.nextIndex < state.freshConsumed) {
    window.next = state.cursor;
    window.nextIndex = state.freshConsumed;
  }
  if (window.loaded >= LOOK_AHEAD || quietHeads(state, window, wanted).length >= wanted) return;
  let loaded = 0;
  window.atEnd = false;
  for (const message of freshMessages(state, backlog, { position: window.next, index: window.nextIndex })) {
    if (loaded === LOADED_AT_ONCE || window.loaded >= LOOK_AHEAD) return;
    window.next = message.position + 1;
    window.nextIndex = message.index + 1;
    loaded++;
    enter(window, message);
  }
  window.atEnd = true;
}

function enter(window: Window, message: FreshMessage): void {
  const id = message.groupId ?? "";
  const known = window.waiting.get(id);
  const queue = known ?? new Deque<FreshMessage>();
  if (!known) window.waiting.set(id, queue);
  queue.push(message);
  window.loaded++;
  if (queue.size === 1) window.heads.push(message.position, numberOf(window, id));
}

function numberOf(window: Window, id: string): number {
  const known = window.numbers.get(id);
  if (known !== undefined) return known;
  window.numbers.set(id, window.ids.length);
  window.ids.push(id);
  return window.ids.length - 1;
}

/** A message of the window was delivered. */
export function leaveWindow(state: QueueState, groupId: string | undefined, position: Position): void {
  const { window } = state.derived.fairness;
  if (!window) return;
  const id = groupId ?? "";
  const queue = window.waiting.get(id);
  if (queue?.first?.position !== position) {
    // Somebody took it past the window, which is out of date with that.
    state.derived.fairness.window = undefined;
    return;
  }
  queue.shift();
  window.loaded--;
  window.heads.remove(0, position);
  if (queue.first) window.heads.push(queue.first.position, numberOf(window, id));
  else window.waiting.delete(id);
}

export interface FairChoice {
  readonly returned: Position[];
  /** Delayed until now: nobody remembers whose they are, so they count as quiet. */
  readonly woken: FreshLease[];
  readonly fresh: FreshMessage[];
}

/** Who is next: quiet tenants by age, then noisy ones, each time the one with the fewest in flight. */
export function chooseFairly(state: QueueState, count: number, nowMs: number): FairChoice {
  const { fairness } = state.derived;
  const noisyIds = new Set([...fairness.noisy].map(({ id }) => id));
  const returned = visibleOf(state, count, nowMs, (groupId) => !noisyIds.has(groupId ?? ""));
  const woken = state.woken
    .smallest(count - returned.length, () => true)
    .map(([position, sentAtMs]) => ({ position, sentAtMs }));
  const fresh: FreshMessage[] = [];
  if (!fairness.window) return { returned, woken, fresh };
  const chosen = () => returned.length + woken.length + fresh.length;
  const taken = new Map<string, number>();
  const next = (id: string) => nth(fairness.window?.waiting.get(id), taken.get(id) ?? 0);
  const take = (id: string, message: FreshMessage) => {
    fresh.push(message);
    taken.set(id, (taken.get(id) ?? 0) + 1);
  };
  while (chosen() < count) {
    const candidates = quietHeads(state, fairness.window, count)
      .map((id) => ({ id, message: next(id) }))
      .flatMap(({ id, message }) => (message ? [{ id, message }] : []))
      .sort((a, b) => a.message.position - b.message.position);
    const [oldest] = candidates;
    if (!oldest) break;
    take(oldest.id, oldest.message);
  }
  const noisy = [...fairness.noisy].map((tenant) => ({ tenant, inFlight: tenant.inFlight }));
  const back = new Map(
    noisy.map(({ tenant }) => [
      tenant.id,
      visibleOf(state, count, nowMs, (groupId) => groupId === tenant.id),
    ]),
  );
  while (chosen() < count) {
    noisy.sort((a, b) => a.inFlight - b.inFlight);
    const turn = noisy.find(({ tenant }) => back.get(tenant.id)?.length || next(tenant.id));
    if (!turn) break;
    const position = back.get(turn.tenant.id)?.shift();
    const message = next(turn.tenant.id);
    if (position !== undefined) returned.push(position);
    else if (message) take(turn.tenant.id, message);
    turn.inFlight++;
  }
  return { returned, woken, fresh };
}

/** Tenants with waiting messages that are not noisy, those with the oldest first, at most `count`. */
function quietHeads(state: QueueState, window: Window, count: number): string[] {
  const noisy = new Set([...state.derived.fairness.noisy].map(({ id }) => window.numbers.get(id)));
  return window.heads
    .smallest(count, (_, number) => !noisy.has(number))
    .map(([, number]) => window.ids[number] ?? "");
}

/** Visible messages that were delivered before, oldest first, of the tenants asked for. */
function visibleOf(
  state: QueueState,
  count: number,
  nowMs: number,
  of: (groupId: string | undefined) => boolean,
): Position[] {
  const wanted = (message: TouchedMessage | undefined) =>
    message?.hidden === false && of(message.groupId) && !isExhausted(state, message, nowMs);
  return state.derived.ready
    .smallest(count, (position) => wanted(state.touched.get(position)), limits.lookedAtPerReceive)
    .map(([position]) => position);
}

function nth<T>(items: Deque<T> | undefined, index: number): T | undefined {
  return items?.at(index);
}
