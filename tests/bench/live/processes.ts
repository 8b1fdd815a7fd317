// The processes of this machine, as /proc shows them.
import { readdir, readFile } from "node:fs/promises";

/** The children of each process. */
export async function childrenOf(): Promise<Map<number, number[]>> {
  const children = new Map<number, number[]>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const text = await readFile(`/proc/${name}/stat`, "utf8").catch(() => undefined); // it has just ended
    if (text === undefined) continue;
    const parent = Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  return children;
}

export function descendants(children: ReadonlyMap<number, readonly number[]>, pid: number): number[] {
  return (children.get(pid) ?? []).flatMap((child) => [child, ...descendants(children, child)]);
}

/** Empty if the process has ended. */
export async function commandLine(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""); // it has just ended
  return text.replaceAll("\0", " ");
}
