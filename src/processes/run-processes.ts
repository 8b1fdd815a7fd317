// The processes that an agent's CLI has started, and that are left when it is killed: tools run in sessions of their own. They
// are found by descent, for as long as the CLI lives, and by a variable that each of them has inherited from it.
import process from "node:process";
import { findByEnvironment, type KnownProcess, readProcessTable, type TableEntry } from "./process-table.ts";

/** In the environment of an agent's CLI: its run (`instance_id`). Programs that it starts have it too. */
export const runVariable = "CLIAI_RUN";

export interface RunPlace {
  readonly run: string;
  /** The CLI itself: what descends from it is found also where a program has cleared its environment. */
  readonly cli?: KnownProcess | undefined;
}

/** Neither the CLI nor this process, nor what this process itself descends from. */
export async function findRunProcesses({ run, cli }: RunPlace): Promise<readonly KnownProcess[]> {
  const table = await readProcessTable();
  const found = new Map<number, TableEntry>();
  const isCli = ({ pid, started }: KnownProcess) => pid === cli?.pid && started === cli.started;
  const roots = [...table.filter(isCli), ...(await findByEnvironment(table, runVariable, run))];
  for (const entry of descendantsOf(roots, table)) found.set(entry.pid, entry);
  for (const pid of ancestorsOf(process.pid, table)) found.delete(pid);
  return [...found.values()].filter((entry) => !isCli(entry)).map(({ pid, started }) => ({ pid, started }));
}

/** The roots themselves, and all below them. */
export function descendantsOf(roots: readonly TableEntry[], table: readonly TableEntry[]): TableEntry[] {
  const children = Map.groupBy(table, ({ parentPid }) => parentPid);
  const seen = new Set<TableEntry>(roots);
  for (const parent of seen) {
    for (const child of children.get(parent.pid) ?? []) if (mayBeChild(child, parent)) seen.add(child);
  }
  return [...seen];
}

/** Windows keeps the id of a parent that has ended, and gives that id to another process. */
function mayBeChild(child: TableEntry, parent: TableEntry): boolean {
  if (process.platform !== "win32") return true;
  return BigInt(child.started) >= BigInt(parent.started);
}

function ancestorsOf(pid: number, table: readonly TableEntry[]): ReadonlySet<number> {
  const parents = new Map(table.map((entry) => [entry.pid, entry.parentPid]));
  const seen = new Set<number>();
  for (let next: number | undefined = pid; next !== undefined && !seen.has(next); next = parents.get(next))
    seen.add(next);
  return seen;
}
