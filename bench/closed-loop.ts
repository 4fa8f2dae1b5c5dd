import { performance } from "node:perf_hooks";
import { HttpConnection } from "./http-connection.ts";

/** One step of a client: some exchanges on its connection, one after the other. @returns messages dealt with */
export type Step = (connection: HttpConnection) => Promise<number>;

export interface Load {
  readonly step: Step;
  readonly endpoint: string;
  readonly connections: number;
  /** Infinity, if it is to end after `maxSteps`. */
  readonly durationMs: number;
  /** Driven, but not measured, before `durationMs` begins. */
  readonly warmUpMs: number;
  /** End after so many steps, because then there is nothing left to receive. */
  readonly maxSteps?: number;
}

/** What one slice of load measured. */
export interface Sample {
  /** Messages a second. */
  readonly perSecond: number;
  /** One per step, sorted. */
  readonly latenciesMs: Float64Array;
  /** Messages dealt with, those of the warm-up included. */
  readonly allMessages: number;
  /** Of the whole slice. */
  readonly elapsedMs: number;
  /** Steps that met an answer other than 200, and what the first of them was. */
  readonly failures: number;
  readonly firstFailure: string | undefined;
  /** Share of the time in which the load generator had something to do: above 0.9 it is what was measured. */
  readonly generatorBusy: number;
}

/** Every connection takes its next step as soon as the last one ended. */
export async function drive(load: Load): Promise<Sample> {
  // New ones for each slice: servers close those that were idle for some seconds.
  const connections = await openConnections(load.endpoint, load.connections);
  try {
    return await driveOver(connections, load);
  } finally {
    for (const connection of connections) connection.close();
  }
}

async function driveOver(connections: readonly HttpConnection[], load: Load): Promise<Sample> {
  const startMs = performance.now();
  const countFromMs = startMs + load.warmUpMs;
  const endMs = countFromMs + load.durationMs;
  const latencies: number[] = [];
  let countedMs = 0;
  let countedMessages = 0;
  let allMessages = 0;
  let stepsLeft = load.maxSteps ?? Infinity;
  let failures = 0;
  let firstFailure: string | undefined;
  const idle = performance.eventLoopUtilization();

  await Promise.all(
    connections.map(async (connection) => {
      let isCounted = false;
      // Once at least, however short the slice.
      for (let nowMs = performance.now(); (nowMs < endMs || !isCounted) && stepsLeft > 0; ) {
        stepsLeft--;
        const beganMs = nowMs;
        let messages = 0;
        try {
          messages = await load.step(connection);
        } catch (error) {
          failures++;
          firstFailure ??= error instanceof Error ? error.message : String(error);
          if (failures > MAX_FAILURES) throw error;
        }
        nowMs = performance.now();
        allMessages += messages;
        isCounted = beganMs >= countFromMs;
        if (!isCounted) continue;
        latencies.push(nowMs - beganMs);
        countedMs += nowMs - beganMs;
        countedMessages += messages;
      }
    }),
  );
  return {
    // Not messages by the length of the slice: with steps that take long, that depends on where it was cut.
    perSecond: (connections.length * countedMessages * 1000) / countedMs,
    latenciesMs: Float64Array.from(latencies).sort(),
    allMessages,
    elapsedMs: performance.now() - startMs,
    failures,
    firstFailure,
    generatorBusy: performance.eventLoopUtilization(idle).utilization,
  };
}

export function openConnections(endpoint: string, count: number): Promise<HttpConnection[]> {
  return Promise.all(Array.from({ length: count }, () => HttpConnection.open(endpoint)));
}

/** A server that fails this often in one slice is not being measured any more. */
const MAX_FAILURES = 1000;

/** @param share 0.5 for the median */
export function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(Float64Array.from(values).sort(), 0.5);
}

/** The latencies of several slices as one. */
export function mergeLatencies(samples: readonly Sample[]): Float64Array {
  const merged = new Float64Array(samples.reduce((sum, { latenciesMs }) => sum + latenciesMs.length, 0));
  let at = 0;
  for (const { latenciesMs } of samples) {
    merged.set(latenciesMs, at);
    at += latenciesMs.length;
  }
  return merged.sort();
}
