import { spawn } from "node:child_process";
import { constants } from "node:os";
import { root } from "./local-settings.ts";

export interface ChildOptions {
  /** Added to this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Called with the process id as soon as there is one. */
  readonly onStart?: (pid: number) => void;
  /** Return what the child prints instead of showing it. */
  readonly capture?: boolean;
}

export interface ChildResult {
  /** 128 + signal number when a signal ended it, as shells count. */
  readonly code: number;
  /** Empty unless captured. Of a failed child, with what it printed as errors. */
  readonly output: string;
}

/**
 * Runs a Node program in a process group of its own, passes signals on to it, and waits. Whatever the
 * program leaves running in its group is ended with it, so that nothing outlives the script.
 */
export function runNode(args: readonly string[], options: ChildOptions = {}): Promise<ChildResult> {
  return new Promise((resolve, reject) => {
    const stream = options.capture ? "pipe" : "inherit";
    const child = spawn(process.execPath, ["--no-warnings", ...args], {
      cwd: root,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", stream, stream],
      detached: true,
    });
    const printed: string[] = [];
    const errors: string[] = [];
    child.stdout?.setEncoding("utf8").on("data", (text: string) => printed.push(text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => errors.push(text));

    const forward = (signal: NodeJS.Signals) => signalGroup(child.pid, signal);
    const killAll = () => signalGroup(child.pid, "SIGKILL");
    for (const signal of forwarded) process.on(signal, forward);
    process.on("exit", killAll);
    child.once("spawn", () => {
      if (child.pid !== undefined) options.onStart?.(child.pid);
    });
    child.once("error", reject);
    child.once("exit", killAll);
    child.once("close", (exitCode, signal) => {
      for (const name of forwarded) process.off(name, forward);
      process.off("exit", killAll);
      const code = exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal]);
      resolve({ code, output: [...printed, ...(code === 0 ? [] : errors)].join("") });
    });
  });
}

const forwarded = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The whole group has ended already.
  }
}
