import { expect } from "vitest";
import { type HistoryLimits, shrunk } from "./histories.ts";
import { Divergence, type Recover, type RunOptions } from "./shard-run.ts";

/** A history of any kind of queue, and how to live through it. */
export interface Tellable {
  /** Undefined if somebody thought it up. */
  readonly seed: number | undefined;
  readonly limits: HistoryLimits;
  readonly steps: readonly unknown[];
}

export type Run<H> = (history: H, recover: Recover, options: RunOptions) => void;

/**
 * @param again the name of the test file that tells a history again by its seed
 * @throws with the fewest steps that show where shard and model part
 */
export function checkHistory<H extends Tellable>(
  history: H,
  run: Run<H>,
  recover: Recover,
  { again, ...options }: RunOptions & { readonly again: string },
): void {
  if (divergence(history, run, recover, options) === undefined) return;
  const shortest = shrunk(history, (each) => divergence(each, run, recover, options) !== undefined);
  const lines: string[] = [];
  const trace = (line: string) => lines.push(line.slice(0, 2000));
  const found = divergence(shortest, run, recover, { ...options, trace });
  const { seed, limits, steps, ...queue } = shortest;
  expect.fail(
    [
      found?.message.slice(0, 10_000),
      `after ${steps.length} of ${history.steps.length} steps, the last being`,
      ...lines.slice(-40),
      `limits ${JSON.stringify(limits)}, queue ${JSON.stringify(queue)}`,
      seed === undefined ? "" : `SEED=${seed} npx vitest run --project pure ${again}`,
    ].join("\n"),
  );
}

export function divergence<H extends Tellable>(
  history: H,
  run: Run<H>,
  recover: Recover,
  options: RunOptions = {},
): Divergence | undefined {
  try {
    run(history, recover, options);
    return undefined;
  } catch (caught) {
    if (caught instanceof Divergence) return caught;
    throw caught;
  }
}
