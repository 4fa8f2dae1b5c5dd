import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { DataLock } from "./data-lock.ts";

/**
 * Finds the runtime that Miniflare starts from now on, and notes it in the lock of its data. Miniflare tells no
 * process ids, but Node announces every child process on this channel.
 */
export function watchForRuntime(lock: DataLock | undefined) {
  let runtime: ChildProcess | undefined;
  const announced = (message: unknown) => {
    const { process: child } = message as { process: ChildProcess };
    child.once("spawn", () => {
      if (!child.spawnfile.includes("workerd") || child.pid === undefined) return;
      runtime = child;
      lock?.recordRuntime(child.pid);
    });
  };
  subscribe("child_process", announced);
  return {
    runtime(): ChildProcess {
      if (runtime === undefined) throw new Error("no runtime was started");
      return runtime;
    },
    stop: () => unsubscribe("child_process", announced),
  };
}
