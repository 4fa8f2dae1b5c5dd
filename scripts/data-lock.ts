import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { identify, isRunning, type ProcessIdentity } from "./process-identity.ts";
import { UserError } from "./user-error.ts";

/** Keeps a second server out of a data directory: two runtimes writing one SQLite file destroy it. */
export interface DataLock {
  /** Notes the process that has the files open, so that whoever finds this lock stale can end it. */
  recordRuntime(pid: number): void;
  release(): void;
}

interface Holder {
  readonly owner: ProcessIdentity;
  /** The runtime, or the leader of the process group that it runs in. */
  readonly runtime?: ProcessIdentity;
}

/** How long a runtime left behind may take to end after SIGKILL. */
const endTimeoutMs = 5_000;

/**
 * Takes the lock, also from a holder that no longer runs. A holder killed with SIGKILL leaves its runtime
 * running with the files open; that runtime is ended first. Nothing acknowledged is lost by it.
 *
 * @throws UserError when another server has the directory.
 */
export async function lockDataDir(dataDir: string): Promise<DataLock> {
  const owner = identify(process.pid);
  if (owner === undefined) throw new Error("this process cannot be identified");
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, "lock");

  while (!tryCreate(path, { owner })) {
    const holder = readHolder(path);
    if (holder !== undefined && isRunning(holder.owner)) {
      throw new UserError(`${dataDir} is in use by another server, process ${holder.owner.pid}.`);
    }
    if (holder?.runtime !== undefined) await end(holder.runtime);
    rmSync(path, { force: true });
  }

  const release = () => {
    process.off("exit", release);
    if (readHolder(path)?.owner.startedAt === owner.startedAt) rmSync(path, { force: true });
  };
  process.on("exit", release);
  return {
    recordRuntime(pid) {
      const runtime = identify(pid);
      if (runtime !== undefined) replace(path, { owner, runtime });
    },
    release,
  };
}

/** The runtime that has the files of `dataDir` open, if a server runs there or was killed there. */
export function readRuntime(dataDir: string): ProcessIdentity | undefined {
  return readHolder(join(dataDir, "lock"))?.runtime;
}

/** A link appears with its whole content or not at all, so nobody ever reads half a holder. */
function tryCreate(path: string, holder: Holder): boolean {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(holder));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft);
  }
}

function replace(path: string, holder: Holder): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(holder));
  renameSync(draft, path);
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

async function end(runtime: ProcessIdentity): Promise<void> {
  const deadlineMs = Date.now() + endTimeoutMs;
  while (isRunning(runtime)) {
    if (Date.now() > deadlineMs)
      throw new UserError(`Process ${runtime.pid} has the data open and will not end.`);
    // The group first: `npm run dev` leads one of its own, with the runtime in it.
    if (!tryKill(-runtime.pid)) tryKill(runtime.pid);
    await new Promise((resume) => setTimeout(resume, 10));
  }
}

function tryKill(pid: number): boolean {
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}
