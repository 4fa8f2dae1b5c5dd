import { readFileSync } from "node:fs";
import type { Miniflare } from "miniflare";
import { afterEach, describe, expect, it, vi } from "vitest";
import { cron, everyFiveMinutes, keepSchedule } from "../../scripts/cron.ts";
import { workerConfigPath } from "../../scripts/worker-config.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A runtime whose Worker does its scheduled work as told, and a clock in the hand. */
function scheduled(work: () => Promise<{ outcome: string }>) {
  const handler = vi.fn<(options: { cron?: string }) => Promise<{ outcome: string }>>(work);
  const miniflare = { getWorker: async () => ({ scheduled: handler }) } as unknown as Miniflare;
  const cancelled = vi.fn();
  let due = async () => {};
  const end = keepSchedule(miniflare, (run) => {
    due = run;
    return cancelled;
  });
  return { handler, due: () => due(), end, cancelled };
}

describe("the scheduled work of a local server", () => {
  it("is done when it is due, as by the cron trigger of a deployment", async () => {
    const { handler, due } = scheduled(async () => ({ outcome: "ok" }));
    expect(handler).not.toHaveBeenCalled();
    await due();
    await due();
    expect(handler).toHaveBeenCalledTimes(2);
    expect(handler.mock.lastCall?.[0]).toMatchObject({ cron });
    expect(readFileSync(workerConfigPath, "utf8")).toContain(`\ncrons = ["${cron}"]\n`);
  });

  it("is not begun again while it is being done", async () => {
    const { promise, resolve } = Promise.withResolvers<{ outcome: string }>();
    const { handler, due } = scheduled(() => promise);
    const first = due();
    await due();
    expect(handler).toHaveBeenCalledTimes(1);
    resolve({ outcome: "ok" });
    await first;
    await due();
    expect(handler).toHaveBeenCalledTimes(2);
  });

  it.each([
    ["throws", () => Promise.reject(new Error("broken"))],
    ["ends otherwise than well", async () => ({ outcome: "exception" })],
  ])("is logged and tried again when it %s", async (_, work) => {
    const log = vi.spyOn(console, "error").mockReturnValue();
    const { handler, due } = scheduled(work);
    await due();
    await due();
    expect(handler).toHaveBeenCalledTimes(2);
    expect(log).toHaveBeenCalledTimes(2);
  });

  it("ends with the server, in silence if it is broken off", async () => {
    const log = vi.spyOn(console, "error").mockReturnValue();
    const { promise, reject } = Promise.withResolvers<{ outcome: string }>();
    const { due, end, cancelled } = scheduled(() => promise);
    const running = due();
    end();
    expect(cancelled).toHaveBeenCalledTimes(1);
    reject(new Error("disposed"));
    await running;
    expect(log).not.toHaveBeenCalled();
  });

  it("is due every five minutes", () => {
    vi.useFakeTimers();
    const run = vi.fn(async () => {});
    const cancel = everyFiveMinutes(run);
    vi.advanceTimersByTime(299_999);
    expect(run).toHaveBeenCalledTimes(0);
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(300_000);
    expect(run).toHaveBeenCalledTimes(2);
    cancel();
    vi.advanceTimersByTime(3_000_000);
    expect(run).toHaveBeenCalledTimes(2);
  });
});
