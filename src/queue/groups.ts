import { Deque } from "../lib/deque.ts";
import type { Backlog } from "./backlog.ts";
import { type FreshMessage, firstSentAfter, freshMessages } from "./backlog.ts";
import type { Position } from "./position.ts";
import type { QueueState } from "./state.ts";

/**
 * The groups of a FIFO queue as far as they are looked at: an index over the state and the backlog, made when
 * it is first needed and thrown away with the shard's memory.
 *
 * A message may be delivered if it is visible and no earlier one of its group is invisible. What was delivered
 * before stands at a group's front, so a group has something to deliver exactly if its first message is
 * visible. Those groups take turns; one that becomes available again goes to the back.
 */
export interface Groups {
  readonly byId: Map<string, Group>;
  /** Groups that were available when they joined. A turn that is over is recognised by its number. */
  readonly rotation: Deque<Turn>;
  /** Where loading goes on. */
  next: Position;
  nextIndex: number;
  /** Messages loaded and never delivered. */
  waiting: number;
  /** When the first message behind those loaded ends the queue's delay; undefined if none is in it. */
  delayedUntilMs: number | undefined;
}

interface Turn {
  readonly group: Group;
  readonly turn: number;
}

export interface Group {
  readonly id: string;
  /** Delivered before and not gone, ascending. */
  touched: Position[];
  /** Never delivered. */
  readonly fresh: Deque<FreshMessage>;
  turn: number;
  listed: boolean;
}

/**
 * SQS looks at no more than 120,000 messages to find a group that may deliver; behind so many of blocked groups
 * nothing is found, there as here.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-fifo.html
 */
export const LOOK_AHEAD = 120_000;
const LOADED_AT_ONCE = 256;

export function groupsOf(state: QueueState): Groups {
  state.derived.groups ??= groupTouched(state);
  return state.derived.groups;
}

function groupTouched(state: QueueState): Groups {
  const groups: Groups = {
    byId: new Map(),
    rotation: new Deque(),
    next: state.cursor,
    nextIndex: state.freshConsumed,
    waiting: 0,
    delayedUntilMs: undefined,
  };
  for (const position of [...state.touched.keys()].sort((a, b) => a - b)) {
    group(groups, state.touched.get(position)?.groupId ?? "").touched.push(position);
  }
  for (const each of groups.byId.values()) list(groups, each, state);
  return groups;
}

/** Loads messages of the backlog until `enough` may be delivered, the look-ahead is used up, or none is left. */
export function load(
  state: QueueState,
  groups: Groups,
  backlog: Backlog,
  enough: number,
  nowMs: number,
): void {
  const horizonMs = nowMs - queueDelayMs(state);
  groups.delayedUntilMs = undefined;
  if (groups.nextIndex < state.freshConsumed) {
    // The cursor has passed it: all between was delivered, and is no longer remembered as taken.
    groups.next = state.cursor;
    groups.nextIndex = state.freshConsumed;
  }
  while (groups.waiting < LOOK_AHEAD && !hasDeliverable(state, groups, enough)) {
    let loaded = 0;
    for (const message of freshMessages(state, backlog, { position: groups.next, index: groups.nextIndex })) {
      if (message.sentAtMs > horizonMs) {
        groups.delayedUntilMs = message.sentAtMs + queueDelayMs(state);
        return;
      }
      groups.next = message.position + 1;
      groups.nextIndex = message.index + 1;
      groups.waiting++;
      const of = group(groups, message.groupId ?? "");
      of.fresh.push(message);
      if (of.touched.length + of.fresh.size === 1) list(groups, of, state);
      if (++loaded === LOADED_AT_ONCE) break;
    }
    if (loaded < LOADED_AT_ONCE) return;
  }
}

/** A FIFO queue has one delay for all its messages, and a change applies to those already in it. */
export function queueDelayMs(state: QueueState): number {
  return (state.settings?.attributes.delaySeconds ?? 0) * 1000;
}

/** How many messages of the backlog are still in the queue's delay: those sent last. */
export function delayedByQueue(state: QueueState, backlog: Backlog, nowMs: number): number {
  const delayMs = queueDelayMs(state);
  if (delayMs === 0 || state.lastSentAtMs <= nowMs - delayMs) return 0;
  const { index } = firstSentAfter(state, backlog, nowMs - delayMs);
  const first = Math.max(index, state.freshConsumed);
  return state.freshSent - first - state.taken.countFrom(first);
}

export type Deliverable =
  | { readonly kind: "returned"; readonly position: Position }
  | { readonly kind: "fresh"; readonly message: FreshMessage };

/** What may be delivered, group by group in their turn, each as far as it goes. */
export function* deliverable(state: QueueState, groups: Groups): Iterable<Deliverable> {
  for (const turn of groups.rotation) if (isCurrent(turn)) yield* prefix(state, turn.group);
}

function* prefix(state: QueueState, { touched, fresh }: Group): Iterable<Deliverable> {
  for (const position of touched) {
    if (state.touched.get(position)?.hidden !== false) return;
    yield { kind: "returned", position };
  }
  for (const message of fresh) yield { kind: "fresh", message };
}

function hasDeliverable(state: QueueState, groups: Groups, enough: number): boolean {
  let found = 0;
  for (const _ of deliverable(state, groups)) if (++found >= enough) return true;
  return enough <= 0;
}

/** The messages of these groups were delivered: their turn is over, and a new one begins at the back. */
export function endTurns(state: QueueState, ids: Iterable<string>): void {
  const { groups } = state.derived;
  if (!groups) return;
  for (const id of ids) {
    const each = groups.byId.get(id);
    if (!each) continue;
    each.listed = false;
    each.turn++;
    list(groups, each, state);
  }
  for (let turn = groups.rotation.first; turn && !isCurrent(turn); turn = groups.rotation.first) {
    groups.rotation.shift();
  }
}

/** A message was delivered for the first time: it joins those that stand before the fresh ones. */
export function moveToTouched(state: QueueState, groupId: string, position: Position): void {
  const { groups } = state.derived;
  const each = groups?.byId.get(groupId);
  if (!groups || !each) return;
  if (each.fresh.first?.position !== position) throw new Error("a group was delivered out of order");
  each.fresh.shift();
  each.touched.push(position);
  groups.waiting--;
}

/** A message is gone. */
export function leaveGroup(state: QueueState, groupId: string, position: Position): void {
  const { groups } = state.derived;
  const each = groups?.byId.get(groupId);
  if (!groups || !each) return;
  each.touched = each.touched.filter((other) => other !== position);
  if (each.touched.length + each.fresh.size === 0) {
    each.listed = false;
    groups.byId.delete(groupId);
  } else {
    list(groups, each, state);
  }
}

/** A message is visible again, or no longer. */
export function refreshGroup(state: QueueState, groupId: string): void {
  const { groups } = state.derived;
  const each = groups?.byId.get(groupId);
  if (groups && each) list(groups, each, state);
}

/** Puts a group in the rotation or takes it out, by its first message. */
function list(groups: Groups, each: Group, state: QueueState): void {
  const [first] = each.touched;
  const available = first === undefined ? each.fresh.size > 0 : state.touched.get(first)?.hidden === false;
  if (available === each.listed) return;
  each.listed = available;
  each.turn++;
  if (!available) return;
  if (groups.rotation.size > 2 * groups.byId.size + 1024) groups.rotation.filter(isCurrent);
  groups.rotation.push({ group: each, turn: each.turn });
}

function isCurrent({ group: each, turn }: Turn): boolean {
  return each.listed && each.turn === turn;
}

function group(groups: Groups, id: string): Group {
  const known = groups.byId.get(id);
  if (known) return known;
  const made: Group = { id, touched: [], fresh: new Deque(), turn: 0, listed: false };
  groups.byId.set(id, made);
  return made;
}
