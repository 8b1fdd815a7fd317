// Reads the start time of a process from the system. Id and start time together name one process. An id alone does not: it may
// later belong to another process, and another container has its own process with that id.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { uptime } from "node:os";
import process from "node:process";
import { promisify } from "node:util";

/** On macOS, the times at which a process and the machine were started are known only to the second. */
const bootSlackMs = 5_000;

/**
 * A text that stays the same while the process lives, and that no other process with this id has. On Linux: the id of the boot
 * and the clock tick of the start. On macOS: the second of the start. Undefined if there is no such process, and on Windows.
 */
export async function readProcessStart(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === "linux") return await startOnLinux(pid);
    if (process.platform === "darwin") return await startByPs(pid);
    return undefined;
  } catch {
    return undefined; // it has ended, or this user cannot see it
  }
}

async function startOnLinux(pid: number): Promise<string | undefined> {
  const [stat, bootId] = await Promise.all([
    readFile(`/proc/${pid}/stat`, "utf8"),
    readFile("/proc/sys/kernel/random/boot_id", "utf8"),
  ]);
  return startInStat(stat, bootId);
}

/** Undefined for a zombie: a process that has ended, but whose parent has not read its exit code. */
export function startInStat(stat: string, bootId: string): string | undefined {
  // proc_pid_stat(5): field 2 is the name in brackets, which may contain any character; field 3 is the state, field 22 the start.
  const [state = "", ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const startTicks = rest[18];
  const hasEnded = /^[ZXx]$/.test(state);
  return hasEnded || startTicks === undefined ? undefined : `${bootId.trim()} ${startTicks}`;
}

/** Whether a process with this start, as {@link readProcessStart} returned it, began before the machine was started last. */
export async function isOfEarlierBoot(started: string): Promise<boolean> {
  if (process.platform === "linux") {
    const bootId = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "");
    return bootId !== "" && !started.startsWith(`${bootId.trim()} `);
  }
  if (process.platform !== "darwin") return false;
  const startedMs = Date.parse(`${started} UTC`);
  return startedMs + bootSlackMs < Date.now() - uptime() * 1_000;
}

async function startByPs(pid: number): Promise<string | undefined> {
  const env = { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" };
  const { stdout } = await promisify(execFile)("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { env });
  const [state = "", ...start] = stdout.trim().split(/\s+/);
  return state.startsWith("Z") || start.length === 0 ? undefined : start.join(" ");
}
