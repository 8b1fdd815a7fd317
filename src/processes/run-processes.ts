// Finds the processes that an agent's CLI has started. Some are left when the CLI is killed, because tools run in sessions of
// their own. They are found as descendants while the CLI lives, and by a variable that each has inherited from the CLI.
import process from "node:process";
import { findByEnvironment, type KnownProcess, readProcessTable, type TableEntry } from "./process-table.ts";

/** The variable in the environment of an agent's CLI that holds its run (`instance_id`). The programs that it starts inherit it. */
export const runVariable = "CLIAI_RUN";

export interface RunPlace {
  readonly run: string;
  /** The CLI itself. Its descendants are found even if a program has cleared its environment. */
  readonly cli?: KnownProcess | undefined;
}

/** The processes of the run, without the CLI, this process and this process's own ancestors. */
export async function findRunProcesses({ run, cli }: RunPlace): Promise<readonly KnownProcess[]> {
  const table = await readProcessTable();
  const found = new Map<number, TableEntry>();
  const isCli = ({ pid, started }: KnownProcess) => pid === cli?.pid && started === cli.started;
  const roots = [...table.filter(isCli), ...(await findByEnvironment(table, runVariable, run))];
  for (const entry of descendantsOf(roots, table)) found.set(entry.pid, entry);
  for (const pid of ancestorsOf(process.pid, table)) found.delete(pid);
  return [...found.values()].filter((entry) => !isCli(entry)).map(({ pid, started }) => ({ pid, started }));
}

/** The roots, and all their descendants. */
export function descendantsOf(roots: readonly TableEntry[], table: readonly TableEntry[]): TableEntry[] {
  const children = Map.groupBy(table, ({ parentPid }) => parentPid);
  const seen = new Set<TableEntry>(roots);
  for (const parent of seen) {
    for (const child of children.get(parent.pid) ?? []) if (mayBeChild(child, parent)) seen.add(child);
  }
  return [...seen];
}

/** On Windows a child must not be older than its parent, because Windows can give the id of an ended parent to a new process. */
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
