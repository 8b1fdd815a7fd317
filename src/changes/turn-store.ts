// Keeps what the files of an agent's repository were when its turns began: trees, with objects of git in the agent's folder of the data directory.
// The repository gets no branch, no reference and no object of them.
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { isAgentHeld, readWorkDir } from "../data-dir/agent-lock.ts";
import { writePrivateFile } from "../data-dir/private-files.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import type { Environment } from "../runtime.ts";
import { isThere } from "../worktrees/records.ts";
import { findRoot } from "./find-root.ts";
import { takeSnapshot } from "./snapshot.ts";

/** The objects of each day stand by themselves, so that those of a day can be removed. */
const daysKept = 3;
const mostTurns = 300;
const isDay = /^\d{4}-\d{2}-\d{2}$/;
/** In KiB, of one day: beyond it, no more turns of that day are kept. */
const mostKib = 200 * 1_024;

const TurnSchema = v.object({
  /** When the turn began, RFC 3339: its name. */
  since: v.string(),
  root: v.string(),
  tree: v.string(),
  day: v.string(),
});
export type KeptTurn = v.InferOutput<typeof TurnSchema>;
const FileSchema = v.object({ turns: v.array(TurnSchema), full_day: v.optional(v.string()) });
type TurnsFile = v.InferOutput<typeof FileSchema>;

function folderOf(dataDir: string, id: AgentId): string {
  return join(dataDir, "agents", id, "turns");
}

/** The turns of which the beginning is kept, the oldest first. */
export async function readTurns(dataDir: string, id: AgentId): Promise<KeptTurn[]> {
  return (await readTurnsFile(dataDir, id)).turns;
}

/** Where their objects are. */
export function turnObjects(dataDir: string, id: AgentId, turns: readonly KeptTurn[]): string[] {
  return [...new Set(turns.map(({ day }) => join(folderOf(dataDir, id), day)))];
}

/**
 * Keeps what the files are now as the beginning of a turn. Does nothing for an agent that does not run here, or that cliai has not launched.
 * @returns whether it was kept
 * @throws CliaiError as git does; `refused` if the agent works in no repository
 */
export async function keepTurn(
  id: AgentId,
  since: string,
  { dataDir, env }: { readonly dataDir: string; readonly env: Environment },
): Promise<boolean> {
  const dir = await readWorkDir(dataDir, id);
  if (dir === undefined || !isAgentHeld(dataDir, id) || !(await isThere(dir))) return false;
  const kept = await readTurnsFile(dataDir, id);
  const day = since.slice(0, 10);
  if (kept.full_day === day || kept.turns.some((turn) => turn.since === since)) return false;
  const root = await findRoot(id, dir, env);
  const folder = folderOf(dataDir, id);
  const objects = join(folder, day);
  // Each by itself: the folder of an agent that was removed meanwhile must not come back.
  for (const path of [folder, objects]) await makeDir(path);
  const scratch = await mkdtemp(join(tmpdir(), "cliai-changes-"));
  try {
    const { tree, git } = await takeSnapshot(root, scratch, env, { objects });
    const kib = Number(/^size: (\d+)/m.exec(await git.run(["count-objects", "-v"]))?.[1] ?? 0);
    await writeTurnsFile(dataDir, id, {
      turns: [...kept.turns, { since, root, tree, day }],
      ...(kib > mostKib ? { full_day: day } : {}),
    });
    return true;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function makeDir(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

async function readTurnsFile(dataDir: string, id: AgentId): Promise<TurnsFile> {
  try {
    return decodeMessage(FileSchema, await readFile(join(folderOf(dataDir, id), "turns.json")));
  } catch {
    return { turns: [] }; // none was kept yet, or the file is not one of ours
  }
}

/** Forgets the turns of earlier days, with their objects. */
async function writeTurnsFile(dataDir: string, id: AgentId, { turns, ...more }: TurnsFile): Promise<void> {
  const days = new Set([...new Set(turns.map(({ day }) => day))].sort().slice(-daysKept));
  const rest = turns.filter(({ day }) => days.has(day)).slice(-mostTurns);
  await writePrivateFile(
    join(folderOf(dataDir, id), "turns.json"),
    `${JSON.stringify({ turns: rest, ...more })}\n`,
  );
  // Also those of which all turns were forgotten for newer ones of later days.
  const kept = new Set(rest.map(({ day }) => day));
  for (const name of await readdir(folderOf(dataDir, id))) {
    if (!isDay.test(name) || kept.has(name)) continue;
    await rm(join(folderOf(dataDir, id), name), { recursive: true, force: true });
  }
}
