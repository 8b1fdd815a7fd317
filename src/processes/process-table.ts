// This room knows the processes of this machine, runs programs, and ends them: a child by its handle, any other by its id and its start.
//
// Reads the table of all processes: from /proc on Linux, from ps(1) on macOS, from PowerShell on Windows.
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import process from "node:process";
import { promisify } from "node:util";
import { readProcessStart, startInStat } from "./process-start.ts";

/** Names exactly one process: by its id together with its start. */
export interface KnownProcess {
  readonly pid: number;
  /** As {@link readProcessStart} returns it; on Windows the creation time in units of 100 ns. */
  readonly started: string;
}

export interface TableEntry extends KnownProcess {
  readonly parentPid: number;
}

const tableWithinMs = 10_000;

/** All processes that this user can see, without zombies. */
export async function readProcessTable(): Promise<readonly TableEntry[]> {
  if (process.platform === "linux") return await readProc();
  if (process.platform === "win32") return parseTable(await run("powershell.exe", windowsQuery));
  return parseTable(await run("ps", ["-axo", "pid=,ppid=,stat=,lstart="])).filter(
    ({ started }) => started !== "",
  );
}

/** The processes whose environment has that variable with that value. Empty on Windows, which does not show environments. */
export async function findByEnvironment(
  table: readonly TableEntry[],
  name: string,
  value: string,
): Promise<readonly TableEntry[]> {
  const assignment = `${name}=${value}`;
  if (process.platform === "win32") return [];
  if (process.platform === "linux") {
    const matches = await Promise.all(table.map(({ pid }) => hasInEnvironment(pid, assignment)));
    return table.filter((_, index) => matches[index]);
  }
  const lines = (await run("ps", ["-axEww", "-o", "pid=,command="])).split("\n");
  const pids = new Set(
    lines.filter((line) => line.includes(` ${assignment}`)).map((line) => Number.parseInt(line, 10)),
  );
  return table.filter(({ pid }) => pids.has(pid));
}

/** Those of the processes that still run. */
export async function stillRunning<T extends KnownProcess>(processes: readonly T[]): Promise<readonly T[]> {
  if (processes.length === 0) return processes;
  if (process.platform === "win32") {
    const table = new Map((await readProcessTable()).map(({ pid, started }) => [pid, started]));
    return processes.filter(({ pid, started }) => table.get(pid) === started);
  }
  const starts = await Promise.all(processes.map(({ pid }) => readProcessStart(pid)));
  return processes.filter(({ started }, index) => starts[index] === started);
}

async function readProc(): Promise<TableEntry[]> {
  const [names, bootId] = await Promise.all([
    readdir("/proc"),
    readFile("/proc/sys/kernel/random/boot_id", "utf8"),
  ]);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const entries = await Promise.all(
    pids.map(async (pid) => {
      try {
        const stat = await readFile(`/proc/${pid}/stat`, "utf8");
        const started = startInStat(stat, bootId);
        const parentPid = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
        return started === undefined ? [] : [{ pid, parentPid, started }];
      } catch {
        return []; // it has ended since the list was read
      }
    }),
  );
  return entries.flat();
}

async function hasInEnvironment(pid: number, assignment: string): Promise<boolean> {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, "latin1");
    return environment.split("\0").includes(assignment);
  } catch {
    return false; // it has ended, or belongs to another user
  }
}

/** Parses lines of id, parent's id, state (only from ps), and start. */
export function parseTable(text: string): TableEntry[] {
  return text.split("\n").flatMap((line) => {
    const [, pid, parentPid, state = "", started = ""] =
      /^\s*(\d+)\s+(\d+)\s+(?:([A-Z]\S*)\s+)?(.*?)\s*$/.exec(line) ?? [];
    if (pid === undefined || state.startsWith("Z")) return [];
    return [{ pid: Number(pid), parentPid: Number(parentPid), started: started.split(/\s+/).join(" ") }];
  });
}

const windowsQuery = [
  ...["-NoProfile", "-NonInteractive", "-Command"],
  "Get-CimInstance Win32_Process | ForEach-Object { if ($_.CreationDate) { '{0} {1} {2}' -f $_.ProcessId, $_.ParentProcessId, $_.CreationDate.ToFileTimeUtc() } }",
];

async function run(program: string, args: readonly string[]): Promise<string> {
  const env = { PATH: process.env.PATH, SystemRoot: process.env.SystemRoot, LC_ALL: "C", TZ: "UTC" };
  const options = { env, timeout: tableWithinMs, maxBuffer: 64 * 1_024 ** 2, windowsHide: true };
  return (await promisify(execFile)(program, [...args], options)).stdout;
}
