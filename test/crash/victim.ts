import { readRuntime } from "../../scripts/data-lock.ts";
import { type ServerProcess, spawnServer } from "../support/server.ts";

/** Which processes are killed: a runtime without its script, a script without its runtime, or both at once. */
export type Way = "runtime" | "script" | "both";

/** A server that is killed and started again over the same data, on another port each time. */
export interface Victim {
  /** Where it served last. A runtime that lost its script serves on until the next start. */
  readonly url: string;
  /** Undefined while nobody has killed it; else resolves when it serves again. */
  readonly restarted: Promise<void> | undefined;
  /** SIGKILL, and a new start. */
  killAndRestart(way: Way): Promise<void>;
  stop(): Promise<void>;
}

export async function startVictim(dataDir: string): Promise<Victim> {
  let server: ServerProcess = await spawnServer(dataDir);
  let restarted: Promise<void> | undefined;

  async function kill(way: Way): Promise<void> {
    if (way === "both") return await server.kill();
    if (way === "script") {
      await server.stop("SIGKILL");
      return;
    }
    const runtime = readRuntime(dataDir);
    if (runtime === undefined) throw new Error("the lock names no runtime");
    process.kill(runtime.pid, "SIGKILL");
    await server.ended;
  }

  return {
    get url() {
      return server.url;
    },
    get restarted() {
      return restarted;
    },
    async killAndRestart(way) {
      restarted = kill(way).then(async () => {
        server = await spawnServer(dataDir);
      });
      await restarted;
      restarted = undefined;
    },
    async stop() {
      await server.stop("SIGTERM");
    },
  };
}
