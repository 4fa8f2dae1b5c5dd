import { countInFlight } from "./fairness.ts";
import { leaveGroup, refreshGroup } from "./groups.ts";
import type { Position } from "./position.ts";
import type { QueueState, TouchedMessage } from "./state.ts";

/** What happens to one touched message, with every index that knows of it kept right. */

export function hideUntil(
  state: QueueState,
  message: TouchedMessage,
  position: Position,
  visibleAtMs: number,
  atMs: number,
): void {
  message.visibleAtMs = visibleAtMs;
  if (visibleAtMs <= atMs) {
    show(state, message, position);
    return;
  }
  if (!message.hidden) {
    state.inFlight++;
    if (message.groupId !== undefined) countInFlight(state, message.groupId, 1);
  }
  message.hidden = true;
  state.derived.due.push(visibleAtMs, position);
  if (message.groupId !== undefined) refreshGroup(state, message.groupId);
}

export function show(state: QueueState, message: TouchedMessage, position: Position): void {
  if (message.hidden) endFlight(state, message);
  message.hidden = false;
  if (message.groupId !== undefined) refreshGroup(state, message.groupId);
  if (message.listed) return;
  message.listed = true;
  state.derived.ready.push(position);
}

export function forget(state: QueueState, position: Position, message: TouchedMessage): void {
  if (message.hidden) endFlight(state, message);
  state.touched.delete(position);
  if (message.groupId !== undefined) leaveGroup(state, message.groupId, position);
}

function endFlight(state: QueueState, message: TouchedMessage): void {
  state.inFlight--;
  const busyMs = Math.min(state.derived.nowMs, message.visibleAtMs) - message.leasedAtMs;
  if (message.groupId !== undefined) countInFlight(state, message.groupId, -1, busyMs);
}

export function touchedAt(state: QueueState, position: Position): TouchedMessage {
  const message = state.touched.get(position);
  if (!message) throw new Error(`no message was ever delivered from ${position}`);
  return message;
}

export function isDue(state: QueueState, position: Position | undefined, atMs: number): boolean {
  const message = state.touched.get(position ?? -1);
  return message?.hidden === true && message.visibleAtMs === atMs;
}
