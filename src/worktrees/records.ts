// The records of the agents' worktrees: a file for each in the data directory. They are not in the agents' own folders, because a worktree
// stays when its agent is removed.
import { createHash } from "node:crypto";
import { lstat, readdir, readFile, rm } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { takeKernelLock } from "../data-dir/kernel-lock.ts";
import { ensureOwnDir, ensurePrivateDir, writePrivateFile } from "../data-dir/private-files.ts";
import { CliaiError } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import { type WorktreeRecord, WorktreeRecordSchema } from "../domain/worktrees/worktree-record.ts";
import { pause } from "../waiting.ts";

const lockedWithinMs = 60_000;
const lookEveryMs = 200;

type Key = Pick<WorktreeRecord, "agent_id" | "repository">;

export function worktreesDirOf(dataDir: string): string {
  return join(dataDir, "worktrees");
}

/** An agent has at most one worktree of each repository. */
function nameOf({ agent_id, repository }: Key): string {
  return `${agent_id}.${createHash("sha256").update(repository).digest("hex").slice(0, 12)}`;
}

/** The output of all runs of the profile's `worktree_setup`. */
export function setupLogOf(dataDir: string, key: Key): string {
  return join(worktreesDirOf(dataDir), `${nameOf(key)}.setup.log`);
}

/** Sorted by agent. @param onProblem called for a file that cannot be read; it is kept */
export async function readRecords(
  dataDir: string,
  onProblem: (path: string) => void = () => undefined,
): Promise<WorktreeRecord[]> {
  const names = await readdir(worktreesDirOf(dataDir)).catch((): string[] => []); // none was made yet
  const records: WorktreeRecord[] = [];
  for (const name of names.filter((each) => each.endsWith(".json")).sort()) {
    const path = join(worktreesDirOf(dataDir), name);
    try {
      records.push(decodeMessage(WorktreeRecordSchema, await readFile(path)));
    } catch {
      onProblem(path);
    }
  }
  return records;
}

export async function findRecord(dataDir: string, key: Key): Promise<WorktreeRecord | undefined> {
  return (await readRecords(dataDir)).find(
    ({ agent_id, repository }) => agent_id === key.agent_id && repository === key.repository,
  );
}

/** The worktree that a directory is in. */
export async function recordAt(dataDir: string, dir: string): Promise<WorktreeRecord | undefined> {
  return (await readRecords(dataDir)).find(({ path }) => isWithin(path, dir));
}

/** Whether a directory is at that path; false for a symbolic link to one. */
export async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() === true;
}

export function isWithin(dir: string, path: string): boolean {
  const way = relative(dir, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !/^(?:[A-Za-z]:|[/\\])/.test(way);
}

/** @throws CliaiError `data_dir_unwritable` */
export async function writeRecord(dataDir: string, record: WorktreeRecord): Promise<void> {
  await ensureFolder(dataDir);
  const path = join(worktreesDirOf(dataDir), `${nameOf(record)}.json`);
  await writePrivateFile(path, `${JSON.stringify(record, null, 2)}\n`);
}

/** Also removes the output of its set-up. */
export async function removeRecord(dataDir: string, key: Key): Promise<void> {
  await rm(join(worktreesDirOf(dataDir), `${nameOf(key)}.json`), { force: true });
  await rm(setupLogOf(dataDir, key), { force: true });
}

async function ensureFolder(dataDir: string): Promise<void> {
  await ensurePrivateDir(dataDir);
  await ensureOwnDir(worktreesDirOf(dataDir));
}

/**
 * Does the work while no other command makes or removes worktrees. A `spawn` holds its agent's lock before it asks for this one. So while
 * this one is held, an agent that is not held does not begin to work in its worktree.
 * @throws CliaiError `already_running` if another command holds the lock for a minute
 */
export async function withWorktrees<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  await ensureFolder(dataDir);
  const path = join(worktreesDirOf(dataDir), "held");
  const deadline = performance.now() + lockedWithinMs;
  let lock = await takeKernelLock(path);
  while (lock === undefined && performance.now() < deadline) {
    await pause(lookEveryMs);
    lock = await takeKernelLock(path);
  }
  if (lock === undefined) {
    throw new CliaiError("already_running", "another command makes or removes worktrees", {
      hint: "try again when it has ended: cliai worktrees",
    });
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** @throws CliaiError `agent_unknown` */
export function requireRecords(
  records: readonly WorktreeRecord[],
  ids: readonly AgentId[],
): WorktreeRecord[] {
  const unknown = ids.find((id) => !records.some(({ agent_id }) => agent_id === id));
  if (unknown === undefined)
    return records.filter(({ agent_id }) => ids.length === 0 || ids.includes(agent_id));
  throw new CliaiError("agent_unknown", `the agent "${unknown}" has no worktree here`, {
    hint: "list those that there are: cliai worktrees",
  });
}
