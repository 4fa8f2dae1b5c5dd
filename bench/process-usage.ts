import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Processor time that a process has used, in milliseconds, in steps of 10.
 *
 * @returns undefined where there is no /proc
 */
export function cpuMs(pid: number | undefined): number | undefined {
  if (process.platform !== "linux" || pid === undefined) return undefined;
  // proc(5): after the command in brackets, fields 14 and 15, in hundredths of a second.
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Memory that a process holds, in bytes. */
export function residentBytes(pid: number | undefined): number {
  if (pid === undefined) return Number.NaN;
  if (process.platform === "linux") {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }
  return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) * 1024;
}
