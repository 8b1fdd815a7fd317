// What Linux says of a process: memory by share, CPU time, open files. Undefined elsewhere: it is not measured there.
import { readdir, readFile } from "node:fs/promises";

const ticksPerS = 100; // USER_HZ, the same on every Linux that Bun runs on

export interface ProcessMemory {
  /** Proportional set size: what is shared counts for each of its users in part. */
  readonly pssMb: number;
  readonly anonymousMb: number;
}

/** Why memory cannot be measured here; undefined where it can. */
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

/** User and system time of the process so far, without its children's. */
export async function readCpuMs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  // The name in brackets may hold blanks; utime and stime are the 14th and 15th fields.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerS) * 1_000;
}

export async function countOpenFiles(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** The first child of a process whose name begins so, such as serve's nats-server. */
export async function findChild(pid: number, beginning: string): Promise<number | undefined> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => ""); // a kernel without it
  for (const child of children.trim().split(" ").map(Number)) {
    const comm = await readFile(`/proc/${child}/comm`, "utf8").catch(() => ""); // it has just ended
    if (comm.startsWith(beginning)) return child;
  }
  return undefined;
}
