import { describe, expect, test } from "vitest";
import { apply } from "../../src/queue/apply.ts";
import { limits } from "../../src/queue/limits.ts";
import {
  activeMove,
  decideCancelMove,
  decideMoveEnd,
  decideStartMove,
  moveSliceOf,
} from "../../src/queue/moves.ts";
import type { MoveStatus } from "../../src/queue/ops.ts";
import { emptyState, type MoveTask, type QueueState } from "../../src/queue/state.ts";

const START_MS = 1_700_000_000_000;
const request = (taskId: string) => ({ taskId, targetArn: undefined, rate: undefined });

function start(state: QueueState, taskId: string): boolean {
  const { ops, result } = decideStartMove(state, request(taskId), 5, START_MS);
  for (const op of ops) apply(state, op);
  return result;
}

function end(state: QueueState, status: MoveStatus): void {
  apply(state, { kind: "moveEnd", status, reason: undefined });
}

function stateWith(taskId: string, status: MoveStatus = "RUNNING"): QueueState {
  const state = emptyState();
  start(state, taskId);
  if (status !== "RUNNING") end(state, status);
  return state;
}

function taskOf(state: QueueState): MoveTask {
  const task = state.moves.at(-1);
  if (!task) throw new Error("there is no task");
  return task;
}

describe("a move task", () => {
  test("begins with what there is to move, and with nothing moved", () => {
    const state = stateWith("a");
    expect(activeMove(state)).toMatchObject({
      taskId: "a",
      status: "RUNNING",
      startedAtMs: START_MS,
      toMove: 5,
      moved: 0,
    });
  });

  test.each(["RUNNING", "CANCELLING"] as const)("keeps others from beginning while it is %s", (status) => {
    const state = stateWith("a", status);
    expect(start(state, "b")).toBe(false);
    expect(state.moves).toHaveLength(1);
  });

  test.each(["COMPLETED", "CANCELLED", "FAILED"] as const)("lets the next begin once it is %s", (status) => {
    const state = stateWith("a", status);
    expect(activeMove(state)).toBeUndefined();
    expect(start(state, "b")).toBe(true);
    expect(activeMove(state)?.taskId).toBe("b");
  });

  test.each(["RUNNING", "CANCELLING", "COMPLETED"] as const)(
    "that is %s is not begun again by a request that comes twice",
    (status) => {
      const state = stateWith("a", status);
      expect(start(state, "a")).toBe(true);
      expect(state.moves).toHaveLength(1);
      expect(taskOf(state).status).toBe(status);
    },
  );

  test("is remembered until ten newer ones have begun", () => {
    const state = emptyState();
    for (let i = 0; i < limits.listedMoves + 1; i++) {
      expect(start(state, `task ${i}`)).toBe(true);
      end(state, "COMPLETED");
    }
    expect(state.moves.map(({ taskId }) => taskId)).toEqual(
      Array.from({ length: limits.listedMoves }, (_, i) => `task ${i + 1}`),
    );
  });
});

describe("cancelling", () => {
  test("says how many were moved until then, also when it is asked for twice", () => {
    const state = stateWith("a");
    taskOf(state).moved = 3;
    const { ops, result } = decideCancelMove(state, "a");
    expect(result).toBe(3);
    for (const op of ops) apply(state, op);
    expect(taskOf(state).status).toBe("CANCELLING");
    expect(decideCancelMove(state, "a")).toEqual({ ops: [], result: 3 });
  });

  test("finds no other task, and none that has ended", () => {
    expect(decideCancelMove(emptyState(), "a").result).toBeUndefined();
    expect(decideCancelMove(stateWith("a"), "b")).toEqual({ ops: [], result: undefined });
    for (const status of ["COMPLETED", "CANCELLED", "FAILED"] as const) {
      expect(decideCancelMove(stateWith("a", status), "a")).toEqual({ ops: [], result: undefined });
    }
  });
});

describe("before a slice, a task", () => {
  test("ends if it is being cancelled", () => {
    expect(decideMoveEnd(taskOf(stateWith("a", "CANCELLING")), START_MS)).toEqual({
      ops: [{ kind: "moveEnd", status: "CANCELLED", reason: undefined }],
      result: true,
    });
  });

  test("ends after 36 hours, and no sooner", () => {
    const task = taskOf(stateWith("a"));
    const endsAtMs = START_MS + 36 * 3_600_000;
    expect(decideMoveEnd(task, endsAtMs - 1)).toEqual({ ops: [], result: false });
    expect(decideMoveEnd(task, endsAtMs)).toEqual({
      ops: [{ kind: "moveEnd", status: "FAILED", reason: "TaskExpired" }],
      result: true,
    });
  });
});

describe("a slice", () => {
  test.each([
    { rate: undefined, count: 100, pauseMs: 0 },
    { rate: 1, count: 1, pauseMs: 1000 },
    { rate: 3, count: 3, pauseMs: 1000 },
    { rate: 100, count: 100, pauseMs: 1000 },
    { rate: 101, count: 50, pauseMs: 500 },
    { rate: 300, count: 100, pauseMs: 334 },
    { rate: 500, count: 100, pauseMs: 200 },
  ])("at $rate a second is $count messages every $pauseMs ms", ({ rate, count, pauseMs }) => {
    expect(moveSliceOf(rate)).toEqual({ count, pauseMs });
  });

  test("keeps any second within the rate, and near it", () => {
    for (let rate = 1; rate <= limits.moveMessagesPerSecond.max; rate++) {
      const { count, pauseMs } = moveSliceOf(rate);
      const inAnySecond = Math.ceil(1000 / pauseMs) * count;
      expect(inAnySecond, `at ${rate}`).toBeLessThanOrEqual(rate);
      expect(inAnySecond, `at ${rate}`).toBeGreaterThan(rate * 0.98 - 1);
    }
  });
});
