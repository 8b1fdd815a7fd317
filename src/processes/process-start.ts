// Reads the start time of a process from the system. Id and start time together name one process; an id alone may belong to
// another one after a restart or in another container.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { promisify } from "node:util";

/**
 * A text that is the same for as long as that process lives, and that no other process of this id has: on Linux the boot and
 * the clock tick since then, on macOS the second. Undefined where there is no such process, and on Windows, where none is told.
 */
export async function readProcessStart(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === "linux") return await startOnLinux(pid);
    if (process.platform === "darwin") return await startByPs(pid);
    return undefined;
  } catch {
    return undefined; // it has ended, or is hidden from this user
  }
}

async function startOnLinux(pid: number): Promise<string | undefined> {
  const [stat, bootId] = await Promise.all([
    readFile(`/proc/${pid}/stat`, "utf8"),
    readFile("/proc/sys/kernel/random/boot_id", "utf8"),
  ]);
  return startInStat(stat, bootId);
}

/** Undefined for a process that has ended and was not waited for. */
export function startInStat(stat: string, bootId: string): string | undefined {
  // proc_pid_stat(5): the second field is the name in brackets, which may hold anything; the third the state, the 22nd the start.
  const [state = "", ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const startTicks = rest[18];
  const hasEnded = /^[ZXx]$/.test(state);
  return hasEnded || startTicks === undefined ? undefined : `${bootId.trim()} ${startTicks}`;
}

async function startByPs(pid: number): Promise<string | undefined> {
  const env = { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" };
  const { stdout } = await promisify(execFile)("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { env });
  const [state = "", ...start] = stdout.trim().split(/\s+/);
  return state.startsWith("Z") || start.length === 0 ? undefined : start.join(" ");
}
