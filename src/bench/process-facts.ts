// Reads memory, CPU time and open files of a process from Linux's /proc. On other systems these are not measured.
import { readdir, readFile } from "node:fs/promises";

const ticksPerS = 100; // USER_HZ, the same on every Linux that Bun runs on

export interface ProcessMemory {
  /** The proportional set size: shared memory is divided among the processes that share it. */
  readonly pssMb: number;
  readonly anonymousMb: number;
}

/** Why processes cannot be measured on this machine; undefined if they can. */
export function whyNoProcessFacts(): string | undefined {
  return process.platform === "linux" ? undefined : "not measured here: it is read from Linux's /proc";
}

export async function readMemory(pid: number): Promise<ProcessMemory> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  const megabytes = (name: string) => {
    const kibibytes = Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? Number.NaN);
    return (kibibytes * 1024) / 1e6;
  };
  return { pssMb: megabytes("Pss"), anonymousMb: megabytes("Anonymous") };
}

/** The user and system time of the process so far, without its children. */
export async function readCpuMs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  // The name in brackets may contain blanks; utime and stime are fields 14 and 15.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerS) * 1_000;
}

export async function countOpenFiles(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** The first child of a process whose name begins with that text, such as serve's nats-server. */
export async function findChild(pid: number, beginning: string): Promise<number | undefined> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => ""); // this kernel does not have that file
  for (const child of children.trim().split(" ").map(Number)) {
    const comm = await readFile(`/proc/${child}/comm`, "utf8").catch(() => ""); // it has just ended
    if (comm.startsWith(beginning)) return child;
  }
  return undefined;
}
