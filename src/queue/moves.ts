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

/**
 * Begins the task; asked again for the same one, it says so again.
 *
 * @returns false while another task is running
 */
export function decideStartMove(
  state: QueueState,
  request: MoveRequest,
  toMove: number,
  nowMs: number,
): Decision<boolean> {
  if (state.moves.some(({ taskId }) => taskId === request.taskId)) return { ops: [], result: true };
  if (activeMove(state)) return { ops: [], result: false };
  return { ops: [{ kind: "moveStart", ...request, atMs: nowMs, toMove }], result: true };
}

/**
 * Ends the task once what is under way has arrived. While that is so, it may be asked again.
 *
 * @returns how many messages were moved until now; undefined if no such task is running
 */
export function decideCancelMove(state: QueueState, taskId: string): Decision<number | undefined> {
  const task = activeMove(state);
  if (task?.taskId !== taskId) return { ops: [], result: undefined };
  if (task.status === "CANCELLING") return { ops: [], result: task.moved };
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

/**
 * Messages of one slice, and how long until the next, for a task with this rate. As many slices as begin in any
 * second together have no more messages than the rate.
 */
export function moveSliceOf(rate: number | undefined): { readonly count: number; readonly pauseMs: number } {
  if (rate === undefined) return { count: MESSAGES_PER_SLICE, pauseMs: 0 };
  const slicesPerSecond = Math.ceil(rate / MESSAGES_PER_SLICE);
  return { count: Math.floor(rate / slicesPerSecond), pauseMs: Math.ceil(1000 / slicesPerSecond) };
}

/** As many as one parcel takes. */
const MESSAGES_PER_SLICE = 100;
