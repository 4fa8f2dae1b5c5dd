import type { Decision } from "./engine.ts";
import { limits } from "./limits.ts";
import type { MoveTask, QueueState } from "./state.ts";

/** Move tasks: a dead-letter queue's messages go back to where they came from, or to a queue that was named. */

export interface MoveRequest {
  readonly taskId: string;
  readonly targetArn: string | undefined;
  /** Messages a second. */
  readonly rate: number | undefined;
}

/** The task that has not ended, if there is one. */
export function activeMove(state: QueueState): MoveTask | undefined {
  const newest = state.moves.at(-1);
  return newest?.status === "RUNNING" || newest?.status === "CANCELLING" ? newest : undefined;
}

/** @returns false while another task is running */
export function decideStartMove(
  state: QueueState,
  request: MoveRequest,
  toMove: number,
  nowMs: number,
): Decision<boolean> {
  if (activeMove(state)) return { ops: [], result: false };
  return { ops: [{ kind: "moveStart", ...request, atMs: nowMs, toMove }], result: true };
}

/**
 * Ends the task once what is under way has arrived.
 *
 * @returns how many messages were moved until now; undefined if no such task is running
 */
export function decideCancelMove(state: QueueState, taskId: string): Decision<number | undefined> {
  const task = activeMove(state);
  if (task?.taskId !== taskId || task.status !== "RUNNING") return { ops: [], result: undefined };
  return { ops: [{ kind: "moveEnd", status: "CANCELLING", reason: undefined }], result: task.moved };
}

/** Whether a task has to end now, and how, before it moves anything more. */
export function decideMoveEnd(task: MoveTask, nowMs: number): Decision<boolean> {
  if (task.status === "CANCELLING") {
    return { ops: [{ kind: "moveEnd", status: "CANCELLED", reason: undefined }], result: true };
  }
  if (nowMs < task.startedAtMs + limits.moveMs) return { ops: [], result: false };
  return { ops: [{ kind: "moveEnd", status: "FAILED", reason: "TaskExpired" }], result: true };
}

/** Messages of one slice, and how long until the next, for a task with this rate. */
export function moveSliceOf(rate: number | undefined): { readonly count: number; readonly pauseMs: number } {
  const count = Math.min(rate ?? Infinity, MESSAGES_PER_SLICE);
  return { count, pauseMs: rate === undefined ? 0 : Math.ceil((count * 1000) / rate) };
}

/** As many as one parcel takes. */
const MESSAGES_PER_SLICE = 100;
